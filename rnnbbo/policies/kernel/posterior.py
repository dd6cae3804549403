"""Gaussian-process conditionals of a batch of hypotheses, from inverse Cholesky factors.

A hypothesis fixes length-scales, kernel and noise; its amplitude and constant mean follow from the
values in closed form. Every function takes any leading dimensions `(...)`: one a hypothesis, or a
function and a hypothesis. Covariances are in units of the amplitude's square.

Keeping W = L^-1 of K = L L^T instead of L makes every later product a plain matrix product, and a
new observation appends a row to it.
"""

from typing import NamedTuple

from rnnbbo.policies.ops import Array, Namespace, swap_last

JITTER = 1e-10  # variance added to every observation's, in units of the amplitude's square
FLOOR = 1e-13  # least variance of a prediction: below it, rounding decides
PRIOR_WEIGHT = 1.0  # observations that the amplitude's prior counts for
_TRIES = 8


class Posterior(NamedTuple):
    """What a prediction needs.

    Attributes:
        rows: (..., n, D) observed points, divided by the length-scales.
        rbf: (..., 1, 1) 1 for a squared-exponential kernel, 0 for Matern-5/2.
        inverse: (..., m, m) W, with W K W^T = I. The first n rows are the observations; others,
            at `extra`, are points whose values are not known yet.
        extra: (..., m - n, D) those points, divided by the length-scales.
        alpha: (..., n) K^-1 (y - mean).
        mean: (...) the constant mean.
        amplitude: (...) its standard deviation.
    """

    rows: Array
    rbf: Array
    inverse: Array
    extra: Array
    alpha: Array
    mean: Array
    amplitude: Array


def squared_distances(xp: Namespace, a: Array, b: Array) -> Array:
    """(..., m, n) between a (..., m, D) and b (..., n, D)."""
    squares = xp.sum(a * a, axis=-1)[..., :, None] + xp.sum(b * b, axis=-1)[..., None, :]
    return xp.clip(squares - 2.0 * xp.matmul(a, swap_last(xp, b)), 0.0, None)


def correlation(xp: Namespace, r2: Array, rbf: Array) -> Array:
    """Kernel of squared scaled distances (Rasmussen & Williams 2006, eqs. 4.9 and 4.17).

    exp(-r^2 / 2) where `rbf` is 1, (1 + a + a^2 / 3) exp(-a) with a = sqrt(5) r where it is 0.
    """
    return correlation_and_slope(xp, r2, rbf)[0]


def correlation_and_slope(xp: Namespace, r2: Array, rbf: Array) -> tuple[Array, Array]:
    """The kernel k, and s = -2 dk / d(r^2), so that dk/dx = -s (x - x') in scaled units."""
    matern = 1.0 - rbf
    a = xp.sqrt(5.0 * r2)
    decay = xp.exp(-(0.5 * rbf) * r2 - matern * a)
    k = decay * (1.0 + matern * (a + (5.0 / 3.0) * r2))
    return k, decay * (rbf + matern * (5.0 / 3.0) * (1.0 + a))


def safe_cholesky(xp: Namespace, matrix: Array) -> Array:
    """Lower Cholesky factor, with as much more on the diagonal as that takes."""
    jitter = 0.0
    for _ in range(_TRIES):
        try:
            factor = xp.linalg.cholesky(_raised(xp, matrix, jitter))
        except Exception as error:  # numpy's LinAlgError, torch's own
            if type(error).__name__ not in ("LinAlgError", "_LinAlgError"):
                raise
        else:
            if bool(xp.all(xp.isfinite(factor))):
                return factor
        jitter = max(10.0 * jitter, JITTER)
    raise FloatingPointError("a covariance is not positive definite")


def _raised(xp: Namespace, matrix: Array, jitter: float) -> Array:
    if jitter == 0.0:
        return matrix
    return matrix + jitter * xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


def covariance(xp: Namespace, rows: Array, rbf: Array, nugget: Array) -> Array:
    """(..., n, n) of observations at scaled rows (..., n, D), nugget (...) on the diagonal."""
    k = correlation(xp, squared_distances(xp, rows, rows), rbf)
    eye = xp.eye(rows.shape[-2], dtype=k.dtype, device=k.device)
    # The diagonal is exact: a distance to oneself is rounded otherwise.
    return k * (1.0 - eye) + (1.0 + nugget[..., None, None]) * eye


def append(xp: Namespace, inverse: Array, cross: Array, block: Array) -> Array:
    """Extend W by p points.

    Args:
        xp: array namespace.
        inverse: (..., n, n) W.
        cross: (..., p, n) covariance of the new points with the old ones.
        block: (..., p, p) covariance of the new points, nuggets included.

    Returns:
        (..., n + p, n + p): rows [W, 0] and [-C V W, C], V = cross W^T, C^-1 the Cholesky factor
        of block - V V^T.
    """
    n, p = inverse.shape[-1], block.shape[-1]
    v = xp.matmul(cross, swap_last(xp, inverse))
    schur = block - xp.matmul(v, swap_last(xp, v))
    if p == 1:
        corner = 1.0 / xp.sqrt(xp.clip(schur, JITTER, None))
    else:
        corner = xp.linalg.inv(safe_cholesky(xp, schur))
    below = xp.concat([-xp.matmul(corner, xp.matmul(v, inverse)), corner], axis=-1)
    zero = xp.zeros((*inverse.shape[:-1], p), dtype=inverse.dtype, device=inverse.device)
    return xp.concat([xp.concat([inverse, zero], axis=-1), below], axis=-2) if n else below


