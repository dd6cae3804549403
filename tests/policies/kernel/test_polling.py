"""Polls round the incumbent: when they are due, and what they are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo.policies import plateaus
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.polling import poll
from rnnbbo.space import Space

MIXED = Space([(0.0, 1.0), (1, 4), ("a", "b", "c")])
SMOOTH = Space([(0.0, 1.0)] * 3)
POLICY = KernelPolicy()


def state_of(space: Space, values: list[float]) -> KernelState:
    rng = np.random.default_rng(0)
    state = POLICY.init(space.cube_dim)
    for t, value in enumerate(values):
        x = space.snap(rng.random((1, space.cube_dim)))
        state = POLICY.step({}, state, Observation(x, np.array([value]), x, True, seed=(0, t)))
    return state


def found(space: Space, values: list[float]) -> np.ndarray:
    state = state_of(space, values)
    flat = plateaus.find(state.x, state.y, space.category_columns)
    return poll(state, space, flat)


def test_a_poll_is_due_at_every_second_value_without_improvement() -> None:
    best_last = [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    worse = [7.0, 8.0, 9.0, 10.0]
    due = [len(found(MIXED, best_last + worse[:n])) > 0 for n in range(5)]
    assert due == [False, False, True, False, True]


def test_smooth_functions_are_not_polled() -> None:
    rng = np.random.default_rng(0)
    x = SMOOTH.snap(rng.random((12, 3)))
    smooth = (np.square(x - x[0]).sum(axis=1)).tolist()  # the first is the best
    assert len(found(SMOOTH, smooth)) == 0
    assert len(found(MIXED, [1.0, *range(2, 10)])) > 0


def test_a_poll_differs_in_one_parameter_by_the_mesh_size() -> None:
    values = [7.0, 6.0, 5.0, 1.0, 4.0, 3.0]
    state = state_of(MIXED, values)
    points = found(MIXED, values)
    incumbent = state.x[3]
    slots = MIXED.layout.slots
    for point in points:
        differing = [
            i for i, slot in enumerate(slots) if np.abs(point[slot] - incumbent[slot]).max() > 0
        ]
        assert len(differing) == 1
    reals = np.abs(points[:, 0] - incumbent[0])
    assert_allclose(reals[reals > 0].max(), 0.3)
    assert len({tuple(point[slots[2]]) for point in points}) == 3


@pytest.mark.parametrize("distance", [0.3, 0.01])
def test_neighbours_are_other_points_of_the_space(distance: float) -> None:
    place = MIXED.snap(np.array([[0.2, 0.1, 0.0, 1.0, 0.0]]))[0]
    points = MIXED.neighbours(place, distance)
    assert_allclose(MIXED.snap(points), points)
    assert (np.abs(points - place).max(axis=1) > 0).all()
    integers = sorted({MIXED.from_cube(point)[1] for point in points})
    assert integers == [1, 2]  # from 1 a cell up at least, and none below


def test_neighbours_obey_known_constraints() -> None:
    space = Space([(0.0, 1.0), (0.0, 1.0)], where=lambda point: point[0] + point[1] <= 1.0)
    points = space.neighbours(np.array([0.5, 0.4]), 0.2)
    assert len(points) == 2
    assert (points.sum(axis=1) <= 1.0).all()
