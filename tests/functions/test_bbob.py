import numpy as np
import pytest

from rnnbbo.errors import ConfigError
from rnnbbo.functions.bbob import bbob_problem

cocoex = pytest.importorskip("cocoex")

FUNCTIONS = range(1, 25)


@pytest.mark.parametrize("dim", [2, 3, 5, 10, 20])
@pytest.mark.parametrize("instance", [1, 71, 120])
def test_minimum_is_taken_at_the_minimizer_inside_of_the_domain(dim: int, instance: int) -> None:
    rng = np.random.default_rng(instance)
    for function in FUNCTIONS:
        problem = bbob_problem(function, dim, instance)
        (minimizer,) = problem.minimizers
        assert problem(minimizer) == pytest.approx(problem.minimum, abs=1e-9), function
        near = np.clip(minimizer + rng.normal(0, 1e-2, (20, dim)), -5, 5)
        points = np.concatenate([near, rng.uniform(-5, 5, (20, dim))])
        assert min(map(problem, points)) >= problem.minimum, function


def test_unit_cube_is_mapped_onto_the_domain_of_cocos_own_suite() -> None:
    suite = cocoex.Suite("bbob", "instances: 3", "dimensions: 2,5")
    rng = np.random.default_rng(0)
    for theirs in suite:
        function, dim, instance = theirs.id_triple
        ours = bbob_problem(function, dim, instance)
        u = rng.random(dim)
        assert ours.unit(u) == theirs(-5 + 10 * u)
    assert len(suite) == 48


def test_batches_are_evaluated_row_by_row() -> None:
    problem = bbob_problem(15, 3, 2)
    x = np.random.default_rng(0).uniform(-5, 5, (2, 4, 3))
    values = problem.func(x)
    assert values.shape == (2, 4)
    assert values[1, 2] == problem(x[1, 2])


@pytest.mark.parametrize(
    ("function", "dim", "instance", "expected"),
    [(25, 2, 1, "function = 25"), (1, 1, 1, "dim = 1"), (1, 2, 0, "instance = 0")],
)
def test_unknown_functions_are_refused(
    function: int, dim: int, instance: int, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        bbob_problem(function, dim, instance)
