import numpy as np
import pytest

from rnnbbo import Optimizer, Space
from rnnbbo.policies import plateaus

NO_CATEGORIES = np.empty(0, dtype=np.intp)


def find(x: list[list[float]], y: list[float]) -> plateaus.Plateaus:
    return plateaus.find(np.array(x), np.array(y), NO_CATEGORIES)


def test_different_values_show_no_plateau() -> None:
    flat = find([[0.1, 0.2], [0.3, 0.4], [0.1, 0.2]], [1.0, 2.0, 3.0])
    points = np.random.default_rng(0).random((9, 2))
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    assert np.array_equal(flat.log_chance(points), np.zeros(9))
    assert np.array_equal(flat.leave(rng, points), points)
    assert rng.bit_generator.state == before


def test_the_same_point_twice_shows_no_plateau() -> None:
    flat = find([[0.1, 0.2], [0.1, 0.2], [0.5, 0.5]], [1.0, 1.0, 3.0])
    assert not len(flat.of)


def test_equal_values_span_a_box() -> None:
    flat = find([[0.2, 0.5], [0.4, 0.6], [0.3, 0.4], [0.9, 0.9]], [1.0, 1.0, 1.0, 2.0])
    assert flat.low.tolist() == [[0.2, 0.4]]
    assert flat.high.tolist() == [[0.4, 0.6]]


def test_another_value_inside_splits_the_box() -> None:
    x = [[0.1, 0.5], [0.2, 0.5], [0.5, 0.5], [0.8, 0.5], [0.9, 0.5]]
    flat = find(x, [1.0, 1.0, 2.0, 1.0, 1.0])
    assert sorted(zip(flat.low[:, 0].tolist(), flat.high[:, 0].tolist(), strict=True)) == [
        (0.1, 0.2),
        (0.8, 0.9),
    ]


def test_no_box_holds_another_value() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = rng.random((60, 3))
        y = np.floor(4 * x[:, 0]) + 10 * np.floor(3 * x[:, 1])
        flat = plateaus.find(x, y, NO_CATEGORIES)
        assert len(flat.of)
        for low, high, of in zip(flat.low, flat.high, flat.of, strict=True):
            inside = ((x >= low) & (x <= high)).all(axis=1)
            assert set(flat.group[inside]) == {of}
            # In both stepped coordinates a box stays in one cell.
            assert np.floor(4 * low[0]) == np.floor(4 * high[0])
            assert np.floor(3 * low[1]) == np.floor(3 * high[1])


def test_the_chance_of_a_new_value_grows_with_the_distance() -> None:
    flat = find([[0.2, 0.5], [0.4, 0.5], [1.0, 0.0]], [1.0, 1.0, 2.0])
    chance = np.exp(flat.log_chance(np.array([[0.3, 0.5], [0.2, 0.5], [0.45, 0.5], [0.6, 0.5]])))
    assert chance == pytest.approx([0.0, 0.0, (0.05 / 0.25) ** 3, (0.2 / 0.4) ** 3])


def test_where_another_value_is_nearer_nothing_is_known() -> None:
    flat = find([[0.2, 0.5], [0.4, 0.5], [0.5, 0.5]], [1.0, 1.0, 2.0])
    near_the_plateau, near_the_other = flat.log_chance(np.array([[0.44, 0.5], [0.46, 0.5]]))
    assert near_the_plateau < 0.0
    assert near_the_other == 0.0


def test_points_leave_a_plateau_and_others_stay() -> None:
    rng = np.random.default_rng(0)
    flat = find([[0.4, 0.5, 0.5], [0.5, 0.6, 0.55], [0.9, 0.1, 0.1]], [1.0, 1.0, 2.0])
    on = np.tile([0.45, 0.55, 0.52], (200, 1))
    off = np.tile([0.9, 0.15, 0.1], (5, 1))
    moved = flat.leave(rng, np.concatenate([on, off]))
    assert np.array_equal(moved[200:], off)
    beyond = np.maximum(flat.low - moved[:200], moved[:200] - flat.high)
    assert (beyond.max(axis=1) >= 0.0).all()
    assert (beyond.max(axis=1) <= 2 * 0.1 + 1e-12).all()
    changed = (moved[:200] != on).sum(axis=1)
    assert changed.min() == 1
    assert 1 < changed.mean() < 1.5
    assert ((moved >= 0.0) & (moved <= 1.0)).all()


