import copy
import json
import math
import pickle
import re
import subprocess
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbbo.errors import ConfigError, PointError, SpaceError, SpaceWarning
from rnnbbo.space import Categorical, Integer, Real, Space

MIXED = [
    (1e-5, 1e-1, "log-uniform"),
    (1, 64),
    ("relu", "tanh"),
    (-5.0, 10.0),
    Integer(1, 100, "log-uniform", name="width"),
    Categorical([1, "two", (3, 3)], name="kind"),
]


def test_tuples_follow_scikit_optimize():
    space = Space([(1, 5), (1, 5.0), (1, 8, "log-uniform"), ("a", "b"), [False, True], (1, 2, 3)])
    assert [type(dim) for dim in space.dimensions] == [
        Integer,
        Real,
        Integer,
        Categorical,
        Categorical,
        Categorical,
    ]
    assert space.dimensions[2].prior == "log-uniform"
    assert space.n_dims == 6
    assert space.cube_dim == 3 + 2 + 2 + 3
    assert space.names == ["x0", "x1", "x2", "x3", "x4", "x5"]


def test_bounds_as_an_array():
    space = Space(np.array([[0.0, 1.0], [-2.0, 2.0]]))
    assert space.dimensions == [Real(0.0, 1.0), Real(-2.0, 2.0)]


def test_scikit_optimize_objects_become_ours_and_go_back():
    skopt_space = pytest.importorskip("skopt.space")
    theirs = skopt_space.Space(
        [
            skopt_space.Real(1e-5, 1e-1, prior="log-uniform", name="lr"),
            skopt_space.Integer(1, 64, name="n"),
            skopt_space.Categorical(["relu", "tanh"], name="act"),
        ]
    )
    space = Space(theirs)
    assert space == Space(
        [
            Real(1e-5, 1e-1, "log-uniform", "lr"),
            Integer(1, 64, name="n"),
            Categorical(["relu", "tanh"], "act"),
        ]
    )
    assert space.to_skopt() == theirs
    assert Space(list(theirs)) == space


@pytest.mark.parametrize(
    ("dimensions", "words"),
    [
        ([], "space = []"),
        (3, "list or mapping of dimensions"),
        ("ab", "list or mapping of dimensions"),
        ({}, "space = []"),
        ({"lr": (1.0, 0.0)}, "dimension 'lr' of the space"),
        ({3: (1.0, 0.0)}, "name of a dimension = 3"),
        ({"lr": Real(0, 1, name="rate")}, "name = 'rate'; expected none beside its key"),
        ([(0.0, 1.0), (1.0, 0.5)], "dimension 1"),
        ([(1.0, 1.0)], "all of it fixed"),
        ([(2, 1)], "low < high"),
        ([(math.nan, 1.0)], "low = nan"),
        ([(0.0, math.inf)], "high = inf"),
        ([(-1e308, 1e308)], "overflow"),
        ([(0.0, 1.0, "log-uniform")], "low > 0"),
        ([(-3, 1, "log-uniform")], "low > 0"),
        ([(1.0, 2.0, "loguniform")], "prior = 'loguniform' in"),
        ([(None, 1.0)], "dimension = (None, 1.0); expected two"),
        ([(0, 2**60)], "expected at most 2**40 values"),
        ([("only",)], "all of it fixed"),
        ([()], "categories = []; expected at least one"),
        ([("a", "b", "a")], "twice; expected distinct"),
        ([(([1], [1], [2]))], "twice; expected distinct"),
        ([7], "all of it fixed"),
        ([None], "all of it fixed"),
        ([object()], "dimension = <object"),
        ([Real(0, 1, name="a"), Integer(0, 1, name="a")], "'a'"),
        ([(10**400, 10**401)], "expected at most 2**40 values"),
        ([(0.0, 10**400)], "expected a finite number"),
        ([(0.0, 10**5000)], "expected a finite number"),
        ([Real(0, 1), np.array("a")], "dimension = array('a'"),
        ([np.ma.array([0.0, 1.0], mask=[False, True])], "expected two finite numbers"),
        ([(np.array([0.0]), np.array([1.0]))], "expected numbers without brackets"),
        ([("0", "1", "log-uniform")], "expected two numbers before it"),
        ([("0", "1", "uniform")], "expected two numbers before it"),
        ([("a", "b", "log-uniform")], "expected two numbers before it"),
        ([(None, 1.0, "log-uniform")], "expected two numbers before it"),
        ([(1.0, "b", "uniform")], "expected two numbers before it"),
        ([(1.0, 2.0, "uniform", "x")], "expected two numbers before it"),
        ([(1 / n for n in [0])], "expected (low, high)"),
        ((1 / n for n in [0]), "reading it raises ZeroDivisionError"),
        ([("a", math.nan, np.float64("nan"))], "nan twice; expected distinct"),
        ([([1, math.nan], [1, np.float64("nan")])], "twice; expected distinct"),
        ([(0.0, 1.0), Real(0, 1, name="x0")], "'x0'"),
    ],
)
def test_malformed_spaces_are_refused(dimensions, words):
    with pytest.raises(SpaceError, match=re.escape(words)):
        Space(dimensions)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Real("0", 1, name="lr"),
        lambda: Real(True, 2, name="lr"),
        lambda: Integer(0.5, 3, name="lr"),
        lambda: Integer(0, math.inf, name="lr"),
        lambda: Real(3, 2, name="lr"),
        lambda: Real(1, 2, prior="normal", name="lr"),
        lambda: Categorical("abc", name="lr"),
        lambda: Categorical([1, True], name="lr"),
    ],
)
def test_a_malformed_dimension_says_its_name(make):
    with pytest.raises(SpaceError, match="'lr'"):
        make()


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(SpaceError, match="name"):
        Real(0, 1, name=3)


