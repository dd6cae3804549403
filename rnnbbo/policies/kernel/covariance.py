"""Covariances that hypotheses give: a stationary kernel, additive parts and quadratic trends.

**Additive kernels.** By a hypothesis of this kind, coordinates act mostly on their own. A sum of
functions of one coordinate each is known from far fewer values than any other function: a value
tells of whole slices of the cube (Duvenaud et al. 2011, first order; Kandasamy et al. 2015). Tables
and scores of tuned models are often nearly that. With k_s the stationary kernel, and a share a,

    k(x, x') = (1 - a) k_s(x, x') + a / D sum_d k_1(sqrt(D) |x_d - x'_d| / l_d):

the rest of k_s explains what coordinates do together. Length-scales are those of D dimensions,
which grow as sqrt(D); hence the root. k_1(r) = 1 / (1 + r^2 / 2) is the rational quadratic kernel
with alpha = 1 (Rasmussen & Williams 2006, eq. 4.19): smooth, of many scales, and
without an exponential, of which there would be D times as many as in k_s.

**Trends.** A kernel of polynomials that a hypothesis may add: a bowl, a valley or a slope along the
axes is then known everywhere from a few values, and the stationary kernel has what is left to
explain. With t = (2 x - 1) / sqrt(D), so that |t| <= 1 on the unit cube, and features
phi(x) = [t, sqrt(D) t^2], the covariance is tau^2 phi(x) . phi(x'): that of a Bayesian linear
regression (Rasmussen & Williams 2006, eq. 2.12), here with no product of coordinates, so that 2 D
values suffice.
"""

import math
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.gp import kernels
from rnnbbo.policies.kernel.hypotheses import Hypotheses
from rnnbbo.policies.ops import Array, Namespace


class Additive(NamedTuple):
    """The additive part of hypotheses `(...)` at the points that are conditioned on.

    Attributes:
        rows: (..., m, D) the points, divided by length-scales.
        share: (..., 1, 1) a, of the additive part; 0 for a hypothesis without one.
    """

    rows: Array
    share: Array


def with_additive(xp: Namespace, k: Array, keys: Array, rows: Array, share: Array | float) -> Array:
    """Return (1 - a) k_s + a / D sum_d k_1, (..., C, m).

    Args:
        xp: array namespace.
        k: (..., C, m) k_s of the equation above.
        keys: (..., C, D) scaled points.
        rows: (..., m, D) scaled points.
        share: a, a number or (..., 1, 1).
    """
    # Coordinate after coordinate: what is summed stays in a core's cache.
    keys, rows = _by_coordinate(xp, keys), _by_coordinate(xp, rows)
    total = 0.0
    for d in range(keys.shape[-2]):
        apart = keys[..., d, :, None] - rows[..., d, None, :]
        total = total + 1.0 / (1.0 + apart * apart)
    return k + share * (total * (1.0 / keys.shape[-2]) - k)


def with_additive_and_slopes(
    xp: Namespace, k: Array, keys: Array, additive: Additive
) -> tuple[Array, Array]:
    """Return `with_additive`, and the derivative (..., D, C, m) of each coordinate's part."""
    share = additive.share
    apart = _by_coordinate(xp, keys)[..., None] - _by_coordinate(xp, additive.rows)[..., None, :]
    single = 1.0 / (1.0 + apart * apart)
    factor = -math.sqrt(2.0 / keys.shape[-1]) * share[..., None]
    return k + share * (xp.mean(single, axis=-3) - k), factor * (single * single * apart)


def _by_coordinate(xp: Namespace, points: Array) -> Array:
    """Return points (..., n, D) by coordinate, (..., D, n): k_1 of two is 1 / (1 + (a - b)^2)."""
    scale = math.sqrt(0.5 * points.shape[-1])
    return xp.stack([scale * points[..., d] for d in range(points.shape[-1])], axis=-2)


