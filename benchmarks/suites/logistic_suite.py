"""Logistic regression by stochastic gradients (Chen et al. 2016, section 4.4), 5 to 60 ms.

Every method sees a cube of reals. The splits share no data set.

The minima are unknown. Regret is measured from the least value that `dense_search` found, by no
method that is compared. A method may find less: its regret is then slightly negative.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.logistic_tuning import LogisticTuning, logistic_problem
from rnnbbo.functions.problem import Problem

DATA: Mapping[str, tuple[str, ...]] = {
    "test": (
        *("digits", "breast_cancer", "wine", "classes-101", "clusters-101", "quantiles-101"),
        *("blobs-101", "moons-101"),
    ),
    "tune": ("iris",),
}
"""Data sets, see `rnnbbo.functions.tuning_data`."""


def entries(split: str) -> Iterator[Entry]:
    """Yield the data sets of a split."""
    yield from with_minima("logistic", unsearched(split))


def unsearched(split: str) -> Iterator[Entry]:
    """Yield them with problems that have no minimum."""
    for dataset in DATA[split]:
        name = f"logistic-{dataset}"
        yield Entry(name, 4, partial(_problem, dataset, name))


def _problem(dataset: str, name: str) -> Problem:
    return logistic_problem(LogisticTuning(dataset), name)
