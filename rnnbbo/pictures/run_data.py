"""What was told in a run, as pictures need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rnnbbo import pareto
from rnnbbo.direction import in_words
from rnnbbo.incumbents import best_index
from rnnbbo.space import Space
from rnnbbo.violations import is_feasible


@dataclass(frozen=True)
class RunData:
    """Trials of a run, n of them, of K objectives.

    Attributes:
        space: the search space.
        points: in user units, in the order told.
        values: (n, K) float64, in the user's signs; NaN where a trial failed.
        maximize: of each objective whether larger values are better, K of them.
        constraints: values of the constraints by name, (n,) each, NaN where one is not known.
        errors: why trials failed, {index: one line}, as far as it is known.
    """

    space: Space
    points: Sequence[list[Any]]
    values: np.ndarray
    maximize: tuple[bool, ...]
    constraints: Mapping[str, np.ndarray] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)

    @property
    def n_objectives(self) -> int:
        """Number K of objectives."""
        return len(self.maximize)

    @cached_property
    def failed(self) -> np.ndarray:
        """(n,) which trials failed."""
        failed: np.ndarray = ~np.isfinite(self.values).all(axis=1)
        return failed

    @cached_property
    def feasible(self) -> np.ndarray:
        """(n,) which trials succeeded and meet all constraints."""
        meets = [is_feasible(self.limits(i)) for i in range(len(self.points))]
        return ~self.failed & np.array(meets, dtype=bool)

    def limits(self, index: int) -> dict[str, float]:
        """Return the values of the constraints of a trial, by name."""
        return {name: float(values[index]) for name, values in self.constraints.items()}

    @cached_property
    def best(self) -> int | None:
        """Index of the trial that the result has as its best one; None if none succeeded."""
        known = np.flatnonzero(~self.failed)
        signs = self.maximize if self.n_objectives > 1 else self.maximize[0]
        values: list[Any] = self.values[known].tolist()
        if self.n_objectives == 1:
            values = [one for (one,) in values]
        place = best_index(values, [self.limits(i) for i in known.tolist()], signs)
        return None if place is None else int(known[place])

    @cached_property
    def inward(self) -> np.ndarray:
        """(n, K) values of which lower ones are better."""
        return np.where(np.array(self.maximize), 0.0 - self.values, self.values)

    @cached_property
    def front(self) -> np.ndarray:
        """Indices of the feasible trials that no other one dominates, by the first objective."""
        found = pareto.front(np.where(self.feasible[:, None], self.inward, np.nan))
        return found[np.argsort(self.inward[found, 0], kind="stable")]

    @cached_property
    def running_best(self) -> np.ndarray:
        """(n,) best feasible value of the first objective so far; NaN before there is one."""
        values = np.where(self.feasible, self.inward[:, 0], np.inf)
        running = np.minimum.accumulate(values) if len(values) else values
        running = np.where(np.isfinite(running), running, np.nan)
        return 0.0 - running if self.maximize[0] else running

    def value_names(self) -> list[str]:
        """Return what the objectives are called: value, or value_1 (minimize) and so on."""
        if self.n_objectives == 1:
            return ["value"]
        return [f"value_{i} ({word})" for i, word in enumerate(in_words(self.maximize), 1)]
