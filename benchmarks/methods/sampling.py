"""Methods that do not look at the values."""

from collections.abc import Sequence

import numpy as np

from rnnbbo.benchmarks.methods.base import Cells, FloatArray
from rnnbbo.space import Space


class RandomSearch:
    """Independent uniform points."""

    def __init__(self, dim: int, budget: int, seed: int, reference_point: object = None) -> None:
        self._dim = dim
        self._rng = np.random.default_rng(seed)

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        return self._rng.random(self._dim)

    def ask_beside(self, pending: Sequence[FloatArray]) -> FloatArray:
        """See `ParallelMethod.ask_beside`."""
        return self.ask()

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        """See `MultiObjectiveMethod.tell_objectives`."""


class RandomDraws:
    """Independent draws of a declared space, even among the values of what counts."""

    def __init__(self, dim: int, budget: int, seed: int, space: Space) -> None:
        self._space, self._cells = space, Cells(space)
        self._rng = np.random.RandomState(seed)

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        return self._cells.middle(self._space.rvs(1, self._rng)[0])

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""


class Sobol:
    """A scrambled Sobol sequence (scipy.stats.qmc)."""

    def __init__(self, dim: int, budget: int, seed: int, reference_point: object = None) -> None:
        from scipy.stats import qmc

        self._sequence = qmc.Sobol(dim, rng=np.random.default_rng(seed))

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        return self._sequence.random(1)[0]

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        """See `MultiObjectiveMethod.tell_objectives`."""
