import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.repellers import (
    DISCOUNT,
    DURATION,
    GRAVITY,
    SIZE,
    SOFTENING,
    STEP,
    STRONGEST,
    TARGET_WIDTH,
    Repellers,
    draw_repellers,
    repellers_problem,
)


def _drawn(count: int, n: int) -> tuple[Repellers, np.ndarray]:
    """Return a task, and n placings of its repellers."""
    rng = np.random.default_rng(count)
    high = np.tile([SIZE, SIZE, STRONGEST], count)
    return draw_repellers(count, rng), high * rng.random((n, 3 * count))


def test_without_strength_the_path_is_a_parabola() -> None:
    function, (x,) = _drawn(2, 1)
    x[2::3] = 0.0
    t = function.times
    expected = np.stack(
        [
            function.start[0] + function.velocity[0] * t,
            function.start[1] + function.velocity[1] * t - GRAVITY * t**2 / 2,
        ],
        -1,
    )
    np.testing.assert_allclose(function.path(x), expected, atol=1e-10)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_energy_is_kept_and_the_step_is_of_second_order(count: int) -> None:
    function, x = _drawn(count, 50)
    error = []
    for step in (STEP, STEP / 2):
        energy = replace(function, step=step).energy(x)
        error.append(np.abs(energy - energy[:, :1]).max())
    assert error[0] < 1e-3 * STRONGEST / SOFTENING
    assert error[0] / error[1] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("count", [2, 3])
def test_the_loss_is_that_of_a_much_smaller_step(count: int) -> None:
    function, x = _drawn(count, 50)
    np.testing.assert_allclose(function(x), replace(function, step=STEP / 10)(x), atol=1e-4)


def test_a_mirrored_task_has_mirrored_paths_and_the_same_loss() -> None:
    function, x = _drawn(3, 20)
    mirrored = replace(
        function,
        start=(SIZE - function.start[0], function.start[1]),
        velocity=(-function.velocity[0], function.velocity[1]),
        targets=tuple((SIZE - a, b) for a, b in function.targets),
    )
    other = x.copy()
    other[:, 0::3] = SIZE - other[:, 0::3]
    np.testing.assert_allclose(mirrored.path(other)[..., 0], SIZE - function.path(x)[..., 0])
    np.testing.assert_allclose(mirrored.path(other)[..., 1], function.path(x)[..., 1], atol=1e-9)
    np.testing.assert_allclose(mirrored(other), function(x))


def test_repellers_may_change_places_with_each_other() -> None:
    function, x = _drawn(3, 10)
    np.testing.assert_allclose(function(x), function(np.roll(x, 3, axis=1)))


def test_a_repeller_straight_below_turns_the_particle_back_where_its_energy_ends() -> None:
    function = Repellers(1, (5.0, 5.0), (0.0, 0.0), ((5.0, 5.0),), step=STEP / 10)
    path = function.path(np.array([5.0, 1.0, 60.0]))
    assert np.all(path[:, 0] == 5.0)
    lowest = path[:, 1].min()
    assert 1.0 < lowest < 3.0
    # It rests where g y + s / sqrt((y - 1)^2 + 1) is again what it was at the start.
    potential = [GRAVITY * y + 60.0 / math.hypot(y - 1.0, SOFTENING) for y in (lowest, 5.0)]
    assert potential[0] == pytest.approx(potential[1], rel=1e-4)
    assert path[-1, 1] > lowest + 1.0


def test_the_loss_of_a_fall_past_a_target_is_its_integral() -> None:
    function = Repellers(1, (5.0, 9.0), (0.0, 0.0), ((5.5, 4.0), (2.0, 2.0)))
    t = np.linspace(0.0, DURATION, 200_001)
    y = 9.0 - GRAVITY * t**2 / 2
    near = sum(
        np.exp(-((5.0 - a) ** 2 + (y - b) ** 2) / (2 * TARGET_WIDTH**2))
        for a, b in function.targets
    )
    expected = -np.trapezoid(np.exp(-t / DISCOUNT) * near / 2, t)
    assert function(np.array([1.0, 1.0, 0.0])) == pytest.approx(expected, rel=1e-5)


def test_a_problem_takes_many_points_and_goes_through_pickle() -> None:
    function = draw_repellers(2, np.random.default_rng(4))
    problem = repellers_problem(function, "task")
    x = problem.low + np.random.default_rng(5).random((3, 4, problem.dim)) * (
        problem.high - problem.low
    )
    values = pickle.loads(pickle.dumps(problem)).func(x)
    assert values.shape == (3, 4)
    np.testing.assert_allclose(values[1, 2], problem(x[1, 2]), rtol=1e-12)
    assert np.all((values > -DURATION) & (values < 0.0))


def test_drawn_tasks_can_be_drawn_again_and_are_well_set() -> None:
    first, second, other = (draw_repellers(3, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first == second != other
    for function in (draw_repellers(2, np.random.default_rng(s)) for s in range(20)):
        places = np.array([function.start, *function.targets])
        gaps = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
        assert np.all(gaps[np.triu_indices(4, 1)] >= 2.5)
        assert np.all((places >= 0.0) & (places <= SIZE))


@pytest.mark.parametrize(
    "changed", [{"count": 0}, {"count": 1.5}, {"targets": ()}, {"step": 0.0}, {"step": 3.0}]
)
def test_a_malformed_task_is_refused(changed: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(changed))):
        replace(draw_repellers(2, np.random.default_rng(0)), **changed)
