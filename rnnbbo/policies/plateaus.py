"""Plateaus: where equal values at different points say that a further value is known already.

A simulator that rounds its input, or a grid that is declared as real numbers, returns the very same
value everywhere in a cell. A model that interpolates goes on expecting a gain beside its incumbent,
and asks for that value again and again.
"""

from dataclasses import dataclass

import numpy as np

_SHARPNESS = 3.0  # of the doubt next to a plateau's edge
_REACH = 2.0  # how far a point is moved off a plateau at most, in its widths
_SEVERAL = 0.25  # how many coordinates more than one are moved, on average
_NEVER = -1e3  # logarithm of the chance of a new value on a plateau


@dataclass(frozen=True)
class Plateaus:
    """K boxes, each spanned by observations of one value, with none of another inside.

    How far a plateau goes on beyond the known box, of largest side w, is not known, nor in what
    unit: as far again is as likely as not, whatever w is. Distances are largest differences of a
    coordinate.

    Attributes:
        x: (n, D) observations.
        group: (n,) which of them have the same value.
        low: (K, D) least corners.
        high: (K, D) largest corners.
        of: (K,) the group of each.
    """

    x: np.ndarray
    group: np.ndarray
    low: np.ndarray
    high: np.ndarray
    of: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """Largest sides w (K,)."""
        return (self.high - self.low).max(axis=1)

    def log_chance(self, points: np.ndarray) -> np.ndarray:
        """Return the log chance (C,) that points (C, D) have a value that is not known yet.

        At a distance d of a plateau it is (d / (d + w))^3. It is 1 where an observation of another
        value is nearer than the plateau.
        """
        if not len(self.of):
            return np.zeros(len(points))
        away = self._away(points)
        with np.errstate(divide="ignore"):
            chance = -_SHARPNESS * np.log1p(1.0 / away)
        return np.maximum(chance, _NEVER).min(axis=1)

    def leave(self, rng: np.random.Generator, points: np.ndarray) -> np.ndarray:
        """Move points (C, D) on a plateau, or within w of it, off it; others stay.

        Along one coordinate drawn at random, now and then along another as well, to at most 2 w
        beyond the box.
        """
        if not len(self.of):
            return points
        on = self._away(points) < 1.0
        moved = on.any(axis=1)
        widest = np.where(on[moved], self.width, 0.0).argmax(axis=1)
        low, high, width = self.low[widest], self.high[widest], self.width[widest, None]
        step = _REACH * width * rng.random(low.shape)
        up = np.where((low > 0.0) & (high < 1.0), rng.random(low.shape) < 0.5, high < 1.0)
        beyond = np.clip(np.where(up, high + step, low - step), 0.0, 1.0)
        room = (low > 0.0) | (high < 1.0)
        ticket = np.where(room, rng.random(low.shape), 1.0)
        chosen = (ticket < _SEVERAL / low.shape[1]) | (ticket == ticket.min(axis=1, keepdims=True))
        out = points.copy()
        out[moved] = np.where(chosen & room, beyond, points[moved])
        return out

    def _away(self, points: np.ndarray) -> np.ndarray:
        """Return distances (C, K) of points, in widths; infinite where another value is nearer."""
        to_box = np.maximum(self.low - points[:, None], points[:, None] - self.high)
        distance = np.maximum(to_box, 0.0).max(axis=2)
        to_row = _distances(points, self.x)
        nearest = self.group[to_row.argmin(axis=1), None]
        least = to_row.min(axis=1, keepdims=True)
        second = np.where(self.group == nearest, np.inf, to_row).min(axis=1, keepdims=True)
        other = np.where(self.of == nearest, second, least)
        on = (distance < other) & (distance < 1.0)  # in another category it is 1
        return np.where(on, distance / self.width, np.inf)


def find(x: np.ndarray, y: np.ndarray, categories: np.ndarray) -> Plateaus:
    """Find the plateaus that observations x (n, D) with values y (n,) show.

    Points of the worst value are none: it may be that of most of the cube, or stand for failures,
    and who looks for less is not drawn there.

    Args:
        x: observations.
        y: their values, as told; infinity for a failure, and for what is not feasible.
        categories: columns of x in which all points of a plateau have to agree.
    """
    if len(set(y.tolist())) == len(y):
        nothing = np.empty((0, x.shape[1]))
        return Plateaus(x, np.arange(len(y)), nothing, nothing, np.empty(0, dtype=np.intp))
    key = np.column_stack([y, x[:, categories]])
    kinds, group, count = np.unique(key, return_inverse=True, return_counts=True, axis=0)
    value = kinds[:, 0]
    group = group.reshape(-1)
    found = [
        (low, high, g)
        for g in np.flatnonzero((count > 1) & (value < y[np.isfinite(y)].max(initial=-np.inf)))
        for low, high in _boxes(x[group == g], x[group != g])
    ]
    low = np.array([one for one, _, _ in found]).reshape(-1, x.shape[1])
    high = np.array([one for _, one, _ in found]).reshape(-1, x.shape[1])
    return Plateaus(x, group, low, high, np.array([g for _, _, g in found], dtype=np.intp))


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the largest differences of a coordinate, (n, m), of points (n, D) and (m, D)."""
    out = np.zeros((len(a), len(b)))
    for one, other in zip(a.T, b.T, strict=True):  # faster than to reduce a short last axis
        np.maximum(out, np.abs(one[:, None] - other), out=out)
    return out


def _boxes(same: np.ndarray, others: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Find boxes that hold all of one kind of points (m, D) and none of the others."""
    boxes, left = [], np.ones(len(same), dtype=bool)
    while left.any():
        seed = left.argmax()
        # From the seed outwards, as far as it goes.
        order = np.argsort(_distances(same, same[seed][None])[:, 0], kind="stable")
        apart = _hold(
            others, np.minimum(same[seed], same[order]), np.maximum(same[seed], same[order])
        )
        order = order[~apart]
        low = np.minimum.accumulate(same[order], axis=0)
        high = np.maximum.accumulate(same[order], axis=0)
        count = int((~_hold(others, low, high)).sum())
        if count:
            boxes.append((low[count - 1], high[count - 1]))
        left[order[:count]] = False
        left[seed] = False
    return [(low, high) for low, high in boxes if (high > low).any()]


def _hold(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Tell which boxes, with corners (K, D), hold one of the points (n, D), (K,)."""
    inside = np.ones((len(low), len(points)), dtype=bool)
    for x, least, most in zip(points.T, low.T, high.T, strict=True):
        inside &= (x >= least[:, None]) & (x <= most[:, None])
    return np.any(inside, axis=1)
