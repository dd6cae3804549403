"""What a run has asked and was told, and what a policy is told of it."""

import math
from typing import Any

import numpy as np

from rnnbbo.policies.ops import Array, Namespace

_FAR, _SHIFT = 256, 600  # powers of two
# From tiny, ordinary and huge values to those that policies are told: squares of their differences,
# down to the last bit that tells two of them apart, then neither overflow nor underflow.


def unit_of(xp: Namespace, largest: Array) -> Array:
    """Return the factor that brings values to about ordinary size: 1, 2^600 or 2^-600.

    A policy sees quotients of differences of values, so that a power of two changes nothing else.

    Args:
        xp: array namespace.
        largest: (B,) the largest magnitude so far, 0 before the first value.
    """
    one = xp.ones_like(largest)
    tiny = (largest < 2.0**-_FAR) & (largest > 0.0)
    return xp.where(tiny, one * 2.0**_SHIFT, xp.where(largest > 2.0**_FAR, one * 2.0**-_SHIFT, one))


def half_step(xp: Namespace, before: Array, after: Array) -> Array:
    """Return what values have to be multiplied with twice, (B,), to go from unit to unit.

    From tiny to huge in a single step is less than any number.
    """
    return xp.sqrt(after) / xp.sqrt(before)


def stand_in(xp: Namespace, y: Array, worst: Array) -> tuple[Array, Array]:
    """Return what a policy is told of values: in place of a failure, the worst value so far.

    Args:
        xp: array namespace.
        y: (B,) values; NaN or infinity is a failed trial.
        worst: (B,) the largest value so far, -infinity before the first.

    Returns:
        (B,) what to tell, and (B,) the largest value now.
    """
    value = xp.where(xp.isfinite(y), y, worst)
    return value, xp.maximum(worst, value)


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
        self._fed: list[tuple[np.ndarray, float]] = []  # what a policy was told, in the user's unit
        self._worst = -math.inf
        self._largest = 0.0  # magnitude
        self._unit = 1.0

    def copy(self) -> "Ledger":
        """Return one that goes on by itself."""
        twin = Ledger(self._dim)
        twin.points, twin.values = list(self.points), list(self.values)
        twin._cube, twin._pending = list(self._cube), dict(self._pending)
        twin._failed_first, twin._seen = list(self._failed_first), set(self._seen)
        twin._fed, twin._worst = list(self._fed), self._worst
        twin._largest, twin._unit = self._largest, self._unit
        return twin

    def ask(self, u: np.ndarray) -> None:
        """Take note of a point u (D,) that was asked for."""
        self._pending[key(u)] = u
        self._seen.add(key(u))

    def tell(self, point: list[Any], u: np.ndarray, value: float) -> tuple[float | None, float]:
        """Take the value of a point.

        Args:
            point: it, in user units.
            u: (D,) it, in the cube.
            value: NaN for a failed trial.

        Returns:
            What a policy is told, None where every trial has failed so far; and `half_step` of all
            that it was told before, to the unit that it has from now on.
        """
        self._pending.pop(key(u), None)
        self._seen.add(key(u))
        self.points.append(point)
        self.values.append(value)
        self._cube.append(u)
        if not math.isfinite(value) and not math.isfinite(self._worst):
            self._failed_first.append(u)
            return None, 1.0
        told, worst = stand_in(np, np.array([value]), np.array([self._worst]))
        self._worst, half = float(worst[0]), 1.0
        self._fed.append((u, float(told[0])))
        if abs(self._fed[-1][1]) > self._largest:
            self._largest = abs(self._fed[-1][1])
            now = unit_of(np, np.array(self._largest))
            half = float(half_step(np, np.array(self._unit), now))
            self._unit = float(now)
        return self._fed[-1][1] * self._unit, half

    def told(self) -> list[tuple[np.ndarray, float]]:
        """Return what a policy was told of every point, in order: points (D,) and values."""
        return [(u, value * self._unit) for u, value in self._fed]

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
