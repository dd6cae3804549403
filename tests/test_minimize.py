import math
import sys
import warnings
from decimal import Decimal

import numpy as np
import pytest

from rnnbbo.errors import (
    ConfigError,
    ObservationError,
    PointError,
    PolicyError,
    RepeatWarning,
    SpaceError,
    TooManyFailuresError,
)
from rnnbbo.minimize import minimize
from rnnbbo.optimizer import Optimizer
from rnnbbo.space import Categorical, Space

SPACE = [(-1.0, 1.0), (1, 8), ("a", "b")]


def objective(x):
    return x[0] ** 2 + x[1] + (x[2] == "b")


def test_every_trial_is_in_the_result():
    seen = []

    def func(x):
        seen.append(list(x))
        return objective(x)

    res = minimize(func, SPACE, n_calls=8, rng=0)
    assert res.x_iters == seen
    assert res.func_vals.tolist() == [objective(x) for x in seen]
    assert res.fun == min(res.func_vals)
    assert res.x == seen[int(np.argmin(res.func_vals))]
    assert (res.nfev, res.n_failed, res.success, res.errors) == (8, 0, True, {})
    assert res.space == Space(SPACE)
    assert res.models == []
    assert res.specs["args"]["n_calls"] == 8
    assert res.specs["args"]["func"] is func
    assert res.random_state == 0


def test_same_seed_same_run():
    first, second, other = (minimize(objective, SPACE, n_calls=5, rng=seed) for seed in (3, 3, 4))
    assert first.x_iters == second.x_iters
    assert first.x_iters != other.x_iters


def test_the_objective_gets_plain_values_it_may_change():
    types = set()

    def func(x):
        types.add(tuple(map(type, x)))
        value = objective(x)
        x.clear()
        return value

    assert all(len(x) == 3 for x in minimize(func, SPACE, n_calls=3, rng=0).x_iters)
    assert types == {(float, int, str)}


def bad_values():
    return [math.nan, math.inf, -math.inf, None, "1.0", [1.0, "2.0"], 1j, True, 10**400]


@pytest.mark.parametrize("bad", bad_values(), ids=lambda bad: repr(bad)[:8])
@pytest.mark.parametrize("position", [0, 2])
def test_a_bad_value_fails_its_trial_only(bad, position):
    values = [3.0, 2.0, 4.0, 5.0]
    values[position] = bad
    returned = iter(values)
    with pytest.warns(RuntimeWarning, match="errors"):
        res = minimize(lambda x: next(returned), SPACE, n_calls=4, rng=0)
    assert list(res.errors) == [position]
    assert res.n_failed == 1
    assert res.func_vals[position] == math.inf
    assert res.fun == 2.0
    assert res.x == res.x_iters[1]


@pytest.mark.parametrize(
    "value", [np.float32(2), np.int64(2), np.array(2.0), np.array([2.0]), 2], ids=repr
)
def test_numbers_of_numpy_are_numbers(value):
    assert minimize(lambda x: value, SPACE, n_calls=1, rng=0).fun == 2.0


@pytest.mark.parametrize("value", [[2.0], np.array([[2.0]]), Decimal(2), {"value": 2, "info": {}}])
def test_a_number_in_brackets_is_one(value):
    assert minimize(lambda x: value, SPACE, n_calls=1, rng=0).fun == 2.0


def test_masked_values_fail_wherever_they_come_in():
    masked = np.ma.array([0.0, 1.0], mask=[True, False])
    with pytest.warns(RuntimeWarning, match="masked"):
        res = minimize(lambda x: masked[0] if x[0] < 0 else 5.0, SPACE, n_calls=6, rng=0)
    assert [math.isinf(y) for y in res.func_vals] == [x[0] < 0 for x in res.x_iters]
    points = [[0.1, 1, "a"], [0.2, 2, "b"]]
    res = minimize(objective, SPACE, n_calls=1, x0=points, y0=masked, rng=0)
    assert res.func_vals[:2].tolist() == [math.inf, 1.0]


