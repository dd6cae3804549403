"""Spaces of ConfigSpace, in and out: what is allowed there is allowed here, and the other way."""

import re
from typing import Any

import pytest

from rnnbbo import Optimizer, minimize
from rnnbbo.errors import PointError, SpaceError, SpaceWarning
from rnnbbo.space import Categorical, Fixed, Integer, Ordinal, Real, Space

cs = pytest.importorskip("ConfigSpace")
hypothesis = pytest.importorskip("hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

PHASES = (hypothesis.Phase.generate, hypothesis.Phase.shrink)
FEW = settings(max_examples=12, deadline=None, derandomize=True, phases=PHASES)
MANY = settings(max_examples=400, deadline=None, phases=PHASES)


def space_of(*things: Any) -> Any:
    made = cs.ConfigurationSpace(seed=0)
    made.add(*things)
    return made


def taken(theirs: Any, values: dict[str, Any]) -> bool:
    """Tell whether ConfigSpace takes values for a configuration."""
    try:
        cs.Configuration(theirs, values=values).check_valid_configuration()
    except (ValueError, cs.exceptions.ForbiddenValueError):
        return False
    return True


def allowed(space: Space, values: dict[str, Any]) -> bool:
    try:
        return set(space.as_mapping(space.check(values))) == set(values)
    except PointError:
        return False


# Spaces of every form of parameter, condition and clause, with a little of each.

NUMBERS = ["n", "x", "l", "m"]
ORDERS = ["LessThan", "GreaterThan"]


@st.composite
def parameters(draw: Any) -> list[Any]:
    order = draw(st.permutations([30, 10, 20]))
    words = draw(st.permutations(["s", "m", "l"]))
    choices = draw(st.sampled_from([["a", "b", "d"], [True, False], [1, "a", None], [1, 2.5]]))
    return [
        cs.UniformIntegerHyperparameter("n", 0, 4),
        cs.UniformFloatHyperparameter("x", -1.0, 1.0),
        cs.UniformFloatHyperparameter("l", 1e-3, 1.0, log=True),
        cs.UniformIntegerHyperparameter("m", 1, 20, log=True),
        cs.CategoricalHyperparameter("c:1", choices),
        cs.OrdinalHyperparameter("o", order),
        cs.OrdinalHyperparameter("w", words),
        cs.Constant("k", draw(st.sampled_from([5, "five", 0.5]))),
    ]


def value_of(draw: Any, one: Any) -> Any:
    if hasattr(one, "choices") or hasattr(one, "sequence"):
        return draw(st.sampled_from(list(getattr(one, "choices", None) or one.sequence)))
    if hasattr(one, "value"):
        return one.value
    if "Integer" in type(one).__name__:
        return draw(st.integers(one.lower, one.upper))
    return draw(st.sampled_from([one.lower, 0.25, 0.5, one.upper]))


def ordered(one: Any) -> bool:
    return one.name in NUMBERS or hasattr(one, "sequence")


@st.composite
def conditions(draw: Any, child: Any, parents: list[Any], depth: int = 2) -> Any:
    kind = draw(st.sampled_from(["and", "or", "one", "one"])) if depth else "one"
    if kind != "one":
        parts = [draw(conditions(child, parents, depth - 1)) for _ in range(2)]
        return (cs.AndConjunction if kind == "and" else cs.OrConjunction)(*parts)
    parent = draw(st.sampled_from(parents))
    value = value_of(draw, parent)
    kinds = [cs.EqualsCondition, cs.NotEqualsCondition, "in"]
    kinds += [cs.LessThanCondition, cs.GreaterThanCondition] if ordered(parent) else []
    made = draw(st.sampled_from(kinds))
    if made == "in":
        other = value_of(draw, parent)
        return cs.InCondition(child, parent, [value] if other == value else [value, other])
    return made(child, parent, value)


@st.composite
def clauses(draw: Any, known: list[Any], depth: int = 2) -> Any:
    kind = draw(st.sampled_from(["and", "or", "one", "one"])) if depth else "one"
    if kind != "one":
        parts = [draw(clauses(known, depth - 1)) for _ in range(2)]
        both = cs.ForbiddenAndConjunction if kind == "and" else cs.ForbiddenOrConjunction
        return both(*parts)
    one = draw(st.sampled_from(known))
    value = value_of(draw, one)
    kinds = ["EqualsClause", "InClause"]
    if ordered(one):
        kinds += [
            f"{order}{than}Clause"
            for order in ("LessThan", "GreaterThan")
            for than in ("", "Equals")
        ]
    if one.name in NUMBERS or one.name == "o":
        kinds += ["LessThanRelation", "EqualsRelation", "GreaterThanRelation"]
        kinds += ["LessThanEqualsRelation", "GreaterThanEqualsRelation"]
    made = draw(st.sampled_from(kinds))
    if made == "InClause":
        return cs.ForbiddenInClause(one, [value])
    if made.endswith("Relation"):
        others = [p for p in known if (p.name in NUMBERS or p.name == "o") and p is not one]
        return getattr(cs, f"Forbidden{made}")(one, draw(st.sampled_from(others)))
    return getattr(cs, f"Forbidden{made}")(one, value)


@st.composite
def theirs(draw: Any) -> Any:
    known = draw(parameters())
    made = cs.ConfigurationSpace(seed=draw(st.integers(0, 99)))
    made.add(*known)
    for i in sorted(draw(st.sets(st.integers(2, len(known) - 1), max_size=3))):
        try:
            made.add(draw(conditions(known[i], known[:i])))
        except cs.exceptions.ActiveHyperparameterNotSetError:  # `!=` on an inactive parent
            hypothesis.reject()
    for _ in range(draw(st.integers(0, 2))):
        try:
            made.add(draw(clauses(known)))
        except cs.exceptions.ForbiddenValueError:  # its default configuration
            hypothesis.reject()
    return made


def candidates(theirs: Any, space: Space, count: int = 10) -> list[dict[str, Any]]:
    """Return points of both spaces, and mixtures of them that may be forbidden."""
    bare = cs.ConfigurationSpace(seed=1)
    bare.add(*theirs.values())
    mixed = []
    for one in bare.sample_configuration(count):
        values = dict(one)
        active = space._activity.active([values[name] for name in space.names])
        mixed.append({n: values[n] for n, on in zip(space.names, active, strict=True) if on})
    ours = [space.as_mapping(point) for point in space.rvs(count, 0)]
    if theirs.forbidden_clauses:  # its own draws take for ever where next to nothing is left
        return mixed + ours
    return mixed + ours + [dict(one) for one in theirs.sample_configuration(count)]


def agree(theirs: Any) -> None:
    try:
        space = Space(theirs)
    except SpaceError as error:
        if not re.search("never holds|none of|takes for met where", str(error)):
            raise
        return
    for values in candidates(theirs, space):
        assert taken(theirs, values) == allowed(space, values), values
    back = space.to_configspace()
    assert set(back) == set(theirs)
    for values in candidates(theirs, space):
        assert taken(back, values) == taken(theirs, values), values
    again = Space(back)
    assert [(type(one), one.bounds, one.prior) for one in again] == [
        (type(one), one.bounds, one.prior) for one in space
    ]
    for values in candidates(theirs, space):
        assert allowed(again, values) == allowed(space, values), values


@FEW
@given(theirs())
def test_the_same_is_allowed_in_and_out_again(theirs: Any) -> None:
    agree(theirs)


@pytest.mark.slow
@MANY
@given(theirs())
def test_the_same_is_allowed_in_and_out_again_of_many_spaces(theirs: Any) -> None:
    agree(theirs)


# Our own forms: steps, comparisons that ConfigSpace lacks, expressions.

WHEN = [
    {"n": ">= 2"}, {"n": "< 2.5"}, {"n": "!= 3"}, {"n": "> 1 and <= 3"}, {"n": [0, 4]},
    {"n": "<= 4"}, {"x": ">= 0.5"}, {"x": "<= -1"}, {"x": "!= 0.25"}, {"x": "> -0.5 and < 0.5"},
    {"x": ">= -1"}, {"step": "> 0.2"}, {"even": [2, 6]}, {"even": ">= 4"}, {"size": "> 12"},
    {"kind": ["a", "b"]}, [{"kind": "a"}, {"n": "> 2", "x": "< 0"}], {"fix": 3},
]  # fmt: skip
WHERE = [
    "x <= 0.5", "n != 2", "x < l", "n <= even", "size == 20 or x < 0", "kind in ('a', 'd')",
    "not (n > 2 and x > 0)", "n % 2 == 0", "abs(n - 2) <= 1", "0 <= x < 0.75", "x != l",
    "kind != 'b' or l >= 0.1", "step <= 0.4", "(n == 1 or x > 0) and (l < 0.5 or n > 2)", "x > -2",
    "n <= 2.5", "0.5 <= x or -0.5 > x", "size >= 20 or even < 6",
]  # fmt: skip


@st.composite
def ours(draw: Any) -> Space:
    parents = {
        "n": Integer(0, 4),
        "x": Real(-1, 1),
        "step": Real(0, 0.6, step=0.2),
        "even": Integer(2, 6, step=2),
        "size": Ordinal([30, 10, 20]),
        "kind": Categorical(["a", "b", "d"]),
        "fix": Fixed(3),
    }
    one, other = (draw(st.none() | st.sampled_from(WHEN)) for _ in range(2))
    children = {"l": Real(1e-3, 1, "log-uniform", when=one), "m": Integer(1, 9, when=other)}
    deep = {"deep": Categorical([1, 2], when={"m": "> 2"}), "deeper": Real(0, 1, when={"deep": 2})}
    where = draw(st.lists(st.sampled_from(WHERE), max_size=2))
    try:
        return Space({**parents, **children, **deep}, where)
    except SpaceError:
        hypothesis.reject()


def come_out(space: Space) -> None:
    out = space.to_configspace(seed=1)
    for values in candidates(out, space):
        assert taken(out, values) == allowed(space, values), values
    again = Space(out)
    for values in candidates(out, again):
        assert allowed(again, values) == allowed(space, values), values


@FEW
@given(ours())
def test_our_forms_come_out(space: Space) -> None:
    come_out(space)


@pytest.mark.slow
@MANY
@given(ours())
def test_our_forms_come_out_of_many_spaces(space: Space) -> None:
    come_out(space)


def test_order_of_listed_values_goes_by_place_in_clauses_and_by_value_in_relations() -> None:
    size = cs.OrdinalHyperparameter("size", ["s", "m", "l"], default_value="m")
    space = Space(space_of(size, cs.ForbiddenLessThanClause(size, "m")))
    assert space.where == ["not (`size` in ('s',))"]
    o, p = cs.OrdinalHyperparameter("o", [30, 10, 20]), cs.OrdinalHyperparameter("p", [1, 15, 25])
    space = Space(space_of(o, p, cs.ForbiddenLessThanRelation(o, p)))
    assert space.check({"o": 30, "p": 25}) == [30, 25]
    with pytest.raises(PointError):
        space.check({"o": 10, "p": 15})


def test_a_clause_of_alternatives_counts_where_one_of_its_parameters_is_inactive() -> None:
    c = cs.CategoricalHyperparameter("c", ["a", "b", "d"])
    x = cs.UniformFloatHyperparameter("x", 0, 1)
    either = cs.ForbiddenOrConjunction(
        cs.ForbiddenEqualsClause(c, "b"), cs.ForbiddenGreaterThanClause(x, 0.8)
    )
    space = Space(space_of(c, x, cs.EqualsCondition(x, c, "a"), either))
    with pytest.raises(PointError, match="not"):
        space.check({"c": "b"})
    assert space.check({"c": "d"}) == ["d", None]


def test_conditions_on_one_parent_are_joined() -> None:
    n, x = (cs.UniformIntegerHyperparameter(name, 0, 9) for name in "nx")
    both = cs.AndConjunction(cs.GreaterThanCondition(x, n, 2), cs.LessThanCondition(x, n, 7))
    space = Space(space_of(n, x, both))
    assert space.dimensions[1] == Integer(0, 9, name="x", when={"n": "> 2 and < 7"})
    assert [space.from_cube([(n + 0.5) / 10, 0.5])[1] is None for n in range(10)] == [
        True, True, True, False, False, False, False, True, True, True,
    ]  # fmt: skip


def test_a_condition_that_never_holds_is_named() -> None:
    k, x = cs.Constant("k", 5), cs.UniformFloatHyperparameter("x", 0, 1)
    with pytest.raises(SpaceError, match=r"'x': condition = .*never holds"):
        Space(space_of(k, x, cs.NotEqualsCondition(x, k, 5)))


def test_unequal_on_a_parent_that_may_be_inactive_is_refused_and_never_written() -> None:
    c = cs.CategoricalHyperparameter("c", ["a", "b"])
    x, y = (cs.UniformFloatHyperparameter(name, 0, 1) for name in "xy")
    theirs = space_of(c, x, y, cs.EqualsCondition(x, c, "a"), cs.NotEqualsCondition(y, x, 0.25))
    assert any("y" in one and "x" not in one for one in theirs.sample_configuration(20))
    with pytest.raises(SpaceError, match=r"'y': condition = .*takes for met where x is inactive"):
        Space(theirs)
    space = Space(
        {"c": ["a", "b"], "x": Real(0, 1, when={"c": "b"}), "y": Fixed(1, when={"x": "!= 0.25"})}
    )
    drawn = space.to_configspace(seed=0).sample_configuration(20)
    assert all(("y" in one) == ("x" in one) for one in drawn)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (Space([Real(1e-15, 1, "log-uniform")]), r"'x0': Real.*ConfigSpace raises"),
        (Space({"a": Real(1.5e-13, 1, "log-uniform")}), r"'a': low = 1.5e-13.*13 decimals"),
        (Space({"a": Real(0, 1, step=1e-5)}), r"'a': step = 1e-05, which makes 100001 values"),
        (Space({"a": (0.0, 1.0), "b": (0.0, 1.0)}, "a + b <= 1"), r"where = 'a \+ b <= 1'.*a, b"),
        (Space({"a": (0.0, 1.0)}, "a * a <= 0.5"), "part on a; expected comparisons"),
        (Space([(0.0, 1.0)], lambda p: p[0] < 0.5), "where = .*no form for a function"),
        (
            Space({"n": Ordinal([1, 9]), "y": Real(0, 1, when={"n": "> 5 and < 7"})}),
            r"'y': when = .*never holds",
        ),
    ],
)  # fmt: skip
def test_what_has_no_form_is_named(space: Space, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        space.to_configspace()


def test_names_and_values_that_expressions_do_not_know_are_named() -> None:
    quoted = cs.UniformFloatHyperparameter("a`b", 0, 1)
    with pytest.raises(SpaceError, match="without a backquote"):
        Space(space_of(quoted, cs.ForbiddenLessThanClause(quoted, 0.2)))
    listed = cs.CategoricalHyperparameter("c", [[1, 2], [3]])
    with pytest.raises(SpaceError, match=r"'c': a forbidden clause has \[3\]; expected a number"):
        Space(space_of(listed, cs.ForbiddenEqualsClause(listed, [3])))
    assert Space(space_of(listed)).dimensions == [Categorical([[1, 2], [3]], "c")]


def test_the_default_configuration_is_one_that_is_allowed() -> None:
    space = Space({"n": (0, 9), "kind": ["a", "b"]}, ["n != 4", "kind == 'b'"])
    default = space.to_configspace().get_default_configuration()
    assert default["kind"] == "b"
    assert default["n"] != 4


def test_a_configuration_is_a_point() -> None:
    theirs = space_of(cs.CategoricalHyperparameter("c", [1, 2.5]), cs.Integer("n", (0, 9)))
    drawn = theirs.sample_configuration()
    optimizer = Optimizer(theirs, rng=0)
    optimizer.tell(drawn, 1.0)
    assert [type(value) for value in optimizer.Xi[0]] in ([int, int], [float, int])
    assert optimizer.Xi[0] == [drawn["c"], drawn["n"]]
    start = theirs.get_default_configuration()
    result = minimize(lambda p: p["n"] + p["c"], theirs, 3, x0=[start], rng=0)
    assert result.x_iters[0] == [1, 4]


@pytest.mark.parametrize(
    "one",
    [
        cs.NormalFloatHyperparameter("a", mu=0, sigma=1, lower=-3, upper=3),
        cs.NormalIntegerHyperparameter("a", mu=2, sigma=1, lower=1, upper=30, log=True),
        cs.BetaFloatHyperparameter("a", alpha=2, beta=3, lower=1, upper=30),
        cs.BetaIntegerHyperparameter("a", alpha=2, beta=3, lower=1, upper=30),
    ],
)
def test_of_a_distribution_the_range_counts(one: Any) -> None:
    kind = Integer if "Integer" in type(one).__name__ else Real
    with pytest.warns(SpaceWarning, match="'a': its distribution is not used"):
        (found,) = Space([one]).dimensions
    assert found == kind(one.lower, one.upper, "log-uniform" if one.log else "uniform", "a")
