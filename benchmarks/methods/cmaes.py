"""CMA-ES (Hansen 2016), by the package `cma`."""

import cma
import numpy as np

from rnnbbo.benchmarks.methods.base import FloatArray

STEP_SIZE = 0.3


class CMAES:
    """CMA-ES from a uniform mean, step size 0.3, and again when it ends.

    Default population size 4 + 3 log(dim). A run that meets one of the package's criteria, such as
    convergence, is followed by one from a new uniform mean with twice the population size (IPOP,
    Auger and Hansen 2005), as `cma.fmin2(..., restarts=...)` does. A failed evaluation is told as
    infinity.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self._dim = dim
        self._rng = np.random.default_rng(seed)
        self._strategy = self._start({})
        self._waiting: list[FloatArray] = []
        self._told: list[tuple[FloatArray, float]] = []

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        if not self._waiting:
            if self._strategy.stop():
                self._strategy = self._start({"popsize": 2 * self._strategy.popsize})
            self._waiting = self._strategy.ask()
        return np.array(self._waiting[0])

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._told.append((self._waiting.pop(0), y if np.isfinite(y) else np.inf))
        if not self._waiting:
            self._strategy.tell(*zip(*self._told, strict=True))
            self._told = []

    def _start(self, options: dict[str, int]) -> cma.CMAEvolutionStrategy:
        rng = self._rng
        return cma.CMAEvolutionStrategy(
            rng.random(self._dim),
            STEP_SIZE,
            {
                "bounds": [0.0, 1.0],
                "verbose": -9,
                # A generator of its own: the package would seed and draw from numpy's global one.
                "seed": np.nan,
                "randn": lambda *shape: rng.standard_normal(shape),
                # The package's limit of a third of the range fails in one dimension (cma 4.5.0).
                "maxstd_boundrange": np.inf if self._dim == 1 else 1 / 3,
                **options,
            },
        )
