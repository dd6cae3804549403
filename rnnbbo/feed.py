"""What policies are told of values: stand-ins for failures, a tame scale, an ordinary unit."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.outliers import Tamed, tame, to_tell_again
from rnnbbo.policies.protocol import Takes
from rnnbbo.policies.units import half_step, unit_of

_ALWAYS = 200  # values up to which outliers are looked for at every one of them

_Beside = tuple[np.ndarray | None, np.ndarray | None]  # constraints, and further objectives


class _Rows:
    """The first arrays (D,) of a list that grows, as one, to which only new ones are copied."""

    def __init__(self) -> None:
        self._room = np.empty((0, 0))
        self._count = 0

    def of(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """Return all arrays of the list, (n, D), to be read only."""
        known, count = self._count, len(arrays)
        if count > len(self._room):
            room = np.empty((count + count // 4 + 16, len(arrays[0])))
            if known:
                room[:known] = self._room[:known]
            self._room = room
        for i in range(known, count):
            self._room[i] = arrays[i]
        self._count = count
        return self._room[:count]


class Told(NamedTuple):
    """What a policy is told of a value.

    Attributes:
        value: the value, in the feed's unit.
        half: `half_step` of all that was told before, to that unit.
        again: whether other values than those told before stand for them now, so that a policy has
            to be told everything anew.
        constraints: (K,) values of constraints, NaN where not known; None where there are none.
        further: values of the objectives after the first; None where there is but one.
    """

    value: float
    half: float = 1.0
    again: bool = False
    constraints: np.ndarray | None = None
    further: np.ndarray | None = None


class Feed:
    """The values that policies of one kind are told, of points of the cube.

    Args:
        takes: which.
    """

    def __init__(self, takes: Takes) -> None:
        self._takes = takes
        self._points: list[np.ndarray] = []
        self._rows = _Rows()
        self._values: list[float] = []  # with stand-ins for failures
        self._told: list[float] = []  # what policies know of them, in the user's unit
        self._beside: list[_Beside] = []
        self._worst, self._largest, self._unit = -math.inf, 0.0, 1.0
        self._inliers = (math.inf, -math.inf)  # the least and the highest
        self._lowest_outlier = math.inf

    def copy(self) -> "Feed":
        """Return one that goes on by itself."""
        twin = Feed(self._takes)
        twin._points, twin._values = list(self._points), list(self._values)
        twin._told, twin._worst = list(self._told), self._worst
        twin._beside = list(self._beside)
        twin._largest, twin._unit = self._largest, self._unit
        twin._inliers, twin._lowest_outlier = self._inliers, self._lowest_outlier
        return twin

    def tell(
        self,
        u: np.ndarray,
        value: float,
        constraints: np.ndarray | None = None,
        further: np.ndarray | None = None,
    ) -> Told | None:
        """Take the value of a point u (D,), NaN for a failure, and those of constraints (K,).

        And of further objectives, as they are: then the unit stays 1.

        Returns:
            What a policy is told, None where every trial has failed so far.
        """
        failed, first = not math.isfinite(value), not math.isfinite(self._worst)
        keeps = self._takes is Takes.ALL
        if failed and first and not keeps:
            return None
        self._worst = self._worst if failed else max(self._worst, value)
        self._points.append(u)
        self._beside.append((constraints, further))
        self._values.append(self._worst if failed and not keeps else value)
        if failed and first:
            self._told.append(value)
            return None
        again = first and len(self._values) > 1  # of failures before the first value
        if self._takes is Takes.TAMED:
            again = self._tame()
        else:
            self._told.append(self._values[-1])
        half = self._rescale(again) if further is None else 1.0
        return Told(self._told[-1] * self._unit, half, again, constraints, further)

    def told(self) -> list[tuple[np.ndarray, float, np.ndarray | None, np.ndarray | None]]:
        """Return what a policy was told, in order, as `Proposer.told` takes it.

        Nothing where every trial has failed so far.
        """
        if not math.isfinite(self._worst):
            return []
        told = zip(self._points, self._told, self._beside, strict=True)
        return [(u, value * self._unit, *beside) for u, value, beside in told]

    def in_user_unit(self, value: float | None) -> float | None:
        """Return what a policy says of values as the user would."""
        return None if value is None else value / self._unit

    def _rescale(self, anew: bool) -> float:
        """Take the unit that fits all that was told, and return the `half_step` to it."""
        values = self._told if anew else self._told[-1:]
        known = 0.0 if anew else self._largest
        self._largest = max(known, *(abs(value) for value in values if math.isfinite(value)), 0.0)
        if self._largest == known:
            return 1.0
        before, now = self._unit, float(unit_of(np, np.array(self._largest)))
        self._unit = now
        return 1.0 if now == before else float(half_step(np, np.array(before), np.array(now)))

    def _tame(self) -> bool:
        """Append what policies are told of the last value, and say whether all has changed.

        Among many values another one within the range of the inliers, or above an outlier, changes
        nothing that counts.
        """
        value, (least, top) = self._values[-1], self._inliers
        if len(self._values) > _ALWAYS and (least <= value <= top or value >= self._lowest_outlier):
            self._told.append(min(value, top))
            return False
        now = tame(self._rows.of(self._points), np.array(self._values))
        tamed = now.y.tolist()
        self._remember(now, tamed)
        again = False
        if self._told != tamed[:-1]:
            again = bool(to_tell_again(np, np.array(self._told), now))
        self._told = tamed if again else [*self._told, tamed[-1]]
        return again

    def _remember(self, now: Tamed, tamed: list[float]) -> None:
        self._inliers, self._lowest_outlier = (min(tamed), max(tamed)), math.inf
        if now.out.any():
            outliers = np.array(self._values)[now.out]
            self._lowest_outlier = float(outliers.min(initial=math.inf))
