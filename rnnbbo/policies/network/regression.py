"""Gaussian-process regression on the observations, for heads that are given hyper-parameters.

Rasmussen & Williams 2006, eqs. 2.25 and 2.26, in a form that numpy and torch share. H heads, the
first half of them with the Matern-5/2 kernel, the others with the RBF; n rows. Keys come with the
candidates along the last axis, as in `rnnbbo.policies.network.archive`. The factor before a
logarithm brings it to about unit size: `rnnbbo.policies.evidence`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rnnbbo.policies.evidence import Evidence, scale, standardise
from rnnbbo.policies.gp.factors import invert_lower
from rnnbbo.policies.gp.kernels import weighted_kernel, weighted_kernel_and_slope
from rnnbbo.policies.network.archive import Archive, squares_ahead
from rnnbbo.policies.ops import Array, Namespace, matmul_columns

_JITTER = 1e-6  # variance that keeps a covariance in double precision positive definite
_PRIOR_WEIGHT = 2.0  # observations that the prior amplitude, 1, is worth
_LEAST_PIVOT = 1e-3
_UNIT = 0.01  # of the logarithmic values, in standard deviations


class Hyperparameters(NamedTuple):
    """Hyper-parameters of the heads.

    Attributes:
        inverse: (B, H, 1, D) 1 / length-scale.
        slope, bend: (B, H, 1, D) prior standard deviation of the linear and quadratic trend.
        level: (B, H, 1, 1) prior variance of the constant.
        noise: (B, H, 1, 1) variance of the noise.
        mix: (B, H, 1) share of the logarithm in the values.
        bias: (B, H) added to the log marginal likelihood.
    """

    inverse: Array
    slope: Array
    bend: Array
    level: Array
    noise: Array
    mix: Array
    bias: Array


class Fit(NamedTuple):
    """The heads' posteriors given the rows.

    Attributes:
        hyperparameters: theirs.
        root: (B, H, n, n) inverse of the Cholesky factor of the rows' covariance K.
        reads: (B, H, 2, n) what a key's covariances with the rows are multiplied by: K^-1 v, v the
            values, for its mean; and the noise times K^-1 e_b, for its posterior covariance with
            the best row b, whose own value is uncertain by the noise.
        amplitude: (B, H, 1) what the unit variance of the kernels stands for, as a deviation.
        best: (B, H, 1) the least posterior mean at a row, b.
        weight: (B, H) log-probability of each head.
        sides: the rows' side of covariances, for each family of heads.
    """

    hyperparameters: Hyperparameters
    root: Array
    reads: Array
    amplitude: Array
    best: Array
    weight: Array
    sides: tuple["RowSide", ...]

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All of its arrays, as the compiled library takes them."""
        sides = [side for one in self.sides for side in one[:2]]
        return (*self.hyperparameters, *self[1:6], *sides)

    @classmethod
    def of_arrays(cls, arrays: Sequence[Array]) -> "Fit":
        """Return the fit of arrays in that order, of two families."""
        h, (root, reads, amplitude, best, weight) = Hyperparameters(*arrays[:7]), arrays[7:12]
        matern, rbf = arrays[12:14], arrays[14:16]
        sides = RowSide(matern[0], matern[1], True), RowSide(rbf[0], rbf[1], False)
        kept = sides[: len(families(h.bias.shape[1]))]
        return cls(h, root, reads, amplitude, best, weight, kept)


def trend_bases(xp: Namespace, points: Array, axis: int) -> Array:
    """Return what trends are linear in: the place in the cube, its square, and 1."""
    place = 2.0 * points - 1.0
    one = place[..., :1] if axis == -1 else place[:, :1]
    return xp.concat([place, place * place, xp.ones_like(one)], axis=axis)


def families(heads: int) -> list[tuple[bool, slice]]:
    """Return the families of heads: whether they have the Matern kernel, and which they are."""
    half = (heads + 1) // 2
    return [(True, slice(0, half))] + ([(False, slice(half, heads))] if heads > 1 else [])