@pytest.mark.parametrize(
    ("spec", "dimension"),
    [
        ((np.array(0.0), np.array(1.0)), Real(0.0, 1.0)),
        ((np.array(0), np.int32(9)), Integer(0, 9)),
        ((Decimal("0"), Decimal("1")), Real(0.0, 1.0)),
        ([Fraction(1, 4), Decimal("0.5")], Real(0.25, 0.5)),
        ((np.float32(0.25), np.array(1.0), "log-uniform"), Real(0.25, 1.0, "log-uniform")),
        ((Decimal("0.25"), 1, np.str_("log-uniform"), 10), Real(0.25, 1.0, "log-uniform")),
        (np.array([0.0, 1.0]), Real(0.0, 1.0)),
        ((0.0, 1.0), Real(Decimal("0"), np.array(1.0))),
        ((0, 9), Integer(np.array(0.0), Fraction(9))),
        (("0", "1"), Categorical(["0", "1"])),
        (("kmeans", "quantile", "uniform"), Categorical(["kmeans", "quantile", "uniform"])),
        (("uniform", "distance"), Categorical(["uniform", "distance"])),
        (("distance", "uniform"), Categorical(["distance", "uniform"])),
        ((None, "balanced"), Categorical([None, "balanced"])),
        ([None, 5], Categorical([None, 5])),
        (([64], [128]), Categorical([[64], [128]])),
    ],
    ids=repr,
)
def test_what_reads_as_two_numbers_is_a_range_and_the_rest_a_choice(spec, dimension):
    assert Space([spec]).dimensions == [dimension]


def test_tensors_are_bounds():
    torch = pytest.importorskip("torch")
    assert Space([(torch.tensor(0.0), torch.tensor(1.0))]).dimensions == [Real(0.0, 1.0)]


