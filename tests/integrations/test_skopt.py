"""The stand-in for skopt.Optimizer, beside skopt.Optimizer itself."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import skopt
from skopt.plots import plot_convergence

import rnnbbo
from rnnbbo.errors import ConfigError, ObservationError, PointError, SpaceError
from rnnbbo.integrations.skopt import Optimizer

SPACE = [(-2.0, 2.0), (1, 9), ["a", "b"]]


def func(x: list[Any]) -> float:
    return (x[0] - 1.0) ** 2 + abs(x[1] - 3) + (x[2] == "b")


@pytest.fixture(params=[skopt.Optimizer, Optimizer], ids=["skopt", "rnnbbo"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_the_documented_loop(kind: Any) -> None:
    opt = kind(SPACE, random_state=0)
    for i in range(12):
        x = opt.ask()
        result = opt.tell(x, func(x))
        assert x in opt.space.to_skopt() if kind is Optimizer else x in opt.space
        assert len(opt.Xi) == len(opt.yi) == len(result.x_iters) == i + 1
    assert result.fun == min(opt.yi) == func(result.x)
    assert list(result.func_vals) == opt.yi
    assert result.x_iters == opt.Xi
    assert opt.get_result().x == result.x
    assert result.specs["function"] == "Optimizer"
    assert result.specs["args"]["random_state"] == 0
    assert isinstance(opt.rng, np.random.RandomState)


def test_run(kind: Any) -> None:
    opt = kind([(-2.0, 2.0)], random_state=0, n_initial_points=10)
    result = opt.run(lambda x: (x[0] - 1.0) ** 2, n_iter=11)
    assert len(result.x_iters) == 11
    assert result.fun < 0.1
    plot_convergence(result)


@pytest.mark.parametrize("strategy", ["cl_min", "cl_mean", "cl_max"])
def test_several_points_are_the_same_until_a_tell(kind: Any, strategy: str) -> None:
    opt = kind([(-2.0, 2.0), (1, 9)], random_state=0)
    points = opt.ask(n_points=4, strategy=strategy)
    assert len({tuple(x) for x in points}) == 4
    assert opt.ask(n_points=4, strategy=strategy) == points
    result = opt.tell(points, [float(i) for i in range(4)])
    assert result.x == points[0]
    assert opt.ask(n_points=4, strategy=strategy) != points


def test_points_of_ones_own_and_a_tell_without_a_fit(kind: Any) -> None:
    opt = kind([(-2.0, 2.0), (1, 9)], random_state=0)
    opt.tell([0.5, 3], 1.0, fit=False)
    opt.tell([[0.1, 2], [0.2, 4]], [2.0, 3.0])
    opt.update_next()
    assert opt.yi == [1.0, 2.0, 3.0]
    assert opt.Xi[0] == [0.5, 3]


def test_a_copy_knows_the_values_and_goes_its_own_way(kind: Any) -> None:
    opt = kind(SPACE, random_state=0)
    opt.run(func, 5)
    twin = opt.copy(random_state=1)
    assert type(twin) is type(opt)
    assert twin.Xi == opt.Xi
    assert twin.yi == opt.yi
    twin.run(func, 1)
    assert len(opt.Xi) == 5


@pytest.mark.parametrize("bad", [{"n_points": 0}, {"n_points": 2, "strategy": "cl"}])
def test_asks_that_both_refuse(kind: Any, bad: Any) -> None:
    with pytest.raises(ValueError, match=r"[Ee]xpected|should"):
        kind([(-2.0, 2.0)]).ask(**bad)


@pytest.mark.parametrize(("x", "y"), [([9.0], 1.0), ([0.0], "a"), ([0.0], [1.0, 2.0])])
def test_tells_that_both_refuse(kind: Any, x: Any, y: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        kind([(-2.0, 2.0)]).tell(x, y)


def test_the_arguments_are_those_of_skopt() -> None:
    ours = inspect.signature(Optimizer).parameters
    theirs = inspect.signature(skopt.Optimizer).parameters
    assert [*ours][:-1] == [*theirs]
    assert all(ours[name].default == p.default for name, p in theirs.items())


def test_arguments_without_a_meaning_are_named_in_one_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Optimizer(SPACE, "RF", n_initial_points=3, acq_func="EI", acq_optimizer="sampling")
    (warning,) = caught
    for name in ["base_estimator", "n_initial_points", "acq_func", "acq_optimizer"]:
        assert name in str(warning.message)
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Optimizer(SPACE, base_estimator="GP", n_initial_points=10, random_state=1)


@pytest.mark.parametrize(
    "refused",
    [{"acq_func": "EIps"}, {"space_constraint": lambda x: True}, {"random_state": "seed"}],
)
def test_what_would_change_the_problem_is_refused(refused: Any) -> None:
    with pytest.raises(ConfigError):
        Optimizer(SPACE, **refused)


def test_errors_have_names() -> None:
    with pytest.raises(SpaceError):
        Optimizer([(1.0, 0.0)])
    with pytest.raises(PointError):
        Optimizer(SPACE).tell([0.0], 1.0)
    with pytest.raises(ObservationError):
        Optimizer([(-2.0, 2.0)]).tell([0.0], "a")


@pytest.mark.parametrize(
    "seed", [lambda: 5, lambda: np.random.RandomState(5), lambda: np.random.default_rng(5)]
)
def test_the_same_random_state_gives_the_same_points(seed: Any) -> None:
    first, again = (Optimizer(SPACE, random_state=seed()) for _ in range(2))
    assert first.run(func, 6).x_iters == again.run(func, 6).x_iters


def test_every_ask_gives_a_new_point_and_a_policy_can_be_chosen() -> None:
    opt = Optimizer(SPACE, random_state=0, policy="lstm")
    assert len({tuple(opt.ask()) for _ in range(20)}) == 20
    assert opt.get_result().policy == "lstm"
    assert isinstance(opt.space, rnnbbo.Space)


def test_failed_trials_do_not_poison_it() -> None:
    opt = Optimizer(SPACE, random_state=0)
    result = opt.run(lambda x: float("nan") if x[2] == "a" else func(x), 10)
    assert 0 < result.n_failed < 10
    assert np.isfinite(result.fun)
