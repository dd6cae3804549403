import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import qmc

from rnnbbo.errors import ConfigError
from rnnbbo.functions import PROBLEMS, get_problem
from rnnbbo.functions.synthetic import MARGIN

FIXED = {"branin": 2, "goldstein_price": 2, "hartmann3": 3, "hartmann6": 6, "six_hump_camel": 2}
CASES = [
    (name, dim) for name in PROBLEMS for dim in ([FIXED[name]] if name in FIXED else [2, 3, 5])
]
EVERY_DIM = [name for name in PROBLEMS if name not in FIXED]

# Surjanovic & Bingham's library states these.
PUBLISHED = [
    ("branin", 2, 0.397887, 1e-6),
    ("goldstein_price", 2, 3.0, 1e-12),
    ("hartmann3", 3, -3.86278, 1e-5),
    ("hartmann6", 6, -3.32237, 1e-5),
    ("six_hump_camel", 2, -1.0316, 5e-5),
    ("michalewicz", 2, -1.8013, 5e-5),
    ("michalewicz", 5, -4.687658, 1e-6),
    ("michalewicz", 10, -9.66015, 5e-6),
    ("styblinski_tang", 4, -39.16599 * 4, 1e-3),
] + [
    (name, dim, 0.0, 1e-12)
    for name in ("ackley", "griewank", "levy", "rastrigin", "rosenbrock", "sphere")
    for dim in (2, 10)
]


@pytest.mark.parametrize(("name", "dim", "minimum", "tolerance"), PUBLISHED)
def test_declared_minimum_is_the_published_one(name, dim, minimum, tolerance):
    problem = get_problem(name, dim)
    assert problem.dim == dim
    assert problem.minimum == pytest.approx(minimum, abs=tolerance)


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_every_minimizer_lies_inside_and_takes_the_minimum(name, dim):
    problem = get_problem(name, dim)
    assert problem.minimizers
    for x in problem.minimizers:
        assert problem(x) == pytest.approx(problem.minimum, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_dense_search_and_polishing_find_nothing_lower_even_in_the_margin(name, dim):
    problem = get_problem(name, dim)
    width = problem.high - problem.low
    low, high = problem.low - MARGIN * width, problem.high + MARGIN * width
    points = qmc.scale(qmc.Sobol(dim, scramble=False).random_base2(14), low, high)
    values = problem.func(points)
    starts = [*points[np.argsort(values)[:8]], *map(np.array, problem.minimizers)]
    bounds = list(zip(low, high, strict=True))
    polished = [minimize(problem.func, x, method="L-BFGS-B", bounds=bounds).fun for x in starts]
    spread = values.max() - values.min()
    assert min(values.min(), *polished) >= problem.minimum - 1e-12 * spread


def test_values_away_from_the_optimum():
    # Worked out by hand from the published formulae.
    assert get_problem("branin")([0, 0]) == pytest.approx(36 + 10 * (1 - 1 / (8 * np.pi)) + 10)
    assert get_problem("goldstein_price")([0, 0]) == pytest.approx((1 + 19) * 30)
    assert get_problem("six_hump_camel")([1, 1]) == pytest.approx(4 - 2.1 + 1 / 3 + 1)
    assert get_problem("ackley", 2)([1, 1]) == pytest.approx(20 - 20 * np.exp(-0.2))
    assert get_problem("rosenbrock", 3)([0, 0, 0]) == 2.0
    assert get_problem("levy", 2)([-3, -3]) == pytest.approx(1 + 10 * np.sin(1) ** 2 + 1)
    assert get_problem("rastrigin", 2)([0.5, 0.0]) == pytest.approx(20.25)
    assert get_problem("griewank", 2)([np.pi, 0]) == pytest.approx(np.pi**2 / 4000 + 2)
    assert get_problem("styblinski_tang", 2)([1, 1]) == -10.0
    assert get_problem("michalewicz", 2)([np.pi / 2, np.pi / 2]) == pytest.approx(-(0.5**10) - 1)
    assert get_problem("sphere", 3)([1, 2, 3]) == 14.0


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_one_point_and_many_give_the_same_values(name, dim):
    problem = get_problem(name, dim)
    u = np.random.default_rng(1).random((2, 3, dim))
    many = problem.func(problem.low + u * (problem.high - problem.low))
    assert many.shape == (2, 3)
    assert many[1, 2] == pytest.approx(problem.unit(u[1, 2]), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "dim"),
    [("branin", 3), ("hartmann6", 5), ("michalewicz", 11), ("rosenbrock", 1)]
    + [(name, 0) for name in EVERY_DIM],
)
def test_a_dimension_that_does_not_exist_is_refused(name, dim):
    with pytest.raises(ConfigError, match=f"{name}: dim = {dim}"):
        get_problem(name, dim)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"problem = 'brainin'; expected one of ackley, branin"):
        get_problem("brainin")
