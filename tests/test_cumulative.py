"""Runs in which every value counts: goal = "cumulative", and contexts."""

import json
import warnings

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize
from rnnbbo.cli.main import run_command
from rnnbbo.dimensions import Real
from rnnbbo.errors import ConfigError, PointError, PolicyError
from rnnbbo.policies.kernel.cumulative import Counting

BOX = [(0.0, 1.0), (0.0, 1.0)]


class Noisy:
    """A bowl of depth 2 under noise that depends on the number of the call alone."""

    def __init__(self, noise=0.2):
        self.rng, self.noise = np.random.default_rng(7), noise

    def clean(self, x):
        return 4.0 * (x[0] - 0.3) ** 2 + 4.0 * (x[1] - 0.6) ** 2

    def __call__(self, x):
        return self.clean(x) + self.noise * self.rng.standard_normal()


def regret(result):
    return sum(Noisy().clean(x) for x in result.x_iters)


def test_it_loses_less_on_the_way_and_repeats_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = [minimize(Noisy(), BOX, 40, goal="cumulative", rng=seed) for seed in range(3)]
    best = [minimize(Noisy(), BOX, 40, rng=seed) for seed in range(3)]
    assert sum(map(regret, ours)) < sum(map(regret, best))
    assert all(one.nfev == 40 for one in ours)


def test_the_total_is_the_sum_in_the_users_sign():
    func = Noisy()
    found = minimize(lambda x: -func(x), BOX, 12, goal="cumulative", maximize=True, rng=0)
    assert found.total == pytest.approx(sum(found.func_vals))
    assert minimize(Noisy(), BOX, 5, rng=0).total is None


def test_the_last_query_of_a_run_explores_nothing():
    counting = Counting(planned=30)
    assert counting.width(29) == 0.0
    assert counting.width(10) > 0.0
    assert Counting().width(1000) > 0.0  # nobody says when it ends


def test_of_four_arms_the_best_is_taken_again_and_again():
    rng = np.random.default_rng(0)
    means = {"a": 0.5, "b": 0.0, "c": 0.8, "d": 1.2}
    found = minimize(
        lambda x: means[x[0]] + 0.1 * rng.standard_normal(),
        [tuple(means)],
        40,
        goal="cumulative",
        rng=0,
    )
    taken = [x[0] for x in found.x_iters]
    assert taken.count("b") > 30


def shifted(x, t):
    return 8.0 * (x - t) ** 2


def test_in_a_context_the_others_are_proposed_for_it():
    rng = np.random.default_rng(1)
    optimizer = Optimizer({"x": (0.0, 1.0), "t": (0.0, 1.0)}, goal="cumulative", n_calls=40, rng=0)
    late = []
    for i in range(40):
        t = float(rng.random())
        point = optimizer.ask(context={"t": t})
        assert point["t"] == t
        value = shifted(**point)
        late += [value] * (i >= 20)
        optimizer.tell(point, value + 0.05 * rng.standard_normal())
    assert np.mean(late) < 0.1  # at random it is 1.3
    best = optimizer.ask(context={"t": 0.123})
    assert abs(best["x"] - 0.123) < 0.2


def test_a_context_may_be_a_category_an_integer_or_a_switch_that_others_depend_on():
    space = {
        "x": (0.0, 1.0),
        "machine": ["old", "new"],
        "load": (1, 5),
        "boost": Real(0.0, 1.0, when={"machine": "new"}),
    }
    optimizer = Optimizer(space, goal="cumulative", rng=0)
    for i in range(12):
        context = {"machine": "old" if i % 2 else "new", "load": 1 + i % 5}
        point = optimizer.ask(context=context)
        assert {name: point[name] for name in context} == context
        assert ("boost" in point) == (context["machine"] == "new")
        optimizer.tell(point, point["x"] + (context["machine"] == "old"))


