"""Gaussian-process conditionals of a batch of hypotheses, from inverse Cholesky factors.

A hypothesis fixes length-scales, kernel and noise; its amplitude and constant mean follow from the
warped values w in closed form. Every function takes any leading dimensions `(...)`: one a
hypothesis, or a function and a hypothesis. The letters are those of the package's page of notation.
"""

from typing import NamedTuple

from rnnbbo.policies.gp.improvement import log_h_and_ratio, reach_factors
from rnnbbo.policies.gp.kernels import correlate_with_slope
from rnnbbo.policies.kernel.covariance import (
    Additive,
    Trend,
    additive_gradient,
    trend_gradient,
    trend_products,
    trend_squares,
    with_additive_and_slopes,
)
from rnnbbo.policies.ops import Array, Namespace

FLOOR = 1e-15  # least variance of a prediction: below it, rounding decides
_PRIOR_WEIGHT = 1.0  # observations that the amplitude's prior counts for


class Noise(NamedTuple):
    """What noise makes of the value to improve on: itself uncertain.

    Attributes:
        variance: (..., 1) of the noise of an observation.
        link: (..., m) K^-1 e_b times the variance, b the best row: k @ link is c(x), the posterior
            covariance of x with b.
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
        alpha: (..., m) K^-1 (w - mean); 0 for points without a value.
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


class Profiled(NamedTuple):
    """What follows from u = W w and o = W 1, (...) each: mean and amplitude are profiled out.

    Attributes:
        residual: (..., n) W (w - mean).
        mean: the constant mean (1^T K^-1 w) / (1^T K^-1 1).
        square: (w - mean)^T K^-1 (w - mean).
        evidence: log marginal likelihood, up to a constant.
        amplitude: posterior standard deviation of the process.
    """

    residual: Array
    mean: Array
    square: Array
    evidence: Array
    amplitude: Array


def profile_out(
    xp: Namespace, u: Array, o: Array, log_determinant: Array, spread: Array, count: Array
) -> Profiled:
    """Profile out mean and amplitude.

    The mean has a flat prior and the amplitude's square an inverse-gamma one with the weight of
    PRIOR_WEIGHT observations of variance `spread` (Rasmussen & Williams 2006, section 2.7; O'Hagan
    1978): what is left is closed.

    Args:
        xp: array namespace.
        u: (..., n) W w.
        o: (..., n) W 1.
        log_determinant: (...) log |K| / 2.
        spread: (...) variance of w over the values.
        count: (...) n, without what says nothing.
    """
    oo = xp.vecdot(o, o)
    mean = xp.vecdot(o, u) / oo
    residual = u - mean[..., None] * o
    square = xp.vecdot(residual, residual)
    total = square + _PRIOR_WEIGHT * spread
    evidence = (
        0.5 * _PRIOR_WEIGHT * xp.log(spread)
        - log_determinant
        - 0.5 * xp.log(oo)
        - 0.5 * (count - 1 + _PRIOR_WEIGHT) * xp.log(total)
    )
    amplitude = xp.sqrt(total / (count - 1 + _PRIOR_WEIGHT))
    return Profiled(residual, mean, square, evidence, amplitude)


def predict(
    xp: Namespace, p: Posterior, keys: Array, features: Array | None = None
) -> tuple[Array, Array]:
    """Return mean and standard deviation (..., C) at scaled keys (..., C, D).

    Rasmussen & Williams (2006), eqs. 2.25 and 2.26. Points of unknown value lower the deviation
    only: their most likely value leaves the mean as it is (Ginsbourger et al. 2010).

    Args:
        xp: array namespace.
        p: the posterior.
        keys: (..., C, D).
        features: (C, 2 D) `trend_features` of the same points, where there are trends.
    """
    k = covariances_with_slopes(xp, p, keys, features)[0]
    own = 1.0
    if p.trend is not None:
        own = 1.0 + p.trend.bend[..., 0] * trend_squares(xp, features)
    return mean_of(xp, p, k), deviation_of(xp, p, k, own)


def mean_of(xp: Namespace, p: Posterior, k: Array) -> Array:
    """Return the mean (..., C) of keys whose covariances with the rows are k (..., C, m)."""
    return p.mean + xp.matmul(k, p.alpha[..., None])[..., 0]


def deviation_of(xp: Namespace, p: Posterior, k: Array, own: Array | float) -> Array:
    """Return the standard deviation (..., C) of keys.

    Args:
        xp: array namespace.
        p: the posterior.
        k: (..., C, m) the keys' covariances with the rows.
        own: (..., C) their prior variances.
    """
    return p.amplitude * xp.sqrt(_variance(xp, p, k, own))


def _variance(xp: Namespace, p: Posterior, k: Array, own: Array | float) -> Array:
    v = xp.matmul(k, p.inverse.mT)
    return xp.maximum(own - xp.vecdot(v, v), FLOOR)


def reach_of(xp: Namespace, p: Posterior, k: Array, own: Array | float) -> Array:
    """Return by how much a look at a key may lower what is known to be least, (..., C).

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


