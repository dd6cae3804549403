import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions import control
from rnnbbo.functions.control import TASKS, PolicySearch, Task, policy_problem
from rnnbbo.functions.control_tasks import first_inputs

pytest.importorskip("mujoco")
gymnasium = pytest.importorskip("gymnasium")


@pytest.mark.parametrize("task", TASKS)
def test_a_return_repeats_whatever_was_evaluated_between(task: str) -> None:
    function = PolicySearch(task, 0, bias=True, episodes=1, seed=3)
    first, second = np.random.default_rng(0).uniform(-1, 1, (2, function.dim))
    value = function(first)
    assert np.isfinite(value)
    function(second)
    assert function(first) == value
    assert pickle.loads(pickle.dumps(function))(first) == value


@pytest.mark.parametrize(
    ("hidden", "bias", "dim"), [(0, False, 4), (0, True, 5), (3, False, 15), (2, True, 13)]
)
def test_a_dimension_is_a_weight(hidden: int, bias: bool, dim: int) -> None:
    assert PolicySearch("cartpole", hidden, bias, 1, 0).dim == dim
    assert PolicySearch("reacher", 0, bias, 1, 0).dim == 2 * (6 + bias)


def test_return_is_that_of_an_episode_of_gymnasium() -> None:
    # Weights of the cart's place and speed, the pole's angle and speed, in units of the scales.
    x = np.array([0.1, 0.2, 0.9, 0.8])
    env = gymnasium.make("CartPole-v1")
    returns = []
    for seed in (7, 8):
        observation, _ = env.reset(seed=seed)
        total, ended = 0.0, False
        while not ended and total < TASKS["cartpole"].steps:
            right = observation @ (2.0 * x / np.array([1.0, 1.0, 0.1, 1.0])) >= 0
            observation, reward, ended, _, _ = env.step(int(right))
            total += reward
        returns.append(total)
    assert PolicySearch("cartpole", 0, False, 2, 7)(x) == -np.mean(returns)
    assert max(returns) > 50


def test_hidden_units_are_tanh_of_normalised_observations() -> None:
    function = PolicySearch("car", 2, True, 1, 0)
    x = np.random.default_rng(1).uniform(-1, 1, function.dim)
    observation = np.array([-0.2, 0.03])
    inputs = np.append((observation - [-0.5, 0.0]) / [0.5, 0.05], 1.0)
    hidden = np.append(np.tanh(2 * x[:6].reshape(2, 3) @ inputs), 1.0)
    assert function._policy(2 * x)(observation) == pytest.approx(2 * x[6:] @ hidden, rel=1e-12)


def test_actions_are_clipped_before_they_are_charged_for() -> None:
    env, _ = control._environment("car-continuous", ())
    charged = control._return(env, lambda observation: np.array([50.0]), 3, 0, None)
    assert charged == pytest.approx(-0.3, abs=1e-6)  # a tenth of the squared action a step


def test_a_policy_that_does_nothing_lies_on_a_plateau() -> None:
    function = PolicySearch("car", 0, True, 2, 0)
    u = np.random.default_rng(0).uniform(-0.05, 0.05, (4, function.dim))
    assert function(u).tolist() == [200.0] * 4


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("cartpole", {"masspole": 1.0}),
        ("cartpole", {"start": 0.2}),
        ("pendulum", {"g": 5.0}),
        ("acrobot", {"LINK_MASS_2": 0.2, "start": 2.0}),
        ("hopper", {"gravity": 2.0}),
        ("reacher", {"damping": 3.0}),
        ("inverted", {"start": 0.15}),
    ],
)
def test_changed_constants_change_the_return_and_only_there(
    task: str, changes: dict[str, float]
) -> None:
    plain = PolicySearch(task, 0, False, 2, 0)
    changed = PolicySearch(task, 0, False, 2, 0, tuple(changes.items()))
    x = np.random.default_rng(0).uniform(-1, 1, (3, plain.dim))
    before = plain(x)
    assert np.any(changed(x) != before)
    assert np.array_equal(plain(x), before)


