"""Models trained by gradients: logistic regression, and a network of six hyper-parameters.

The two that the paper took the most time of (Chen et al. 2016, section 4.4), here of 5 to 150 ms an
evaluation. Every method sees a cube of reals. The splits share no data set.

The minima are unknown. Regret is measured from the least value that `dense_search` found, by no
method that is compared. A method may find less: its regret is then slightly negative.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.stored_minima import with_minima
from rnnbbo.functions.logistic_tuning import LogisticTuning, logistic_problem
from rnnbbo.functions.mixed_tuning import MixedTuning, mixed_tuning_problem
from rnnbbo.functions.problem import Problem

DESCENT_DATA: Mapping[str, tuple[str, ...]] = {
    "test": ("digits", "breast_cancer", "wine", "classes-101", "clusters-101"),
    "tune": ("iris",),
}
"""Data sets, see `rnnbbo.functions.tuning_data`; the network has the first two."""

_DIMS = {"logistic": 4, "network": 6}


def entries(split: str, *, model: str, workers: int = 1) -> Iterator[Entry]:
    """Yield the problems of `logistic` or `network`, so many points of which are tried at once."""
    for entry in with_minima("descent", unsearched(split)):
        if entry.name.startswith(f"{model}-"):
            yield replace(entry, workers=workers)


def unsearched(split: str) -> Iterator[Entry]:
    """Yield those of both with problems that have no minimum."""
    for dataset in DESCENT_DATA[split]:
        for model, dim in _DIMS.items():
            if model == "network" and dataset in DESCENT_DATA[split][2:]:
                continue
            name = f"{model}-{dataset}"
            yield Entry(name, dim, partial(_problem, model, dataset, name))


def _problem(model: str, dataset: str, name: str) -> Problem:
    if model == "logistic":
        return logistic_problem(LogisticTuning(dataset), name)
    return mixed_tuning_problem(MixedTuning("perceptron", dataset), name)
