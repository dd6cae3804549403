"""Constraints that are known by evaluating, through everything that takes them."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnbbo import Optimizer, Outcome, Study, minimize
from rnnbbo.errors import ObservationError, PolicyError, StudyError
from rnnbbo.study import Study as StudyClass
from rnnbbo.trial import Trial, best_of

SQUARE = [(-2.0, 2.0), (-2.0, 2.0)]


def beyond_a_line(x: list[Any]) -> Outcome:
    """Return x^2 + y^2, feasible where x + y >= 1: least, .5, at (.5, .5)."""
    return Outcome(x[0] ** 2 + x[1] ** 2, constraints={"line": 1.0 - x[0] - x[1]})


@pytest.mark.numerical
@pytest.mark.parametrize("seed", [0, 1])
def test_the_least_point_beyond_a_line_is_found(seed: int) -> None:
    found = minimize(beyond_a_line, SQUARE, 40, rng=seed)
    assert found.feasible and found.success
    assert 0.5 <= found.fun <= 0.501
    assert found.constraints["line"] <= 0.0
    assert found.recommended is not None
    values = zip(found.func_vals, found.constraint_vals["line"], strict=True)
    assert found.fun == min(value for value, line in values if line <= 0.0)
    assert min(found.func_vals) < found.fun


def test_while_nothing_is_feasible_the_least_violating_is_the_best() -> None:
    def never(x: list[Any]) -> dict[str, Any]:
        return {"value": -x[0], "constraints": {"never": 3.0 + x[0] ** 2}}

    found = minimize(never, SQUARE, 6, rng=0)
    assert (found.success, found.feasible, found.status) == (False, False, "no_feasible")
    assert "no point is feasible yet" in found.message
    least = int(found.constraint_vals["never"].argmin())
    assert found.x == found.recommended == found.x_iters[least]
    assert found.fun == found.func_vals[least]
    assert found.constraints == {"never": found.constraint_vals["never"][least]}


def test_a_hidden_feasible_region_is_found() -> None:
    """Three thousandths of the square are feasible; random search would take hundreds."""

    def island(x: list[Any]) -> Outcome:
        away = math.dist(x, (1.3, -0.8))
        return Outcome(x[0], constraints={"island": away - 0.125})

    assert minimize(island, SQUARE, 25, rng=0).feasible


def test_an_outcome_in_every_form() -> None:
    forms = iter(
        [
            Outcome(1.0, constraints={"a": 1.0}, info={"epochs": 3}),
            {"value": 2.0, "constraints": {"a": -1.0}},
            {"value": 0.0, "constraints": {"a": None}},
            {"value": 3.0, "constraints": {"a": "much"}},
            {"value": 3.0, "constraints": {"b": 1.0}},
            4.0,
            Outcome(error="no licence"),
        ]
    )
    with pytest.warns(RuntimeWarning, match="failed"):
        found = minimize(lambda x: next(forms), SQUARE, 7, rng=0)
    assert found.fun == 2.0
    np.testing.assert_array_equal(found.constraint_vals["a"], [1.0, -1.0, *[np.nan] * 5])
    assert np.isinf(found.func_vals).tolist() == [False] * 3 + [True] * 4
    assert "constraints = {'a': 'much'}; expected a mapping" in found.errors[3]
    assert "names of constraints = 'b'; expected" in found.errors[4]
    assert "names of constraints = none; expected" in found.errors[5]
    assert found.errors[6] == "no licence"


def test_tell_takes_constraints_or_nothing() -> None:
    optimizer = Optimizer(SQUARE, rng=0)
    optimizer.tell([0.0, 0.0], 1.0, constraints={"a": 1.0})
    for wrong in ({"b": 1.0}, None, {"a": 1.0, "b": 0.0}, 3.0):
        with pytest.raises(ObservationError, match="constraints"):
            optimizer.tell([0.5, 0.5], 1.0, constraints=wrong)
    with pytest.raises(ObservationError, match="names of constraints = 'b'"):
        optimizer.tell([[0.5, 0.5], [1.0, 1.0]], [1.0, 2.0], constraints=[{"a": 1.0}, {"b": 1.0}])
    assert optimizer.yi == [1.0]
    optimizer.tell([[0.5, 0.5], [1.0, 1.0]], [5.0, 2.0], constraints=[{"a": -1.0}, {"a": 0.5}])
    optimizer.tell([0.2, 0.5], None)  # a failure need not know of them
    found = optimizer.result()
    assert (found.x, found.fun, found.constraints) == ([0.5, 0.5], 5.0, {"a": -1.0})
    assert optimizer.recommend() == [0.5, 0.5]


@pytest.mark.parametrize("policy", ["lstm", "dnc-direct"])
def test_a_policy_that_takes_none_says_so(policy: str, tmp_path: Path) -> None:
    words = f"policy = '{policy}', which takes no constraints; expected auto or kernel"
    optimizer = Optimizer(SQUARE, policy=policy, rng=0)
    with pytest.raises(PolicyError, match=words):
        optimizer.tell([0.0, 0.0], 1.0, constraints={"a": 1.0})
    assert optimizer.yi == []
    with pytest.raises(PolicyError, match=words):
        minimize(beyond_a_line, SQUARE, 4, policy=policy, rng=0)
    with Study(tmp_path / "run.db", SQUARE, policy=policy, rng=0) as study:
        with pytest.raises(PolicyError, match=words):
            study.tell(study.ask(), 1.0, constraints={"a": 1.0})
        with pytest.raises(PolicyError, match=words):
            study.add([0.0, 0.0], 1.0, constraints={"a": 1.0})
        assert study.told() == []


def test_auto_keeps_to_what_takes_them() -> None:
    many = np.random.default_rng(0).uniform(-2.0, 2.0, (203, 2))
    history = [(x, *told(beyond_a_line(x))) for x in many.tolist()]
    optimizer = Optimizer(SQUARE, rng=0)
    optimizer.replay(history)
    assert optimizer.policy_name == "kernel"
    assert np.shape(optimizer.ask()) == (2,)
    hurried = Optimizer(SQUARE, n_calls=10_000, call_seconds=1e-4, rng=0)
    assert "lstm" in hurried._stages[-1].policies
    failed = Optimizer(SQUARE, rng=0)
    failed.replay([(x, None) for x in many.tolist()])
    failed.tell([0.5, 0.6], 1.0, constraints={"line": -0.1})
    assert failed.policy_name == "kernel"


def told(outcome: Outcome) -> tuple[float, dict[str, float]]:
    return outcome.value, outcome.constraints


def test_what_was_told_in_one_order_or_another_way_is_the_same() -> None:
    points = np.random.default_rng(1).uniform(-2.0, 2.0, (9, 2)).tolist()
    one, other = (Optimizer(SQUARE, rng=3) for _ in range(2))
    for x in points:
        outcome = beyond_a_line(x)
        one.tell(x, outcome.value, constraints=outcome.constraints)
    other.replay([(x, *told(beyond_a_line(x))) for x in points])
    twin = one.copy()
    fresh = Optimizer(SQUARE, rng=3)
    fresh.restore([(x, *told(beyond_a_line(x))) for x in points], one.snapshot())
    assert one.ask() == other.ask() == twin.ask() == fresh.ask()


def test_a_study_keeps_them_and_goes_on_as_it_would_have(tmp_path: Path) -> None:
    def advance(study: StudyClass, steps: int) -> None:
        for _ in range(steps):
            trial = study.ask()
            outcome = beyond_a_line(trial.x)
            study.tell(trial, outcome.value, constraints=outcome.constraints)

    with Study(tmp_path / "whole.db", SQUARE, rng=5) as whole:
        advance(whole, 8)
        points = [trial.x for trial in whole.told()]
        result = whole.result()
    with Study(tmp_path / "run.db", SQUARE, rng=5) as study:
        advance(study, 4)
    for file in tmp_path.glob("*-state"):
        file.unlink()
    with Study(tmp_path / "run.db", resume=True) as study:
        advance(study, 4)
        assert [trial.x for trial in study.told()] == points
        assert study.result().constraints == result.constraints
        trial = study.ask()
        with pytest.raises(ObservationError, match="names of constraints = 'other'"):
            study.tell(trial, 1.0, constraints={"other": 1.0})
        with pytest.raises(ObservationError, match="names of constraints = none"):
            study.tell(trial, 1.0)
        study.tell(trial, 1.0, constraints={"line": math.inf})
        study.add([[0.0, 0.0], [0.1, 0.1]], [0.0, None], constraints=[{"line": 1.0}, None])
        kept = study.told()[-3:]
    assert math.isnan(kept[0].constraints["line"]) and not kept[0].feasible
    assert kept[1].constraints == {"line": 1.0} and kept[2].constraints == {}


def test_changed_constraints_in_a_file_are_noticed(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "run.db"
    with Study(path, SQUARE, rng=5) as study:
        study.add([0.0, 0.0], 1.0, constraints={"a": 1.0})
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE trial SET constraints = '{\"a\": -1.0}'")
    connection.close()
    with pytest.raises(StudyError, match="a row of its table trial has changed"):
        Study(path, resume=True)


@pytest.mark.parametrize("workers", [None, 2])
def test_constraints_come_back_from_processes_and_into_studies(
    tmp_path: Path, workers: int | None
) -> None:
    path = tmp_path / "run.db"
    found = minimize(beyond_a_line, SQUARE, 5, rng=0, workers=workers, study=path)
    assert len(found.constraint_vals["line"]) == 5
    with Study(path, resume=True) as study:
        for trial in study.told():
            assert trial.constraints == beyond_a_line(trial.x).constraints


def test_the_best_of_trials_is_feasible() -> None:
    trials = [
        Trial(i, [0.0], Outcome(value, constraints={"a": a}))
        for i, (value, a) in enumerate([(1.0, 2.0), (9.0, -1.0), (5.0, 0.0), (0.0, math.nan)])
    ]
    assert best_of(trials, maximize=False) is trials[2]
    assert best_of(trials, maximize=True) is trials[1]
    assert best_of([trials[3], trials[0]], maximize=True) is trials[0]
    assert best_of([trials[3]], maximize=False) is trials[3]


EXTREME = {
    "huge": lambda i, x: 1e300 * (x - 0.5),
    "tiny": lambda i, x: 1e-300 * (x - 0.5),
    "subnormal": lambda i, x: 5e-324 if i % 2 else -5e-324,
    "largest": lambda i, x: 1.7e308 if i % 2 else -1.7e308,
    "of all sizes": lambda i, x: 1e300 if i % 3 else -1e-300,
    "zero": lambda i, x: -0.0,
    "constant": lambda i, x: 3.0,
    "missing": lambda i, x: math.nan,
    "missing in turn": lambda i, x: math.nan if i % 2 else x - 0.5,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", EXTREME)
@pytest.mark.parametrize("scale", [1.0, 1e308])
def test_values_of_any_size(kind: str, scale: float) -> None:
    optimizer = Optimizer([(0.0, 1.0), (1, 9), ("a", "b")], rng=0)
    for i in range(10):
        x = optimizer.ask()
        limits = {"a": EXTREME[kind](i, x[0]), "b": 0.2 - x[0]}
        optimizer.tell(x, None if i == 4 else scale * (x[0] - 0.5), constraints=limits)
    assert len(optimizer.ask(n_points=3)) == 3
    found = optimizer.result()
    assert found.x in found.x_iters
    assert found.recommended in found.x_iters
    assert found.feasible is any(
        math.isfinite(value) and all(limits[i] <= 0.0 for limits in found.constraint_vals.values())
        for i, value in enumerate(found.func_vals)
    )
