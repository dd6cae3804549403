"""The suites of the paper's experiments, and the plan that has them all."""

import numpy as np
import pytest

from rnnbbo.benchmarks.plan import load_plan, planned_runs
from rnnbbo.benchmarks.suites import (
    get_suite,
    logistic_suite,
    network_suite,
    repellers_suite,
    stored_minima,
)
from rnnbbo.benchmarks.suites.grid_tables import GRID_DATA

DIMS = {
    **{"gp-2d": {2}, "gp-4d": {4}, "gp-6d": {6}, "classic": {2, 3, 6}},
    **{"repellers-2": {6}, "repellers-3": {9}, "svm": {3}, "lda": {3}, "logistic": {4}},
    "network-5-workers": {6},
}
"""Experiment -> the numbers of its parameters: the paper's."""


def test_the_plan_has_every_experiment_and_its_numbers_of_parameters() -> None:
    plan = load_plan("paper")
    assert set(plan.suites) == set(DIMS)
    assert {"spearmint", "tpe", "smac", "random", "lstm", "dnc"} <= set(plan.methods)
    assert {c.budget for c in plan.compare} == {100}
    found: dict[str, set[int]] = {}
    for planned in planned_runs(plan):
        found.setdefault(planned.key.suite, set()).add(planned.entry.dim)
        assert planned.entry.space is None
        assert planned.entry.workers == (5 if "workers" in planned.key.suite else 1)
    assert found == DIMS


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("repellers", repellers_suite),
        ("logistic", logistic_suite),
        ("network", network_suite),
    ],
)
def test_every_function_has_a_minimum_that_was_searched(file: str, module) -> None:
    if file in ("logistic", "network"):
        pytest.importorskip("sklearn")
    known = stored_minima.stored_minima(stored_minima.minima_file(file))
    entries = [entry for split in ("tune", "test") for entry in module.unsearched(split)]
    assert set(known) == {entry.name for entry in entries}
    for entry in entries:
        found = known[entry.name]
        assert len(found.at) == entry.dim and found.reference > 0
        assert entry.build().unit(found.at) == pytest.approx(found.value, rel=1e-6)


@pytest.mark.parametrize("name", ["repellers-2", "repellers-3"])
def test_the_minimum_of_repellers_is_far_below_random_points(name: str) -> None:
    for entry in get_suite(name, 2):
        problem = entry.build()
        rng = np.random.default_rng(0)
        values = problem.func(problem.low + rng.random((300, entry.dim)) * problem.high)
        assert problem.minimum < values.min()


def test_splits_share_no_data() -> None:
    for splits in GRID_DATA.values():
        assert not set(splits["tune"]) & set(splits["test"])