def test_no_point_is_moved_along_a_coordinate_that_the_plateau_fills() -> None:
    flat = find([[0.0, 0.5], [1.0, 0.6], [0.3, 0.0]], [1.0, 1.0, 2.0])
    moved = flat.leave(np.random.default_rng(0), np.tile([0.5, 0.55], (50, 1)))
    assert (moved[:, 0] == 0.5).all()
    assert (moved[:, 1] != 0.55).all()


def test_nothing_is_moved_off_a_plateau_that_fills_the_cube() -> None:
    flat = find([[0.0, 0.0], [1.0, 1.0]], [1.0, 1.0])
    points = np.array([[0.5, 0.5], [0.2, 0.9]])
    assert np.array_equal(flat.leave(np.random.default_rng(0), points), points)


def test_equal_values_of_different_categories_show_no_plateau() -> None:
    space = Space([(0.0, 1.0), ("a", "b", "c")])
    points = [[0.2, "a"], [0.3, "b"], [0.5, "a"], [0.6, "a"], [0.9, "b"]]
    x = np.array([space.to_cube(point) for point in points])
    flat = plateaus.find(x, np.array([1.0, 1.0, 2.0, 2.0, 3.0]), space.category_columns)
    assert flat.low[:, 0].tolist() == [0.5]
    elsewhere = np.array([space.to_cube([0.55, "b"]), space.to_cube([0.55, "a"])])
    assert flat.log_chance(elsewhere)[0] == 0.0
    assert flat.log_chance(elsewhere)[1] < -100.0


@pytest.mark.parametrize("policy", ["kernel", "dnc", "lstm"])
def test_a_rounding_function_is_not_asked_for_the_same_cell_again_and_again(policy: str) -> None:
    """216 cells declared as three reals: of 40 evaluations about half find another one."""
    found = []
    for seed in range(4):
        optimizer = Optimizer([(0.0, 1.0)] * 3, policy=policy, rng=seed)
        centre = np.random.default_rng(seed).integers(6, size=3)
        cells = set()
        for _ in range(40):
            x = optimizer.ask()
            cell = np.minimum(np.floor(6 * np.array(x)), 5)
            cells.add(tuple(cell))
            optimizer.tell(x, float(np.square(cell - centre) @ [1.0, 2.0, 3.3]))
        found.append(len(cells))
    # As it interpolates, a model without plateaus asks for the incumbent's cell most of the time.
    assert np.mean(found) >= 18


def test_failures_do_not_keep_a_run_from_its_optimum() -> None:
    """Failed trials count as the worst value, all alike: a plateau, and no reason to stay away."""
    best = []
    for seed in range(5):
        optimizer = Optimizer([(0.0, 1.0)] * 2, policy="kernel", rng=seed)
        for _ in range(35):
            x = optimizer.ask()
            failed = x[0] > 0.6
            optimizer.tell(x, None if failed else (x[0] - 0.58) ** 2 + (x[1] - 0.3) ** 2)
        best.append(np.nanmin(optimizer.yi))
    # Two runs in three get there; were there a reason to stay away, none would.
    assert min(best) < 1e-5


def test_the_worst_value_has_no_plateau() -> None:
    x = np.array([[0.1, 0.1], [0.3, 0.2], [0.8, 0.8], [0.9, 0.7], [0.5, 0.4]])
    none = np.zeros(0, dtype=np.intp)
    for y in ([5.0, 5.0, 1.0, 2.0, 5.0], [5.0, 5.0, 1.0, np.inf, np.inf], [3.0] * 5):
        assert not len(plateaus.find(x, np.array(y), none).of)
    assert len(plateaus.find(x, np.array([5.0, 5.0, 1.0, 6.0, np.inf]), none).of) == 1
