"""Samples of Gaussian processes, RBF or Matern-5/2, one kernel a function."""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import SEEDS, Entry
from rnnbbo.functions.problem import Problem

FEW_STARTS, MANY_STARTS = 16, 256
"""Local searches for a function's optimum, up to six dimensions and above.

In 20 and 50 dimensions even the many may miss it: then regret is measured against a very low local
optimum that no method comes near to in some hundred evaluations.
"""


def entries(split: str, *, dim: int, noise: float = 0.0) -> Iterator[Entry]:
    """Yield functions whose length-scale is log-uniform in [0.1, 0.5] sqrt(dim) of the unit cube.

    It is the same in every dimension. A noisy suite has the functions of the noise-free one.
    """
    for seed in SEEDS[split]:
        yield Entry(f"gp-{dim}d-{seed}", dim, partial(_sample, dim, seed), noise)


def _sample(dim: int, seed: int) -> Problem:
    from rnnbbo.functions.gp import GPDistribution, gp_problem

    distribution = GPDistribution(kernels=("rbf", "matern52"), lengthscale=(0.1, 0.5))
    return gp_problem(distribution, dim, seed, n_starts=FEW_STARTS if dim <= 6 else MANY_STARTS)