def test_texts_from_the_objective_cannot_reach_the_terminal():
    def func(x):
        raise ValueError("\x1b[31m\udcff" * 10**6)

    with pytest.warns(RuntimeWarning) as caught:
        res = minimize(func, SPACE, n_calls=1, rng=0)
    for text in (str(caught[0].message), res.errors[0]):
        assert text.isprintable()
        assert len(text) < 2000
        assert "[6000012 characters in all]" in text


def test_the_first_repeated_point_is_warned_of_and_the_run_goes_on():
    with pytest.warns(RepeatWarning, match="all 4 of the space") as caught:
        res = minimize(lambda x: x[0], [(1, 2), ("a", "b")], n_calls=8, rng=0)
    assert (res.nfev, len(caught), caught[0].filename) == (8, 1, __file__)


def test_known_points_count_as_evaluated():
    with pytest.warns(RepeatWarning):
        minimize(lambda x: x[0], [(1, 2)], 1, x0=[[1], [2]], y0=[1.0, 2.0], rng=0)


def test_new_points_are_not_warned_of(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        minimize(lambda x: x[0], [(1, 2), ("a", "b")], n_calls=4, rng=0, workers=2)
        minimize(lambda x: x[0], [(1, 2), ("a", "b")], n_calls=2, rng=0, study=tmp_path / "run.db")
        minimize(lambda x: x[0], [(1, 2), ("a", "b")], 4, study=tmp_path / "run.db", resume=True)
    with pytest.warns(RepeatWarning, match="4 points, all 4 of the space"):
        minimize(lambda x: x[0], [(1, 2), ("a", "b")], 5, study=tmp_path / "run.db", resume=True)


@pytest.mark.parametrize("y0", [[7.0], np.array([[7.0]]), np.array(7.0), Decimal(7), (7,)])
def test_one_known_value_in_any_form(y0):
    assert minimize(objective, SPACE, n_calls=1, x0=POINT, y0=y0, rng=0).func_vals[0] == 7.0


def test_exceptions_are_failed_trials_with_their_reason():
    def func(x):
        raise RuntimeError("out of memory")

    with pytest.warns(RuntimeWarning) as caught:
        res = minimize(func, SPACE, n_calls=3, rng=0)
    assert len(caught) == 1
    assert res.errors == dict.fromkeys(range(3), "RuntimeError: out of memory")
    assert (res.success, res.x, res.fun) == (False, None, math.inf)
    assert all(Space(SPACE).check(x) for x in res.x_iters)


def test_too_many_failures_carry_the_result():
    def func(x):
        func.calls += 1
        if func.calls > 2:
            raise ValueError("diverged")
        return 1.0

    func.calls = 0
    with pytest.warns(RuntimeWarning), pytest.raises(TooManyFailuresError, match="diverged") as hit:
        minimize(func, SPACE, n_calls=20, rng=0, max_failures=2)
    assert hit.value.result.func_vals.tolist() == [1.0, 1.0, math.inf, math.inf, math.inf]


def test_as_many_failures_as_allowed_pass():
    values = iter([math.nan, math.nan, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert minimize(lambda x: next(values), SPACE, 3, rng=0, max_failures=2).fun == 1.0


def test_an_interrupt_passes_and_carries_the_result():
    calls = iter([2.0, 1.0])

    def func(x):
        try:
            return next(calls)
        except StopIteration:
            raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt) as hit:
        minimize(func, SPACE, n_calls=10, rng=0)
    assert hit.value.result.fun == 1.0
    assert hit.value.result.nfev == 2


POINT = [0.5, 3, "b"]


@pytest.mark.parametrize("x0", [POINT, tuple(POINT), [POINT], (POINT,), [tuple(POINT)]])
def test_x0_is_evaluated_first_and_counted(x0):
    res = minimize(objective, SPACE, n_calls=3, x0=x0, rng=0)
    assert res.x_iters[0] == POINT
    assert res.func_vals[0] == objective(POINT)
    assert res.nfev == len(res.x_iters) == 3


@pytest.mark.parametrize("shape", [(2,), (1, 2)])
def test_x0_as_an_array(shape):
    res = minimize(sum, [(0.0, 1.0), (0, 9)], 1, x0=np.array([0.5, 3.0]).reshape(shape), rng=0)
    assert res.x == [0.5, 3]


def test_x0_of_tuple_categories_is_one_point():
    space = [Categorical([(1,), (2, 2)]), Categorical([(3,), (4, 4)])]
    assert minimize(lambda x: 0.0, space, 1, x0=[(2, 2), (3,)], rng=0).x == [(2, 2), (3,)]


def test_known_values_are_told_and_not_evaluated():
    seen = []

    def func(x):
        seen.append(x)
        return 5.0

    known = [[0.1, 1, "a"], [0.2, 2, "b"], [0.3, 3, "a"]]
    res = minimize(func, SPACE, n_calls=2, x0=known, y0=[7.0, math.nan, 1.0], rng=0)
    assert res.x_iters[:3] == known
    assert res.func_vals[:3].tolist() == [7.0, math.inf, 1.0]
    assert (res.nfev, len(seen), res.x, res.n_failed) == (2, 2, known[2], 1)
    assert minimize(func, SPACE, n_calls=1, x0=known[0], y0=7.0, rng=0).func_vals[0] == 7.0


def test_callbacks_see_every_evaluation_and_can_stop():
    counts = []

    def record(res):
        counts.append((len(res.x_iters), res.nfev))

    res = minimize(
        objective, SPACE, 9, callback=[record, lambda res: res.nfev >= 3], rng=0, x0=POINT
    )
    assert counts == [(1, 1), (2, 2), (3, 3)]
    assert res.nfev == 3
    assert "callback" in res.message
    counts.clear()
    minimize(objective, SPACE, 2, callback=record, x0=POINT, y0=1.0, rng=0)
    assert counts == [(1, 0), (2, 1), (3, 2)]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"dimensions": []}, SpaceError, "space = []"),
        ({"dimensions": [(1.0, 0.0)]}, SpaceError, "low < high"),
        ({"n_calls": 0}, ConfigError, "n_calls = 0"),
        ({"n_calls": 2.5}, ConfigError, "n_calls = 2.5"),
        (
            {"n_calls": 1, "x0": [POINT, POINT]},
            ConfigError,
            "expected at least 2, the points of x0",
        ),
        ({"max_failures": -1}, ConfigError, "max_failures = -1"),
        ({"policy": "sgd"}, PolicyError, "sgd"),
        ({"x0": [0.5, 3]}, PointError, "expected 3"),
        ({"x0": [2.0, 3, "b"]}, PointError, "x0 = 2.0"),
        ({"x0": 3.0}, PointError, "x0 = 3.0"),
        ({"y0": 3.0}, ConfigError, "y0 = 1; expected 0"),
        ({"x0": POINT, "y0": [1.0, 2.0]}, ConfigError, "y0 = 2; expected 1"),
        ({"x0": POINT, "y0": "low"}, ObservationError, "low"),
        ({"callback": "print"}, ConfigError, "callback"),
        ({"x0": POINT, "y0": {"value": 1.0}}, ObservationError, "y = {'value': 1.0}"),
        ({"x0": [POINT, POINT], "y0": [[1.0], [2.0, 3.0]]}, ObservationError, "[2.0, 3.0]"),
        ({"dimensions": [(0, 10**400)]}, SpaceError, "2**40"),
        ({"callback": [print, 3]}, ConfigError, "callback"),
    ],
)
def test_wrong_arguments_are_refused_before_the_first_evaluation(arguments, error, words):
    def func(x):
        pytest.fail("evaluated")

    with pytest.raises(ConfigError, match="func = 3; expected a function"):
        minimize(3, SPACE, 3)
    with pytest.raises(error) as hit:
        minimize(func, **{"dimensions": SPACE, "n_calls": 3, "rng": 0, **arguments})
    assert words in str(hit.value)


def test_the_loop_only_asks_and_tells(monkeypatch):
    calls = []

    class Spy:
        def __init__(self, *args, **kwargs):
            self.optimizer = Optimizer(*args, **kwargs)

        def __getattr__(self, name):
            calls.append(name)
            return getattr(self.optimizer, name)

    # The package's attribute of this name is the function.
    monkeypatch.setattr(sys.modules["rnnbbo.optimization"], "Optimizer", Spy)
    minimize(objective, SPACE, 3, rng=0)
    assert calls == ["ask", "tell"] * 3 + ["result"]
