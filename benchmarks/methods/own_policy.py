"""Policies of rnnbbo, shipped or of one's own, among the methods."""

from collections.abc import Mapping, Sequence
from typing import Any

from rnnbbo import Optimizer
from rnnbbo.benchmarks.methods.base import Awaited, Cells, FloatArray, cube
from rnnbbo.goal import Goal
from rnnbbo.space import Space


class OwnPolicy:
    """A policy of rnnbbo, through the same `Optimizer` that users have.

    Args:
        name: name of a shipped policy, path of a weights file, or `module:attribute` of a policy.
        dim: number of dimensions.
        budget: number of evaluations that will be made.
        seed: the same seed gives the same run.
        space: what is declared; None for reals.
        reference_point: K numbers where there are several objectives.
        goal: what the run is for, a value of `rnnbbo.goal.Goal`.
    """

    def __init__(
        self,
        name: str,
        dim: int,
        budget: int,
        seed: int,
        space: Space | None = None,
        reference_point: Sequence[float] = (),
        goal: str = Goal.BEST.value,
    ) -> None:
        space = space or cube(dim)
        several: dict[str, Any] = {}
        if reference_point:
            directions = ["minimize"] * len(reference_point)
            several = {"directions": directions, "reference": list(reference_point)}
        self._optimizer = Optimizer(
            space, policy=name, n_calls=budget, rng=seed, goal=goal, **several
        )
        self._cells = Cells(space)
        self._asked: list[Any] = []
        self._awaited: Awaited[list[Any]] = Awaited()

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        self._asked = self._optimizer.ask()
        return self._cells.middle(self._asked)

    def ask_beside(self, pending: Sequence[FloatArray]) -> FloatArray:
        """See `ParallelMethod.ask_beside`."""
        x = self.ask()
        self._awaited.add(x, self._asked)
        return x

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._asked = self._awaited.take(x, self._asked)
        self._optimizer.tell(self._asked, y)

    def tell_constrained(self, x: FloatArray, y: float, constraints: Mapping[str, float]) -> None:
        """See `ConstrainedMethod.tell_constrained`."""
        self._optimizer.tell(self._asked, y, constraints=constraints)

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        """See `MultiObjectiveMethod.tell_objectives`."""
        self._optimizer.tell(self._asked, values.tolist())

    def recommend(self) -> FloatArray:
        """See `Recommender.recommend`."""
        point = self._optimizer.recommend()
        assert point is not None
        return self._cells.middle(point)
