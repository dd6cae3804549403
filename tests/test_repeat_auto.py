"""Points that are evaluated once more where another value of them decides."""

import json
import warnings

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize
from rnnbbo.cli.main import run_command
from rnnbbo.errors import ConfigError, PolicyError, RepeatWarning

BOX = [(0.0, 1.0), (0.0, 1.0)]


def bowl(x):
    return 4.0 * (x[0] - 0.3) ** 2 + 4.0 * (x[1] - 0.6) ** 2


class Noisy:
    """A bowl under noise that depends on the number of the call alone."""

    def __init__(self, noise=0.3, skip=0):
        self.rng, self.noise = np.random.default_rng(7), noise
        self.rng.standard_normal(skip)

    def __call__(self, x):
        return bowl(x) + self.noise * self.rng.standard_normal()


def different(points):
    return len({tuple(x) for x in points})


def test_under_noise_points_come_again_and_nobody_is_warned():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = minimize(Noisy(), BOX, 40, repeat="auto", rng=0)
    assert found.nfev == 40
    assert 10 < different(found.x_iters) < 40
    assert found.recommended in found.x_iters
    assert different(minimize(Noisy(), BOX, 40, rng=0).x_iters) == 40


def test_without_noise_it_proposes_what_it_did():
    plain = minimize(bowl, BOX, 20, rng=0)
    assert minimize(bowl, BOX, 20, repeat="auto", rng=0).x_iters == plain.x_iters
    assert minimize(bowl, BOX, 20, repeat=1, rng=0).x_iters == plain.x_iters


def asked(optimizer, func, n):
    points = []
    for _ in range(n):
        points.append(optimizer.ask())
        optimizer.tell(points[-1], func(points[-1]))
    return points


def test_who_asks_and_tells_gets_the_same_points():
    points = asked(Optimizer(BOX, repeat="auto", rng=0), Noisy(), 40)
    assert points == minimize(Noisy(), BOX, 40, repeat="auto", rng=0).x_iters


def test_points_asked_for_together_are_different_ones():
    optimizer = Optimizer(BOX, repeat="auto", rng=0)
    asked(optimizer, Noisy(), 40)
    together = optimizer.ask(12)
    assert different(together) == 12
    for x in together:
        optimizer.tell(x, bowl(x))
    assert len(optimizer.Xi) == 52


def test_a_copy_and_one_that_is_told_the_history_go_on_as_it_would():
    optimizer = Optimizer(BOX, repeat="auto", rng=0)
    history, func = [], Noisy()
    for _ in range(30):
        x = optimizer.ask()
        y = func(x)
        optimizer.tell(x, y)
        history += [(x,), (x, y)]
    other = Optimizer(BOX, repeat="auto", rng=0)
    other.replay(history)
    ahead = [asked(one, Noisy(skip=30), 10) for one in (optimizer.copy(), other)]
    assert ahead[0] == ahead[1] == asked(optimizer, Noisy(skip=30), 10)


def test_in_a_small_space_the_choice_that_decides_has_most_values():
    rng = np.random.default_rng(0)
    means = {"a": 0.0, "b": 0.3, "c": 3.0, "d": 3.3}
    with pytest.warns(RepeatWarning, match="all 4 of the space") as warned:
        found = minimize(
            lambda x: means[x[0]] + 0.5 * rng.standard_normal(),
            [tuple(means)],
            40,
            repeat="auto",
            rng=0,
        )
    assert len(warned) == 1
    count = {name: [x[0] for x in found.x_iters].count(name) for name in means}
    assert count["a"] + count["b"] > 3 * (count["c"] + count["d"])
    assert found.recommended == ["a"]


def test_the_values_of_one_point_are_recommended_by_their_mean():
    """One value of a is the least by far; its mean is not."""
    optimizer = Optimizer([("a", "b")], rng=0)
    for a, b in zip(
        [-2.0, 2.0, 2.0, 2.0, 1.5, 2.5], [0.1, -0.1, 0.4, -0.4, 0.3, -0.3], strict=True
    ):
        optimizer.tell(["a"], a)
        optimizer.tell(["b"], b)
    assert optimizer.recommend() == ["b"]


