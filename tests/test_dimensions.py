"""Steps, ordered values and fixed ones."""

import pickle
import re

import numpy as np
import pytest

from rnnbbo import Optimizer, minimize
from rnnbbo.errors import PointError, SpaceError
from rnnbbo.space import Categorical, Fixed, Integer, Ordinal, Real, Space


def values_of(space: Space, count: int = 2000) -> list:
    places = np.random.default_rng(0).random((count, space.cube_dim))
    return [space.from_cube(u) for u in places]


def test_steps_are_decimals_and_equally_likely():
    space = Space([Real(0, 1, step=0.05), Integer(16, 250, step=8)])
    assert space.cube_dim == 2
    reals, integers = map(set, zip(*values_of(space), strict=True))
    assert sorted(reals) == [n / 20 for n in range(21)]
    assert sorted(integers) == list(range(16, 249, 8))
    counts = np.bincount([round(20 * x) for x, _ in values_of(space)])
    assert counts.min() > 50


@pytest.mark.parametrize(
    ("dimension", "value", "found"),
    [
        (Real(0, 1, step=0.05), 3 * 0.05, 0.15),
        (Real(0, 1, step=0.1), sum([0.1] * 10), 1.0),
        (Real(-1, 1, step=0.3), np.float64(-0.7), -0.7),
        (Real(1e6, 2e6, step=1e-3), 1e6 + 7e-3, 1000000.007),
        (Integer(16, 256, step=8), 24.0, 24),
        (Ordinal([16, 32, 64]), 32.0, 32),
    ],
)
def test_a_value_off_its_step_by_rounding_is_the_step(dimension, value, found):
    space = Space([dimension])
    assert space.check([value]) == [found]
    assert space.from_cube(space.to_cube([value])) == [found]


@pytest.mark.parametrize(
    ("dimension", "value", "words"),
    [
        (Real(0, 1, step=0.05), 0.07, "a number from 0.0 to 1.0 in steps of 0.05"),
        (Real(0, 1, step=0.3), 1.0, "in steps of 0.3"),
        (Integer(16, 256, step=8), 20, "an integer from 16 to 256 in steps of 8"),
        (Integer(16, 250, step=8), 250, "in steps of 8"),
        (Ordinal([16, 32, 64]), 48, "one of 16, 32, 64"),
    ],
)
def test_values_between_steps_are_refused(dimension, value, words):
    with pytest.raises(PointError, match=re.escape(words)):
        Space([dimension]).check([value])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Real(0, 1, step=0), "step = 0; expected a number above 0"),
        (lambda: Real(0, 1, step=2), "at most high - low"),
        (lambda: Real(0, 1, step="x"), "step = 'x'"),
        (lambda: Real(0, 1, step=1e-13), "at most 2**40 values"),
        (lambda: Real(1, 2, "log-uniform", step=0.5), "an Ordinal of the values"),
        (lambda: Integer(0, 9, step=0.5), "expected an integer from 1"),
        (lambda: Integer(0, 9, step=10), "expected an integer from 1"),
        (lambda: Ordinal([]), "values = []; expected at least one"),
        (lambda: Ordinal([1, 2, 1]), "value = 1 twice"),
        (lambda: Ordinal("abc"), "values = 'abc'; expected a list"),
        (lambda: Fixed(1, name=3), "name of a dimension = 3"),
    ],
)
def test_malformed_steps_and_values_are_refused(make, words):
    with pytest.raises(SpaceError, match=re.escape(words)):
        make()


