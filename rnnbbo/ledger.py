"""What a run has asked and was told, and what a policy is told of it."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from rnnbbo.feed import Feed, Told
from rnnbbo.incumbents import best_index
from rnnbbo.policies.protocol import Takes
from rnnbbo.violations import agreed, as_vector


def key(u: np.ndarray) -> bytes:
    """Return a hashable name of a cube point; -0.0 and 0.0 are the same point."""
    return (u + 0.0).tobytes()


class Ledger:
    """Points asked and told, in the user's units and in the cube.

    Attributes:
        points: told so far, in order, in user units.
        values: theirs; NaN for a failed trial.
        constraints: theirs, by name.
        names: names of the constraints; None before the first trial that did not fail.
        further: values of the objectives after the first, of every trial; () where there is but
            one, or none is known.
        count: number K of objectives; None before the first trial that did not fail.
        unanswered: asks since the last value told.
    """

    def __init__(self, dim: int) -> None:
        self.points: list[list[Any]] = []
        self.values: list[float] = []
        self.constraints: list[dict[str, float]] = []
        self.names: Sequence[str] | None = None
        self.further: list[tuple[float, ...]] = []
        self.count: int | None = None
        self.unanswered = 0
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
        twin.constraints, twin.names = list(self.constraints), self.names
        twin._cube, twin._pending = list(self._cube), dict(self._pending)
        twin._failed_first, twin._seen = list(self._failed_first), set(self._seen)
        twin._feeds = {takes: feed.copy() for takes, feed in self._feeds.items()}
        twin._succeeded = self._succeeded
        twin.further, twin.count = list(self.further), self.count
        twin.unanswered = self.unanswered
        return twin

    def ask(self, u: np.ndarray) -> None:
        """Take note of a point u (D,) that was asked for."""
        self.unanswered += 1
        self._pending[key(u)] = u
        self._seen.add(key(u))

    def tell(
        self,
        point: list[Any],
        u: np.ndarray,
        value: float,
        constraints: Mapping[str, float] = MappingProxyType({}),
        further: tuple[float, ...] = (),
    ) -> dict[Takes, Told]:
        """Take the value of a point, and those of its constraints.

        Args:
            point: it, in user units.
            u: (D,) it, in the cube.
            value: NaN for a failed trial.
            constraints: by name.
            further: values of the objectives after the first.

        Returns:
            What policies are told, by `Policy.takes`; nothing where every trial has failed so far.

        Raises:
            ObservationError: the constraints are not those of the values before; nothing is taken.
        """
        self.names = agreed(self.names, constraints, not math.isfinite(value))
        if math.isfinite(value):
            self.count = 1 + len(further)
        self.unanswered = 0
        self._pending.pop(key(u), None)
        self._seen.add(key(u))
        self.points.append(point)
        self.values.append(value)
        self.constraints.append(dict(constraints))
        self.further.append(further)
        self._cube.append(u)
        limits, more = self._vector(constraints), self._others(further)
        told = {takes: feed.tell(u, value, limits, more) for takes, feed in self._feeds.items()}
        self._succeeded |= math.isfinite(value)
        if not self._succeeded:
            self._failed_first.append(u)
        return {takes: one for takes, one in told.items() if one is not None}

    def feed(self, takes: Takes) -> Feed:
        """Return what policies were told so far, by `Policy.takes`; from now on `tell` has it."""
        if takes not in self._feeds:
            feed = self._feeds[takes] = Feed(takes)
            for i, u in enumerate(self._cube):
                limits = self._vector(self.constraints[i])
                feed.tell(u, self.values[i], limits, self._others(self.further[i]))
        return self._feeds[takes]

    @property
    def several(self) -> bool:
        """Whether there are several objectives."""
        return self.count is not None and self.count > 1

    @property
    def cube(self) -> np.ndarray:
        """(n, D) the points told, in the cube."""
        return np.array(self._cube).reshape(len(self._cube), self._dim)

    @property
    def objectives(self) -> np.ndarray:
        """(n, K) values of all objectives; NaN for a failed trial."""
        nothing = (math.nan,) * ((self.count or 1) - 1)
        rows = [
            (value, *(further or nothing))
            for value, further in zip(self.values, self.further, strict=True)
        ]
        return np.array(rows).reshape(len(rows), 1 + len(nothing))

    def _others(self, further: tuple[float, ...]) -> np.ndarray | None:
        """Return values of further objectives; NaN for a failure; None where there are none."""
        if not self.several:
            return None
        assert self.count is not None
        return np.array(further or (math.nan,) * (self.count - 1))

    def _vector(self, constraints: Mapping[str, float]) -> np.ndarray | None:
        """Return constraints in the order of their names; None where the run has none."""
        return as_vector(self.names, constraints) if self.names else None

    def was_seen(self, u: np.ndarray) -> bool:
        """Tell whether a point (D,) of the cube was asked or told before."""
        return key(u) in self._seen

    def waiting(self, takes: Takes) -> np.ndarray:
        """Return the points (P, D) without a value: pending, or failed before the first one.

        Of the latter, those that policies of this kind are not told.
        """
        first = [] if takes is Takes.ALL and self._succeeded else self._failed_first
        waiting = [*first, *self._pending.values()]
        return np.array(waiting).reshape(len(waiting), self._dim)

    def find(self, u: np.ndarray) -> list[Any] | None:
        """Return the first point told that u (D,) stands for in its own precision, if any."""
        wanted = key(u)
        for point, told, value in zip(self.points, self._cube, self.values, strict=True):
            if math.isfinite(value) and key(told.astype(u.dtype)) == wanted:
                return list(point)
        return None

    def best(self) -> list[Any] | None:
        """Return the point of the least value among feasible ones, the first of several.

        Where none is feasible, the one that violates the constraints least; None if none succeeded.
        With several objectives a compromise of the feasible ones that no other dominates.
        """
        known = [i for i, value in enumerate(self.values) if math.isfinite(value)]
        values: list[Any] = self.objectives.tolist() if self.several else self.values
        best = best_index([values[i] for i in known], [self.constraints[i] for i in known], False)
        return None if best is None else list(self.points[known[best]])