def test_constraints_come_again_with_the_values():
    func = Noisy(noise=0.6)
    found = minimize(
        lambda x: {"value": func(x), "constraints": {"c": 0.3 - x[0]}},
        BOX,
        60,
        repeat="auto",
        rng=0,
    )
    assert different(found.x_iters) < 60
    assert found.recommended[0] >= 0.3


def test_a_study_goes_on_as_if_it_was_never_closed(tmp_path):
    whole = minimize(Noisy(), BOX, 40, repeat="auto", rng=0).x_iters
    path = tmp_path / "run.db"
    minimize(Noisy(), BOX, 25, repeat="auto", rng=0, study=path)
    later = minimize(Noisy(skip=25), BOX, 40, repeat="auto", study=path, resume=True)
    assert later.x_iters == whole
    with Study(path, resume=True) as study:  # the file keeps trials, and not the word
        assert study.ask().x not in whole


@pytest.mark.parametrize("repeat", ["often", 0, None, 1.5])
def test_what_is_neither_a_number_nor_auto_is_refused(repeat, tmp_path):
    for make in (
        lambda: minimize(bowl, BOX, 3, repeat=repeat),
        lambda: Optimizer(BOX, repeat=repeat),
        lambda: Study(tmp_path / "run.db", BOX, repeat=repeat),
    ):
        with pytest.raises(ConfigError, match=r"repeat = .*; expected an integer .*, or 'auto'"):
            make()
    assert not list(tmp_path.iterdir())


def test_who_asks_evaluates_as_often_as_they_like():
    with pytest.raises(ConfigError, match="repeat = 3; expected 1 or 'auto'"):
        Optimizer(BOX, repeat=3)


def test_a_policy_that_does_not_know_it_is_named(tmp_path):
    path = tmp_path / "run.db"
    for make in (
        lambda: minimize(bowl, BOX, 3, policy="lstm", repeat="auto"),
        lambda: minimize(bowl, BOX, 3, policy="lstm", repeat="auto", study=path),
        lambda: Optimizer(BOX, policy="lstm", repeat="auto"),
    ):
        with pytest.raises(PolicyError, match="repeat = 'auto', with policy = 'lstm'"):
            make()
    assert not path.exists()
    Study(path, BOX, policy="lstm").close()
    with pytest.raises(PolicyError, match="repeat = 'auto', with policy = 'lstm'"):
        Study(path, resume=True, repeat="auto")


def test_several_objectives_are_refused(tmp_path):
    two = {"directions": ["minimize"] * 2, "repeat": "auto"}
    for make in (
        lambda: Optimizer(BOX, **two),
        lambda: Study(tmp_path / "run.db", BOX, **two),
        lambda: minimize(lambda x: [x[0], x[1]], BOX, 3, repeat="auto"),
    ):
        with pytest.raises(PolicyError, match="repeat = 'auto', and 2 objectives"):
            make()
    assert not list(tmp_path.iterdir())


def test_the_command_keeps_the_word(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noisy.py").write_text(
        "import random\n"
        "NOISE = random.Random(0)\n"
        "def f(a, b):\n"
        "    return (a - 0.3) ** 2 + (b - 0.6) ** 2 + NOISE.gauss(0.0, 0.1)\n"
    )
    space = ["-p", "a=float:0:1", "-p", "b=float:0:1"]
    begin = ["minimize", "./noisy.py:f", *space, "--seed", "1", "--study", "run.db"]
    assert run_command([*begin, "-n", "12", "--repeat", "auto"]) == 0
    assert "points are evaluated again where that is worth more" in capsys.readouterr().err
    assert run_command(["resume", "run.db", "-n", "40", "--json"]) == 0
    told = capsys.readouterr()
    assert "points are evaluated again where that is worth more" in told.err
    assert "RepeatWarning" not in told.err
    points = [json.dumps(trial["x"]) for trial in json.loads(told.out)["trials"]]
    assert len(set(points)) < len(points) == 40
    assert run_command(["study", "ask", "run.db", "-n", "6", "--repeat", "auto", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["trials"]) == 6
    assert run_command([*begin, "--resume", "--repeat", "seldom"]) == 2
    assert "'seldom'; expected an integer of at least 1, or auto" in capsys.readouterr().err
