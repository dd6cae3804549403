"""Which observation another value of is worth more than a new point."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.kernel import repeating
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.repeating import Joint, again
from rnnbbo.policies.kernel.thinning import thin

POLICY = KernelPolicy()
NOTHING = np.zeros((0, 2))
FAR = np.array([0.98, 0.02])  # where the bowl is high


def state_of(noise: float, n: int = 40, fails: int = 0) -> KernelState:
    """A state that knows a bowl at random points, the first of which failed."""
    rng = np.random.default_rng(3)
    state = POLICY.init(2)
    for t in range(n):
        x = rng.random((1, 2))
        value = 4.0 * float(np.square(x - 0.4).sum()) + noise * rng.standard_normal()
        y = np.array([math.nan if t < fails else value])
        state = POLICY.step({}, state, Observation(x, y, x, True, seed=(3, t)))
    return state


def expected_gain(gap: float, move: float) -> float:
    """By how much the lesser of two means is expected to fall, whose difference moves so far."""
    z, normal = -gap / move, NormalDist()
    return move * (normal.pdf(z) + z * normal.cdf(z))


def test_one_value_is_worth_what_it_changes(monkeypatch) -> None:
    monkeypatch.setattr(repeating, "_LOOKS", np.array([1.0]))
    joint = Joint(np.array([0.0, 0.3]), np.diag([0.5, 0.2]), 0.25)
    worth = joint.worth(2)
    for i, variance in enumerate([0.5, 0.2]):
        move = variance / math.sqrt(variance + 0.25)
        assert_allclose(worth[i], expected_gain(0.3, move), rtol=0.01)


def test_what_is_known_together_is_told_apart_by_nothing() -> None:
    same = np.full((2, 2), 0.5)
    assert_allclose(Joint(np.array([0.0, 0.3]), same, 0.25).worth(2), 0.0, atol=1e-12)


def test_a_value_counts_as_one_of_many_where_one_alone_changes_nothing(monkeypatch) -> None:
    joint = Joint(np.array([0.0, 0.5]), np.diag([1e-9, 0.1]), 4.0)
    many = joint.worth(2)[1]
    moves = [0.1 / math.sqrt(0.1 + 4.0 / m) for m in (1, 2, 4, 8)]
    assert_allclose(many, max(expected_gain(0.5, s) / 2**k for k, s in enumerate(moves)), rtol=0.03)
    monkeypatch.setattr(repeating, "_LOOKS", np.array([1.0]))
    assert many > 100.0 * joint.worth(2)[1]


def test_a_new_point_may_only_be_recommended_once_it_has_a_value() -> None:
    """A new point whose mean is the least is worth what is won by having it, and others nothing."""
    joint = Joint(np.array([0.0, -2.0]), np.diag([1e-12, 1e-12]), 0.01)
    worth = joint.worth(1)
    assert_allclose(worth, [0.0, 2.0], atol=1e-5)


def test_the_joint_belief_is_that_of_the_view() -> None:
    """At the observations its means are those of the recommendation, and its noise is a nugget."""
    from rnnbbo.policies.kernel import inference
    from rnnbbo.policies.kernel.acquisition import make_acquisition

    state = state_of(0.5)
    view = make_acquisition(state, 6, NOTHING, None).view
    joint = Joint.of(view, state.belief.hypotheses, state.x, 0.1)
    smooth = inference.smooth(state.belief, state.inliers().z)
    assert_allclose(joint.mean, state.belief.weight @ smooth.mean, rtol=1e-6, atol=1e-9)
    _, deviation = view.predict(state.x)
    apart = view.predict(state.x)[0] - joint.mean
    variance = state.belief.weight @ (np.square(deviation) + np.square(apart))
    assert_allclose(np.diagonal(joint.covariance), variance, rtol=1e-6, atol=1e-9)
    assert np.linalg.eigvalsh(joint.covariance).min() > -1e-9


def test_without_noise_nothing_is_evaluated_again() -> None:
    assert again(state_of(0.0), 6, FAR, NOTHING) is None


@pytest.mark.parametrize("fails", [0, 3])
def test_under_noise_an_observation_beats_a_point_that_is_surely_worse(fails: int) -> None:
    state = state_of(0.5, fails=fails)
    point = again(state, 6, FAR, NOTHING)
    assert (state.x[fails:] == point).all(axis=1).any()
    assert again(state, 6, None, NOTHING) is not None  # nothing new is left


def test_an_observation_that_is_pending_is_left_alone() -> None:
    state, pending = state_of(0.5), NOTHING
    for _ in range(5):
        point = again(state, 6, FAR, pending)
        assert point is not None and not (pending == point).all(axis=1).any()
        pending = np.concatenate([pending, point[None]])


def test_a_few_values_say_nothing_yet() -> None:
    assert again(POLICY.init(2), 6, FAR, NOTHING) is None
    assert again(state_of(0.5, n=9), 6, FAR, NOTHING) is None


@pytest.mark.parametrize("noise", [0.0, 1e-9, 0.5])
def test_many_values_of_one_point_leave_a_sound_belief(noise: float) -> None:
    rng = np.random.default_rng(0)
    state, x = state_of(0.1), np.full((1, 2), 0.4)
    for t in range(30):
        y = np.array([noise * rng.standard_normal()])
        state = POLICY.step({}, state, Observation(x, y, x, True, seed=(4, t)))
    assert np.isfinite(state.belief.log_target).all()
    assert np.isfinite(state.belief.inverse).all()
    found = POLICY.recommend(state)
    assert np.isfinite(found.x).all()
    point = again(state, 6, FAR, NOTHING)
    assert point is None or np.isfinite(point).all()


def test_a_full_memory_keeps_of_one_point_the_value_next_to_its_mean() -> None:
    """Ten values of a point, one of them far too low, and points that are far from each other."""
    rng = np.random.default_rng(0)
    y = np.array([-3.0, 0.9, 1.1, 1.2, 0.8, 1.0, 1.3, 0.7, 0.75, 1.25])  # the mean is .5
    x = np.concatenate([np.full((10, 2), 0.5), rng.random((30, 2))])
    values = np.concatenate([y, 2.0 + rng.random(30)])
    kept = thin(x, values, 31, by_mean=True)
    assert [i for i in kept if i < 10] == [7]
    assert [i for i in thin(x, values, 31) if i < 10] == [0]


def test_a_policy_that_asks_again_is_told_so() -> None:
    assert POLICY.repeating().repeats and not POLICY.repeats
