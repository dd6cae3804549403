"""What the kernel policy believes of each of several objectives."""

import numpy as np
import pytest

from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.kernel import front_view, kernel_policy, prior
from rnnbbo.policies.kernel.hypotheses import height_of, heights, unwarp, warp_at
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.quantities import ModelledObjective

X = np.linspace(0.0, 1.0, 8)[:, None]


def told(values: np.ndarray, constraints: np.ndarray | None = None) -> KernelState:
    """Return the state after values (n, K) at points of the square drawn at random."""
    policy, rng = KernelPolicy(), np.random.default_rng(0)
    state = policy.init(2)
    for i, value in enumerate(values):
        limits = None if constraints is None else constraints[i]
        x = rng.random((1, 2))
        one = Observation(x, value[:1], x, True, (i,), limits, value[1:])
        state = policy.step({}, state, one)
    return state


def test_rounding_at_a_bound_is_no_scale() -> None:
    values = np.array([0.0, 6e-17, 1e-16, 0.0, 2.0, 3.0, 4.0, 2.5])
    tamed, out = ModelledObjective(values).tamed(X)
    assert not out.any()
    assert tamed.tolist() == [0.0, 0.0, 0.0, 0.0, 2.0, 3.0, 4.0, 2.5]


def test_a_penalty_is_an_outlier_unless_it_is_on_the_front() -> None:
    values = np.array([1.0, 1.5, 2.0, 1.2, 1.7, 1.1, 1.9, 1e6])
    assert ModelledObjective(values).tamed(X)[1].tolist() == [False] * 7 + [True]
    assert not ModelledObjective(values, limit=1e6).tamed(X)[1].any()


def test_the_front_is_free_of_outliers() -> None:
    rng = np.random.default_rng(1)
    first = np.array([1.0, 1.5, 2.0, 1.2, 1.7, 1.1, 1.9, 1e6, 1e6])
    second = np.append(5.0 + rng.random(7), [9.0, 0.0])
    state = told(np.column_stack([first, second]))
    assert state.front()[-1] == 8
    out = state.objectives[0].rows(state.x).out
    assert out.tolist() == [False] * 9  # what is on the front is none, and so is its like
    state = told(np.column_stack([first, np.append(second[:8], 9.0)]))
    assert state.objectives[0].rows(state.x).out.tolist() == [False] * 7 + [True] * 2


def test_the_warp_of_an_objective_has_a_least_bend() -> None:
    own = prior.DEFAULT_PRIOR._replace(least_warp=-2.0)
    drawn = prior.draw_hypotheses(np.random.default_rng(2), own, 500, 3)
    assert drawn.log_warp.min() >= own.least_warp
    below = drawn._replace(log_warp=np.full(500, own.least_warp - 1.0))
    assert np.isneginf(prior.prior_log_density(own, below)).all()
    assert np.isfinite(prior.prior_log_density(own, drawn)).all()


def test_many_points_at_a_bound_leave_hypotheses_that_tell_the_others_apart() -> None:
    rng = np.random.default_rng(3)
    first = np.where(np.arange(24) % 2, 1e-17 * rng.random(24), 1.0 + rng.random(24))
    state = told(np.column_stack([first, rng.random(24)]))
    belief = state.objectives[0].belief
    assert belief is not None
    first = state.objectives[0]
    own = first.own_prior(prior.DEFAULT_PRIOR, first.rows(state.x))
    assert -5.0 < own.least_warp <= belief.hypotheses.log_warp.min()
    assert np.unique(state.objectives[0].rows(state.x).z).size == 13


def test_the_view_climbs_along_its_gradient() -> None:
    rng = np.random.default_rng(4)
    values = np.column_stack([rng.random(12), rng.random(12), rng.random(12)])
    state = told(values)
    view = front_view.make_front_view(state, 4, rng.random((1, 2)), rng, None, 2)
    points, h = rng.random((5, 2)), 1e-6
    value, gradient = view.climbed(points)
    assert value == pytest.approx(view.score(points), rel=1e-9)
    assert (view.bound(points) >= value - 1e-6).all()
    for d in range(2):
        step = h * np.eye(2)[d]
        slope = (view.score(points + step) - view.score(points - step)) / (2.0 * h)
        assert gradient[:, d] == pytest.approx(slope, rel=1e-3, abs=1e-3)


def test_candidates_are_drawn_round_the_feasible_front() -> None:
    rng = np.random.default_rng(5)
    values, limits = rng.random((15, 2)), rng.standard_normal((15, 1))
    state = told(values, limits)
    view = front_view.make_front_view(state, 4, np.zeros((0, 2)), rng, [2.0, 2.0], 3)
    feasible = state.x[limits[:, 0] <= 0.0]
    assert all((feasible == x).all(axis=1).any() for x in view.around)
    assert (feasible == view.incumbent).all(axis=1).any()


def test_heights_of_a_value_are_those_of_all() -> None:
    y = np.array([3.0, 1.0, 7.0])
    assert [height_of(one, y) for one in y] == pytest.approx(heights(y))
    assert height_of(2.0, np.full(3, 1.0)) == 1.0


def test_unwarping_undoes_the_warp() -> None:
    z = np.array([-2.0, 0.0, 0.5, 30.0])
    assert unwarp(warp_at(z, -0.5), -0.5) == pytest.approx(z)


def test_a_full_memory_keeps_the_front() -> None:
    rng = np.random.default_rng(6)
    first = np.append(np.linspace(0.0, 1.0, 40), 1.0 + rng.random(180))
    second = np.append(np.linspace(1.0, 0.0, 40), 1.0 + rng.random(180))
    x = rng.random((220, 2))
    state = (
        KernelPolicy()
        .init(2)
        ._replace(x=x, y=first, objectives=(ModelledObjective(first), ModelledObjective(second)))
    )
    kept = kernel_policy.rows_to_keep(state, 150)
    assert len(kept) == 150 and (np.diff(kept) > 0).all()
    assert set(range(40)) <= set(kept.tolist())
    assert len(kernel_policy.rows_to_keep(state, 30)) == 30
