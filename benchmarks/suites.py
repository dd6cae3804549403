"""Suites: lists of problems that methods are compared on, built one at a time.

Two splits of every suite hold different functions. `tune` is for choosing between designs, `test`
for figures that are reported: nothing may be trained on either or tuned on `test`. Their seeds
are reserved, see `SPLITS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import Problem

SPLITS = {"test": 10_000_000, "tune": 20_000_000}
"""First seed of each split; function i of a suite has the i-th seed from there."""

CLASSIC = {"branin": 2, "goldstein_price": 2, "hartmann3": 3, "hartmann6": 6}
"""The paper's four problems with their dimensions (Chen et al. 2017, section 4.2)."""

GP_DIMS = (2, 4, 6)

SUITES = (*(f"gp-{dim}d" for dim in GP_DIMS), "classic")


@dataclass(frozen=True)
class Entry:
    """A problem of a suite that is not built yet.

    Attributes:
        name: unique in its suite and split.
        dim: number of dimensions.
        build: returns the problem; the same one each time.
        noise: standard deviation of an observation's noise, in units of that of the values.
        searches: how many random searches measure the reference regret.
    """

    name: str
    dim: int
    build: Callable[[], Problem]
    noise: float = 0.0
    searches: int = 101


def get_suite(name: str, functions: int = 12, split: str = "test") -> list[Entry]:
    """Return the first functions of a suite.

    `gp-2d`, `gp-4d` and `gp-6d` hold samples of Gaussian processes, RBF or Matern-5/2, with
    isotropic length-scales log-uniform in [0.1, 0.5] sqrt(dim) of the unit cube. `classic` goes
    round the paper's four problems, each time with another shift, scale, flip and permutation.

    Args:
        name: one of `SUITES`.
        functions: how many; a longer suite begins with the shorter one.
        split: a key of `SPLITS`.

    Raises:
        ConfigError: no such suite or split, or fewer than one function.
    """
    if name not in SUITES:
        raise ConfigError(f"suite: got {name!r}; expected one of {', '.join(SUITES)}")
    if split not in SPLITS:
        raise ConfigError(f"split: got {split!r}; expected one of {', '.join(SPLITS)}")
    if functions < 1:
        raise ConfigError(f"functions: got {functions}; expected at least 1")
    seeds = range(SPLITS[split], SPLITS[split] + functions)
    if name == "classic":
        problems = list(CLASSIC.items())
        return [
            Entry(f"{problem}-{seed}", dim, partial(_perturbed, problem, dim, seed))
            for i, seed in enumerate(seeds)
            for problem, dim in [problems[i % len(problems)]]
        ]
    dim = int(name.removeprefix("gp-").removesuffix("d"))
    return [Entry(f"gp-{dim}d-{seed}", dim, partial(_gp_sample, dim, seed)) for seed in seeds]


def _gp_sample(dim: int, seed: int) -> Problem:
    from rnnbbo.functions.gp import GPDistribution, gp_problem

    distribution = GPDistribution(kernels=("rbf", "matern52"), lengthscale=(0.1, 0.5))
    return gp_problem(distribution, dim, seed)


def _perturbed(problem: str, dim: int, seed: int) -> Problem:
    from rnnbbo.functions.perturb import perturb
    from rnnbbo.functions.synthetic import get_problem

    return perturb(get_problem(problem, dim), np.random.default_rng(seed))


def describe(name: str) -> str:
    """Return in one line what a suite holds."""
    if name == "classic":
        return "Branin, Goldstein-Price, Hartmann 3 and 6, shifted, scaled, flipped and permuted"
    dim = name.removeprefix("gp-").removesuffix("d")
    return f"samples of Gaussian processes, RBF or Matern-5/2, in {dim} dimensions"