def test_a_heavier_pole_counts_in_all_masses() -> None:
    env, _ = control._environment("cartpole", (("masspole", 1.0), ("length", 2.0)))
    assert (env.total_mass, env.polemass_length) == (2.0, 2.0)


def test_observations_vary_about_a_value_that_repeats() -> None:
    function = PolicySearch("inverted-double", 0, False, 2, 5, start_at_random=True)
    problem = policy_problem(function, "double")
    u = np.random.default_rng(0).random(function.dim)
    seen = [problem.observe(u, np.random.default_rng(seed)) for seed in range(12)]
    assert len(set(seen)) > 6
    assert min(seen) < problem.unit(u) < max(seen)
    assert problem.unit(u) == problem.unit(u)
    assert seen[0] == problem.observe(u, np.random.default_rng(0))


def test_unknown_tasks_and_constants_are_refused() -> None:
    with pytest.raises(ConfigError, match="'ant'; expected one of cartpole"):
        _ = PolicySearch("ant", 0, False, 1, 0).dim
    with pytest.raises(ConfigError, match="'colour'; expected a constant"):
        PolicySearch("cartpole", 0, False, 1, 0, (("colour", 1.0),))(np.zeros(4))
    with pytest.raises(ConfigError, match="'mass'; expected a constant"):
        PolicySearch("hopper", 0, False, 1, 0, (("mass", 1.0),))(np.zeros(12))


UPRIGHT = np.array([0.2, 0.3, 0.9, 0.9])


def test_a_policy_below_the_bar_is_given_up() -> None:
    search = PolicySearch("cartpole", 0, False, 4, 0, bar=150.0)
    fails = search.returns(-UPRIGHT)
    assert len(fails) == 1
    assert fails[0] < 150
    assert search(-UPRIGHT) == -fails[0]
    assert search.returns(UPRIGHT).tolist() == [200.0] * 4
    every = PolicySearch("cartpole", 0, False, 4, 0)
    assert len(every.returns(-UPRIGHT)) == 4
    assert every(-UPRIGHT) == -every.returns(-UPRIGHT, range(4)).mean()
    assert len(search.returns(-UPRIGHT, range(6))) == 6


def test_a_task_of_ones_own_is_a_task_as_good_as_a_named_one() -> None:
    own = PolicySearch(Task("Pendulum-v1", 100, first_inputs(1.0, 1.0, 4.0)), 0, False, 2, 5)
    named = PolicySearch("pendulum", 0, False, 2, 5)
    x = [0.3, -0.2, 0.9]
    assert own(x) == named(x)
    assert own.bounds == [(-1.0, 1.0)] * 3


def test_features_stand_in_the_place_of_observations() -> None:
    swapped = Task("Pendulum-v1", 50, first_inputs(4.0, 1.0), features=lambda o: o[[2, 1]])
    plain = Task("Pendulum-v1", 50, ((2, 0.0, 4.0), (1, 0.0, 1.0)))
    x = np.array([0.4, -0.7])
    assert PolicySearch(swapped, 0, False, 2, 0)(x) == PolicySearch(plain, 0, False, 2, 0)(x)


def test_what_is_seen_of_an_episode_is_its_start_and_every_step() -> None:
    search = PolicySearch("cartpole", 0, False, 1, 0)
    seen = search.watch(-UPRIGHT, 3, lambda env: tuple(env.state))
    assert len(seen) == 1 + search.returns(-UPRIGHT, [3])[0]
    assert len(set(seen)) == len(seen)
    assert abs(seen[-1][2]) > 0.2 > abs(seen[0][2])  # it fell


def test_what_mujoco_warns_of_is_a_warning_of_python_and_leaves_no_file(
    tmp_path, monkeypatch
) -> None:
    import mujoco

    monkeypatch.chdir(tmp_path)
    control._environment.cache_clear()
    task = Task("HalfCheetah-v5", 2, ((1, 0.0, 1.0),), outputs=6)
    with pytest.warns(DeprecationWarning, match="HalfCheetah-v5: .*settotalmass"):
        PolicySearch(task, 0, False, 1, 0)(np.zeros(6))
    assert list(tmp_path.iterdir()) == []
    assert mujoco.get_mju_user_warning() is None