def test_ordered_values_lie_on_one_coordinate_in_their_order():
    space = Space([Ordinal(["low", "mid", "high"]), Ordinal([1, 10, 100])])
    assert space.cube_dim == 2
    assert space.to_cube(["low", 100]).tolist() == [1 / 6, 5 / 6]
    assert space.from_cube([0.5, 0.4]) == ["mid", 10]
    assert space.encode(["high", 10]) == [2, 1]
    assert space.decode([2, 1]) == ["high", 10]


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (Real(0.5, 0.5), 0.5),
        ((3, 3), 3),
        (["only"], "only"),
        (Ordinal([7]), 7),
        (Fixed([1, 2]), [1, 2]),
        ("adam", "adam"),
        (3, 3),
        (None, None),
        (True, True),
        (np.float64(0.5), 0.5),
    ],
)
def test_what_is_fixed_has_no_coordinate_and_stands_in_every_point(spec, value):
    space = Space([(0.0, 1.0), spec, ("a", "b")])
    assert space.cube_dim == 3
    point = space.from_cube([0.25, 0.0, 1.0])
    assert point == [0.25, value, "b"]
    assert space.check(point) == point
    assert space.decode(space.encode(point)) == point
    assert space.to_cube(point).tolist() == [0.25, 0.0, 1.0]
    assert space.size is None
    assert pickle.loads(pickle.dumps(space)) == space
    with pytest.raises(PointError, match=r"the only value|one of"):
        space.check([0.25, "other", "b"])


def test_fixed_values_change_no_proposal():
    def values(space, pick):
        optimizer = Optimizer(space, rng=0)
        found = []
        for _ in range(8):
            point = optimizer.ask()
            found.append(pick(point))
            optimizer.tell(point, sum(pick(point)))
        return found

    plain = values([(0.0, 1.0), (0.0, 2.0)], list)
    fixed = values([3, (0.0, 1.0), ["x"], (0.0, 2.0)], lambda point: [point[1], point[3]])
    assert plain == fixed


def test_a_space_without_anything_to_search_is_refused():
    with pytest.raises(SpaceError, match="all of it fixed"):
        Space([(1.0, 1.0), ["a"], 3])


def test_sizes_count_steps_and_values():
    assert Space([Integer(16, 256, step=8), Ordinal([1, 2, 3]), 5]).size == 31 * 3
    assert Space([Real(0, 1, step=0.25), ("a", "b")]).size == 10


def test_every_step_is_proposed_before_any_comes_again():
    seen = []
    with pytest.warns(Warning, match="all 12 of the space"):
        minimize(
            lambda x: seen.append(tuple(x)) or x[0] - x[1],
            [Real(0, 1, step=0.5), Ordinal([1, 2, 4, 8])],
            13,
            rng=0,
        )
    assert len(set(seen[:12])) == 12


def test_what_is_shown_says_what_it_is():
    assert repr(Integer(1, 9, name="n")) == ("Integer(low=1, high=9, prior='uniform', name='n')")
    assert repr(Real(0, 1, step=0.5, when={"a": 1})) == (
        "Real(low=0.0, high=1.0, prior='uniform', name=None, step=0.5, when={'a': 1})"
    )
    assert repr(Ordinal([1, 2], "o")) == "Ordinal(values=[1, 2], name='o')"
    assert repr(Fixed(3)) == "Fixed(3, name=None)"


def test_to_skopt_carries_steps_ordered_and_fixed_values():
    skopt_space = pytest.importorskip("skopt.space")
    space = Space([Integer(0, 9, step=3), Ordinal(["a", "b"], "o"), Fixed(7), (0.0, 1.0)])
    theirs = space.to_skopt()
    assert isinstance(theirs, skopt_space.Space)
    assert [list(dim.categories) for dim in theirs.dimensions[:3]] == [
        [0, 3, 6, 9],
        ["a", "b"],
        [7],
    ]
    assert theirs.dimensions[0].transformed_size == 1
    for unknown in (
        Space([Real(0, 1, when={"x1": "a"}), ("a", "b")]),
        Space([(0.0, 1.0)], where="x0 <= 0.5"),
    ):
        with pytest.raises(SpaceError, match="expected a space without"):
            unknown.to_skopt()


def test_equality_minds_names_steps_and_conditions():
    assert Ordinal([1, 2]) != Categorical([1, 2])
    assert Ordinal([1, 2], "a") != Ordinal([1, 2], "b")
    assert Real(0, 1, step=0.5) != Real(0, 1)
    assert Real(0, 1, when={"a": 1}) != Real(0, 1, when={"a": 2})
    assert Real(0, 1, when={"a": [1]}) == Real(0, 1, when=[{"a": [1]}])
    assert hash(Real(0, 1, when={"a": [1]})) == hash(Real(0, 1, when={"a": [1]}))
