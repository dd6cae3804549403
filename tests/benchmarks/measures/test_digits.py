"""The count of digits: on variants of the functions, in units of their range."""

from collections.abc import Callable

import numpy as np
import pytest

from rnnbbo.benchmarks.measures import digits
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.functions.synthetic import get_problem


def test_regret_is_in_units_of_the_range() -> None:
    range_of_sphere = digits.spread(get_problem("sphere", 4))
    assert 50.0 < range_of_sphere <= 4 * 5.12**2
    found = digits.final_regrets("random", "sphere-4d", 3)
    assert found.shape == (3,)
    assert np.all((found > 0.0) & (found < 0.5))
    assert len(set(found)) == 3  # every seed has a run and a variant of its own


def test_the_table_has_a_row_a_function_and_refuses_others(
    measured: Callable[..., list[Subsection]], refused: Callable[..., str]
) -> None:
    options = ["digits", "--methods", "random,sobol", "--seeds", "2", "--functions"]
    (subsection,) = measured(*options, "branin,hartmann3")
    (table,) = subsection.tables
    assert table.head == ("function", "evaluations", "random", "sobol")
    rows = [[cell.text for cell in row[:2]] for row in table.rows]
    assert rows == [["branin", "100"], ["hartmann3", "100"]]
    assert "'banana'; expected some of branin" in refused(*options, "banana")


@pytest.mark.slow
@pytest.mark.parametrize("function", digits.SMOOTH_FUNCTIONS)
def test_the_kernel_policy_finds_six_digits(function: str) -> None:
    assert np.median(digits.final_regrets("kernel", function, 5)) < 1e-6
