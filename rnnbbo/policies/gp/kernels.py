"""Stationary kernels of distances, with their slopes: Matern-5/2 and squared-exponential (RBF).

Rasmussen & Williams 2006, eqs. 4.17 and 4.9. Both in two forms, which round differently: of squared
distances r^2, where a hypothesis' kernel is a number of an array; and of distances that a product
with scaled weights has brought, 5 r^2 or r^2 / 2, which saves the passes over the largest arrays.
"""

from rnnbbo.policies.ops import Array, Namespace


def lift_rows(xp: Namespace, a: Array) -> Array:
    """Return scaled points (..., n, D) as (..., n, D + 2), for `distances`: [a, 1, |a|^2]."""
    return xp.concat([a, xp.ones_like(a[..., :1]), xp.vecdot(a, a)[..., None]], axis=-1)


def lift_keys(xp: Namespace, a: Array) -> Array:
    """Return scaled keys (..., C, D) as (..., C, D + 2): [-2 a, |a|^2, 1]."""
    square = xp.vecdot(a, a)[..., None]
    return xp.concat([-2.0 * a, square, xp.ones_like(square)], axis=-1)


def distances(xp: Namespace, keys: Array, rows: Array) -> Array:
    """Return squared distances (..., C, n) of lifted points, by one product."""
    return xp.maximum(xp.matmul(keys, rows.mT), 0.0)


def correlation(xp: Namespace, r2: Array, rbf: Array | float) -> Array:
    """Return the kernel of squared scaled distances (Rasmussen & Williams 2006, eqs. 4.9, 4.17).

    exp(-r^2 / 2) where `rbf` is 1, (1 + a + a^2 / 3) exp(-a) with a = sqrt(5) r where it is 0. A
    number in place of an array takes less time.
    """
    if isinstance(rbf, float):
        if rbf:
            return xp.exp(-0.5 * r2)
        a = xp.sqrt(5.0 * r2)
        return xp.exp(-a) * (r2 * (5.0 / 3.0) + (a + 1.0))
    a2 = (5.0 - 5.0 * rbf) * r2
    a = xp.sqrt(a2)
    return xp.exp((-0.5 * rbf) * r2 - a) * (1.0 + a + a2 * (1.0 / 3.0))


def correlation_and_slope(xp: Namespace, r2: Array, rbf: Array) -> tuple[Array, Array]:
    """Return the kernel k, and s = -2 dk / d(r^2), so that dk/dx = -s (x - x') in scaled units."""
    a2 = (5.0 - 5.0 * rbf) * r2
    a = xp.sqrt(a2)
    decay = xp.exp((-0.5 * rbf) * r2 - a)
    third = (5.0 / 3.0) * (1.0 - rbf)
    return decay * (1.0 + a + a2 * (1.0 / 3.0)), decay * (rbf + third + third * a)


def correlate(xp: Namespace, keys: Array, rows: Array, rbf: Array | float) -> Array:
    """Return correlations (..., C, n) of scaled keys (..., C, D) with lifted rows."""
    return correlation(xp, distances(xp, lift_keys(xp, keys), rows), rbf)


def correlate_with_slope(
    xp: Namespace, keys: Array, rows: Array, rbf: Array
) -> tuple[Array, Array]:
    """Return `correlate`, and the slope of `correlation_and_slope`."""
    return correlation_and_slope(xp, distances(xp, lift_keys(xp, keys), rows), rbf)


def weighted_kernel(xp: Namespace, distance: Array, matern: bool) -> Array:
    """Return the kernel of weighted distances: 5 r^2 for Matern-5/2, else r^2 / 2."""
    if not matern:
        return xp.exp(-xp.clip(distance, 0.0, None))
    square = xp.maximum(distance, 1e-20)
    s = xp.sqrt(square)
    return (1.0 + s + square * (1.0 / 3.0)) * xp.exp(-s)


def weighted_kernel_and_slope(xp: Namespace, distance: Array, matern: bool) -> tuple[Array, Array]:
    """Return the kernel of weighted distances, and c of its derivatives dk = -c / 2 d distance."""
    if not matern:
        k = weighted_kernel(xp, distance, matern)
        return k, 2.0 * k
    square = xp.maximum(distance, 1e-20)
    s = xp.sqrt(square)
    decay = xp.exp(-s)
    return (1.0 + s + square * (1.0 / 3.0)) * decay, (1.0 + s) * decay * (1.0 / 3.0)