class RowSide(NamedTuple):
    """The rows' side of products with points, for H heads of one family: (B, H n, 2 D + 1) each.

    The one gives distances with `archive.squares_ahead` of a point from the incumbent: 5 r^2 for
    Matern heads, r^2 / 2 for the others. The other gives the trends' covariance with a point's
    `trend_bases`.
    """

    distance: Array
    trend: Array
    matern: bool


def _distance_weights(h: Hyperparameters, matern: bool) -> Array:
    """Return what the squares of a difference count for in distances, (B, H, 1, D)."""
    return (5.0 if matern else 0.5) * h.inverse * h.inverse


def _side_of(xp: Namespace, h: Hyperparameters, b: Array, x: Array, matern: bool) -> RowSide:
    """Make the side of rows x (B, n, D), which are b (B, n, D) from the incumbent."""
    batch, n, dim = b.shape
    heads = h.inverse.shape[1]
    w = _distance_weights(h, matern)
    wb = w * b[:, None]
    wbb = xp.sum(wb * b[:, None], axis=-1, keepdims=True)
    w = xp.broadcast_to(w, (batch, heads, n, dim))
    distance = xp.concat([w, -2.0 * wb, wbb], axis=-1)
    trend = trend_variances(xp, h) * trend_bases(xp, x, -1)[:, None]
    shape = (batch, heads * n, 2 * dim + 1)
    return RowSide(xp.reshape(distance, shape), xp.reshape(trend, shape), matern)


def trend_variances(xp: Namespace, h: Hyperparameters) -> Array:
    """Return prior variances (B, H, 1, 2 D + 1) of the coefficients of a `trend_bases`."""
    return xp.concat([h.slope * h.slope, h.bend * h.bend, h.level], axis=-1)


def _covariance(xp: Namespace, side: RowSide, heads: int, away: Array, points: Array) -> Array:
    """Return the rows' covariance (B, H, m, c) with points (B, D, c), `away` from the incumbent."""
    distance, trend = _products(xp, side, heads, away, points)
    return weighted_kernel(xp, distance, side.matern) + trend


