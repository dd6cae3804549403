"""Outliers: values out of all proportion to the others, as penalties and glitches are.

One value of 1e6 among values of about 1 leaves nothing of their differences in any mean, deviation
or logarithm. What users return for what failed is such a value, and says no more than that.
"""

from typing import NamedTuple

import numpy as np

from rnnbbo.policies.ops import Array, Namespace

_GAP = 10.0  # an outlier is so many times as high above the least value as the highest inlier
_INLIERS = 3  # that lie apart, before anything is an outlier
_APART = 0.1  # in the cube: values of points that are close to each other say little of a scale
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
    _GAP, above _INLIERS values at points that lie apart. Close to each other, as where a run has
    converged, values are out of proportion to the others in any smooth function.

    Args:
        xp: array namespace.
        x: (B, n, D).
        y: (B, n), one of them finite.
    """
    failed = ~xp.isfinite(y)
    infinite = xp.full_like(y, xp.inf)
    order = xp.argsort(xp.where(failed, infinite, y), axis=-1)
    rising = xp.take_along_axis(y, order, axis=-1)
    height = rising - rising[:, :1]
    gap = (height[:, 1:] >= _GAP * height[:, :-1]) & (height[:, :-1] > 0.0)
    rank = xp.arange(y.shape[1], device=y.device)[None]
    first = xp.sum(xp.astype(~failed, rank.dtype), axis=-1, keepdims=True)
    if bool(xp.any(gap)):
        gap = gap & (rank[:, :-1] >= _enough(xp, x, order))
        some = xp.any(gap, axis=-1, keepdims=True)
        at = xp.argmax(xp.astype(gap, y.dtype), axis=-1)[:, None] + 1
        first = xp.where(some & (at < first), at, first)
    ranks = xp.argsort(order, axis=-1)
    out = ranks >= first
    return Tamed(xp.where(out, xp.take_along_axis(rising, first - 1, axis=-1), y), out)


def to_tell_again(xp: Namespace, told: Array, now: Tamed) -> Array:
    """Say whether what was told of the first values (..., m) of now is too wrong to stay, (...)."""
    span = xp.max(now.y, axis=-1, keepdims=True) - xp.min(now.y, axis=-1, keepdims=True)
    return xp.any(xp.abs(told - now.y[..., : told.shape[-1]]) > _RETELL * span, axis=-1)


def _enough(xp: Namespace, x: Array, order: Array) -> Array:
    """Return the rank (B, 1) up to which _INLIERS points lie apart; n where so many do not."""
    count = order.shape[1]
    index = xp.broadcast_to(order[:, :, None], x.shape)
    x = xp.take_along_axis(x, index, axis=1)
    apart = xp.ones_like(order) > 0
    enough = order[:, :1] * 0
    for _ in range(_INLIERS):
        left = xp.any(apart, axis=-1, keepdims=True)
        at = xp.argmax(xp.astype(apart, x.dtype), axis=-1)[:, None]
        enough = xp.where(left, xp.where(enough < count, at, enough), enough * 0 + count)
        one = xp.take_along_axis(
            x, xp.broadcast_to(at[:, :, None], (*at.shape, x.shape[2])), axis=1
        )
        apart = apart & (xp.max(xp.abs(x - one), axis=-1) >= _APART)
    return enough
