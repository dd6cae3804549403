"""Importance: the process it stands on, and functions whose Sobol' indices are known."""

import math

import numpy as np
import pytest

from rnnbbo import Categorical, Integer, Real, Space, minimize
from rnnbbo.pictures.importance import importance
from rnnbbo.pictures.orthogonal import find_mode
from rnnbbo.pictures.orthogonal_axis import Axis
from rnnbbo.pictures.parts_density import PartsDensity
from rnnbbo.pictures.run_data import RunData

# Ishigami & Homma 1990, with a = 7 and b = 0.1: first-order and total indices.
ISHIGAMI = {"x0": (0.3139, 0.5576), "x1": (0.4424, 0.4424), "x2": (0.0, 0.2437)}


def ishigami(x):
    return math.sin(x[0]) + 7 * math.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * math.sin(x[0])


def run_data(space, points, values, maximize=False):
    return RunData(Space(space), points, np.array(values, dtype=float)[:, None], (maximize,))


def by_name(found):
    return {one.name: one for one in found}


def drawn(space, function, count, seed=0):
    points = Space(space).rvs(count, seed)
    return run_data(space, points, [function(point) for point in points])


@pytest.fixture(scope="module")
def axes():
    rng = np.random.default_rng(0)
    told = rng.random(12)
    sometimes = np.where(rng.random(12) < 0.3, np.nan, told)
    return (
        Axis.of_number(told, None),
        Axis.of_number((rng.integers(5, size=12) + 0.5) / 5, 5),
        Axis.of_category(rng.integers(3, size=12).astype(float), 3),
        Axis.of_number(sometimes, None),
    )


@pytest.mark.parametrize("smooth", [True, False])
def test_parts_are_products_of_features_and_integrate_to_zero(axes, smooth):
    for axis in axes:
        features, squares = axis.features(math.log(0.3), smooth)
        matrix = axis.matrix(math.log(0.3), smooth)[0]
        atol = 1e-5 if smooth else 2e-3  # of the eigenvalues that are left out
        np.testing.assert_allclose(features @ features.T, matrix, atol=atol)
        at_nodes = Axis(axis.nodes, axis.nodes, axis.weights, axis.categorical)
        functions = at_nodes.features(math.log(0.3), smooth)[0]
        np.testing.assert_allclose(axis.weights @ functions, 0.0, atol=1e-9)
        products = functions.T @ (axis.weights[:, None] * functions)
        np.testing.assert_allclose(products, np.diag(squares), atol=1e-9)


@pytest.mark.parametrize("smooth", [True, False])
def test_the_gradient_is_that_of_the_density(axes, smooth):
    values = np.random.default_rng(1).standard_normal(12)
    density = PartsDensity(axes, values, smooth, np.nonzero(np.triu(np.ones((4, 4)), 1)))
    theta = density.start() + 0.1 * np.random.default_rng(2).standard_normal(16)
    steps = 1e-5 * np.eye(16)
    numeric = [(density.at(theta + d)[0] - density.at(theta - d)[0]) / 2e-5 for d in steps]
    np.testing.assert_allclose(density.at(theta)[1], numeric, rtol=1e-5, atol=1e-6)


def test_the_largest_density_is_sought():
    told = np.linspace(0.0, 1.0, 12)
    values = np.sin(6.0 * told)
    axis = (Axis.of_number(told, None),)
    nothing = np.zeros((1, 1), dtype=bool)
    density = PartsDensity(axis, values, True, np.nonzero(nothing))
    found = find_mode(axis, values, nothing, True)
    assert found.value > density.at(density.start())[0] + 1.0
    np.testing.assert_allclose(density.at(found.theta)[1], 0.0, atol=0.5)


@pytest.mark.parametrize("seed", [0, 2])
def test_ishigami_after_a_search_of_60(seed):
    result = minimize(ishigami, [(-math.pi, math.pi)] * 3, n_calls=60, rng=seed)
    found = by_name(result.importance())
    for name, (alone, total) in ISHIGAMI.items():
        assert found[name].alone == pytest.approx(alone, abs=0.05)
        assert found[name].total == pytest.approx(total, abs=0.05)
        assert found[name].low - 0.02 <= total <= found[name].high + 0.02


@pytest.mark.slow
def test_ishigami_in_the_mean_of_ten_searches():
    space = [(-math.pi, math.pi)] * 3
    each = [
        by_name(minimize(ishigami, space, n_calls=60, rng=seed).importance()) for seed in range(10)
    ]
    for name, (alone, total) in ISHIGAMI.items():
        assert np.mean([one[name].alone for one in each]) == pytest.approx(alone, abs=0.05)
        assert np.mean([one[name].total for one in each]) == pytest.approx(total, abs=0.05)


