"""Parameters that are active under conditions alone."""

import copy
import pickle
import re

import numpy as np
import pytest

from rnnbbo import Optimizer, minimize
from rnnbbo.errors import PointError, SpaceError
from rnnbbo.space import Categorical, Fixed, Integer, Ordinal, Real, Space

DEEP = {
    "solver": ["implicit", "explicit"],
    "n": Integer(1, 20, when={"solver": "implicit"}),
    "order": Ordinal([1, 2, 4], when={"n": "> 10"}),
    "tol": Real(1e-6, 1e-1, "log-uniform", when={"order": [2, 4]}),
    "kind": Categorical(["a", "b", "c"], when={"solver": "explicit"}),
    "lr": (0.0, 1.0),
}


def test_an_inactive_parameter_is_absent_from_a_mapping_and_none_in_a_list():
    space = Space(DEEP)
    whole = {"solver": "implicit", "n": 12, "order": 2, "tol": 0.01, "lr": 0.5}
    assert space.check(whole) == ["implicit", 12, 2, 0.01, None, 0.5]
    assert space.as_mapping(space.check(whole)) == whole
    assert space.check({"solver": "explicit", "kind": "b", "lr": 0}) == [
        "explicit", None, None, None, "b", 0.0,
    ]  # fmt: skip
    assert space.check({"solver": "implicit", "n": 3, "lr": 0.5})[2:5] == [None] * 3


def test_points_that_differ_in_inactive_parameters_only_are_one():
    space = Space(DEEP)
    one = space.check(["implicit", 3, None, None, None, 0.5])
    other = space.check(["implicit", 3, 4, 1e-3, "c", 0.5])
    assert one == other
    assert space.to_cube(one).tolist() == space.to_cube(["implicit", 3, 2, 0.1, "a", 0.5]).tolist()
    optimizer = Optimizer(DEEP, rng=0)
    optimizer.tell(["implicit", 3, 4, 1e-3, "c", 0.5], 1.0)
    assert optimizer.Xi == [one]
    assert optimizer.result().best == {"solver": "implicit", "n": 3, "lr": 0.5}


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"solver": "implicit", "lr": 0.5}, "n is missing; expected an integer from 1 to 20"),
        (["implicit", None, None, None, None, 0.5], "n = None; expected an integer"),
        ({"solver": "explicit", "kind": "b", "n": 99, "lr": 0.5}, "n = 99; expected"),
        ({"solver": "explicit", "kind": "b", "lr": 0.5, "x": 1}, "with 'x'; expected values of"),
        ({"solver": "other", "lr": 0.5}, "solver = 'other'"),
    ],
)
def test_wrong_points_are_refused_by_name(point, words):
    with pytest.raises(PointError, match=re.escape(words)):
        Space(DEEP).check(point)


def test_cube_and_points_agree():
    space = Space(DEEP)
    u = np.random.default_rng(0).random((500, space.cube_dim))
    snapped = space.snap(u)
    np.testing.assert_array_equal(space.snap(snapped), snapped)
    movable = space.movable(snapped)
    for raw, row, moves in zip(u, snapped, movable, strict=True):
        point = space.from_cube(raw)
        assert space.from_cube(row) == point
        assert space.check(point) == point
        assert space.decode(space.encode(point)) == point
        np.testing.assert_allclose(space.place(point), row, atol=1e-12)
        absent = [name for name in space.names if name not in space.as_mapping(point)]
        assert [space.from_cube(row)[space.names.index(name)] for name in absent] == [None] * len(
            absent
        )
        # The middle, of a choice as far from every category.
        assert set(row[~moves].tolist()) <= {0.5, 1 / 3}