@pytest.mark.parametrize("spec", [(0, 64, 8), (0.0, 1.0, 0.1), (64, 128, 32), (-1, 1, 2 / 3)])
def test_a_choice_that_looks_like_a_range_with_a_step_is_hinted_at(spec):
    with pytest.warns(SpaceWarning, match="is a choice between these three categories") as caught:
        (dimension,) = Space([spec]).dimensions
    assert dimension == Categorical(spec)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    "spec", [(16, 32, 64), (1, 2, 3), [0, 64, 8], (3, 2, 1), ("a", "b", 1), (-10, 5, 12)]
)
def test_other_choices_are_not(spec):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Space([spec]).dimensions == [Categorical(spec)]


GOOD = [0.01, 8, "tanh", 0.0, 10, "two"]


@pytest.mark.parametrize(
    ("dimension", "value", "bound"),
    [
        (Real(0.1, 0.3), 3 * 0.1, 0.3),
        (Real(0.1, 0.3), np.nextafter(0.1, 0.0), 0.1),
        (Real(-0.1, 0.3), -0.1 + (0.3 + 0.1) * 1.0, 0.3),
        (Real(0.0, 1.0), 1.0 - 0.9 - 0.1, 0.0),
        (Real(1e-5, 1.0, "log-uniform"), math.exp(math.log(1e-5)), 1e-5),
        (Real(1e-5, 1.0, "log-uniform"), np.nextafter(1e-5, 0.0), 1e-5),
        (Integer(1, 9), np.nextafter(9.0, 10.0), 9),
        (Integer(1, 9), 10 * (0.1 * 3), 3),
    ],
)
def test_a_value_off_by_rounding_is_the_bound(dimension, value, bound):
    assert Space([dimension]).check([value]) == [bound]


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (Real(0.0, 1.0), 1.0 + 1e-14),
        (Real(0.0, 1.0), -1e-14),
        (Real(1e-300, 1.0, "log-uniform"), 0.0),
        (Real(1e-5, 1.0, "log-uniform"), 1e-5 - 1e-18),
        (Integer(1, 9), 3.0 + 1e-12),
        (Integer(0, 9), 9.5),
    ],
)
def test_a_value_further_off_is_refused(dimension, value):
    with pytest.raises(PointError):
        Space([dimension]).check([value])


def test_values_of_other_libraries_are_numbers():
    space = Space([(0.0, 1.0), (1, 9)])
    checked = space.check([Decimal("0.5"), np.array(3)])
    assert checked == [0.5, 3]
    assert [type(value) for value in checked] == [float, int]


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, 0.2),
        (0, 0.0),
        (0, math.nan),
        (0, math.inf),
        (0, "0.01"),
        (0, None),
        (0, True),
        (0, [0.01]),
        (1, 0),
        (1, 65),
        (1, 2.5),
        (1, math.nan),
        (1, -math.inf),
        (2, "sigmoid"),
        (2, ["relu"]),
        (2, None),
        (4, "10"),
        (5, 2),
    ],
)
def test_wrong_values_are_refused_by_name(position, value):
    space = Space(MIXED)
    point = list(GOOD)
    point[position] = value
    for convert in (space.check, space.to_cube):
        with pytest.raises(PointError) as caught:
            convert(point)
        assert space.names[position] in str(caught.value)
        assert repr(value) in str(caught.value)
        assert "expected" in str(caught.value)


@pytest.mark.parametrize(
    "point", [GOOD[:-1], [*GOOD, 1], [], "abcdef", 3.0, None, np.zeros((1, 6))]
)
def test_points_of_the_wrong_shape_are_refused(point):
    with pytest.raises(PointError, match="6"):
        Space(MIXED).check(point)


def test_check_returns_plain_types():
    space = Space(MIXED)
    point = (np.float32(0.01), np.int64(8), np.str_("tanh"), np.int32(0), 10.0, (3, 3))
    checked = space.check(point)
    assert [type(value) for value in checked] == [float, int, str, float, int, tuple]
    assert checked[5] is MIXED[5].categories[2]
    assert space.check(np.array([0.01, 8.0])[:0].tolist() + GOOD) == GOOD