class Reading(NamedTuple):
    """Values seen through W: u = W y, o = W 1, and what follows from them, (...) each.

    Attributes:
        residual: (..., n) W (y - mean).
        mean: the constant mean (1^T K^-1 y) / (1^T K^-1 1).
        square: (y - mean)^T K^-1 (y - mean).
        evidence: log marginal likelihood, up to a constant.
        amplitude: posterior standard deviation of the process.
    """

    residual: Array
    mean: Array
    square: Array
    evidence: Array
    amplitude: Array


def read_values(
    xp: Namespace, u: Array, o: Array, log_determinant: Array, spread: Array
) -> Reading:
    """Profile out mean and amplitude.

    The mean has a flat prior and the amplitude's square an inverse-gamma one with the weight of
    PRIOR_WEIGHT observations of variance `spread` (Rasmussen & Williams 2006, section 2.7; O'Hagan
    1978): what is left is closed.

    Args:
        xp: array namespace.
        u: (..., n) W y.
        o: (..., n) W 1.
        log_determinant: (...) log |K| / 2.
        spread: (...) variance that the values have by themselves.
    """
    n = u.shape[-1]
    oo = xp.sum(o * o, axis=-1)
    mean = xp.sum(o * u, axis=-1) / oo
    residual = u - mean[..., None] * o
    square = xp.sum(residual * residual, axis=-1)
    total = square + PRIOR_WEIGHT * spread
    evidence = (
        0.5 * PRIOR_WEIGHT * xp.log(spread)
        - log_determinant
        - 0.5 * xp.log(oo)
        - 0.5 * (n - 1 + PRIOR_WEIGHT) * xp.log(total)
    )
    amplitude = xp.sqrt(total / (n - 1 + PRIOR_WEIGHT))
    return Reading(residual, mean, square, evidence, amplitude)


def predict(xp: Namespace, p: Posterior, keys: Array) -> tuple[Array, Array]:
    """Mean and standard deviation (..., C) at scaled keys (..., C, D).

    Rasmussen & Williams (2006), eqs. 2.25 and 2.26. Points of unknown value lower the deviation
    only: the most likely value leaves the mean as it is (Ginsbourger et al. 2010).
    """
    n = p.rows.shape[-2]
    points = xp.concat([p.rows, p.extra], axis=-2) if p.extra.shape[-2] else p.rows
    k = correlation(xp, squared_distances(xp, keys, points), p.rbf)
    mean = p.mean[..., None] + xp.matmul(k[..., :n], p.alpha[..., None])[..., 0]
    v = xp.matmul(k, swap_last(xp, p.inverse))
    variance = xp.clip(1.0 - xp.sum(v * v, axis=-1), FLOOR, None)
    return mean, p.amplitude[..., None] * xp.sqrt(variance)


class Slopes(NamedTuple):
    """What the gradient of a prediction needs: (..., C, m) each, points as in `Posterior`."""

    points: Array  # (..., m, D)
    slope: Array
    mean: Array  # d mean = -sum_i mean_i slope_i (x - x_i)
    variance: Array  # d variance = -sum_i variance_i slope_i (x - x_i)


def predict_with_slopes(xp: Namespace, p: Posterior, keys: Array) -> tuple[Array, Array, Slopes]:
    """`predict`, and the coefficients of its gradient."""
    n = p.rows.shape[-2]
    points = xp.concat([p.rows, p.extra], axis=-2) if p.extra.shape[-2] else p.rows
    k, slope = correlation_and_slope(xp, squared_distances(xp, keys, points), p.rbf)
    alpha = p.alpha[..., None, :]
    if p.extra.shape[-2]:
        alpha = xp.concat([alpha, xp.zeros_like(p.extra[..., None, :, 0])], axis=-1)
    mean = p.mean[..., None] + xp.sum(k * alpha, axis=-1)
    v = xp.matmul(k, swap_last(xp, p.inverse))
    beta = xp.matmul(v, p.inverse)
    variance = 1.0 - xp.sum(v * v, axis=-1)
    inside = xp.astype(variance > FLOOR, k.dtype)[..., None]
    deviation = p.amplitude[..., None] * xp.sqrt(xp.clip(variance, FLOOR, None))
    scale = (-2.0 * p.amplitude * p.amplitude)[..., None, None]
    assert n <= points.shape[-2]
    return mean, deviation, Slopes(points, slope, alpha, scale * inside * beta)
