"""Spaces of which next to nothing is allowed."""

import math

import numpy as np
import pytest

from rnnbbo import minimize
from rnnbbo.errors import SpaceError
from rnnbbo.expressions import Expression
from rnnbbo.rare_regions import reach, scatter
from rnnbbo.space import Integer, Space

MIXTURE = Space([(0.0, 1.0)] * 10, "+".join(f"x{i}" for i in range(10)) + " <= 1")  # 1 in 10!


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a <= 1", 2.0),
        ("a >= 1", 0.0),
        ("a > b", 0.0),
        ("b > a", 2.5),
        ("a == 1", 2.0),
        ("a <= 1 and b >= 1", 2.5),
        ("a <= 1 or b >= 1", 0.5),
        ("1 <= b <= 0.25", 0.75),
        ("not a >= 1", 1.0),
        ("kind == 'y'", 1.0),
        ("kind in ('x',)", 0.0),
        ("a != 3", 1.0),
        ("log(b - 1) > 0", math.inf),
    ],
)
def test_how_far_an_expression_is_from_holding(text, short):
    expression = Expression(text, ["a", "b", "kind"])
    values = {"a": 3, "b": 0.5, "kind": "x"}
    assert expression.shortfall(values) == short
    assert expression.holds(values) == (short == 0.0)
    assert expression.shortfall({"kind": "x"} if "kind" not in text else {}) == 0.0


@pytest.mark.parametrize(
    "space",
    [
        MIXTURE,
        Space([(0.0, 1.0)] * 3, ["abs(x0 - 0.123) <= 1e-4", "abs(x1 - x2) <= 1e-4", "x2 >= 0.9"]),
        Space([Integer(1, 10**6), Integer(1, 10**6), ("a", "b")], "x0 + x1 <= 40 and x2 == 'b'"),
    ],
    ids=["mixture", "thin", "integers"],
)
def test_a_rare_region_is_found_and_points_scatter_in_it(space):
    assert space.allows(space.allowed).all()
    assert len(np.unique(space.allowed, axis=0)) > 32


def test_all_that_is_proposed_in_a_mixture_obeys():
    target = np.arange(10) / 60.0
    result = minimize(
        lambda x: float(np.square(np.array(x) - target).sum()), MIXTURE, 25, rng=0, max_failures=0
    )
    assert all(sum(x) <= 1.0 + 1e-12 for x in result.x_iters)
    assert result.fun < 0.05


def test_equations_between_reals_are_refused():
    with pytest.raises(SpaceError, match="nor was one found"):
        Space([(0.0, 1.0)] * 2, "x0 + x1 == 0.7310585786300049 and x0 * x1 == 0.1")


def test_ways_end_at_the_border_and_points_spread():
    def below(u):
        return u.sum(axis=1) <= 0.5

    inside, outside = np.zeros((3, 2)), np.array([[1.0, 1.0], [1.0, 0.0], [0.5, 0.25]])
    found = reach(np.asarray, below, inside, outside)
    np.testing.assert_allclose(found, [0.25, 0.5, 2 / 3], atol=1e-3)
    points = scatter(np.random.default_rng(0), np.asarray, below, np.zeros((1, 2)), 200)
    assert below(points).all()
    assert len(np.unique(points, axis=0)) == 200
    assert points.max() > 0.25