def _products(
    xp: Namespace, side: RowSide, heads: int, away: Array, points: Array
) -> tuple[Array, Array]:
    """Return the rows' distances to points, and the trends' covariances, as for `_covariance`."""
    batch, _, c = points.shape
    shape = (batch, heads, side.trend.shape[1] // heads, c)
    distance = xp.reshape(matmul_columns(xp, side.distance, squares_ahead(xp, away)), shape)
    trend = xp.reshape(matmul_columns(xp, side.trend, trend_bases(xp, points, 1)), shape)
    return distance, trend


def head_values(
    xp: Namespace, h: Hyperparameters, evidence: Evidence, y: Array
) -> tuple[Array, Array]:
    """Return what the heads model of y (B, n), (B, H, n), and log of the slope by y, (B, H).

    A mixture of arsinh of the standardised value and of the height above the incumbent, which is
    linear below _UNIT and logarithmic above; centred, with standard deviation 1.
    """
    n = y.shape[1]
    z = standardise(xp, evidence, y)
    height = (y - evidence.best_y[:, None]) / scale(xp, evidence)[:, None]
    height = height * (1.0 / _UNIT)
    flat, steep = xp.asinh(z), 0.2 * xp.asinh(height)
    d_flat = 1.0 / xp.sqrt(1.0 + z * z)
    d_steep = (0.2 / _UNIT) / xp.sqrt(1.0 + height * height)
    v = (1.0 - h.mix) * flat[:, None] + h.mix * steep[:, None]
    slope = (1.0 - h.mix) * d_flat[:, None] + h.mix * d_steep[:, None]
    v = v - xp.mean(v, axis=-1, keepdims=True)
    deviation = xp.sqrt(xp.mean(v * v, axis=-1, keepdims=True) + 1e-12)
    log_slope = xp.sum(xp.log(slope), axis=-1) - n * xp.log(deviation[..., 0])
    return v / deviation, log_slope


def _some(h: Hyperparameters, part: slice) -> Hyperparameters:
    return Hyperparameters(*(field[:, part] for field in h))


def _double(xp: Namespace, h: Hyperparameters) -> Hyperparameters:
    return Hyperparameters(*(xp.astype(part, xp.float64) for part in h))


def condition(
    xp: Namespace, h: Hyperparameters, temperature: Array, evidence: Evidence, archive: Archive
) -> tuple[Fit, Array, Array]:
    """Condition every head on the rows, in double precision.

    Args:
        xp: array namespace.
        h: hyper-parameters.
        temperature: (1,) factor of the log marginal likelihood in the heads' probabilities.
        evidence: for normalising the values.
        archive: n >= 1 observations, the latest the last.

    Returns:
        The fit, in the precision of `h`; the gradient (B, H, D) of the log marginal likelihood
        by log length-scales; and the standardised leave-one-out residuals (B, H, n) (Rasmussen &
        Williams 2006, eq. 5.12).
    """
    dtype, h32 = h.inverse.dtype, h
    h = _double(xp, h)
    x = xp.astype(archive.x, xp.float64)
    n, heads = x.shape[1], h.inverse.shape[1]
    b = x - xp.astype(evidence.best_x, xp.float64)[:, None, :]
    across, away = x.mT, b.mT
    both, slopes, weights, kept = [], [], [], []
    for matern, part in families(heads):
        ours = _some(h, part)
        side = _side_of(xp, ours, b, x, matern)
        distance, trend = _products(xp, side, ours.inverse.shape[1], away, across)
        k, slope = weighted_kernel_and_slope(xp, distance, matern)
        both.append(k + trend)
        slopes.append(slope)
        weights.append(_distance_weights(ours, matern)[:, :, 0])
        to_distance, to_trend = (xp.astype(part, dtype) for part in side[:2])
        kept.append(RowSide(to_distance, to_trend, matern))
    eye = xp.eye(n, dtype=x.dtype, device=x.device)
    covariance = xp.concat(both, axis=1) + (h.noise + _JITTER) * eye
    factor = xp.linalg.cholesky(covariance)
    root = invert_lower(xp, factor)
    v, log_slope = head_values(xp, h, evidence, xp.astype(archive.y, xp.float64))
    white = xp.matmul(root, v[..., None])
    alpha = xp.matmul(root.mT, white)
    fitted = xp.sum(white * white, axis=(-2, -1))
    variance = (_PRIOR_WEIGHT + fitted) / (_PRIOR_WEIGHT + n)
    determinant = xp.sum(xp.log(xp.linalg.diagonal(factor)), axis=-1)
    likelihood = log_slope - 0.5 * (_PRIOR_WEIGHT + n) * xp.log(variance) - determinant
    logits = temperature * xp.astype(likelihood, dtype) + h32.bias
    weight = logits - xp.max(logits, axis=-1, keepdims=True)
    weight = weight - xp.log(xp.sum(xp.exp(weight), axis=-1, keepdims=True))
    doubt = (h.noise + _JITTER)[..., 0]
    smooth = v - doubt * alpha[..., 0]
    amplitude = xp.sqrt(variance)[..., None]
    inverse = xp.matmul(root.mT, root)
    least = xp.broadcast_to(xp.argmin(smooth, axis=-1)[..., None, None], (*smooth.shape[:2], 1, n))
    link = doubt[..., None] * xp.take_along_axis(inverse, least, axis=2)
    posterior = Fit(
        h32,
        xp.astype(root, dtype),
        xp.astype(xp.concat([alpha.mT, link], axis=2), dtype),
        xp.astype(amplitude, dtype),
        xp.astype(xp.min(smooth, axis=-1, keepdims=True), dtype),
        weight,
        tuple(kept),
    )
    pull = alpha * alpha.mT / variance[..., None, None] - inverse
    # Eq. 5.9: distances are sums of squares by weights, so dk / d log l_d = c w_d (a_d - b_d)^2.
    pull = pull * xp.concat(slopes, axis=1)
    sides = xp.sum(pull, axis=-1)[..., None]
    b4 = b[:, None]
    moved = xp.sum(sides * b4 * b4, axis=2) - xp.sum(xp.matmul(pull, b4) * b4, axis=2)
    gradient = xp.concat(weights, axis=1) * moved
    spread = xp.sqrt(xp.linalg.diagonal(inverse)) * amplitude
    residual = alpha[..., 0] / spread
    return posterior, xp.astype(gradient, dtype), xp.astype(residual, dtype)


def _whiten(xp: Namespace, root: Array, k: Array) -> Array:
    """Return root @ k of (B, H, n, n) and (B, H, n, c)."""
    n, c = k.shape[2:]
    flat = matmul_columns(xp, xp.reshape(root, (-1, n, n)), xp.reshape(k, (-1, n, c)))
    return xp.reshape(flat, k.shape)


def _explained(xp: Namespace, covariance: Array, noise: Array) -> Array:
    """Return the variance of keys that observing other points would take away, (B, H, C).

    A Cholesky factorization that never fails: in single precision, pivots may come out negative.

    Args:
        xp: array namespace.
        covariance: (B, H, m, m + C) of the other points with themselves and the keys.
        noise: (B, H, 1) variance of the noise.
    """
    total = 0.0
    for _ in range(covariance.shape[2]):
        first = covariance[:, :, 0]
        pivot = xp.clip(first[..., :1], 0.0, None) + noise + _LEAST_PIVOT
        row = first[..., 1:] / xp.sqrt(pivot)
        left = covariance.shape[2] - 1
        covariance = covariance[:, :, 1:, 1:] - row[:, :, :left, None] * row[:, :, None, :]
        total = total + row[..., left:] * row[..., left:]
    return total


def predict_heads(
    xp: Namespace, fit: Fit, evidence: Evidence, keys: Array, pending: Array | None
) -> tuple[Array, Array, Array]:
    """Return keys' (B, D, C) mean, variance, and covariance with the best row, (B, H, C) each.

    Family by family: arrays over candidates and rows are the largest there are.
    """
    parts = [part for _, part in families(fit.weight.shape[1])]
    found = [
        _predict(xp, fit, side, part, evidence, keys, pending)
        for side, part in zip(fit.sides, parts, strict=True)
    ]
    mean, variance, covariance = (xp.concat(parts, axis=1) for parts in zip(*found, strict=True))
    return mean, variance, covariance


def _predict(
    xp: Namespace,
    fit: Fit,
    side: RowSide,
    part: slice,
    evidence: Evidence,
    keys: Array,
    pending: Array | None,
) -> tuple[Array, Array, Array]:
    """Return `predict_heads`, by the heads of one family."""
    h, root = _some(fit.hyperparameters, part), fit.root[:, part]
    heads = root.shape[1]
    origin = evidence.best_x[:, None, :]
    k = _covariance(xp, side, heads, keys - origin.mT, keys)
    read = xp.matmul(fit.reads[:, part], k)
    mean, covariance = read[:, :, 0], read[:, :, 1]
    white = _whiten(xp, root, k)
    bases = trend_bases(xp, keys, 1)
    prior = 1.0 + xp.matmul(trend_variances(xp, h)[:, :, 0], bases * bases)
    variance = prior - xp.sum(white * white, axis=2)
    if pending is None or not pending.shape[1]:
        return mean, variance, covariance
    across = pending.mT
    away = across - origin.mT
    known = _whiten(xp, root, _covariance(xp, side, heads, away, across))
    theirs = _side_of(xp, h, pending - origin, pending, side.matern)
    everything = xp.concat([across, keys], axis=2)
    away = everything - origin.mT
    both = _covariance(xp, theirs, heads, away, everything)
    both = both - xp.matmul(known.mT, xp.concat([known, white], axis=3))
    return mean, variance - _explained(xp, both, h.noise[..., 0]), covariance
