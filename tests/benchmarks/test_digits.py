"""The count of digits: on variants of the functions, in units of their range."""

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks import digits
from rnnbbo.functions.synthetic import get_problem


def test_regret_is_in_units_of_the_range() -> None:
    range_of_sphere = digits.spread(get_problem("sphere", 4))
    assert 50.0 < range_of_sphere <= 4 * 5.12**2
    found = digits.regrets("random", "sphere-4d", 3)
    assert found.shape == (3,)
    assert np.all((found > 0.0) & (found < 0.5))
    assert len(set(found)) == 3  # every seed has a run and a variant of its own


def test_the_table_has_a_row_a_function_and_refuses_others() -> None:
    options = ["--methods", "random,sobol", "--seeds", "2", "--functions"]
    done = CliRunner().invoke(digits.main, [*options, "branin,hartmann3"])
    rows = [line.strip("| ").split(" | ") for line in done.output.splitlines()]
    assert rows[0] == ["function", "evaluations", "random", "sobol"]
    assert [row[:2] for row in rows[2:]] == [["branin", "100"], ["hartmann3", "100"]]
    refused = CliRunner().invoke(digits.main, [*options, "banana"])
    assert refused.exit_code == 2
    assert "'banana'; expected some of branin" in refused.output


@pytest.mark.slow
@pytest.mark.parametrize("function", digits.FUNCTIONS)
def test_the_kernel_policy_finds_six_digits(function: str) -> None:
    assert np.median(digits.regrets("kernel", function, 5)) < 1e-6