def test_the_g_function_where_it_was_looked_at_everywhere():
    # Saltelli & Sobol 1995; products of all parameters: those of three and more are left out.
    a = np.array([0.0, 1.0, 4.5, 9.0])
    parts = 1.0 / (3.0 * (1.0 + a) ** 2)
    whole = np.prod(1.0 + parts) - 1.0
    total = [parts[d] * np.prod(np.delete(1.0 + parts, d)) / whole for d in range(4)]

    def g(x):
        return math.prod((abs(4 * u - 2) + b) / (1 + b) for u, b in zip(x, a, strict=True))

    found = by_name(importance(drawn([(0.0, 1.0)] * 4, g, 80)))
    for name, known, alone in zip(["x0", "x1", "x2", "x3"], total, parts / whole, strict=True):
        assert found[name].total == pytest.approx(known, abs=0.05)
        assert found[name].alone == pytest.approx(alone, abs=0.05)


def test_an_idle_parameter_is_the_last_where_a_search_has_converged():
    space = {"idle": (0.0, 1.0), "much": (-2.0, 3.0), "some": (-2.0, 3.0)}
    result = minimize(
        lambda p: 4 * (p["much"] - 1) ** 2 + (p["some"] + 0.5) ** 2, space, n_calls=40, rng=0
    )
    assert result.fun < 1e-4
    found = result.importance()
    assert [one.name for one in found] == ["much", "some", "idle"]
    assert found[2].high < 0.01
    assert found[0].total == pytest.approx(16 / 17, abs=0.1)


def test_kinds_of_parameters():
    space = [
        Real(1e-3, 1e1, "log-uniform", name="log"),
        Integer(1, 8, name="count"),
        Categorical(["a", "b", "c"], name="choice"),
        Real(0.0, 4.0, name="only_b", when={"choice": "b"}),
        Categorical(["here"], name="fixed"),
    ]

    def function(point):
        log, count, choice, only_b, _ = point
        more = 2.0 * only_b if choice == "b" else 0.0
        return math.log10(log) + 0.25 * count + 3.0 * (choice == "c") + more

    found = by_name(importance(drawn(space, function, 60)))
    assert set(found) == {"log", "count", "choice", "only_b"}
    # Variances: 16 / 12; 63 / 12 / 16; of the choice (0, 4, 3) and 16 / 9 at a third of the points.
    sizes = {"log": 4 / 3, "count": 63 / 192, "choice": 26 / 9, "only_b": 16 / 9}
    for name, size in sizes.items():
        share = size / sum(sizes.values())
        assert found[name].total == pytest.approx(share, abs=0.08), name


def test_what_is_better_does_not_matter():
    points = Space([(0.0, 1.0)] * 2).rvs(30, 0)
    values = np.array([x[0] + 0.3 * math.sin(6 * x[1]) for x in points])
    one = by_name(importance(run_data([(0.0, 1.0)] * 2, points, values)))
    other = by_name(importance(run_data([(0.0, 1.0)] * 2, points, -values, maximize=True)))
    assert one == other


def test_failures_are_left_out_and_outliers_are_tamed():
    points = Space([(0.0, 1.0)] * 2).rvs(40, 0)
    values = np.array([5 * x[0] + x[1] for x in points])
    clean = by_name(importance(run_data([(0.0, 1.0)] * 2, points, values)))
    values[[3, 9]] = np.nan
    values[5] = 1e9
    found = by_name(importance(run_data([(0.0, 1.0)] * 2, points, values)))
    for name, one in clean.items():
        assert found[name].total == pytest.approx(one.total, abs=0.1)


@pytest.mark.parametrize(
    ("points", "values"),
    [
        ([], []),
        ([[0.1], [0.2], [0.3]], [1.0, 2.0, 3.0]),
        ([[0.1], [0.1], [0.1], [0.2], [0.2]], [1.0, 1.1, 0.9, 2.0, 2.1]),
        ([[0.1], [0.2], [0.3], [0.4]], [7.0, 7.0, 7.0, 7.0]),
        ([[0.1], [0.2], [0.3], [0.4]], [1.0, np.nan, 2.0, 3.0]),
    ],
)
def test_too_little_is_known(points, values):
    assert importance(run_data([(0.0, 1.0)], points, values)) == []


def test_values_of_any_size():
    points = Space([(0.0, 1.0)] * 2).rvs(20, 0)
    values = np.array([x[0] for x in points])
    plain = by_name(importance(run_data([(0.0, 1.0)] * 2, points, values)))
    for unit in (1e-300, 1e300):
        found = by_name(importance(run_data([(0.0, 1.0)] * 2, points, unit * values)))
        assert found["x0"].total == pytest.approx(plain["x0"].total, abs=1e-6)


def test_many_evaluations_and_many_parameters_are_thinned():
    rng = np.random.default_rng(0)
    points = rng.random((700, 2)).tolist()
    data = run_data([(0.0, 1.0)] * 2, points, [2 * x[0] + x[1] for x in points])
    found = by_name(importance(data))
    assert found["x0"].total == pytest.approx(0.8, abs=0.03)
    many = drawn([(0.0, 1.0)] * 17, lambda x: 2 * x[15] + x[16], 25)
    assert [one.name for one in importance(many)[:2]] == ["x15", "x16"]
