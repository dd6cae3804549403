"""The model behind pictures: bands, draws, slices."""

import math

import numpy as np
import pytest

from rnnbbo import Categorical, Integer, Real, Space, minimize
from rnnbbo.pictures.function_draws import draw_function
from rnnbbo.pictures.run_data import RunData
from rnnbbo.pictures.slices import slices
from rnnbbo.pictures.surrogate import Surrogate


def bowl(x):
    return (x[0] - 1) ** 2 + 2 * (x[1] + 0.5) ** 2


def of_points(function, space, count=25, maximize=False, seed=0):
    space = Space(space)
    points = space.rvs(count, seed)
    values = np.array([function(point) for point in points], dtype=float).reshape(count, -1)
    return RunData(space, points, values, (maximize,) * values.shape[1])


@pytest.fixture(scope="module")
def told():
    return of_points(bowl, [(-2.0, 3.0)] * 2)


@pytest.fixture(scope="module")
def surrogate(told):
    return Surrogate.fit(told)


def test_the_band_holds_what_was_told(told, surrogate):
    places = np.array([told.space.place(point) for point in told.points])
    band = surrogate.band(places)
    np.testing.assert_allclose(band.median, told.values[:, 0], atol=0.02)
    assert (band.low <= band.median).all()
    assert (band.median <= band.high).all()


def test_the_band_holds_what_was_not_told(told, surrogate):
    places = np.random.default_rng(1).random((200, 2))
    band = surrogate.band(places)
    known = np.array([bowl(told.space.from_cube(place)) for place in places])
    assert ((band.low <= known) & (known <= band.high)).mean() >= 0.95
    far = surrogate.band(np.array([[1.0, 1.0], told.space.place([1.0, -0.5])]))
    assert far.high[0] - far.low[0] > far.high[1] - far.low[1]


def test_draws_agree_with_the_band(surrogate):
    places = np.random.default_rng(2).random((40, 2))
    rng, modelled = np.random.default_rng(3), surrogate.objectives[0]
    drawn = np.array([draw_function(rng, modelled)(places) for _ in range(300)])
    band = surrogate.band(places)
    inside = ((band.low <= drawn) & (drawn <= band.high)).mean()
    assert 0.93 <= inside <= 0.97
    below = (drawn <= band.median).mean()
    assert 0.45 <= below <= 0.55


def test_larger_values_are_mirrored(told, surrogate):
    other = Surrogate.fit(RunData(told.space, told.points, -told.values, (True,)))
    places = np.random.default_rng(4).random((20, 2))
    one, mirrored = surrogate.band(places), other.band(places)
    np.testing.assert_allclose(mirrored.median, -one.median, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mirrored.low, -one.high, rtol=1e-9, atol=1e-9)


def test_several_objectives_have_a_model_each():
    data = of_points(lambda x: [bowl(x), 10 + x[0]], [(-2.0, 3.0)] * 2)
    surrogate = Surrogate.fit(data)
    places = np.array([data.space.place(point) for point in data.points])
    for k in range(2):
        median = surrogate.band(places, k).median
        np.testing.assert_allclose(median, data.values[:, k], atol=0.1)


def test_failures_and_constraints_are_told_too():
    space = Space([(-2.0, 3.0)] * 2)
    points = space.rvs(20, 0)
    values = np.array([[np.nan if x[0] > 2 else bowl(x)] for x in points])
    limits = {"c": np.array([np.nan if x[0] > 2 else x[1] for x in points])}
    surrogate = Surrogate.fit(RunData(space, points, values, (False,), limits))
    data = surrogate.data
    places = np.array([space.place(points[i]) for i in np.flatnonzero(~data.failed)])
    known = data.values[~data.failed, 0]
    np.testing.assert_allclose(surrogate.band(places).median, known, atol=0.3)


def test_nothing_is_known_of_failures_alone():
    space = Space([(0.0, 1.0)])
    surrogate = Surrogate.fit(RunData(space, [[0.5]], np.array([[np.nan]]), (False,)))
    assert not surrogate.known
    assert Surrogate.fit(of_points(bowl, [(0.0, 1.0)] * 2, 1)).known


def test_more_than_the_memory_holds():
    data = of_points(bowl, [(-2.0, 3.0)] * 2, 450)
    surrogate = Surrogate.fit(data)
    band = surrogate.band(np.array([data.space.place([1.0, -0.5])]))
    assert band.median[0] == pytest.approx(0.0, abs=0.05)


SPACE = [
    Real(1e-3, 1e1, "log-uniform", name="log"),
    Integer(1, 5, name="count"),
    Categorical(["a", "b", "c"], name="choice"),
    Real(0.0, 4.0, name="only_b", when={"choice": "b"}),
    Categorical(["here"], name="fixed"),
]


def mixed(point):
    log, count, choice, only_b, _ = point
    more = (only_b - 1.0) ** 2 if choice == "b" else 2.0
    return abs(math.log10(log)) + 0.25 * count + 0.5 * (choice == "c") + more


def test_slices_go_through_the_point():
    data = of_points(mixed, SPACE, 40)
    surrogate = Surrogate.fit(data)
    found = {one.name: one for one in slices(surrogate, [1.0, 2, "b", 1.5, "here"])}
    assert set(found) == {"log", "count", "choice", "only_b"}
    assert found["count"].values == [1, 2, 3, 4, 5]
    assert found["choice"].values == ["a", "b", "c"]
    assert found["choice"].categorical
    assert found["log"].log
    assert found["log"].values == sorted(found["log"].values)
    own = surrogate.band(data.space.place([1.0, 2, "b", 1.5, "here"])[None]).median[0]
    for one in found.values():
        assert one.median[one.values.index(one.at)] == pytest.approx(own)
        assert one.median.shape == one.low.shape == one.high.shape == (len(one.values),)
    inactive = slices(surrogate, [1.0, 2, "a", None, "here"])
    assert [one.name for one in inactive] == ["log", "count", "choice"]


def test_slices_leave_out_what_a_known_constraint_forbids():
    space = Space({"a": (0.0, 1.0), "b": (0.0, 1.0)}, where="a + b <= 1")
    points = space.rvs(15, 0)
    data = RunData(space, points, np.array([[sum(x)] for x in points]), (False,))
    one = slices(Surrogate.fit(data), [0.25, 0.5])[0]
    allowed = np.array(one.values) <= 0.5 + 1e-9
    np.testing.assert_array_equal(np.isfinite(one.median), allowed)


def test_of_many_categories_those_that_were_told():
    space = Space([Categorical([f"c{i}" for i in range(300)], name="k"), (0.0, 1.0)])
    result = minimize(lambda x: len(x[0]) + x[1], space, n_calls=8, rng=0)
    one = slices(Surrogate.fit(result.run_data()), result.x)[0]
    assert result.x[0] in one.values
    assert set(one.values) <= {x[0] for x in result.x_iters}
