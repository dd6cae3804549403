"""CMA-ES with an augmented Lagrangian of the constraints, by the package `cma`."""

from collections.abc import Mapping, Sequence

import cma
from cma import constraints_handler
from cma.logger import LoggerDummy

from rnnbbo.benchmarks.methods.base import FloatArray, WorstFinite
from rnnbbo.benchmarks.methods.cmaes import CMAES

# As the module itself advises: its loggers make files in the working directory when they are made,
# before any option can keep them from it.
constraints_handler._Logger = LoggerDummy


class ConstrainedCMAES(CMAES):
    """`CMAES`, of the fitness that `cma.ConstrainedFitnessAL` makes of values and constraints.

    As in that class's example, a feasible point is looked for first, and stagnation does not end a
    run, since the fitness changes as its multipliers do; a new run begins with new ones. A value
    that is not finite is told as the worst one so far. Without constraints it is `CMAES`.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self._evaluated: list[tuple[FloatArray, float, list[float]]] = []
        self._finite = WorstFinite()
        self._finite_constraints: list[WorstFinite] = []
        super().__init__(dim, budget, seed)

    def tell_constrained(self, x: FloatArray, y: float, constraints: Mapping[str, float]) -> None:
        """See `ConstrainedMethod.tell_constrained`."""
        if not self._finite_constraints:
            self._finite_constraints = [WorstFinite(first=1.0) for _ in constraints]
        g = [
            finite(value)
            for finite, value in zip(self._finite_constraints, constraints.values(), strict=True)
        ]
        self._evaluated.append((self._waiting.pop(0), self._finite(y), g))
        if not self._waiting:
            fitness = [self._fitness_of(*one) for one in self._evaluated]
            self._strategy.tell([point for point, _, _ in self._evaluated], fitness)
            self._fitness.update(self._strategy)
            self._evaluated = []

    def _fitness_of(self, x: FloatArray, y: float, constraints: Sequence[float]) -> float:
        # The class calls an objective and constraints at a point: they answer what was told of it.
        self._answer = y, list(constraints)
        return float(self._fitness(x))

    def _start(self, options: dict[str, int]) -> cma.CMAEvolutionStrategy:
        self._fitness = cma.ConstrainedFitnessAL(
            lambda x: self._answer[0],
            lambda x: self._answer[1],
            find_feasible_first=True,
            logging=0,
            archives=False,  # which would want another package, and serve no search
        )
        return super()._start({"tolstagnation": 0, **options})
