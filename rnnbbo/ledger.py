"""What a run has asked and was told, and what a policy is told of it."""

import math
from typing import Any

import numpy as np

from rnnbbo.feed import Feed, Told
from rnnbbo.policies.protocol import Takes


def key(u: np.ndarray) -> bytes:
    """Return a hashable name of a cube point; -0.0 and 0.0 are the same point."""
    return (u + 0.0).tobytes()


class Ledger:
    """Points asked and told, in the user's units and in the cube.

    Attributes:
        points: told so far, in order, in user units.
        values: theirs; NaN for a failed trial.
    """

    def __init__(self, dim: int) -> None:
        self.points: list[list[Any]] = []
        self.values: list[float] = []
        self._dim = dim
        self._cube: list[np.ndarray] = []  # the points told, in the cube
        self._pending: dict[bytes, np.ndarray] = {}
        self._failed_first: list[np.ndarray] = []  # failed before there was a worst value
        self._seen: set[bytes] = set()
        self._feeds: dict[Takes, Feed] = {}
        self._succeeded = False

    def copy(self) -> "Ledger":
        """Return one that goes on by itself."""
        twin = Ledger(self._dim)
        twin.points, twin.values = list(self.points), list(self.values)
        twin._cube, twin._pending = list(self._cube), dict(self._pending)
        twin._failed_first, twin._seen = list(self._failed_first), set(self._seen)
        twin._feeds = {takes: feed.copy() for takes, feed in self._feeds.items()}
        twin._succeeded = self._succeeded
        return twin

    def ask(self, u: np.ndarray) -> None:
        """Take note of a point u (D,) that was asked for."""
        self._pending[key(u)] = u
        self._seen.add(key(u))

    def tell(self, point: list[Any], u: np.ndarray, value: float) -> dict[Takes, Told]:
        """Take the value of a point.

        Args:
            point: it, in user units.
            u: (D,) it, in the cube.
            value: NaN for a failed trial.

        Returns:
            What policies are told, by `Policy.takes`; nothing where every trial has failed so far.
        """
        self._pending.pop(key(u), None)
        self._seen.add(key(u))
        self.points.append(point)
        self.values.append(value)
        self._cube.append(u)
        told = {takes: feed.tell(u, value) for takes, feed in self._feeds.items()}
        self._succeeded |= math.isfinite(value)
        if not self._succeeded:
            self._failed_first.append(u)
        return {takes: one for takes, one in told.items() if one is not None}

    def feed(self, takes: Takes) -> Feed:
        """Return what policies were told so far, by `Policy.takes`; from now on `tell` has it."""
        if takes not in self._feeds:
            feed = self._feeds[takes] = Feed(takes)
            for u, value in zip(self._cube, self.values, strict=True):
                feed.tell(u, value)
        return self._feeds[takes]

    def was_seen(self, u: np.ndarray) -> bool:
        """Tell whether a point (D,) of the cube was asked or told before."""
        return key(u) in self._seen

    def waiting(self) -> np.ndarray:
        """Return the points (P, D) without a value: pending, or failed before the first one."""
        waiting = [*self._failed_first, *self._pending.values()]
        return np.array(waiting).reshape(len(waiting), self._dim)

    def find(self, u: np.ndarray) -> list[Any] | None:
        """Return the first point told that u (D,) stands for in its own precision, if any."""
        wanted = key(u)
        for point, told, value in zip(self.points, self._cube, self.values, strict=True):
            if math.isfinite(value) and key(told.astype(u.dtype)) == wanted:
                return list(point)
        return None

    def best(self) -> list[Any] | None:
        """Return the point of the least value, the first of several; None if none succeeded."""
        values = [value if math.isfinite(value) else math.inf for value in self.values]
        best = min(range(len(values)), key=values.__getitem__, default=None)
        return None if best is None or values[best] == math.inf else list(self.points[best])
