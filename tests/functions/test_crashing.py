import numpy as np
import pytest

from rnnbbo.functions.bbob import bbob_problem
from rnnbbo.functions.crashing import with_crashes
from rnnbbo.functions.roughness import HalfSpace, draw_half_space


def test_values_are_missing_inside_the_half_space_only() -> None:
    smooth = bbob_problem(1, 2, 1)
    half_space = HalfSpace((1.0, 0.0), 0.9)
    problem = with_crashes(smooth, half_space)
    u = np.random.default_rng(0).random((200, 2))
    values, plain = ([p.unit(point) for point in u] for p in (problem, smooth))
    expected = np.where(u[:, 0] > 0.9, np.nan, plain)
    assert 0 < np.isnan(values).sum() < 200
    assert np.array_equal(values, expected, equal_nan=True)
    assert np.array_equal(problem.func(-5 + 10 * u), expected, equal_nan=True)


@pytest.mark.parametrize("dim", [2, 5])
def test_the_minimum_stays_and_can_be_evaluated(dim: int) -> None:
    smooth = bbob_problem(15, dim, 3)
    half_space = draw_half_space(smooth, np.random.default_rng(1), 0.3, 0.6)
    problem = with_crashes(smooth, half_space)
    assert problem.minimum == smooth.minimum
    assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, abs=1e-9)
