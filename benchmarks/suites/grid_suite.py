"""Support vector machines and online LDA on the grids that the paper took from HPOlib.

Every method sees a cube of reals, cut into the cells of the grid, as the paper's networks did.
Regret is exact: the tables have every cell. The splits share no data set.
"""

from collections.abc import Iterator
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.grid_tables import GRID_DATA, stored_table
from rnnbbo.functions.grid_tuning import grid_problem, grid_shape
from rnnbbo.functions.problem import Problem


def entries(split: str, *, model: str) -> Iterator[Entry]:
    """Yield the tables of a model, a key of `GRIDS`."""
    for dataset in GRID_DATA[model][split]:
        name = f"{model}-{dataset}"
        yield Entry(name, len(grid_shape(model)), partial(_build, model, name))


def _build(model: str, name: str) -> Problem:
    return grid_problem(model, stored_table(name), name)
