"""Gaussian-process conditionals of a batch of hypotheses, from inverse Cholesky factors.

A hypothesis fixes length-scales, kernel and noise; its amplitude and constant mean follow from the
values in closed form. Every function takes any leading dimensions `(...)`: one a hypothesis, or a
function and a hypothesis. Covariances are in units of the amplitude's square.

Keeping W = L^-1 of K = L L^T instead of L makes every later product a plain matrix product, and a
new observation appends a row to it.
"""

from typing import NamedTuple

from rnnbbo.policies.kernel import additive, trend
from rnnbbo.policies.kernel.additive import Additive
from rnnbbo.policies.kernel.trend import Trend
from rnnbbo.policies.ops import Array, Namespace, at_least, swap_last

JITTER = 1e-12  # variance added to every observation's, in units of the amplitude's square
FLOOR = 1e-15  # least variance of a prediction: below it, rounding decides
PRIOR_WEIGHT = 1.0  # observations that the amplitude's prior counts for
_TRIES = 15  # the last one adds more than the prior variance: only what is not finite fails then
_LEAF = 24  # rows up to which a triangular matrix is inverted as any other


class Noise(NamedTuple):
    """What noise makes of the value to improve on: itself uncertain.

    Attributes:
        variance: (..., 1) of the noise of an observation.
        link: (..., m) k(x, rows) @ link is the posterior covariance of x with the best row b,
            K^-1 e_b times the variance.
    """

    variance: Array
    link: Array


class Posterior(NamedTuple):
    """What a prediction needs, for hypotheses `(...)`.

    Attributes:
        rows: (..., m, D + 2) `lift_rows` of the points that are conditioned on: observations, and
            points whose values are not known yet.
        rbf: (..., 1, 1) 1 for a squared-exponential kernel, 0 for Matern-5/2.
        inverse: (..., m, m) W, with W K W^T = I.
        alpha: (..., m) K^-1 (y - mean); 0 for points without a value.
        mean: (..., 1) the constant mean.
        amplitude: (..., 1) its standard deviation.
        best: (..., 1) the value to improve on.
        trend: quadratic trends; None where no hypothesis has one.
        noise: None where no hypothesis has any.
        additive: additive kernels; None where no hypothesis has one.
    """

    rows: Array
    rbf: Array
    inverse: Array
    alpha: Array
    mean: Array
    amplitude: Array
    best: Array
    trend: Trend | None = None
    noise: Noise | None = None
    additive: Additive | None = None


def lift_rows(xp: Namespace, a: Array) -> Array:
    """Scaled points (..., n, D) as (..., n, D + 2), for `distances`: [a, 1, |a|^2]."""
    return xp.concat([a, xp.ones_like(a[..., :1]), xp.vecdot(a, a)[..., None]], axis=-1)


def lift_keys(xp: Namespace, a: Array) -> Array:
    """Scaled keys (..., C, D) as (..., C, D + 2): [-2 a, |a|^2, 1]."""
    square = xp.vecdot(a, a)[..., None]
    return xp.concat([-2.0 * a, square, xp.ones_like(square)], axis=-1)


def distances(xp: Namespace, keys: Array, rows: Array) -> Array:
    """Squared distances (..., C, n) of lifted points: the squares ride along in one product."""
    return at_least(xp, xp.matmul(keys, swap_last(xp, rows)), 0.0)


def squared_distances(xp: Namespace, a: Array, b: Array) -> Array:
    """(..., m, n) between a (..., m, D) and b (..., n, D)."""
    return distances(xp, lift_keys(xp, a), lift_rows(xp, b))


