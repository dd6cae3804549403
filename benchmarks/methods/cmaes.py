"""CMA-ES (Hansen 2016), by the package `cma`."""

import cma
import numpy as np

from rnnbbo.benchmarks.methods.base import Array


class CMAES:
    """CMA-ES from a uniform first mean, step size 0.3."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        options = {
            "bounds": [0.0, 1.0],
            "verbose": -9,
            # A generator of its own: the package would seed and draw from numpy's global one.
            "seed": np.nan,
            "randn": lambda *shape: rng.standard_normal(shape),
        }
        self._strategy = cma.CMAEvolutionStrategy(rng.random(dim), 0.3, options)
        self._waiting: list[Array] = []
        self._told: list[tuple[Array, float]] = []

    def ask(self) -> Array:
        """See `Method.ask`."""
        if not self._waiting:
            self._waiting = self._strategy.ask()
        return np.array(self._waiting[0])

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""
        self._told.append((self._waiting.pop(0), y if np.isfinite(y) else np.inf))
        if not self._waiting:
            self._strategy.tell(*zip(*self._told, strict=True))
            self._told = []