@pytest.mark.parametrize("kind", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies_are_equal(kind):
    space = Space(DEEP, where="lr <= 0.7")
    twin = kind(space)
    assert twin == space
    assert twin.mapping
    assert twin.names.as_mapping(twin.check({"solver": "implicit", "n": 3, "lr": 0.5}))


@pytest.mark.parametrize(
    ("when", "active"),
    [
        ({"n": 3}, {3}),
        ({"n": [3, 5]}, {3, 5}),
        ({"n": range(2, 4)}, {2, 3}),
        ({"n": "> 7"}, {8, 9}),
        ({"n": ">= 8"}, {8, 9}),
        ({"n": "<3"}, {1, 2}),
        ({"n": "<= 2"}, {1, 2}),
        ({"n": "!= 1"}, set(range(2, 10))),
        ({"n": "4"}, {4}),
        ([{"n": 1}, {"n": "> 8"}], {1, 9}),
        ([{"n": [1, 2], "flag": True}, {"n": 9}], {1, 2, 9}),
        ({"n": [2, 3], "flag": "true"}, {2, 3}),
        ({"n": [2, 3], "flag": False}, set()),
        ({"always": 5, "n": 2}, {2}),
    ],
)
def test_every_form_of_a_condition(when, active):
    space = Space([Integer(1, 9, name="n"), ("a", "b"), Categorical([True, False], "flag"),
                   Fixed(5, "always"), Real(0, 1, name="x", when=when)])  # fmt: skip
    found = set()
    for n in range(1, 10):
        u = space.snap(space.place([n, "a", True, 5, 0.25])[None])
        if "x" in space.as_mapping(space.from_cube(u[0])):
            found.add(n)
            assert u[0, -1] == 0.25
    assert found == active


def test_conditions_on_reals_hold_by_value():
    space = Space([Real(0, 1, name="a"), Real(0, 1, name="b", when={"a": "> 0.5"})])
    assert space.check([0.4, None]) == [0.4, None]
    assert space.snap(np.array([[0.4, 0.1], [0.6, 0.1]])).tolist() == [[0.4, 0.5], [0.6, 0.1]]


@pytest.mark.parametrize(
    ("dimensions", "words"),
    [
        (
            [Real(0, 1, name="a", when={"b": "> 0"}), Real(0, 1, name="b", when={"a": "> 0"})],
            "when of a, b: a cycle",
        ),
        ([Real(0, 1, name="a", when={"a": "> 0"})], "when of a: a cycle"),
        ([Real(0, 1, name="a", when={"c": 1})], "expected the name of another dimension, one of a"),
        (
            [Real(0, 1, name="a", when={"x1": "x"}), ("y", "z")],
            "dimension 'a': when x1 = 'x'; expected one of 'y', 'z'",
        ),
        ([Real(0, 1, name="a", when={"x1": ["y", "x"]}), ("y", "z")], "when x1 = 'x'; expected"),
        ([Real(0, 1, when={"x1": "> 9"}), (1, 9)], "when x1 = '> 9'; expected an integer from 1"),
        ([Real(0, 1, when={"x1": 10}), (1, 9)], "when x1 = 10; expected an integer from 1 to 9"),
        ([Real(0, 1, when={"x1": []}), (1, 9)], "when x1 = []; expected an integer from 1 to 9"),
        ([Real(0, 1, when={"x1": "> 1"}), ("1", "2")], "when x1 = '> 1'; expected one of"),
    ],
)
def test_malformed_trees_are_refused(dimensions, words):
    with pytest.raises(SpaceError, match=re.escape(words)):
        Space(dimensions)


@pytest.mark.parametrize("when", [3, "solver", [], {}, [{}], [3], {3: 1}])
def test_malformed_conditions_are_refused(when):
    with pytest.raises(SpaceError, match=r"when = .*; expected"):
        Real(0, 1, name="a", when=when)


def test_a_category_that_is_a_list_is_one_value():
    space = Space([Categorical([[1], [1, 2]], "layers"), Real(0, 1, when={"layers": [1, 2]})])
    assert space.check([[1, 2], 0.5]) == [[1, 2], 0.5]
    assert space.check([[1], 0.5]) == [[1], None]


def test_the_number_of_points_is_that_of_the_tree():
    tree = [("a", "b"), Integer(1, 3, when={"x0": "a"}), Ordinal([1, 2], when={"x1": 3})]
    space = Space(tree)
    assert space.size == 1 + (2 + 2)
    places = space.snap(np.random.default_rng(0).random((500, space.cube_dim)))
    assert len(np.unique(places, axis=0)) == space.size
    assert Space(tree, where="x1 <= 2").size == 3


@pytest.mark.parametrize(
    "policy", ["kernel", "lstm", "dnc", "lstm-direct", "dnc-direct", "snail-direct"]
)
def test_all_policies_propose_points_of_the_tree(policy):
    optimizer = Optimizer(DEEP, rng=0, policy=policy)
    seen = set()
    for _ in range(14):
        point = optimizer.ask()
        assert optimizer.space.as_mapping(optimizer.space.check(point)) == point
        seen.add(tuple(sorted(point)))
        optimizer.tell(point, point["lr"] + point.get("n", 10))
    assert len(seen) > 1
    assert len({tuple(map(str, x)) for x in optimizer.Xi}) == 14


def test_varied_points_change_what_is_active_and_draw_what_becomes_so():
    space, rng = Space(DEEP), np.random.default_rng(0)
    u = np.repeat(space.to_cube({"solver": "explicit", "kind": "b", "lr": 0.25})[None], 300, axis=0)
    varied = space.vary(rng, u)
    np.testing.assert_array_equal(space.snap(varied), varied)
    points = [space.as_mapping(space.from_cube(v)) for v in varied]
    assert all(point["lr"] == 0.25 for point in points)
    assert all(point != {"solver": "explicit", "kind": "b", "lr": 0.25} for point in points)
    fresh = [point for point in points if point["solver"] == "implicit"]
    assert len({point["n"] for point in fresh}) > 10
    assert len({point["tol"] for point in fresh if "tol" in point}) > 10


def test_a_choice_under_conditions_is_solved_in_few_evaluations():
    """The best branch of four, each with a bowl of its own."""
    space = {"kind": list("abcd")}
    for kind in "abcd":
        space |= {f"{kind}{j}": Real(0, 1, when={"kind": kind}) for j in range(2)}

    def value(p):
        i = "abcd".index(p["kind"])
        own = [p[f"{p['kind']}{j}"] for j in range(2)]
        return 0.2 * i + sum((x - 0.2 - 0.1 * i) ** 2 for x in own)

    best = [minimize(value, space, 30, rng=seed).fun for seed in range(4)]
    assert np.median(best) < 1e-3
