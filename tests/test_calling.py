"""How objectives are called, in spaces that are mappings and in others."""

import math
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize, minimize_many
from rnnbbo.errors import ConfigError, PointError, SpaceError
from rnnbbo.space import Categorical, Integer, Real, Space

MIXED = {"lr": (1e-5, 0.1, "log-uniform"), "act": ["relu", "tanh"], "n": (1, 64)}


def by_names(lr, act, n=3):
    return math.log10(lr) ** 2 + (act == "relu") + n


def by_some(lr, act, **others):
    assert set(others) == {"n"}
    return by_names(lr, act, others["n"])


def by_mapping(point):
    assert isinstance(point, dict)
    return by_names(**point)


def positional(lr, /, act="relu", n=1):
    assert isinstance(lr, dict)
    return by_names(**lr)


@pytest.mark.parametrize("func", [by_names, by_some, by_mapping, positional])
def test_a_mapping_gives_keywords_where_they_are_taken_and_else_itself(func):
    result = minimize(func, MIXED, 8, rng=0, max_failures=0)
    assert result.best == dict(zip(MIXED, result.x, strict=True))
    assert result.fun == by_names(*result.x)
    listed = minimize(lambda x: by_names(*x), [*MIXED.values()], 8, rng=0)
    assert listed.x_iters == result.x_iters
    assert listed.best == dict(zip(["x0", "x1", "x2"], listed.x, strict=True))


def test_a_function_of_neither_is_refused_at_once():
    for func in (lambda lr, act: 0.0, lambda: 0.0):
        with pytest.raises(
            ConfigError, match=r"takes lr=\.\.\., act=\.\.\., n=\.\.\., or one mapping"
        ):
            minimize(func, MIXED, 3, rng=0)


def test_a_list_of_named_dimensions_gives_a_list():
    space = [Real(0, 1, name="a"), Real(0, 1, name="b")]
    result = minimize(lambda a, b=None: a[0] + a[1], space, 4, rng=0, max_failures=0)
    assert result.best == dict(zip("ab", result.x, strict=True))


@pytest.mark.parametrize("way", [{"workers": 2}, {"executor": ProcessPoolExecutor}])
def test_workers_call_alike(way):
    space = {"kind": ["p", None], "x": Real(0, 1, when={"kind": None})}
    if "executor" in way:
        with ProcessPoolExecutor(1) as pool:
            result = minimize(takes_kind, space, 5, rng=0, executor=pool, max_failures=0)
    else:
        result = minimize(takes_kind, space, 5, rng=0, max_failures=0, **way)
    assert result.nfev == 5


def takes_kind(kind, x):
    """Take x, without a default, which is None where it is inactive."""
    assert (x is None) == (kind == "p")
    return 1.0 if x is None else x


def test_inactive_parameters_have_the_defaults_of_functions():
    seen = []

    def func(kind, x="default"):
        seen.append((kind, x))
        return 0.0

    minimize(func, {"kind": ["p", "q"], "x": Real(0, 1, when={"kind": "p"})}, 8, rng=0)
    assert {type(x) for kind, x in seen if kind == "p"} == {float}
    assert {x for kind, x in seen if kind == "q"} == {"default"}


def test_ask_and_tell_speak_mappings():
    optimizer = Optimizer(MIXED, rng=0)
    point = optimizer.ask()
    assert list(point) == list(MIXED)
    optimizer.tell(point, 1.0)
    points = optimizer.ask(n_points=2)
    optimizer.tell(points, [0.5, 2.0])
    optimizer.tell([points[0]], [0.5])
    optimizer.tell([0.01, "relu", 3], 4.0)
    assert len(optimizer.Xi) == 5
    assert all(isinstance(x, list) for x in optimizer.Xi)
    assert optimizer.result().best == points[0]
    for wrong in ({"lr": 0.1}, {**point, "x": 1}, {**point, "n": 65}):
        with pytest.raises(PointError):
            optimizer.tell(wrong, 1.0)


def test_first_points_are_mappings_or_lists():
    known = [{"lr": 0.01, "act": "relu", "n": 3}, [0.02, "tanh", 4]]
    assert minimize(by_names, MIXED, 2, x0=known, rng=0).x_iters == [[0.01, "relu", 3], known[1]]
    assert minimize(by_names, MIXED, 1, x0=known[0], rng=0).x == [0.01, "relu", 3]
    told = minimize(by_names, MIXED, 1, x0=known, y0=[-5.0, -6.0], rng=0)
    assert told.best == {"lr": 0.02, "act": "tanh", "n": 4}


def test_studies_take_and_show_mappings(tmp_path):
    file = tmp_path / "run.db"
    space = {"kind": ["p", "q"], "x": Real(0, 1, when={"kind": "p"})}
    with Study(file, space, rng=0) as study:
        study.add({"kind": "q"}, 0.5)
        study.add([{"kind": "p", "x": 0.25}], [0.125])
        trial = study.ask()
        assert trial.params == study.space.as_mapping(trial.x)
        study.tell(trial, 1.0)
    with Study(file, resume=True) as study:
        assert [one.params for one in study.trials()][:2] == [
            {"kind": "q"},
            {"kind": "p", "x": 0.25},
        ]
        assert study.told()[0].x == ["q", None]
        assert study.result().best == {"kind": "p", "x": 0.25}
    result = minimize(lambda p: p.get("x", 1.0), space, 5, study=file, resume=True)
    assert len(result.x_iters) == 2 + 5
    assert minimize(lambda p: 1.0, Space(space), 5, study=file, resume=True).nfev == 5


def test_many_problems_have_named_bounds():
    bounds = {"a": (0.0, 1.0), "b": Real(1e-3, 1.0, "log-uniform")}
    named = minimize_many(lambda x: (x**2).sum(axis=1), bounds, n_problems=2, n_calls=4, rng=0)
    listed = minimize_many(
        lambda x: (x**2).sum(axis=1), [*bounds.values()], n_problems=2, n_calls=4, rng=0
    )
    assert np.array_equal(named.x, listed.x)
    for other in (
        {"a": ["x", "y"]},
        {"a": Real(0, 1, step=0.5)},
        {"a": (0.0, 0.0)},
        {"a": Real(0, 1, when={"b": 1}), "b": (0.0, 1.0)},
    ):
        with pytest.raises(SpaceError, match="dimension 0 of the bounds"):
            minimize_many(lambda x: x[:, 0], other, n_problems=2, n_calls=4, rng=0)


def test_names_of_mappings_may_be_any_text():
    space = Space(
        {"kernel:degree": Integer(1, 3), "a b": (0.0, 1.0)}, "`kernel:degree` * `a b` <= 1"
    )
    point = Optimizer(space, rng=0).ask()
    assert set(point) == {"kernel:degree", "a b"}
    assert space.check(point)
    result = minimize(lambda p: p["a b"], space, 3, rng=0, max_failures=0)
    assert set(result.best) == {"kernel:degree", "a b"}


def test_a_choice_in_a_mapping_is_told_by_its_values():
    space = Space({"c": Categorical([None, "x"]), "d": (0, 1)})
    assert space.check({"c": None, "d": 1}) == [None, 1]
    assert space.as_mapping([None, 1]) == {"c": None, "d": 1}