def test_known_constraints_hold_in_a_context():
    optimizer = Optimizer(
        {"x": (0.0, 1.0), "t": (0.0, 1.0)}, where="x + t <= 1", goal="cumulative", rng=0
    )
    for t in (0.1, 0.9, 0.5, 0.7, 0.95, 0.2):
        point = optimizer.ask(context={"t": t})
        assert point["x"] + t <= 1.0 + 1e-12
        optimizer.tell(point, -point["x"])
    tight = Optimizer({"x": (0.0, 1.0), "t": (0.0, 1.0)}, where="x + t <= .8", goal="cumulative")
    with pytest.raises(PointError, match=r"context = \{'t': 0.9\}: where"):
        tight.ask(context={"t": 0.9})


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"u": 1}, "context of 'u'; expected values of some of x, t"),
        ({"t": 3}, "t = 3; expected"),
        ({}, "context = {}; expected a mapping"),
        ([0.2], "context = \\[0.2\\]; expected a mapping"),
        ({"x": 0.5, "t": 0.5}, "all parameters; expected one at least"),
    ],
)
def test_a_wrong_context_is_named(context, message):
    optimizer = Optimizer({"x": (0.0, 1.0), "t": (0.0, 1.0)}, goal="cumulative")
    with pytest.raises(PointError, match=message):
        optimizer.ask(context=context)


def test_where_the_best_counts_there_is_no_context():
    with pytest.raises(ConfigError, match="expected goal = 'cumulative'"):
        Optimizer({"x": (0.0, 1.0), "t": (0.0, 1.0)}).ask(context={"t": 0.5})


def test_what_does_not_know_it_is_refused_by_name():
    with pytest.raises(ConfigError, match="goal = 'sum'; expected 'best' or 'cumulative'"):
        minimize(Noisy(), BOX, 5, goal="sum")
    with pytest.raises(PolicyError, match="policy = 'lstm', which looks for the best point"):
        minimize(Noisy(), BOX, 5, goal="cumulative", policy="lstm")
    with pytest.raises(PolicyError, match="2 objectives"):
        Optimizer(BOX, goal="cumulative", directions=["minimize", "minimize"])
    optimizer = Optimizer(BOX, goal="cumulative")
    with pytest.raises(PolicyError, match="2 objectives"):
        optimizer.tell([0.5, 0.5], [1.0, 2.0])
    with pytest.raises(PolicyError, match="constraints mem, and goal = 'cumulative'"):
        optimizer.tell([0.5, 0.5], 1.0, constraints={"mem": 0.1})
    optimizer.tell([0.5, 0.5], 1.0)
    assert optimizer.yi == [1.0]


def test_failures_are_left_again():
    def func(x):
        if x[0] > 0.6:
            raise RuntimeError("too hot")
        return abs(x[0] - 0.55) + x[1] ** 2

    with pytest.warns(RuntimeWarning, match="too hot"):
        found = minimize(func, BOX, 40, goal="cumulative", rng=0)
    late = [x[0] for x in found.x_iters[20:]]
    assert np.mean([one > 0.6 for one in late]) < 0.3
    assert 0.45 < np.median(late) <= 0.6


def test_a_copy_and_a_replayed_one_ask_for_the_same():
    optimizer, func, history = Optimizer(BOX, goal="cumulative", rng=3), Noisy(), []
    for _ in range(15):
        x = optimizer.ask()
        y = func(x)
        optimizer.tell(x, y)
        history += [(x,), (x, y)]
    other = Optimizer(BOX, goal="cumulative", rng=3)
    other.replay(history)
    assert optimizer.copy().ask() == other.ask() == optimizer.ask()


def test_a_study_takes_it_and_the_command_keeps_it(tmp_path, capsys):
    with Study(tmp_path / "own.db", BOX, goal="cumulative", rng=0) as study:
        for _ in range(6):
            trial = study.ask()
            study.tell(trial, sum(trial.x))
        assert study.result().total == pytest.approx(sum(sum(t.x) for t in study.told()))
    objective = tmp_path / "objective.py"
    objective.write_text("def f(x):\n    return (x[0] - 0.3) ** 2\n")
    db = str(tmp_path / "run.db")
    begin = ["minimize", f"{objective}:f", "-p", "a=float:0:1", "-n", "6", "--study", db]
    assert run_command([*begin, "--goal", "cumulative", "--seed", "0"]) == 0
    assert "all 6 values together" in capsys.readouterr().out
    assert run_command(["resume", db, "-n", "8", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] >= 0.0
