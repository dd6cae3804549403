"""What nothing told so far is better than: the best value, or the front of several objectives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnbbo.direction import Maximize, OneOrSeveral, turned
from rnnbbo.pareto import compromise, front
from rnnbbo.violations import is_feasible, rank, violation


class BestSoFar:
    """The best value of a feasible point, or the front of several objectives; else the violation.

    Args:
        maximize: which values are better.
    """

    def __init__(self, maximize: Maximize) -> None:
        self._maximize = maximize
        self._best: tuple[bool, float] = (True, math.inf)  # by `rank`, the lower is the better
        self._front: list[list[float]] = []

    def add(self, value: OneOrSeveral, constraints: Mapping[str, float]) -> bool:
        """Take a value, and return whether nothing before was as good.

        With several objectives: whether the front has it now. While no point is feasible, whether
        none before violates the constraints as little.
        """
        own = turned(value, self._maximize)
        if not isinstance(own, list):
            better = rank(own, constraints) < self._best
            self._best = min(self._best, rank(own, constraints))
            return better
        if not is_feasible(constraints):
            key = rank(math.nan, constraints)
            better = not self._front and key < self._best
            self._best = min(self._best, key)
            return better
        if any(_as_good(one, own) for one in self._front):
            return False
        self._front = [one for one in self._front if not _as_good(own, one)] + [own]
        return True

    @property
    def front_size(self) -> int:
        """Number of values of the front."""
        return len(self._front)

    def reaches(self, target: OneOrSeveral) -> bool:
        """Tell whether a feasible point is at least as good as a target, in every objective."""
        wanted = turned(target, self._maximize)
        if isinstance(wanted, list):
            return any(_as_good(one, wanted) for one in self._front)
        return self._best <= (False, wanted)


def _as_good(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(mine <= theirs for mine, theirs in zip(one, other, strict=True))


def best_index(
    values: Sequence[OneOrSeveral], constraints: Sequence[Mapping[str, float]], maximize: Maximize
) -> int | None:
    """Return the index of the best value, the first of several; None where there is none.

    Of feasible ones; with several objectives that of the front which `pareto.compromise` names.
    Where none is feasible, the one that violates the constraints least.

    Args:
        values: finite ones, of one number of objectives.
        constraints: theirs.
        maximize: which values are better.
    """
    places = range(len(values))
    feasible = [i for i in places if is_feasible(constraints[i])]
    if not feasible:
        return min(places, key=lambda i: violation(constraints[i]), default=None)
    if isinstance(values[0], list):
        return feasible[compromise(_rows([values[i] for i in feasible], maximize))]
    return min(feasible, key=lambda i: turned(values[i], maximize))


def front_indices(
    values: Sequence[OneOrSeveral], constraints: Sequence[Mapping[str, float]], maximize: Maximize
) -> list[int]:
    """Return the indices of the front among feasible values, the best in the first objective first.

    Args:
        values: finite ones, of one and the same number of several objectives.
        constraints: theirs.
        maximize: which values are better.
    """
    feasible = [i for i, one in enumerate(constraints) if is_feasible(one)]
    if not feasible:
        return []
    return [feasible[i] for i in front(_rows([values[i] for i in feasible], maximize))]


def _rows(values: Sequence[Any], maximize: Maximize) -> np.ndarray:
    return np.array([turned(value, maximize) for value in values], dtype=np.float64)
