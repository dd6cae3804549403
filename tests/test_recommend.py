"""The point to take: with noise, not the luckiest one."""

import math

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize

BOX = [(0.0, 1.0), (0.0, 1.0)]


def bowl(x: list[float]) -> float:
    return (x[0] - 0.3) ** 2 + 2.0 * (x[1] - 0.6) ** 2


def told(policy: str, noise: float, seed: int, n: int = 50) -> Optimizer:
    """An optimizer that knows a noisy bowl at random points."""
    rng = np.random.default_rng(seed)
    optimizer = Optimizer(BOX, policy=policy, rng=seed)
    points = rng.random((n, 2)).tolist()
    optimizer.replay((x, bowl(x) + noise * rng.standard_normal()) for x in points)
    return optimizer


@pytest.mark.parametrize("policy", ["kernel", "auto", "dnc", "lstm-direct"])
def test_without_noise_it_is_the_best_point(policy: str) -> None:
    result = told(policy, 0.0, 0).result()
    assert result.recommended == result.x
    assert result.noise is None and result.recommended_value is None


@pytest.mark.parametrize("policy", ["kernel", "lstm", "dnc", "lstm-direct"])
def test_of_equal_values_it_is_the_first(policy: str) -> None:
    """A choice by the length of its name, and a bowl of whole numbers."""
    for space, func in (
        ([("aa", "bb", "ccc")], lambda x: float(len(x[0]))),
        (BOX, lambda x: float(round(20.0 * bowl(x)))),
    ):
        result = minimize(func, space, 20, policy=policy, rng=0)
        assert result.recommended == result.x


@pytest.mark.parametrize("policy", ["kernel", "lstm", "dnc"])
def test_a_point_of_the_least_value_stays_where_noise_explains_no_other(policy: str) -> None:
    """One value far below the others, and noise a twentieth of that."""
    rng = np.random.default_rng(0)
    optimizer = Optimizer([(0.0, 1.0)], policy=policy, rng=0)
    for u in np.linspace(0.0, 1.0, 30):
        optimizer.tell([u], 1.0 + 0.05 * rng.standard_normal())
    optimizer.tell([0.5], -1.0)
    assert optimizer.recommend() == [0.5]


@pytest.mark.parametrize("policy", ["kernel", "lstm", "dnc"])
def test_the_noise_and_the_value_are_about_right(policy: str) -> None:
    for scale in (1.0, 1e-200):
        rng = np.random.default_rng(2)
        optimizer = Optimizer(BOX, policy=policy, rng=2)
        for x in rng.random((60, 2)).tolist():
            optimizer.tell(x, scale * (bowl(x) + 0.3 * rng.standard_normal()))
        found = optimizer.recommendation()
        assert found.x in optimizer.Xi
        assert 0.1 < found.noise / scale < 0.6  # 0.3
        assert abs(found.value / scale - bowl(found.x)) < 0.5
        result = optimizer.result()
        assert (result.recommended, result.recommended_value, result.noise) == found[:3]
        assert result.seen == list(found.seen)


def test_a_policy_of_ones_own_may_recommend_a_point_alone() -> None:
    from rnnbbo.policies.protocol import Policy

    class Latest(Policy):
        def init(self, dim: int) -> np.ndarray:
            return np.full((1, dim), 0.25)

        def step(self, params, state, observation):
            return observation.x if observation.told else state

        def choices(self, params, state, pending, space, rng):
            return (state + 0.3) % 1.0

        def recommend(self, state):
            return state[0]

    result = minimize(bowl, BOX, 5, policy=Latest(), rng=0)
    assert result.recommended == result.x_iters[-1]
    assert result.noise is None


@pytest.mark.slow
def test_with_noise_it_is_a_better_point_than_the_luckiest_one() -> None:
    runs = [told("kernel", 0.3, seed) for seed in range(12)]
    for run in runs:
        assert run.recommend() in run.Xi
    lucky = np.mean([bowl(run.result().x) for run in runs])
    recommended = np.mean([bowl(run.result().recommended) for run in runs])
    assert recommended < 0.6 * lucky


def test_failed_trials_are_never_recommended() -> None:
    optimizer = Optimizer(BOX, policy="kernel", rng=0)
    assert optimizer.recommend() is None
    optimizer.tell([0.5, 0.5], None)
    assert optimizer.recommend() is None
    assert optimizer.result().recommended is None
    optimizer.tell([0.1, 0.1], 1.0)
    optimizer.tell([0.3, 0.3], math.inf)
    assert optimizer.recommend() == [0.1, 0.1]


def test_it_survives_a_memory_that_forgets() -> None:
    """Past its 200 rows the policy recommends one that it kept."""
    recommended = [told("kernel", 0.2, seed, n=230).recommend() for seed in range(3)]
    assert np.median([bowl(x) for x in recommended]) < 0.05


def test_a_study_recommends_what_its_optimizer_does(tmp_path) -> None:
    noise = np.random.default_rng(3)
    with Study(tmp_path / "run.db", BOX, rng=0) as study:
        for _ in range(15):
            trial = study.ask()
            study.tell(trial, bowl(trial.x) + 0.2 * noise.standard_normal())
        history = study.told()
    optimizer = Optimizer(BOX, rng=0)
    for trial in history:
        optimizer.tell(optimizer.ask(), trial.value)
    with Study(tmp_path / "run.db", resume=True) as again:
        assert again.recommend() == again.result().recommended == optimizer.recommend()


def test_the_result_of_minimize_has_it() -> None:
    result = minimize(bowl, BOX, 12, rng=0)
    assert result.recommended == result.x