def test_integral_floats_of_an_array_are_integers():
    assert Space([(0.0, 1.0), (1, 9)]).check(np.array([0.5, 3.0])) == [0.5, 3]


def test_unhashable_categories():
    space = Space([Categorical([[32], [64, 32], {"depth": 3}])])
    assert space.from_cube(space.to_cube([[64, 32]])) == [[64, 32]]
    assert space.check([{"depth": 3}]) == [{"depth": 3}]
    with pytest.raises(PointError):
        space.check([[32, 64]])


class Unequal:
    """Compares with nothing."""

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = None


class Options(dict):
    """Something that can change, and says what it is equal to."""


RAGGED = [[[64], [32, 16]], [[128]]]
ODD = [
    RAGGED,
    [math.nan, "median"],
    [None, math.nan, [math.nan, 1]],
    [(math.nan, 1), (math.nan, 2)],
    [np.array([1, 2]), np.array([1, 2, 3])],
    [np.array([math.nan]), [np.array([1.0, 2.0])]],
    [{"a": np.array([1, 2])}, {"a": [1]}, {1}, Options(a=1)],
    [Unequal(), Unequal(), 3],
    [len, int, math, object()],
    [(1, [2]), (1, [3])],
    [1, "1", b"1", (1,), [1]],
    [np.datetime64("2020-01-01"), np.datetime64("2021-01-01")],
]


@pytest.mark.parametrize("categories", ODD, ids=range(len(ODD)))
def test_every_category_that_is_accepted_works(categories):
    space = Space([Categorical(categories)])
    assert space == Space([Categorical(copy.copy(categories))])
    for i, original in enumerate(categories):
        (point,) = space.from_cube(np.eye(len(categories))[i])
        for value in (original, point, space.decode([i])[0]):
            assert space.encode([value]) == [i]
            assert space.to_cube([value]).argmax() == i


def test_all_nans_are_one_category():
    space = Space([Categorical([math.nan, "median"])])
    for value in (float("nan"), np.float64("nan"), np.float32("nan")):
        assert space.encode([value]) == [0]
    assert space == Space([Categorical([np.float64("nan"), "median"])])
    assert space != Space([Categorical([0.0, "median"])])


def test_scalars_of_numpy_are_plain_categories():
    given = [
        np.int64(1),
        np.float32(0.5),
        np.str_("a"),
        np.bool_(False),
        np.bytes_(b"b"),
        np.array(7),
    ]
    given += [(np.int64(3), [np.int64(4)]), {np.str_("k"): np.int64(5)}, np.longdouble(2)]
    categories = Categorical(given).categories
    assert categories == (1, 0.5, "a", False, b"b", 7, (3, [4]), {"k": 5}, 2.0)
    assert [type(one) for one in categories[:6]] == [int, float, str, bool, bytes, int]
    assert type(categories[6][0]) is type(categories[6][1][0]) is int
    assert json.dumps(Categorical(list(np.arange(1, 6))).categories) == "[1, 2, 3, 4, 5]"
    assert Space([Categorical(given)]).check([np.int64(1)]) == [1]


def test_nobody_changes_a_space_by_changing_a_point_or_what_it_was_made_of():
    given = [[1], {"a": [2]}, np.array([3])]
    space = Space([Categorical(given)])
    for point in (*map(space.from_cube, np.eye(3)), *(space.check([one]) for one in given)):
        if isinstance(point[0], dict):
            point[0]["a"].append(9)
        else:
            point[0][0] = 9
    given[0].append(9)
    assert space == Space([Categorical([[1], {"a": [2]}, np.array([3])])])


def test_the_number_of_points():
    assert Space([(1, 9), ("a", "b")]).size == 18
    assert Space([(1, 9), (0.0, 1.0)]).size is None


