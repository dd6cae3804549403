"""scipy's global optimizers, with their default settings."""

import numpy as np
from scipy.optimize import differential_evolution, dual_annealing

from rnnbbo.benchmarks.methods.base import WorstFinite
from rnnbbo.benchmarks.methods.inverted import CubeFunction, Inverted


class DifferentialEvolution(Inverted):
    """`scipy.optimize.differential_evolution` (Storn and Price 1997), again when it converges.

    Its defaults: 15 dim members from a Latin hypercube, so that short runs are little more than
    that, `best1bin`, replaced at once (`updating="immediate"`), and L-BFGS-B from the best member
    at the end. A failed evaluation is told as infinity, which it takes.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        def search(objective: CubeFunction, rng: np.random.Generator) -> None:
            differential_evolution(objective, [(0.0, 1.0)] * dim, rng=rng)

        super().__init__(search, seed, lambda y: y if np.isfinite(y) else np.inf)


class DualAnnealing(Inverted):
    """`scipy.optimize.dual_annealing` (Xiang et al. 1997), again when it ends.

    Its defaults, among them a local search by L-BFGS-B with finite differences, whose evaluations
    count. A failed evaluation is told as the worst finite value so far, since local search needs
    numbers; as infinity if there is none, on which scipy takes another first point.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        def search(objective: CubeFunction, rng: np.random.Generator) -> None:
            dual_annealing(objective, [(0.0, 1.0)] * dim, rng=rng)

        super().__init__(search, seed, WorstFinite(first=np.inf))
