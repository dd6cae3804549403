"""Choices of many categories: a fixed number of coordinates, and every category to be had."""

import numpy as np
import pytest

from rnnbbo import Optimizer, Space
from rnnbbo.codes import CORNER_WIDTH, MOST_COLUMNS, Corners, OneHot, code_choices
from rnnbbo.dimensions import Categorical
from rnnbbo.shipped import available

MANY = [f"c{i}" for i in range(1500)]


def choice(n: int) -> Categorical:
    return Categorical(MANY[:n])


def test_few_categories_have_a_coordinate_each() -> None:
    assert code_choices([choice(2), choice(100)]) == [OneHot(2), OneHot(100)]
    assert Space([choice(2), (0.0, 1.0)]).cube_dim == 3


def test_many_categories_share_coordinates() -> None:
    assert code_choices([choice(2), choice(MOST_COLUMNS)]) == [OneHot(2), Corners(MOST_COLUMNS)]
    space = Space([choice(1500), (0.0, 1.0), choice(1400)])
    assert space.cube_dim == 2 * CORNER_WIDTH + 1
    assert len(space.category_columns) == 2 * CORNER_WIDTH


@pytest.mark.parametrize("count", [2, 25, 1500])
def test_every_category_is_found_at_its_corner(count: int) -> None:
    code, index = Corners(count), np.arange(count)
    assert np.array_equal(code.nearest(code.corners(index)), index)
    assert len({tuple(row) for row in code.corners(index)}) == count


def test_categories_lie_about_equally_far_apart() -> None:
    corners = Corners(300).corners(np.arange(300))
    apart = np.abs(corners[:, None] - corners).sum(axis=2)[np.triu_indices(300, 1)]
    assert abs(apart.mean() - CORNER_WIDTH / 2) < 0.2
    assert abs(apart.std() - np.sqrt(CORNER_WIDTH) / 2) < 0.2


def test_the_nearest_category_is_that_of_the_least_distance() -> None:
    code, u = Corners(200), np.random.default_rng(0).random((50, CORNER_WIDTH))
    distance = np.square(u[:, None] - code.corners(np.arange(200))).sum(axis=2)
    assert np.array_equal(code.nearest(u), distance.argmin(axis=1))


@pytest.mark.parametrize("code", [OneHot(5), Corners(5)])
def test_others_are_any_but_the_own(code: OneHot | Corners) -> None:
    own = np.repeat(np.arange(5), 100)
    drawn = code.others(np.random.default_rng(0), code.corners(own))
    assert (drawn != own).all()
    counts = np.bincount(drawn, minlength=5)
    assert counts.min() > 60 and len(counts) == 5


def test_places_and_points_agree() -> None:
    space = Space([choice(1500), (0.0, 1.0), choice(3), (1, 9)])
    u = np.random.default_rng(0).random((40, space.cube_dim))
    snapped = space.snap(u)
    for place, there in zip(u, snapped, strict=True):
        point = space.from_cube(place)
        assert space.from_cube(there) == point
        np.testing.assert_array_equal(space.place(point), there)
    varied = space.vary(np.random.default_rng(1), snapped)
    assert (varied != snapped).any(axis=1).all()


@pytest.mark.parametrize("policy", available())
def test_points_of_large_choices_are_proposed(policy: str) -> None:
    """As many coordinates for a thousand categories as for ten thousand: what a tell takes."""
    value = dict(zip(MANY, np.random.default_rng(0).random(len(MANY)).tolist(), strict=True))
    optimizer = Optimizer([MANY, MANY, (0.0, 1.0)], policy=policy, rng=0)
    for _ in range(12):
        x = optimizer.ask()
        optimizer.tell(x, value[x[0]] + value[x[1]] + x[2] ** 2)
    assert len({tuple(x) for x in optimizer.Xi}) == 12
    assert optimizer.state.evidence.best_x.shape[1] == 2 * CORNER_WIDTH + 1