def mean_and_reach(
    xp: Namespace, p: Posterior, k: Array, own: Array | float
) -> tuple[Array, Array]:
    """Return `mean_of` and `reach_of`."""
    return mean_of(xp, p, k), reach_of(xp, p, k, own)


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
    """Return covariances (..., C, m) of keys with rows, `Slopes.slope` and `Slopes.steep`."""
    k, slope = correlate_with_slope(xp, keys, p.rows, p.rbf)
    steep = None
    if p.additive is not None:
        k, steep = with_additive_and_slopes(xp, k, keys, p.additive)
        slope = (1.0 - p.additive.share) * slope
    if p.trend is not None:
        k = k + p.trend.bend * trend_products(xp, features, p.trend.features)
    return k, slope, steep


def predict_with_slopes(
    xp: Namespace, p: Posterior, keys: Array, features: Array | None = None
) -> tuple[Array, Array, Slopes]:
    """Return the mean, `reach_of`, and what the gradients of the mean and reach^2 need."""
    k, slope, steep = covariances_with_slopes(xp, p, keys, features)
    own = 1.0
    if p.trend is not None:
        own = 1.0 + p.trend.bend[..., 0] * trend_squares(xp, features)
    v = xp.matmul(k, p.inverse.mT)
    variance = own - xp.vecdot(v, v)
    square = p.amplitude * p.amplitude
    if p.noise is None:
        deviation = p.amplitude * xp.sqrt(xp.maximum(variance, FLOOR))
        scale = square * xp.astype(variance > FLOOR, k.dtype)
        pulled = (-2.0 * scale)[..., None] * xp.matmul(v, p.inverse)
        return (
            mean_of(xp, p, k),
            deviation,
            Slopes(slope, steep, p.alpha[..., None, :], pulled, scale),
        )
    variance = xp.maximum(variance, FLOOR)
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


def log_ei_and_gradient(
    xp: Namespace,
    p: Posterior,
    lengthscales: Array,
    points: Array,
    features: Array | None = None,
) -> tuple[Array, Array]:
    """Return log EI (..., C) and its gradient (..., C, D).

    Args:
        xp: array namespace.
        p: hypotheses (...).
        lengthscales: (..., 1, D).
        points: (..., C, D) or a shape that broadcasts to it; not scaled, from the same origin as
            the rows.
        features: (C, 2 D) `trend_features` of the points, where there are trends.
    """
    keys = points / lengthscales
    mean, deviation, slopes = predict_with_slopes(xp, p, keys, features)
    z = (p.best - mean) / deviation
    log_value, ratio = log_h_and_ratio(xp, z)
    # dEI = -Phi dmean + phi ds, and phi / h = 1 - z Phi / h.
    d_mean = -ratio / deviation
    d_variance = 0.5 * (1.0 - z * ratio) / (deviation * deviation)
    gradient = gradient_by(xp, p, lengthscales, keys, features, slopes, d_mean, d_variance)
    return xp.log(deviation) + log_value, gradient


def gradient_by(
    xp: Namespace,
    p: Posterior,
    lengthscales: Array,
    keys: Array,
    features: Array | None,
    slopes: Slopes,
    d_mean: Array,
    d_variance: Array,
) -> Array:
    """Return the gradient (..., C, D) of what has these slopes by the mean and by reach^2."""
    weight = d_mean[..., None] * slopes.mean + d_variance[..., None] * slopes.variance
    own = d_variance * slopes.own
    return _gradient(xp, p, lengthscales, keys, features, weight, slopes.slope, slopes.steep, own)


def mean_and_gradient(
    xp: Namespace,
    p: Posterior,
    lengthscales: Array,
    points: Array,
    features: Array | None = None,
) -> tuple[Array, Array]:
    """Return the posterior mean (..., C) and its gradient (..., C, D); arguments as above."""
    keys = points / lengthscales
    k, slope, steep = covariances_with_slopes(xp, p, keys, features)
    weight = xp.broadcast_to(p.alpha[..., None, :], k.shape)
    nothing = xp.zeros_like(k[..., 0])
    gradient = _gradient(xp, p, lengthscales, keys, features, weight, slope, steep, nothing)
    return mean_of(xp, p, k), gradient


def _gradient(
    xp: Namespace,
    p: Posterior,
    lengthscales: Array,
    keys: Array,
    features: Array | None,
    weight: Array,
    slope: Array,
    steep: Array | None,
    own: Array,
) -> Array:
    """Return the gradient (..., C, D) of sum_i c_i k(x, x_i) + own k(x, x), at scaled keys x."""
    dim = keys.shape[-1]
    sums = xp.matmul(weight * slope, p.rows)  # of c times row, and of c
    gradient = sums[..., :dim] - sums[..., dim : dim + 1] * keys
    if steep is not None:
        gradient = gradient + additive_gradient(xp, steep, weight)
    gradient = gradient / lengthscales
    if p.trend is not None:
        gradient = gradient + trend_gradient(xp, p.trend, features, weight, own)
    return gradient
