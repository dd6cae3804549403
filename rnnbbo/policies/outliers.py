"""Outliers: values out of all proportion to the others, as penalties and glitches are.

One value of 1e6 among values of about 1 leaves nothing of their differences in any mean, deviation
or logarithm. What users return for what failed is such a value, and says no more than that.
"""

from typing import NamedTuple

import numpy as np

_GAP = 10.0  # an outlier is so many times as high above the least value as the highest inlier
_INLIERS = 3  # that lie apart, before anything is an outlier
_APART = 0.1  # in the cube: values of points that are close to each other say little of a scale
_RETELL = 0.5  # share of the inliers' range by which what was told may be wrong


class Tamed(NamedTuple):
    """Values without outliers.

    Attributes:
        y: (n,) values, outliers as the highest inlier.
        out: (n,) which of them are outliers.
    """

    y: np.ndarray
    out: np.ndarray


def tame(x: np.ndarray, y: np.ndarray) -> Tamed:
    """Find the outliers among the values y (n,) of points x (n, D), NaN for a failure.

    A failure is one. Seen from the least value upwards they begin at the first gap of a factor
    _GAP, above _INLIERS values at points that lie apart. Close to each other, as where a run has
    converged, values are out of proportion to the others in any smooth function.
    """
    order = np.argsort(y, kind="stable")  # failures last
    height = y[order] - y[order[0]]
    count = int(np.isfinite(y).sum())
    first = _first_outlier(x[order[:count]], height[:count])
    out = np.zeros(len(y), dtype=bool)
    if first == len(y):
        return Tamed(y, out)
    out[order[first:]] = True
    return Tamed(np.where(out, y[order[first - 1]], y), out)


def to_tell_again(told: np.ndarray, now: Tamed) -> bool:
    """Say whether what was told of the first values (m,) of now is too wrong to be left so."""
    span = now.y.max() - now.y.min()
    return bool((np.abs(told - now.y[: len(told)]) > _RETELL * span).any())


def _first_outlier(x: np.ndarray, height: np.ndarray) -> int:
    """Return the index of the first outlier among rising heights (n,), n for none."""
    n = len(height)
    gaps = np.flatnonzero((height[1:] >= _GAP * height[:-1]) & (height[:-1] > 0.0))
    if not len(gaps):
        return n
    enough, apart = 0, np.full(n, True)
    for _ in range(_INLIERS):
        if not apart.any():
            return n
        enough = int(apart.argmax())
        apart &= np.abs(x - x[enough]).max(axis=1) >= _APART
    gaps = gaps[gaps >= enough]
    return int(gaps[0]) + 1 if len(gaps) else n
