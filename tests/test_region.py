"""Known constraints: spaces that obey them, and what they refuse."""

import pickle
import re

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize
from rnnbbo.errors import PointError, SpaceError, StudyError
from rnnbbo.space import Integer, Real, Space

SQUARE = [Real(0, 1, name="a"), Real(0, 1, name="b")]


def below(x):
    return x[0] + x[1] <= 1.0


def by_name(a, b):
    return a + b <= 1.0


def by_mapping(point):
    return point["a"] + point["b"] <= 1.0


@pytest.mark.parametrize(
    ("dimensions", "where"),
    [
        (SQUARE, "a + b <= 1"),
        (SQUARE, ["a + b <= 1", "a >= 0"]),
        (SQUARE, below),
        ({"a": (0.0, 1.0), "b": (0.0, 1.0)}, by_name),
        ({"a": (0.0, 1.0), "b": (0.0, 1.0)}, by_mapping),
        ([(0.0, 1.0), (0.0, 1.0)], ["x0 + x1 <= 1"]),
    ],
)
def test_every_form_of_a_constraint(dimensions, where):
    space = Space(dimensions, where)
    u = np.random.default_rng(0).random((400, 2))
    assert space.allows(u).tolist() == (u.sum(axis=1) <= 1.0).tolist()
    assert space.allows(space.allowed).all()
    assert len(space.allowed)
    assert space.check([0.5, 0.5]) == [0.5, 0.5]
    with pytest.raises(PointError, match=re.escape("point = [0.5, 0.75]; expected one where ")):
        space.check([0.5, 0.75])
    twin = pickle.loads(pickle.dumps(space))
    assert twin == space
    assert twin.allows(u).tolist() == space.allows(u).tolist()
    assert Space(space, where="a <= 0.5" if "a" in space.names else "x0 <= 0.5") != space


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("a + b <= -1", "none of 65536 drawn at random does, nor"),
        ("a + c <= 1", "not c"),
        (3, "where = 3; expected an expression such as 'a + b <= 1', a function"),
        ([3], "where = 3; expected an expression"),
        (lambda x: None, "which returns None at"),
        (lambda x: 1 / 0, "which raises ZeroDivisionError"),
        (lambda: True, "which raises TypeError"),
    ],
)
def test_malformed_constraints_are_refused_when_the_space_is_made(where, words):
    with pytest.raises(SpaceError, match=re.escape(words)):
        Space(SQUARE, where)


def test_where_a_function_raises_a_point_is_refused():
    space = Space(SQUARE, lambda x: 1 / (x[0] > 0.5) < x[1] + 2)
    assert space.allows(np.array([[0.2, 0.5], [0.7, 0.5]])).tolist() == [False, True]
    optimizer = Optimizer(space, rng=0)
    for _ in range(6):
        x = optimizer.ask()
        assert x[0] > 0.5
        optimizer.tell(x, x[0])


def test_an_empty_list_of_constraints_is_none():
    assert Space(SQUARE, []) == Space(SQUARE)
    assert Space(SQUARE, []).plain


@pytest.mark.parametrize(
    "policy", ["kernel", "lstm", "dnc", "lstm-direct", "dnc-direct", "snail-direct", "auto"]
)
@pytest.mark.parametrize(
    "space",
    [
        Space(SQUARE, "a + b <= 0.1"),
        Space([Real(0, 1)] * 4, "max(x0, x1, x2, x3) <= 0.3"),
        Space(
            {"n": (1, 30), "m": (1, 30), "kind": ["p", "q"], "c": Real(0, 1, when={"kind": "p"})},
            ["n * m <= 40", "c >= 0.9 or n == m", "kind == 'p' or n > m"],
        ),
    ],
    ids=["corner", "one in a hundred", "mixed tree"],
)
def test_all_that_is_proposed_obeys(policy, space):
    optimizer = Optimizer(space, policy=policy, rng=0)
    places = []
    for i in range(8):
        points = optimizer.ask(n_points=1 + i % 2)
        for point in points:
            places.append(space.to_cube(point))
            optimizer.tell(point, float(np.square(places[-1] - 0.8).sum()))
    assert space.allows(np.array(places)).all()
    assert len(np.unique(places, axis=0)) > 0.8 * len(places)


