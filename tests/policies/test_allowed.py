"""Candidates in spaces with known constraints and conditions."""

import numpy as np
import pytest

from rnnbbo.policies import candidates
from rnnbbo.policies.allowed import admit, keep_allowed, pull
from rnnbbo.policies.kernel import search
from rnnbbo.space import Real, Space

HALF = Space([(0.0, 1.0), (0.0, 1.0)], "x0 + x1 <= 1")
RARE = Space([(0.0, 1.0)] * 3, "max(x0, x1, x2) <= 0.1")


@pytest.mark.parametrize("space", [HALF, RARE])
def test_refused_points_are_drawn_again_and_allowed_ones_stay(space: Space) -> None:
    rng = np.random.default_rng(0)
    points = rng.random((100, space.cube_dim))
    fine = space.allows(points)
    found = keep_allowed(rng, space, points)
    assert found.shape == points.shape
    assert space.allows(found).all()
    assert np.array_equal(found[fine], points[fine])
    assert len(np.unique(found, axis=0)) == 100


def test_points_are_pulled_to_the_border_and_no_further() -> None:
    outside = np.array([[1.0, 1.0], [0.2, 0.2], [0.1, 1.0]])
    found = pull(HALF, outside, np.array([0.1, 0.1]))
    assert HALF.allows(found).all()
    assert found[1].tolist() == [0.2, 0.2]
    np.testing.assert_allclose(found[[0, 2]].sum(axis=1), 1.0, atol=1e-3)
    assert found[2, 0] == pytest.approx(0.1)


def test_where_the_centre_is_refused_the_nearest_allowed_point_serves() -> None:
    found = pull(HALF, np.ones((2, 2)), np.array([0.9, 0.9]))
    assert HALF.allows(found).all()
    assert HALF.allows(admit(HALF, np.random.default_rng(0).random((50, 2)))).all()


def test_nothing_is_drawn_without_constraints() -> None:
    rng, space = np.random.default_rng(0), Space([(0.0, 1.0)] * 2)
    points, before = np.ones((3, 2)), rng.bit_generator.state
    for found in (
        keep_allowed(rng, space, points),
        pull(space, points, points),
        admit(space, points),
    ):
        assert found is points
    assert rng.bit_generator.state == before


TREE = Space(
    {
        "kind": ["p", "q"],
        **{f"p{i}": Real(0, 1, when={"kind": "p"}) for i in range(4)},
        **{f"q{i}": Real(0, 1, when={"kind": "q"}) for i in range(4)},
    }
)


def test_the_spray_moves_what_is_active_alone() -> None:
    rng = np.random.default_rng(0)
    centre = TREE.to_cube({"kind": "p", **{f"p{i}": 0.25 for i in range(4)}})
    centres = np.repeat(centre[None], 200, axis=0)
    moved = candidates.spray_at_random(rng, centres, TREE) != centre
    assert moved[:, 2:6].any(axis=1).all()
    assert not moved[:, 6:].any()
    assert not moved[:, :2].any()
    # Every other one moves single coordinates with the chance of four, not of ten.
    assert 1.5 < moved[1::2].sum(axis=1).mean() < 2.8


def test_climbing_leaves_what_is_inactive_where_it_is() -> None:
    start = TREE.to_cube({"kind": "p", **{f"p{i}": 0.25 for i in range(4)}})[None]
    func = search.held(TREE, start, lambda x: (x.sum(axis=1), np.ones_like(x)))
    gradient = func(start)[1][0]
    assert gradient.tolist() == [0.0] * 2 + [1.0] * 4 + [0.0] * 4
    plain = Space([(0.0, 1.0)] * 2)
    assert search.held(plain, start[:, :2], func) is func
