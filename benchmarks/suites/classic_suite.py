"""The paper's four test problems (Chen et al. 2016, section 4.2)."""

from collections.abc import Iterator
from functools import partial
from itertools import cycle

import numpy as np

from rnnbbo.benchmarks.suites.entry import SEEDS, Entry
from rnnbbo.functions.perturb import perturb
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.synthetic import get_problem

PAPER_DIMS = {"branin": 2, "goldstein_price": 2, "hartmann3": 3, "hartmann6": 6}

PLAIN = {
    "test": PAPER_DIMS,
    "tune": {"six_hump_camel": 2, "levy": 2, "ackley": 3, "styblinski_tang": 6},
}
"""As published, there is one function of each; so `tune` holds others."""


def entries(split: str, *, perturbed: bool) -> Iterator[Entry]:
    """Yield each problem as published, or go round them with another perturbation each time."""
    if not perturbed:
        for name, dim in PLAIN[split].items():
            yield Entry(name, dim, partial(get_problem, name, dim))
        return
    for seed, (name, dim) in zip(SEEDS[split], cycle(PAPER_DIMS.items()), strict=False):
        yield Entry(f"{name}-{seed}", dim, partial(_perturbed, name, dim, seed))


def _perturbed(name: str, dim: int, seed: int) -> Problem:
    return perturb(get_problem(name, dim), np.random.default_rng(seed))