@pytest.mark.parametrize("policy", ["kernel", "lstm", "dnc"])
def test_an_optimum_on_the_border_is_found(policy):
    result = minimize(
        lambda x: x[0] ** 2 + x[1] ** 2,
        [(-2.0, 2.0), (-2.0, 2.0)],
        40,
        where="x0 + x1 >= 1",
        policy=policy,
        rng=1,
    )
    assert all(sum(x) >= 1.0 for x in result.x_iters)
    assert result.fun == pytest.approx(0.5, abs=2e-2)


def test_a_policy_of_ones_own_need_not_know_of_constraints():
    from rnnbbo.policies.protocol import Policy

    class Centre(Policy):
        def init(self, dim):
            return dim

        def step(self, params, state, observation):
            return state

        def choices(self, params, state, pending, space, rng):
            return np.full((1, state), 0.9)

    optimizer = Optimizer(SQUARE, where="a + b <= 1", policy=Centre(), rng=0)
    points = [optimizer.ask() for _ in range(5)]
    assert all(a + b <= 1.0 for a, b in points)


def test_told_points_that_break_a_constraint_are_refused_and_nothing_is_taken():
    optimizer = Optimizer(SQUARE, where="a + b <= 1", rng=0)
    with pytest.raises(PointError, match="where a"):
        optimizer.tell([[0.1, 0.1], [0.9, 0.9]], [1.0, 2.0])
    assert optimizer.Xi == []
    with pytest.raises(PointError, match="where a"):
        minimize(sum, SQUARE, 3, where="a + b <= 1", x0=[0.9, 0.9])
    optimizer.tell([0.1, 0.2], 1.0)
    optimizer.tell([0.1 + 0.2, 0.7], 1.0)  # 1 but for rounding


def test_constraints_hold_where_what_they_name_is_inactive():
    space = Space(
        {"kind": ["p", "q"], "n": Integer(1, 9, when={"kind": "p"}), "x": (0.0, 1.0)}, "n * x <= 1"
    )
    assert space.check({"kind": "q", "x": 1.0}) == ["q", None, 1.0]
    with pytest.raises(PointError, match="where n"):
        space.check({"kind": "p", "n": 9, "x": 1.0})


def test_small_constrained_spaces_are_counted_and_exhausted():
    space = Space([Integer(0, 9), Integer(0, 9)], "x0 + x1 == 5")
    assert space.size == 6
    seen = [tuple(x) for x in minimize(sum, space, 6, rng=0).x_iters]
    assert len(set(seen)) == 6


def test_without_constraints_nothing_is_drawn_and_all_is_allowed():
    space = Space(SQUARE)
    assert space.plain
    assert len(space.allowed) == 0
    assert space.allows(np.zeros((3, 2))).tolist() == [True] * 3


def test_a_study_keeps_expressions_and_knows_functions_by_name(tmp_path):
    file = tmp_path / "run.db"
    with Study(file, SQUARE, where=["a + b <= 1"], rng=0) as study:
        trial = study.ask()
        study.tell(trial, 1.0)
        assert trial.params == dict(zip("ab", trial.x, strict=True))
        with pytest.raises(PointError, match="where a"):
            study.add([0.9, 0.9], 1.0)
    with Study(file, resume=True) as study:
        assert study.space == Space(SQUARE, "a + b <= 1")
        assert sum(study.ask().x) <= 1.0
    with pytest.raises(StudyError, match=r"it has points where a .* not where anything"):
        Study(file, SQUARE, resume=True)
    other = tmp_path / "other.db"
    with Study(other, SQUARE, where=below, rng=0) as study:
        study.tell(study.ask(), 1.0)
    with (
        Study(other, resume=True) as study,
        pytest.raises(StudyError, match="expected dimensions="),
    ):
        study.ask()
    with Study(other, SQUARE, where=below, resume=True) as study:
        assert sum(study.ask().x) <= 1.0


def test_points_drawn_at_random_obey():
    space = Space(SQUARE, "a + b <= 0.2")
    points = space.rvs(40, random_state=0)
    assert len(points) == 40
    assert all(a + b <= 0.2 for a, b in points)
    assert points == space.rvs(40, random_state=0) != space.rvs(40, random_state=1)
    assert len({tuple(point) for point in points}) == 40
