"""The paper's control task: where to put two or three repellers (Chen et al. 2016, section 4.3).

The minima are unknown. Regret is measured from the least value that `dense_search` found, by no
method that is compared. A method may find less: its regret is then slightly negative.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from rnnbbo.benchmarks.suites.entry import SEEDS, Entry
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.repellers import draw_repellers, repellers_problem

COUNTS = (2, 3)
"""Numbers of repellers."""

_TASKS = {"test": 6, "tune": 2}
"""How many there are of each number, by split."""


def entries(split: str, *, count: int) -> Iterator[Entry]:
    """Yield the tasks of a number of repellers, one of `COUNTS`."""
    for entry in with_minima("repellers", unsearched(split)):
        if entry.dim == 3 * count:
            yield entry


def unsearched(split: str) -> Iterator[Entry]:
    """Yield the tasks of all numbers with problems that have no minimum."""
    for seed in SEEDS[split][: _TASKS[split]]:
        for count in COUNTS:
            name = f"repellers-{count}-{seed}"
            yield Entry(name, 3 * count, partial(_task, count, seed, name))


def _task(count: int, seed: int, name: str) -> Problem:
    return repellers_problem(draw_repellers(count, np.random.default_rng(seed)), name)
