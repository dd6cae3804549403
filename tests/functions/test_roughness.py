import pickle
from itertools import product

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions import Problem, roughness
from rnnbbo.functions.least_cell import find_least_cell
from rnnbbo.functions.roughness import HalfSpace

SPREAD = np.sqrt(16 * 4 / 45 + 4 / 45)  # of u^2 for u uniform in (-2, 2) and (-1, 1)


def squares(x: np.ndarray) -> np.ndarray:
    return np.sum(np.square(x), axis=-1) + 7.0


BOWL = Problem("bowl", ((-2.0, 2.0), (-1.0, 1.0)), squares, 7.0, ((0.0, 0.0),))
POINTS = np.random.default_rng(5).random((4000, 2)) * (4.0, 2.0) - (2.0, 1.0)
CLEAN = squares(POINTS)
RIGHT = HalfSpace((1.0, 0.0), 0.75)  # x_1 > 1, a quarter of the box


def test_a_tenth_of_the_points_is_struck_for_good_and_the_minimum_stays() -> None:
    rough = roughness.with_outliers(BOWL, seed=3)
    values = rough.func(POINTS)
    struck = values != CLEAN
    assert np.mean(struck) == pytest.approx(0.1, abs=0.02)
    size = np.log10((values[struck] - 7.0) / SPREAD)
    assert size.min() == pytest.approx(1.0, abs=0.1)
    assert size.max() == pytest.approx(8.0, abs=0.1)
    assert np.mean(size) == pytest.approx(4.5, abs=0.4)
    # Whether a point is struck tells nothing of where it lies.
    assert np.abs(POINTS[struck].mean(axis=0)).max() < 0.2
    one_by_one = [pickle.loads(pickle.dumps(rough))(x) for x in POINTS[:50]]
    # Some processors round the power of one number other than those of many.
    np.testing.assert_allclose(one_by_one, values[:50], rtol=1e-12)
    assert rough.minimum == 7.0
    assert [roughness.with_outliers(BOWL, seed)(BOWL.minimizers[0]) for seed in range(40)] == [
        7.0
    ] * 40
    assert rough((0.0, -0.0)) == rough((-0.0, 0.0))


def test_a_penalty_stands_in_a_half_space_and_may_grow_with_the_violation() -> None:
    inside = POINTS[:, 0] > 1.0
    flat = roughness.with_penalty(BOWL, RIGHT, 1e6)
    assert np.array_equal(flat.func(POINTS)[~inside], CLEAN[~inside])
    assert flat.func(POINTS)[inside] == pytest.approx(7.0 + 1e6 * SPREAD, rel=0.05)
    assert len(set(flat.func(POINTS)[inside])) == 1
    grown = roughness.with_penalty(BOWL, RIGHT, 1e6, violation=True)
    edge, far = grown((1.0 + 1e-9, 0.3)), grown((2.0, -0.3))
    assert edge == pytest.approx(flat((2.0, 0.0)), rel=1e-6)
    assert (far - 7.0) / (edge - 7.0) == pytest.approx(1.25)
    assert flat.minimum == grown.minimum == 7.0


def test_a_cliff_raises_what_lies_behind_it() -> None:
    inside = POINTS[:, 0] > 1.0
    raised = roughness.with_cliff(BOWL, RIGHT, 3.0).func(POINTS) - CLEAN
    assert np.all(raised[~inside] == 0.0)
    assert raised[inside] == pytest.approx(3.0 * SPREAD, rel=0.05)


def test_half_spaces_leave_the_minimizer_and_take_the_share_that_is_asked_for() -> None:
    corner = Problem("corner", BOWL.bounds, squares, 7.0, ((1.9, 0.9),))
    u = np.random.default_rng(1).random((4000, 2))
    for problem in (BOWL, corner):
        for seed in range(10):
            found = roughness.draw_half_space(problem, np.random.default_rng(seed), 0.3, 0.6)
            assert 0.25 < np.mean(found.depth(u) > 0) < 0.65
            best = (np.array(problem.minimizers) - problem.low) / (problem.high - problem.low)
            assert np.all(found.depth(best) < 0)
    with pytest.raises(ConfigError, match=r"bowl: least, most = 0\.9, 0\.95; expected shares"):
        roughness.draw_half_space(BOWL, np.random.default_rng(0), 0.9, 0.95)


def test_rounded_inputs_have_one_value_a_cell_and_the_minimum_of_the_cells() -> None:
    rough = roughness.with_rounded_inputs(BOWL, [4, 2])
    # Middles at -1.5, -0.5, 0.5, 1.5 and -0.5, 0.5.
    assert set(np.round(rough.func(POINTS), 9)) == {7.5, 9.5}
    assert rough.minimum == 7.5 == rough(rough.minimizers[0])
    assert rough((0.01, 0.99)) == rough((0.99, 0.01)) == 7.5
    assert rough((2.0, 1.0)) == 9.5


def test_rounded_outputs_are_multiples_and_so_is_the_minimum() -> None:
    rough = roughness.with_rounded_outputs(BOWL, 0.3)
    values = rough.func(POINTS)
    assert np.allclose(values / 0.3, np.round(values / 0.3))
    assert np.max(np.abs(values - CLEAN)) <= 0.15 + 1e-12
    assert rough.minimum == pytest.approx(6.9) == rough((0.0, 0.0))
    assert rough.minimum == values.min()


def test_a_plateau_leaves_the_best_share() -> None:
    values = roughness.with_plateau(BOWL, 0.2).func(POINTS)
    level = values.max()
    assert np.mean(values < level) == pytest.approx(0.2, abs=0.04)
    assert np.array_equal(values, np.minimum(CLEAN, level))


def test_wrappers_may_be_put_one_on_the_other() -> None:
    rough = roughness.with_outliers(roughness.with_rounded_outputs(BOWL, 0.3), seed=0)
    assert rough.name == "outliers-rounded-outputs-bowl"
    assert rough((0.0, 0.0)) == rough.minimum == pytest.approx(6.9)


def test_the_least_cell_of_a_large_grid_is_found() -> None:
    rng = np.random.default_rng(0)
    levels = (11, 30, 29)
    height = {cell: rng.random() for cell in product(*map(range, levels))}

    def values(cells: np.ndarray) -> np.ndarray:
        rugged = np.array([height[tuple(cell)] for cell in cells.astype(int)])
        return rugged + 0.02 * np.sum(np.square(cells - (7, 3, 20)), axis=-1)

    everywhere = np.array(list(height))
    expected = everywhere[np.argmin(values(everywhere))]
    found = find_least_cell(values, levels, np.array([[7.0, 3.0, 20.0]]), rng)
    assert np.array_equal(found, expected)