def additive_gradient(xp: Namespace, steep: Array, weight: Array) -> Array:
    """Return the gradient (..., C, D) of sum_i c_i k(x, x_i), the additive part's, by scaled x.

    Args:
        xp: array namespace.
        steep: (..., D, C, m) of `with_additive_and_slopes`.
        weight: (..., C, m).
    """
    return xp.sum(weight[..., None, :, :] * steep, axis=-1).mT


class Trend(NamedTuple):
    """The trends of hypotheses `(...)` at the points that are conditioned on.

    Attributes:
        features: (m, 2 D) `trend_features` of the points.
        bend: (..., 1, 1) tau^2; 0 for a hypothesis without a trend.
    """

    features: Array
    bend: Array


def trend_features(xp: Namespace, points: Array) -> Array:
    """Return features phi (..., n, 2 D) of points of the unit cube (..., n, D)."""
    root = math.sqrt(points.shape[-1])
    t = (2.0 * points - 1.0) * (1.0 / root)
    return xp.concat([t, root * t * t], axis=-1)


def trend_products(xp: Namespace, keys: Array, rows: Array) -> Array:
    """Return phi . phi' (..., C, m) of features: the trend's covariance where tau is 1."""
    return xp.matmul(keys, rows.mT)


def trend_squares(xp: Namespace, keys: Array) -> Array:
    """Return |phi|^2 (..., C) of features: the trend's variance where tau is 1."""
    return xp.vecdot(keys, keys)


def trend_gradient(xp: Namespace, trend: Trend, keys: Array, weight: Array, own: Array) -> Array:
    """Return the gradient (..., C, D) of sum_i c_i k(x, x_i) + own k(x, x), the trend's k.

    Args:
        xp: array namespace.
        trend: the trends.
        keys: (..., C, 2 D) features of x.
        weight: (..., C, m).
        own: (..., C).
    """
    dim = keys.shape[-1] // 2
    root = math.sqrt(dim)
    along = trend.bend * (xp.matmul(weight, trend.features) + (2.0 * own)[..., None] * keys)
    # d phi / dt = [1, 2 sqrt(D) t], and dt / dx = 2 / sqrt(D).
    return (2.0 / root) * along[..., :dim] + 4.0 * keys[..., :dim] * along[..., dim:]


def scaled(h: Hypotheses, x: np.ndarray) -> np.ndarray:
    """Return points (n, D) divided by the length-scales of every hypothesis, (N, n, D)."""
    return x * np.exp(-h.log_lengthscale)[:, None, :]


def correlations(h: Hypotheses, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return correlations (N, m, n) of the function at points (m, D), (n, D), trends left out."""
    rbf, keys, rows = _as_column(h.rbf), scaled(h, a), scaled(h, b)
    k = kernels.correlate(np, keys, kernels.lift_rows(np, rows), rbf)
    some = np.flatnonzero(h.share)
    if len(some):
        share = _as_column(h.share[some])
        k[some] = with_additive(np, k[some], keys[some], rows[some], share)
    return k


def _as_column(values: np.ndarray) -> np.ndarray:
    return values[:, None, None]


def with_nugget(xp: Namespace, k: Array, nugget: Array) -> Array:
    """Return k (..., n, n) of observations' correlations, with 1 + nugget on the diagonal.

    Args:
        xp: array namespace.
        k: (..., n, n).
        nugget: (..., n), or (..., 1) where it is the same for all.
    """
    eye = xp.eye(k.shape[-1], dtype=k.dtype, device=k.device)
    # The diagonal is exact: a distance to oneself is rounded otherwise.
    return k * (1.0 - eye) + (1.0 + nugget[..., None, :]) * eye


def trend_covariances(h: Hypotheses, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return covariances (N, m, n) of the trends between points (m, D) and (n, D)."""
    keys, rows = trend_features(np, a), trend_features(np, b)
    return _as_column(h.bend) * trend_products(np, keys, rows)


def covariance(h: Hypotheses, x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return covariances K (N, n, n) of observations at x (n, D), nuggets included."""
    k = with_nugget(np, correlations(h, x, x), h.nuggets(out))
    return k + trend_covariances(h, x, x) if h.curved.any() else k
