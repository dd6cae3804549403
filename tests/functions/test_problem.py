import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError, PointError
from rnnbbo.functions import PROBLEMS, Problem, get_problem


def _line(x):
    return x[..., 0]


@pytest.mark.parametrize(
    "x", [[1.0], [1.0, 2.0, 3.0], 1.0, [[1.0, 2.0]], ["a", "b"], [None, 1.0], [[1], [1, 2]]]
)
def test_points_of_the_wrong_shape_or_type_are_refused(x):
    branin = get_problem("branin")
    with pytest.raises(PointError, match="expected"):
        branin(x)
    with pytest.raises(PointError, match="expected"):
        branin.unit(x)


@pytest.mark.parametrize("x", [[-5.1, 3.0], [0.0, 15.1], [np.nan, 3.0], [np.inf, 3.0]])
def test_points_out_of_bounds_are_refused(x):
    with pytest.raises(PointError, match="branin"):
        get_problem("branin")(x)


def test_rounding_at_a_bound_is_forgiven():
    assert np.isfinite(get_problem("branin")([-5.0 - 1e-12, 15.0 + 1e-12]))


def test_unit_maps_the_cube_onto_the_bounds():
    problem = Problem("line", ((-5.0, 10.0), (2.0, 3.0)), _line, -5.0, ((-5.0, 2.0),))
    assert [problem.unit([u, 0.5]) for u in (0.0, 1.0, 0.2)] == pytest.approx([-5.0, 10.0, -2.0])
    assert problem([4, 3]) == 4.0
    with pytest.raises(PointError, match="line"):
        problem.unit([1.5, 0.0])


@pytest.mark.parametrize(
    "bounds", [(), ((0.0, 0.0),), ((1.0, 0.0),), ((0.0, np.nan),), ((0.0, np.inf),)]
)
def test_malformed_bounds_are_refused(bounds):
    with pytest.raises(ConfigError, match="low < high"):
        Problem("bad", bounds, _line, 0.0, ())


def test_minimizers_of_the_wrong_length_are_refused():
    with pytest.raises(ConfigError, match="1 coordinates"):
        Problem("bad", ((0.0, 1.0),), _line, 0.0, ((0.0, 0.0),))


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_are_frozen_and_travel_to_other_processes(name):
    problem = get_problem(name)
    with pytest.raises(AttributeError):
        problem.minimum = 0.0
    copy = pickle.loads(pickle.dumps(problem))
    assert copy.unit([0.3] * problem.dim) == problem.unit([0.3] * problem.dim)