def correlation(xp: Namespace, r2: Array, rbf: Array | float) -> Array:
    """Kernel of squared scaled distances (Rasmussen & Williams 2006, eqs. 4.9 and 4.17).

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
    """The kernel k, and s = -2 dk / d(r^2), so that dk/dx = -s (x - x') in scaled units."""
    a2 = (5.0 - 5.0 * rbf) * r2
    a = xp.sqrt(a2)
    decay = xp.exp((-0.5 * rbf) * r2 - a)
    third = (5.0 / 3.0) * (1.0 - rbf)
    return decay * (1.0 + a + a2 * (1.0 / 3.0)), decay * (rbf + third + third * a)


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


def covariance(xp: Namespace, k: Array, nugget: Array) -> Array:
    """(..., n, n) of observations whose correlations are k, nugget (...) on the diagonal."""
    eye = xp.eye(k.shape[-1], dtype=k.dtype, device=k.device)
    # The diagonal is exact: a distance to oneself is rounded otherwise.
    return k * (1.0 - eye) + (1.0 + nugget[..., None, None]) * eye


def invert_lower(xp: Namespace, factor: Array) -> Array:
    """Inverse of lower triangular matrices (..., n, n), by halves: [[A, 0], [-C B A, C]]."""
    n = factor.shape[-1]
    if n <= _LEAF:
        return xp.linalg.inv(factor)
    half = n // 2
    a = invert_lower(xp, factor[..., :half, :half])
    c = invert_lower(xp, factor[..., half:, half:])
    below = -xp.matmul(c, xp.matmul(factor[..., half:, :half], a))
    return _lower(xp, a, below, c)


def _lower(xp: Namespace, a: Array, below: Array, c: Array) -> Array:
    """The block matrix [[a, 0], [below, c]]."""
    zero = xp.zeros((*a.shape[:-1], c.shape[-1]), dtype=a.dtype, device=a.device)
    return xp.concat(
        [xp.concat([a, zero], axis=-1), xp.concat([below, c], axis=-1)],
        axis=-2,
    )


def append(xp: Namespace, inverse: Array, cross: Array, block: Array) -> Array:
    """Extend W by p points.

    Args:
        xp: array namespace.
        inverse: (..., n, n) W.
        cross: (..., p, n) covariance of the new points with the old ones.
        block: (..., p, p) covariance of the new points, nuggets included.

    Returns:
        (..., n + p, n + p): [[W, 0], [-C V W, C]] with V = cross W^T, and C^-1 the Cholesky factor
        of block - V V^T.
    """
    v = xp.matmul(cross, swap_last(xp, inverse))
    schur = block - xp.matmul(v, swap_last(xp, v))
    if block.shape[-1] == 1:
        c = 1.0 / xp.sqrt(at_least(xp, schur, JITTER))
    else:
        c = invert_lower(xp, safe_cholesky(xp, schur))
    return _lower(xp, inverse, -xp.matmul(c, xp.matmul(v, inverse)), c)


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
    oo = xp.vecdot(o, o)
    mean = xp.vecdot(o, u) / oo
    residual = u - mean[..., None] * o
    square = xp.vecdot(residual, residual)
    total = square + PRIOR_WEIGHT * spread
    evidence = (
        0.5 * PRIOR_WEIGHT * xp.log(spread)
        - log_determinant
        - 0.5 * xp.log(oo)
        - 0.5 * (n - 1 + PRIOR_WEIGHT) * xp.log(total)
    )
    amplitude = xp.sqrt(total / (n - 1 + PRIOR_WEIGHT))
    return Reading(residual, mean, square, evidence, amplitude)


def predict(
    xp: Namespace, p: Posterior, keys: Array, features: Array | None = None
) -> tuple[Array, Array]:
    """Mean and standard deviation (..., C) at scaled keys (..., C, D).

    Rasmussen & Williams (2006), eqs. 2.25 and 2.26. Points of unknown value lower the deviation
    only: their most likely value leaves the mean as it is (Ginsbourger et al. 2010).

    Args:
        xp: array namespace.
        p: the posterior.
        keys: (..., C, D).
        features: (C, 2 D) `trend.lift` of the same points, where there are trends.
    """
    k = covariances_with_slopes(xp, p, keys, features)[0]
    own = 1.0
    if p.trend is not None:
        own = 1.0 + p.trend.bend[..., 0] * trend.squares(xp, features)
    return mean_of(xp, p, k), deviation_of(xp, p, k, own)


def mean_of(xp: Namespace, p: Posterior, k: Array) -> Array:
    """Mean (..., C) of keys whose covariances with the rows are k (..., C, m)."""
    return p.mean + xp.matmul(k, p.alpha[..., None])[..., 0]


def deviation_of(xp: Namespace, p: Posterior, k: Array, own: Array | float) -> Array:
    """Standard deviation (..., C) of keys.

    Args:
        xp: array namespace.
        p: the posterior.
        k: (..., C, m) the keys' covariances with the rows.
        own: (..., C) their prior variances.
    """
    return p.amplitude * xp.sqrt(_variance(xp, p, k, own))


def _variance(xp: Namespace, p: Posterior, k: Array, own: Array | float) -> Array:
    v = xp.matmul(k, swap_last(xp, p.inverse))
    return at_least(xp, own - xp.vecdot(v, v), FLOOR)


def reach_of(xp: Namespace, p: Posterior, k: Array, own: Array | float) -> Array:
    """By how much a look at a key may lower what is known to be least, (..., C); as above.

    Without noise it is the deviation s, and its improvement is EI. With noise there are two
    answers. EI takes the improvement of the function itself. The knowledge gradient takes what one
    more value changes (Scott et al. 2011, here for the key x and the best row b): the posterior
    means' difference moves by (s^2 - c) / sqrt(s^2 + noise), c the covariance of x and b; another
    look at what is all but known counts for little. The one stays at a noisy minimum, the other
    leaves a rugged one that is taken for noise too soon; this is their geometric mean.
    """
    variance = _variance(xp, p, k, own)
    if p.noise is None:
        return p.amplitude * xp.sqrt(variance)
    covariance = xp.matmul(k, p.noise.link[..., None])[..., 0]
    apart, share = reach_factors(xp, variance, covariance, p.noise.variance, FLOOR)
    return p.amplitude * xp.sqrt(apart * share)


def reach_factors(
    xp: Namespace, variance: Array, covariance: Array, noise: Array, floor: float
) -> tuple[Array, Array]:
    """s^2 - c, at least `floor`, and sqrt(s^2 / (s^2 + noise)): their product is a reach's square.

    Args:
        xp: array namespace.
        variance: s^2 of the keys.
        covariance: c of the keys with the best row.
        noise: variance of an observation's noise.
        floor: least difference.
    """
    return at_least(xp, variance - covariance, floor), xp.sqrt(variance / (variance + noise))


class Slopes(NamedTuple):
    """Gradients of a prediction: d f = -sum_i c_i slope_i (key - row_i), in scaled units.

    Attributes:
        slope: (..., C, m).
        steep: (..., D, C, m) what an additive part adds to -slope_i (key - row_i), or None.
        mean: (..., 1, m) c of the mean.
        variance: (..., C, m) c of the square of the reach.
        own: (..., C) what the prior variance counts for in it.
    """

    slope: Array
    steep: Array | None
    mean: Array
    variance: Array
    own: Array


def covariances_with_slopes(
    xp: Namespace, p: Posterior, keys: Array, features: Array | None = None
) -> tuple[Array, Array, Array | None]:
    """Covariances (..., C, m) of keys with the rows, and `Slopes.slope` and `Slopes.steep`."""
    k, slope = correlation_and_slope(xp, distances(xp, lift_keys(xp, keys), p.rows), p.rbf)
    steep = None
    if p.additive is not None:
        k, steep = additive.mixed_with_slopes(xp, k, keys, p.additive)
        slope = (1.0 - p.additive.share) * slope
    if p.trend is not None:
        k = k + p.trend.bend * trend.products(xp, features, p.trend.features)
    return k, slope, steep


def predict_with_slopes(
    xp: Namespace, p: Posterior, keys: Array, features: Array | None = None
) -> tuple[Array, Array, Slopes]:
    """Mean and `reach_of`, and what the gradients of the mean and of the reach's square need."""
    k, slope, steep = covariances_with_slopes(xp, p, keys, features)
    own = 1.0
    if p.trend is not None:
        own = 1.0 + p.trend.bend[..., 0] * trend.squares(xp, features)
    v = xp.matmul(k, swap_last(xp, p.inverse))
    variance = own - xp.vecdot(v, v)
    square = p.amplitude * p.amplitude
    if p.noise is None:
        deviation = p.amplitude * xp.sqrt(at_least(xp, variance, FLOOR))
        scale = square * xp.astype(variance > FLOOR, k.dtype)
        pulled = (-2.0 * scale)[..., None] * xp.matmul(v, p.inverse)
        return (
            mean_of(xp, p, k),
            deviation,
            Slopes(slope, steep, p.alpha[..., None, :], pulled, scale),
        )
    variance = at_least(xp, variance, FLOOR)
    covariance = xp.matmul(k, p.noise.link[..., None])[..., 0]
    apart, share = reach_factors(xp, variance, covariance, p.noise.variance, FLOOR)
    # Of apart * share, by the variance and by the covariance with the best row.
    loud = p.noise.variance / (variance + p.noise.variance)
    by_covariance = (square * share) * xp.astype(apart > FLOOR, k.dtype)
    scale = by_covariance * (1.0 + 0.5 * loud * apart / variance)
    pulled = (-2.0 * scale)[..., None] * xp.matmul(v, p.inverse)
    pulled = pulled - by_covariance[..., None] * p.noise.link[..., None, :]
    reach = p.amplitude * xp.sqrt(apart * share)
    return mean_of(xp, p, k), reach, Slopes(slope, steep, p.alpha[..., None, :], pulled, scale)
