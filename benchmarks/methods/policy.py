"""rnnbbo's own policies, among the methods."""

import numpy as np

from rnnbbo import Optimizer
from rnnbbo.benchmarks.methods.base import Array


class Policy:
    """One of rnnbbo's policies, through the same `Optimizer` that users have.

    Args:
        name: name of a shipped policy, or path of a weights file.
        dim: number of dimensions.
        budget: number of evaluations that will be made.
        seed: the same seed gives the same run.
    """

    def __init__(self, name: str, dim: int, budget: int, seed: int) -> None:
        self._optimizer = Optimizer([(0.0, 1.0)] * dim, policy=name, n_calls=budget, rng=seed)
        self._asked: list[float] = []

    def ask(self) -> Array:
        """See `Method.ask`."""
        self._asked = self._optimizer.ask()
        return np.asarray(self._asked, dtype=float)

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""
        self._optimizer.tell(self._asked, y)

    def recommend(self) -> Array:
        """See `Recommender.recommend`."""
        return np.asarray(self._optimizer.recommend(), dtype=float)
