import contextlib
import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from rnnbbo import Categorical, Study, minimize
from rnnbbo.evaluation.evaluator import evaluate

QUICK = {"policy": "lstm-direct", "rng": 0}


def returning(y):
    return evaluate(lambda x: y, [0.5])


@pytest.mark.parametrize("y", [np.ma.masked, np.ma.array([2.0], mask=[True]), [np.ma.masked]])
def test_a_masked_value_fails(y):
    outcome = returning(y)
    assert math.isnan(outcome.value)
    assert "masked" in outcome.error
    assert "expected a finite number" in outcome.error


def test_a_mapping_means_the_same_as_from_a_program():
    outcome = returning(
        {"value": np.array([2.0]), "status": "ok", "info": {"loss": np.float32(0.5)}}
    )
    assert (outcome.value, outcome.error, outcome.info) == (2.0, None, {"loss": 0.5})
    failed = returning({"status": "fail", "info": {"why": "diverged"}})
    assert failed.error == "it reported the status fail"
    assert failed.info == {"why": "diverged"}
    for wrong in ({"loss": 1.0}, {"value": "1"}, {"value": 1.0, "status": "maybe"}, {}):
        assert "expected a number" in returning(wrong).error
    assert returning({"value": math.nan, "info": {"a": 1}}).info == {"a": 1}


class Broken(dict):
    def get(self, *_):
        raise RuntimeError("no\x1b")


def test_whatever_comes_is_an_outcome_in_one_short_line():
    nested = []
    for _ in range(5000):
        nested = [nested]
    for y in (Broken(value=1.0), nested, list(range(10**6)), "\x1b[31m", {"status": np.ones(2)}):
        error = returning(y).error
        assert error.isprintable()
        assert len(error) <= 1000


def test_sys_exit_fails_one_evaluation():
    def func(x):
        raise SystemExit("license expired")

    assert evaluate(func, [0.5]).error == "the objective called sys.exit('license expired')"


SPACE = [
    Categorical(list(np.arange(1, 4))),
    Categorical([(1, 2), (3, 4)]),
    Categorical([[1], [2, 3]]),
]
WAYS = {
    "inline": dict,
    "workers": lambda: {"workers": 2},
    "threads": lambda: {"executor": ThreadPoolExecutor(2)},
    "processes": lambda: {"executor": ProcessPoolExecutor(2)},
}


def spoiling(x):
    kinds = [type(value).__name__ for value in x]
    value = x[0] + x[1][0] + len(x[2])
    x[2].append(9)
    return {"value": value, "info": {"kinds": kinds}}


@pytest.mark.parametrize("way", WAYS)
def test_categories_are_the_same_by_every_way_and_info_is_kept(way, tmp_path):
    options = WAYS[way]()
    with options.get("executor", contextlib.nullcontext()):
        result = minimize(spoiling, SPACE, 5, study=tmp_path / "run.db", **options, **QUICK)
    with Study(tmp_path / "run.db", resume=True, dimensions=SPACE) as study:
        told = study.told()
    assert [trial.outcome.info for trial in told] == [{"kinds": ["int", "tuple", "list"]}] * 5
    for x, y in zip(result.x_iters, result.func_vals, strict=True):
        assert x[2] in ([1], [2, 3])
        assert y == x[0] + x[1][0] + len(x[2])
        assert [type(value) for value in x] == [int, tuple, list]
    assert [trial.x for trial in told] == result.x_iters
