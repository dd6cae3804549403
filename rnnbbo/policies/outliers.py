"""Outliers: values out of all proportion to the others, as penalties and glitches are.

One value of 1e6 among values of about 1 leaves nothing of their differences in any mean, deviation
or logarithm. What users return for what failed is such a value, and says no more than that.
"""

from typing import NamedTuple

import numpy as np

from rnnbbo import core
from rnnbbo.core import outliers as compiled
from rnnbbo.policies.ops import Array, Namespace

_GAP = 20.0  # an outlier is so many times as high above the least value as the highest inlier
_INLIERS = 3  # that lie apart, before anything is an outlier
_SHARE = 0.25  # of all that lie apart, that are inliers at least
_APART = 0.1  # in the cube: values of points that are close to each other say little of a scale
_SAMPLED = 256  # of many values those that are compared one by one, evenly by rank
_RETELL = 0.5  # share of the inliers' range by which what was told may be wrong


class Tamed(NamedTuple):
    """Values without outliers.

    Attributes:
        y: (..., n) values, outliers as the highest inlier.
        out: (..., n) which of them are outliers.
    """

    y: Array
    out: Array


def tame(x: np.ndarray, y: np.ndarray) -> Tamed:
    """Find the outliers among the values y (n,) of points x (n, D); see `tame_all`."""
    tamed = tame_all(np, x[None], y[None])
    return Tamed(tamed.y[0], tamed.out[0])


def tame_all(xp: Namespace, x: Array, y: Array) -> Tamed:
    """Find the outliers among the values y (B, n) of points x (B, n, D), NaN for a failure.

    A failure is one. Seen from the least value upwards they begin at the first gap of a factor
    _GAP, above _INLIERS values at points that lie apart, and above _SHARE of all that do: those
    with no better point close to them. Close to each other, as where a run has converged, values
    are out of proportion to the others in any smooth function.

    Args:
        xp: array namespace.
        x: (B, n, D).
        y: (B, n), one of them finite.
    """
    library = core.library() if xp is np else None
    if library is not None and y.dtype == np.float64:
        return Tamed(*compiled.tame(library, x, y))
    failed = ~xp.isfinite(y)
    infinite = xp.full_like(y, xp.inf)
    order = xp.argsort(xp.where(failed, infinite, y), axis=-1, stable=True)
    rising = xp.take_along_axis(y, order, axis=-1)
    height = rising - rising[:, :1]
    gap = (height[:, 1:] >= _GAP * height[:, :-1]) & (height[:, :-1] > 0.0)
    rank = xp.arange(y.shape[1], device=y.device)[None]
    first = xp.sum(xp.astype(~failed, rank.dtype), axis=-1, keepdims=True)
    gap = gap & (rank[:, 1:] < first) & (rank[:, 1:] >= _INLIERS)
    some = xp.any(gap, axis=-1)
    if bool(xp.any(some)):
        looked = rank[0, :: -(-y.shape[1] // _SAMPLED)]
        index = _wide(xp, order[some][:, looked], x)
        apart = _apart(xp, xp.take_along_axis(x[some], index, axis=1)) & (looked < first[some])
        apart = xp.cumulative_sum(xp.astype(apart, y.dtype), axis=-1)
        apart = apart[:, xp.searchsorted(looked, rank[0], side="right") - 1]
        enough = (apart >= _INLIERS) & (apart >= _SHARE * apart[:, -1:])
        found = gap[some] & enough[:, :-1]
        at = xp.argmax(xp.astype(found, y.dtype), axis=-1)[:, None] + 1
        first[some] = xp.where(xp.any(found, axis=-1, keepdims=True), at, first[some])
    ranks = xp.argsort(order, axis=-1)
    out = ranks >= first
    return Tamed(xp.where(out, xp.take_along_axis(rising, first - 1, axis=-1), y), out)


def without_outliers(y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return the values y (n,) tamed, where it is known which of them, `out` (n,), are outliers."""
    return np.where(out, y[~out].max(), y)


def to_tell_again(xp: Namespace, told: Array, now: Tamed) -> Array:
    """Say whether what was told of the first values (..., m) of now is too wrong to stay, (...)."""
    span = xp.max(now.y, axis=-1, keepdims=True) - xp.min(now.y, axis=-1, keepdims=True)
    return xp.any(xp.abs(told - now.y[..., : told.shape[-1]]) > _RETELL * span, axis=-1)


def _wide(xp: Namespace, index: Array, x: Array) -> Array:
    """Return an index (b, n) of points (B, n, D) for all of their coordinates, (b, n, D)."""
    return xp.broadcast_to(index[:, :, None], (*index.shape, x.shape[2]))


def _apart(xp: Namespace, x: Array) -> Array:
    """Tell which of the points (b, n, D) are _APART from all before them, (b, n)."""
    distance = xp.zeros_like(x[:, :, :1] * x[:, None, :, 0])
    for d in range(x.shape[2]):
        distance = xp.maximum(distance, xp.abs(x[:, :, None, d] - x[:, None, :, d]))
    count = xp.arange(x.shape[1], device=x.device)
    close = (distance < _APART) & (count[None, :] < count[:, None])[None]
    return ~xp.any(close, axis=-1)
