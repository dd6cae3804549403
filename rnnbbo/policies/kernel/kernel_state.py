"""What the kernel policy carries, and what follows from it of the values told."""

from collections.abc import Sequence
from typing import NamedTuple, Self, TypeVar

import numpy as np

from rnnbbo import core
from rnnbbo.core import outliers as compiled
from rnnbbo.pareto import compromise, front
from rnnbbo.policies.evidence import Evidence, Observation
from rnnbbo.policies.kernel.advice import Hearing
from rnnbbo.policies.kernel.hypotheses import heights
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.prior import Prior
from rnnbbo.policies.kernel.quantities import (
    ModelledObjective,
    Quantity,
    of_constraints,
    of_labels,
    total_excess,
)
from rnnbbo.policies.ops import Array
from rnnbbo.policies.outliers import tame, without_outliers

_OBJECTIVES = 2**16  # turn of randomness of several objectives, beyond those of constraints
_Q = TypeVar("_Q", bound=Quantity)


class Inliers(NamedTuple):
    """The observations that did not fail.

    Attributes:
        x: (m, D) points.
        out: (m,) which of them are outliers.
        z: (m,) heights.
    """

    x: np.ndarray
    out: np.ndarray
    z: np.ndarray


class KernelState(NamedTuple):
    """What the policy carries from step to step; for one function.

    Attributes:
        evidence: summary of what was told.
        q: (1, D) quasi-random point of the last step.
        x: (n, D) observations that are kept.
        y: (n,) their raw values, NaN for a failed trial.
        belief: N particles, of the observations that did not fail; None before the first value.
        adviser: what the adviser has heard; None where its weight is 0, or there is no adviser.
        constraints: one a constraint, in the order of their names; empty where there are none.
        crashes: where evaluations fail; None before the first that does.
        objectives: several objectives, of which y is the first; empty where there is but one.
            `belief` is then that of the first.
        looked: what `inliers` returns, where it was worked out already.
    """

    evidence: Evidence
    q: Array
    x: Array
    y: Array
    belief: Belief | None
    adviser: Hearing | None = None
    constraints: tuple[Quantity, ...] = ()
    crashes: Quantity | None = None
    objectives: tuple[ModelledObjective, ...] = ()
    looked: Inliers | None = None

    @property
    def several(self) -> bool:
        """Whether there are several objectives."""
        return bool(self.objectives)

    @property
    def values(self) -> np.ndarray:
        """(n, K) raw values of all of several objectives; NaN for a failed trial."""
        return np.column_stack([one.values for one in self.objectives])

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What has to be at most 0."""
        crashes = () if self.crashes is None else (self.crashes,)
        return (*self.constraints, *crashes)

    @property
    def known(self) -> np.ndarray:
        """(n,) which observations did not fail."""
        return np.isfinite(self.y)

    @property
    def feasible(self) -> np.ndarray:
        """(n,) which of them are feasible."""
        feasible = self.known
        for quantity in self.constraints:
            feasible = feasible & (quantity.values <= 0.0)
        return feasible

    @property
    def compared(self) -> np.ndarray:
        """(n,) raw values among feasible observations; infinity elsewhere."""
        return np.where(self.feasible, self.y, np.inf)

    def incumbent(self) -> int:
        """Return the best feasible observation, or else the one that violates least.

        With several objectives a compromise of the best ones.
        """
        if self.feasible.any():
            if self.several:
                return compromise(np.where(self.feasible[:, None], self.values, np.nan))
            return int(self.compared.argmin())
        distance = np.where(self.known, total_excess(self.constraints, self.x), np.inf)
        return int(np.where(self.known, distance, np.inf).argmin())

    def inliers(self) -> Inliers:
        """Return the observations that did not fail, and their heights."""
        if self.looked is not None:
            return self.looked
        known = self.known
        x, y = (self.x, self.y) if known.all() else (self.x[known], self.y[known])
        library = core.library()
        if library is not None and not self.constraints:
            return Inliers(x, *compiled.tame_heights(library, x, y))
        tamed = tame(x, y)
        return Inliers(x, tamed.out, self._above(tamed.y))

    def looked_at(self) -> Self:
        """Return it with its inliers worked out, where there are any."""
        return self._replace(looked=self.inliers()) if self.known.any() else self

    def heights(self, out: np.ndarray) -> np.ndarray:
        """Return heights of the values that did not fail (m,), `out` of them outliers.

        Above the least one; with constraints, above the incumbent's.
        """
        return self._above(without_outliers(self.y[self.known], out))

    def _above(self, tamed: np.ndarray) -> np.ndarray:
        if not self.constraints:
            return heights(tamed)
        own = int(self.known[: self.incumbent()].sum())  # its place among the known ones
        return heights(tamed, float(tamed[own]))

    def ranked(self) -> np.ndarray:
        """Return values by which observations are compared (n,), tamed: lower is better.

        What failed, or is not feasible, has the highest one. Of several objectives it is the number
        of those that are nowhere worse.
        """
        if self.several:
            no_worse = (self.values <= self.values[:, None]).all(axis=2)
            values = np.where(self.known, no_worse.sum(axis=1), len(self.y)).astype(np.float64)
        else:
            values = tame(self.x, self.y).y
        if not self.constraints:
            return values
        if not self.feasible.any():
            values = total_excess(self.constraints, self.x)
            return tame(self.x, values).y if np.isfinite(values).any() else np.zeros(len(values))
        return np.where(self.feasible, values, values.max())

    def front(self) -> np.ndarray:
        """Return the indices of feasible observations that no other one dominates."""
        return front(np.where(self.feasible[:, None], self.values, np.nan))

    def taken(self, prior: Prior, observations: Sequence[Observation]) -> Self:
        """Return it with more rows; of what is believed, only of a single one."""
        x = np.concatenate([self.x, *(np.asarray(one.x, np.float64) for one in observations)])
        y = np.concatenate([self.y, *(one.y for one in observations)])
        last = observations[-1]
        state = self._replace(q=last.q, x=x, y=y, looked=None)
        if not self._has_more(observations):
            return state
        new = [np.zeros(0) if one.constraints is None else one.constraints for one in observations]
        count = max(len(self.constraints), *map(len, new))
        rows = np.array([one if len(one) else np.full(count, np.nan) for one in new])
        constraints = self.constraints or (Quantity(np.full(len(self.y), np.nan)),) * count
        failed = ~(np.isfinite(y[len(self.y) :]) & np.isfinite(rows).all(axis=1))
        labels = np.where(failed, 1.0, -1.0)
        crashes = self.crashes
        if crashes is None and failed.any():
            crashes = Quantity(np.full(len(self.y), -1.0))
        single = len(observations) == 1

        def grown(quantity: _Q, values: np.ndarray, prior: Prior, turn: int) -> _Q:
            if not single:
                return quantity._replace(values=np.append(quantity.values, values))
            rng = np.random.default_rng((*last.seed, turn))
            return quantity.told(rng, prior, x, float(values[0]))

        return state._replace(
            constraints=tuple(
                grown(quantity, rows[:, k], of_constraints(prior), k + 1)
                for k, quantity in enumerate(constraints)
            ),
            crashes=None if crashes is None else grown(crashes, labels, of_labels(prior), 0),
        )._with_objectives(prior, observations)

    def _has_more(self, observations: Sequence[Observation]) -> bool:
        """Tell whether there is more to model than a value of each, now or before."""
        if self.constraints or self.crashes is not None or self.objectives:
            return True
        return any(
            not np.isfinite(one.y).all() or one.constraints is not None or one.further is not None
            for one in observations
        )

    def _with_objectives(self, prior: Prior, observations: Sequence[Observation]) -> Self:
        """Return it with several objectives of the last rows, where there are any."""
        told = len(self.y) - len(observations)
        new = [np.zeros(0) if one.further is None else one.further for one in observations]
        count = max(len(self.objectives) - 1, *map(len, new))
        if not count:
            return self
        more = np.array([one if len(one) else np.full(count, np.nan) for one in new])
        rows = np.column_stack([self.y[told:], more])
        objectives = self.objectives or (ModelledObjective(np.full(told, np.nan)),) * (1 + count)
        rng = np.random.default_rng((*observations[-1].seed, _OBJECTIVES))
        grown = tuple(
            one._replace(values=np.append(one.values, rows[:, k]))
            for k, one in enumerate(objectives)
        )
        on_front = self._replace(objectives=grown).front()
        limits = [float(one.values[on_front].max(initial=-np.inf)) for one in grown]
        if len(observations) > 1:
            return self._replace(
                objectives=tuple(
                    one._replace(limit=limit) for one, limit in zip(grown, limits, strict=True)
                )
            )
        return self._replace(
            objectives=tuple(
                one._replace(limit=limits[k]).told(rng, prior, self.x, float(rows[0, k]))
                for k, one in enumerate(objectives)
            )
        ).with_first()

    def with_first(self) -> Self:
        """Return it with the belief of the first of several objectives for its own."""
        return self._replace(belief=self.objectives[0].belief)

    def kept(self, prior: Prior, rows: np.ndarray, seed: tuple[int, ...], moves: int) -> Self:
        """Return it with some of its rows; the particles of quantities move in so many steps."""
        x = self.x[rows]
        rng = np.random.default_rng((*seed, -1 % 2**32))
        crashes = self.crashes
        if crashes is not None:
            crashes = crashes.rebuilt(rng, of_labels(prior), x, crashes.values[rows], moves)
        return self._replace(
            looked=None,
            x=x,
            y=self.y[rows],
            constraints=tuple(
                quantity.rebuilt(rng, of_constraints(prior), x, quantity.values[rows], moves)
                for quantity in self.constraints
            ),
            crashes=crashes,
            objectives=tuple(
                one.rebuilt(rng, prior, x, one.values[rows], moves) for one in self.objectives
            ),
        )