@pytest.mark.parametrize(
    "dim",
    [
        Real(-0.1, 0.3),
        Real(1e-300, 1e300, "log-uniform"),
        Real(0.1, 0.7, "log-uniform"),
        Real(1.0, float(np.nextafter(1.0, 2.0)), "log-uniform"),
        Real(-8e307, 8e307),
    ],
)
def test_bounds_are_exact(dim):
    space = Space([dim])
    assert space.to_cube([dim.low]) == [0.0]
    assert space.to_cube([dim.high]) == [1.0]
    assert space.from_cube([0.0]) == [dim.low]
    assert space.from_cube([1.0]) == [dim.high]
    assert space.from_cube([-0.5]) == [dim.low]
    assert space.from_cube([1.5]) == [dim.high]


@pytest.mark.parametrize("prior", ["uniform", "log-uniform"])
def test_integer_bounds_are_reached(prior):
    space = Space([Integer(1, 7, prior)])
    assert space.from_cube([0.0]) == [1]
    assert space.from_cube([1.0]) == [7]
    for n in range(1, 8):
        assert space.from_cube(space.to_cube([n])) == [n]


def test_integers_are_equally_likely():
    space = Space([(0, 4)])
    values = [space.from_cube([u])[0] for u in (np.arange(1000) + 0.5) / 1000]
    assert np.bincount(values).tolist() == [200] * 5


def test_log_prior_is_even_in_the_logarithm():
    space = Space([(1e-4, 1.0, "log-uniform"), (1, 1000, "log-uniform")])
    assert space.from_cube([0.5, 0.5])[0] == pytest.approx(1e-2)
    assert space.from_cube([0.5, 0.5])[1] == round(math.sqrt(0.5 * 1000.5))


def _dimension(draw: st.DrawFn) -> Real | Integer | Categorical:
    kind = draw(st.sampled_from(["real", "integer", "categorical"]))
    if kind == "categorical":
        return Categorical(range(draw(st.integers(2, 5))))
    prior = draw(st.sampled_from(["uniform", "log-uniform"]))
    low = 1 if prior == "log-uniform" else -1000
    if kind == "integer":
        start = draw(st.integers(low, 1000))
        return Integer(start, start + draw(st.integers(1, 10**6)), prior)
    start = draw(st.floats(1e-6 if low == 1 else -1e6, 1e6))
    # A millionth of the bounds at least: in less, the unit cube is as fine as their rounding.
    width = draw(st.floats(1e-3, 1e6)) * max(1.0, 1e-3 * abs(start))
    return Real(start, start + width, prior)


@st.composite
def _spaces(draw: st.DrawFn) -> Space:
    return Space([_dimension(draw) for _ in range(draw(st.integers(1, 5)))])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_cube_and_user_units_agree(data):
    space = data.draw(_spaces())
    u = np.array(
        data.draw(
            st.lists(
                st.floats(-0.25, 1.25), min_size=2 * space.cube_dim, max_size=2 * space.cube_dim
            )
        )
    ).reshape(2, space.cube_dim)
    before = u.copy()
    snapped = space.snap(u)
    np.testing.assert_array_equal(u, before)
    assert ((snapped >= 0) & (snapped <= 1)).all()
    np.testing.assert_array_equal(space.snap(snapped), snapped)
    for raw, row in zip(u, snapped, strict=True):
        point = space.from_cube(raw)
        assert space.check(point) == point
        assert space.from_cube(row) == point
        np.testing.assert_allclose(space.to_cube(point), row, atol=1e-6)


def test_snap_makes_categories_one_hot():
    snapped = Space([("a", "b", "c"), (0.0, 1.0)]).snap(
        np.array([[0.1, 0.7, 0.6, 0.3], [-3.0, -2.0, -2.5, 2.0], [0.5, 0.5, 0.5, 0.0]])
    )
    assert snapped.tolist() == [[0, 1, 0, 0.3], [0, 1, 0, 1.0], [1, 0, 0, 0.0]]


