"""BBOB functions of which a part cannot be evaluated: beyond a hidden plane every evaluation fails.

The plane is drawn from the function's name. The minimum lies on its other side, and stays.
"""

import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np

from rnnbbo.benchmarks.suites.bbob_suite import INSTANCES, ORDER
from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.functions.bbob import bbob_problem
from rnnbbo.functions.crashing import with_crashes
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.roughness import draw_half_space

_DIMS = (2, 3, 5)

SHARES = (0.3, 0.6)
"""Share of the box in which evaluations fail, at least and at most."""

_PASSED = {"test": 200, "tune": 25}
"""Instances that are left to the other suites of BBOB's functions."""


def entries(split: str) -> Iterator[Entry]:
    """Yield the 24 functions, in 2, 3 and 5 dimensions in turn; then in the next dimensions."""
    for turn, instance in enumerate(INSTANCES[split][_PASSED[split] :]):
        for place, function in enumerate(ORDER):
            dim = _DIMS[(place + turn) % len(_DIMS)]
            name = f"crash-bbob-f{function:02d}-i{instance}-d{dim}"
            yield Entry(name, dim, partial(_build, function, dim, instance, name))


def _build(function: int, dim: int, instance: int, name: str) -> Problem:
    problem = bbob_problem(function, dim, instance)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return with_crashes(problem, draw_half_space(problem, rng, *SHARES))
