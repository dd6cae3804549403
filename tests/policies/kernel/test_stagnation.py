"""Turns elsewhere: when they are due, and where they go."""

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.kernel.acquisition import make_acquisition
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.stagnation import due, elsewhere

POLICY = KernelPolicy()
NEAR = 0.2
DIM = 4


def state_of(points: np.ndarray, values: np.ndarray) -> KernelState:
    state = POLICY.init(points.shape[1])
    for t, (x, y) in enumerate(zip(points, values, strict=True)):
        told = Observation(x[None], np.array([y]), x[None], True, seed=(0, t))
        state = POLICY.step({}, state, told)
    return state


def gathered(count: int) -> np.ndarray:
    """Return four points over the cube, and others close to its centre."""
    rng = np.random.default_rng(0)
    wide = np.array([[0.1] * DIM, [0.9] * DIM, [0.1, 0.9] * 2, [0.9, 0.1] * 2])
    return np.concatenate([wide, 0.5 + rng.uniform(-0.1, 0.1, (count, DIM))])


def rough(points: np.ndarray) -> np.ndarray:
    """Return values of a valley whose bottom is rough."""
    rng = np.random.default_rng(1)
    return np.square(points - 0.5).sum(axis=1) + 0.06 * rng.standard_normal(len(points))


def smooth(points: np.ndarray) -> np.ndarray:
    return np.square(points - 0.5).sum(axis=1)


def test_it_is_due_at_every_second_ask_once_looks_have_gained_nothing() -> None:
    points = gathered(20)
    values = rough(points)
    told = [due(state_of(points[:n], values[:n]), 0) for n in range(6, 25)]
    first = told.index(True)
    assert 6 + first >= 20
    assert told[first::2] == [True] * len(told[first::2])
    assert not any(told[first + 1 :: 2])


def test_points_that_are_pending_take_turns() -> None:
    points = gathered(20)
    state = state_of(points, rough(points))
    assert [due(state, pending) for pending in range(4)] == [True, False, True, False]


def test_it_is_never_due_on_a_smooth_function() -> None:
    points = gathered(26)
    assert not any(due(state_of(points[:n], smooth(points[:n])), 0) for n in (12, 20, 26, 30))


def test_a_gain_puts_it_off() -> None:
    points = gathered(20)
    values = rough(points)
    values[-1] = values.min() - 0.3  # a fifth of the range
    assert due(state_of(points[:-2], values[:-2]), 0)
    assert not due(state_of(points, values), 0)


def test_looks_elsewhere_are_no_looks_at_the_incumbent() -> None:
    rng = np.random.default_rng(3)
    points = np.concatenate([np.full((1, DIM), 0.5), rng.integers(0, 2, (23, DIM)) * 0.9])
    values = np.concatenate([[-1.0], rng.standard_normal(23)])
    assert not due(state_of(points, values), 0)


@pytest.mark.parametrize("advised", [0, 3])
def test_it_goes_far_from_the_incumbent_and_from_what_is_pending(advised: int) -> None:
    points = gathered(20)
    state = state_of(points, rough(points))
    rng = np.random.default_rng(0)
    pending = np.full((1, DIM), 0.9)
    wanted = make_acquisition(state, 6, pending, rng)
    theirs = np.array([[0.5] * DIM, [0.9] * DIM, [0.2] * DIM])[:advised]
    (found,) = elsewhere(wanted, rng.random((64, DIM)), pending, theirs)
    assert np.abs(found - wanted.view.incumbent).max() >= NEAR
    assert np.abs(found - 0.9).max() >= NEAR
    if advised:
        assert (found == 0.2).all()  # their first choice that is far enough


def test_where_all_is_close_there_is_nowhere_to_go() -> None:
    points = gathered(20)
    wanted = make_acquisition(state_of(points, rough(points)), 6, points[:0], None)
    assert len(elsewhere(wanted, wanted.view.incumbent[None], points[:0], points[:0])) == 0


def test_a_run_leaves_a_rough_valley_for_a_deeper_one() -> None:
    """A valley at the centre, rough below; the deeper one fills a corner of the cube."""

    def f(x: np.ndarray) -> float:
        ripples = 0.02 * np.sin(300.0 * x).sum()
        return float(np.square(x - 0.5).sum() + ripples - 3.0 * (x > 0.7).all())

    optimizer = Optimizer([(0.0, 1.0)] * DIM, rng=0)
    asked, values = [], []
    for _ in range(60):
        point = np.array(optimizer.ask())
        asked.append(point)
        values.append(f(point))
        optimizer.tell(point.tolist(), values[-1])
    far = [
        np.abs(point - asked[int(np.argmin(values[:t]))]).max() >= NEAR
        for t, point in enumerate(asked[20:], 20)
    ]
    assert sum(far) >= 10
