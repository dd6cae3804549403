"""Live tuning of scikit-learn's models, of 0.01 to 0.2 s an evaluation.

The true minima are unknown. Regret is measured from the least value that a dense search found:
`python -m rnnbbo.benchmarks.suites.sklearn_minima` makes it, with 832 evaluations of each function
by no method that is compared, and writes `sklearn_minima.json`. A method may find less. Its regret
is then slightly negative: it stays so in a mean, is floored in a geometric mean, and the report
lists the function. Values may change with the version of scikit-learn, and a new one asks for a
new search.
"""

import json
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.tuning import tuning_dim, tuning_problem

SEARCHES = 11
"""Random searches that measure the reference: fewer than elsewhere, since evaluations are slow."""

PAIRS = {
    "test": (
        ("svc", "breast_cancer"),
        ("forest", "breast_cancer"),
        ("network", "digits"),
        ("svr", "diabetes"),
        ("boosting", "wine"),
        ("sgd", "digits"),
        ("neighbors", "breast_cancer"),
        ("boosting-regression", "diabetes"),
        ("network", "breast_cancer"),
        ("boosting", "breast_cancer"),
        ("forest", "digits"),
        ("svc", "digits"),
    ),
    "tune": (
        ("svc", "wine"),
        ("forest", "wine"),
        ("network", "wine"),
        ("boosting", "iris"),
        ("sgd", "breast_cancer"),
        ("neighbors", "wine"),
        ("forest-regression", "diabetes"),
    ),
}
"""Model and data set, see `rnnbbo.functions.tuning`."""

MINIMA = Path(__file__).with_name("sklearn_minima.json")


def entries(split: str) -> Iterator[Entry]:
    """Yield the pairs of a split."""
    for model, dataset in PAIRS[split]:
        name, build = f"{model}-{dataset}", partial(_problem, model, dataset)
        yield Entry(name, tuning_dim(model), build, searches=SEARCHES)


def _problem(model: str, dataset: str) -> Problem:
    found = _minima().get(f"{model}-{dataset}")
    if found is None:
        raise ConfigError(
            f"{MINIMA.name} has no {model}-{dataset}; run "
            "python -m rnnbbo.benchmarks.suites.sklearn_minima"
        )
    return tuning_problem(model, dataset, found["value"], [found["at"]])


@lru_cache
def _minima() -> dict[str, dict[str, Any]]:
    return json.loads(MINIMA.read_text())["minima"]
