"""Problems with constraints: what is published, and that a declared minimum holds."""

import pickle

import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.constrained import NAMES, make_constrained, reference_of
from rnnbbo.violations import is_feasible

PUBLISHED = {
    "gramacy": 0.59979,
    "pressure_vessel": 5885.3328,
    "welded_beam": 1.724852,
    "tension_string": 0.012665233,
    "speed_reducer": 2994.4711,
    "line": 0.5,
    "g04": -30665.539,
    "g06": -6961.81388,
    "g08": -0.095825,
    "g09": 680.630057,
    "g24": -5.508013,
}


def test_every_problem_has_its_published_minimum() -> None:
    assert set(PUBLISHED) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_minimum_is_that_of_a_feasible_point_and_no_other_is_lower(name: str) -> None:
    problem = make_constrained(name)
    assert problem.minimum == pytest.approx(PUBLISHED[name], rel=2e-5)
    (best,) = problem.minimizers
    assert problem(best) == problem.minimum
    assert problem.constraints is not None
    assert (problem.constraints(np.array(best)) <= 0.0).all()
    rng = np.random.default_rng(0)
    width = problem.high - problem.low
    wide = problem.low + rng.random((20_000, problem.dim)) * width
    near = np.array(best) + 1e-3 * width * rng.standard_normal((20_000, problem.dim))
    x = np.concatenate([wide, np.clip(near, problem.low, problem.high)])
    feasible = (problem.constraints(x) <= 0.0).all(axis=1)
    assert feasible.any() and not feasible.all()
    assert problem.func(x[feasible]).min() >= problem.minimum
    assert reference_of(name) > 0.0


def test_constraints_have_names_and_survive_pickling() -> None:
    problem = pickle.loads(pickle.dumps(make_constrained("gramacy")))
    found = problem.unit_constraints([0.0, 0.0])
    assert found == {"c0": 1.5, "c1": -1.5}
    assert not is_feasible(found)
    assert problem.unit([0.25, 0.5]) == 0.75


def test_there_is_no_other() -> None:
    with pytest.raises(ConfigError, match="name = 'g99'; expected one of gramacy, "):
        make_constrained("g99")
