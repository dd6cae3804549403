"""Where evaluations fail is learnt."""

import math

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.policies.kernel.acquisition import make_acquisition
from rnnbbo.policies.kernel.kernel_state import KernelState

CUBE = [(0.0, 1.0)] * 3


def value(x: np.ndarray) -> float:
    return float(np.square(x - 0.8).sum())  # least where half of the cube fails


def history(n: int, failing: str, seed: int = 0) -> list[tuple[list[float], float]]:
    """Return values of which those beyond a plane fail, or one in ten, or none."""
    rng = np.random.default_rng(seed)
    points = rng.random((n, 3))
    fails = {
        "plane": points @ [1.0, 1.0, 0.5] > 1.25,
        "random": np.arange(n) % 10 == 3,
        "none": np.zeros(n, bool),
    }[failing]
    return [
        (x.tolist(), math.nan if fail else value(x)) for x, fail in zip(points, fails, strict=True)
    ]


def log_chance(state: KernelState, points: np.ndarray) -> np.ndarray:
    wanted = make_acquisition(state, 6, np.zeros((0, 3)), np.random.default_rng(0))
    assert wanted.feasibility is not None
    return wanted.feasibility.log_chance(points)


def test_a_region_in_which_all_fails_is_left_alone() -> None:
    optimizer = Optimizer(CUBE, policy="kernel", rng=0)
    optimizer.replay(history(30, "plane"))
    points = np.random.default_rng(1).random((400, 3))
    depth = points @ [1.0, 1.0, 0.5] - 1.25
    chance = log_chance(optimizer.state, points)
    assert np.median(chance[depth > 0.3]) < -4.0
    assert np.median(chance[depth < -0.3]) > -0.2
    # All of them pending, as to a batch.
    asked = np.array(optimizer.ask(n_points=5))
    assert (asked @ [1.0, 1.0, 0.5] < 1.4).all()
    (line,) = [one for one in optimizer.result().seen if "missing" in one]
    assert "lie where failures are expected, and points there are avoided" in line


def test_failures_at_random_are_noise() -> None:
    optimizer = Optimizer(CUBE, policy="kernel", rng=0)
    optimizer.replay(history(30, "random"))
    chance = log_chance(optimizer.state, np.random.default_rng(1).random((400, 3)))
    assert np.median(chance) > -1.0
    assert "no region in which evaluations fail is seen yet" in "".join(optimizer.result().seen)


def test_failures_before_the_first_value_are_learnt_from() -> None:
    known = [([0.1, 0.2, 0.3], math.nan), ([0.9, 0.1, 0.4], math.nan), ([0.5, 0.5, 0.5], 1.0)]
    optimizer = Optimizer(CUBE, policy="kernel", rng=0)
    for x, y in known[:2]:
        optimizer.tell(x, y)
    assert optimizer.state.belief is None
    assert optimizer.recommend() is None
    optimizer.tell(*known[2])
    state = optimizer.state
    assert state.crashes.values.tolist() == [1.0, 1.0, -1.0]
    assert state.evidence.told == 1
    again = Optimizer(CUBE, policy="kernel", rng=0)
    again.replay(known)
    assert again.ask() == optimizer.ask()
    assert again.recommend() == known[2][0]


def test_without_failures_nothing_is_learnt_of_them() -> None:
    optimizer = Optimizer(CUBE, policy="kernel", rng=0)
    optimizer.replay(history(8, "none"))
    assert optimizer.state.crashes is None
    assert optimizer.state.quantities == ()


@pytest.mark.parametrize("constrained", [True, False])
def test_many_values_with_failures(constrained: bool) -> None:
    """Past the memory, one by one and in bulk: rows, labels and constraints stay together."""
    told = [
        (x, y, {"first": x[0] - 0.6} if constrained and math.isfinite(y) else None)
        for x, y in history(430, "plane")
    ]
    optimizer = Optimizer(CUBE, policy="kernel", rng=0)
    optimizer.replay(told[:202])
    optimizer.ask()
    optimizer.replay(told[202:])
    state = optimizer.state
    assert len(state.x) == len(state.y) == len(state.crashes.values) < 230
    assert np.array_equal(state.crashes.values > 0.0, np.isnan(state.y))
    assert state.belief.inverse.shape[1] == state.known.sum()
    for quantity in state.quantities:
        assert quantity.belief.inverse.shape[1] == quantity.known.sum()
    if constrained:
        (first,) = state.constraints
        assert np.array_equal(first.known, state.known)
        np.testing.assert_allclose(
            first.values[state.known], state.x[state.known, 0] - 0.6, atol=1e-12
        )
    assert len(optimizer.ask()) == 3