def test_varied_points_differ_in_integers_and_categories_alone():
    rng = np.random.default_rng(0)
    space = Space([Integer(0, 9), Integer(1, 1000, "log-uniform"), ("a", "b", "c"), (0.0, 1.0)])
    u = np.concatenate([rng.random((200, 3)), rng.random((200, 3)).round(), np.zeros((200, 0))], 1)
    old, new = space.snap(u), space.vary(rng, u)
    assert np.array_equal(new, space.snap(new))
    assert np.array_equal(new[:, -1], old[:, -1])
    changed = np.array(
        [
            [a != b for a, b in zip(space.from_cube(v), space.from_cube(w), strict=True)]
            for v, w in zip(old, new, strict=True)
        ]
    )
    assert changed.any(axis=1).all()
    assert changed.sum(axis=0)[:3].min() > 40
    assert 1.0 < changed.sum(axis=1).mean() < 2.0


@pytest.mark.parametrize("dim", [Integer(0, 9), Integer(1, 9, "log-uniform")])
@pytest.mark.parametrize("last", [False, True])
def test_varied_integers_reach_neighbours_first_and_all_others(dim: Integer, last: bool):
    space, rng = Space([dim]), np.random.default_rng(1)
    start = dim.high if last else dim.low + 3
    u = np.repeat(space.to_cube([start])[None], 400, axis=0)
    values = np.array([space.from_cube(v)[0] for v in space.vary(rng, u)])
    assert set(values.tolist()) == set(range(dim.low, dim.high + 1)) - {start}
    assert 150 < (np.abs(values - start) == 1).sum() < 330


def test_two_values_vary_to_the_other():
    space = Space([Integer(3, 4), ("a", "b")])
    u = np.repeat(space.to_cube([3, "b"])[None], 60, axis=0)
    points = {tuple(space.from_cube(v)) for v in space.vary(np.random.default_rng(2), u)}
    assert points == {(4, "b"), (3, "a"), (4, "a")}


def test_only_integers_and_categories_make_a_space_discrete():
    assert not Space([(0.0, 1.0), Real(1.0, 2.0, "log-uniform")]).discrete
    assert Space([(0.0, 1.0), Integer(1, 9, "log-uniform")]).discrete
    assert Space([(0.0, 1.0), ("a", "b")]).discrete


def test_from_cube_needs_every_coordinate():
    with pytest.raises(PointError, match="expected 3"):
        Space([("a", "b", "c")]).from_cube([0.5])


def test_spaces_can_be_pickled_and_copied():
    space = Space(MIXED)
    for clone in (pickle.loads(pickle.dumps(space)), copy.deepcopy(space)):
        assert clone == space
        assert clone.to_cube(GOOD).tolist() == space.to_cube(GOOD).tolist()


def test_names_and_positions_find_dimensions():
    space = Space(MIXED)
    assert space["width"] == (4, space.dimensions[4])
    assert space[["x0", -1]] == [(0, space.dimensions[0]), (5, space.dimensions[5])]
    with pytest.raises(KeyError, match="width"):
        space["nothing"]


def test_import_stays_light():
    code = "import sys, rnnbbo.space; print({'skopt', 'scipy', 'torch'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


@pytest.mark.parametrize("answer", [np.array([True, False]), KeyError("==")])
def test_categories_of_one_hash_whose_comparison_has_no_truth(answer):
    class Odd:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            if isinstance(answer, Exception):
                raise answer
            return answer

    categories = [Odd(), Odd(), 1]
    dimension = Categorical(categories)
    assert [dimension.index(category) for category in categories] == [0, 1, 2]


def test_points_are_drawn_by_any_source_of_randomness() -> None:
    space = Space([(0.0, 1.0), (1, 9)])
    by_seed = space.rvs(2, 3)
    assert space.rvs(2, np.random.RandomState(3)) == by_seed
    rng = np.random.default_rng(3)
    first = space.rvs(2, rng)
    assert space.rvs(2, np.random.default_rng(3)) == first
    assert space.rvs(2, rng) != first
    for wrong in ("3", -1, 1.5):
        with pytest.raises(ConfigError, match="random_state"):
            space.rvs(2, wrong)
