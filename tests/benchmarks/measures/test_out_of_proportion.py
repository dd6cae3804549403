"""Runs that meet glitches and penalties, beside runs that meet failures there."""

from collections.abc import Callable

import numpy as np
import pytest

from rnnbbo.benchmarks.measures import out_of_proportion
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.functions.synthetic import get_problem


@pytest.mark.parametrize("kind", out_of_proportion.KINDS)
def test_failures_are_where_outliers_are(kind: str) -> None:
    smooth = get_problem("branin")
    u = np.random.default_rng(0).random((300, 2))
    clean = np.array([smooth.unit(x) for x in u])
    fails = out_of_proportion.roughened(kind, smooth, "a", np.nan)
    failing = np.array([fails.unit(x) for x in u])
    for size in (1e2, 1e30):
        problem = out_of_proportion.roughened(kind, smooth, "a", size)
        rough = np.array([problem.unit(x) for x in u])
        assert np.array_equal(rough != clean, np.isnan(failing))
        assert (rough[rough != clean] > clean.max()).all()
    share = np.isnan(failing).mean()
    assert (0.35 < share < 0.65) if kind == "penalty" else (0.0 < share < 0.1)


def test_the_table_has_a_row_a_method_and_a_kind(
    measured: Callable[..., list[Subsection]],
) -> None:
    (subsection,) = measured(
        *("outliers", "--methods", "random", "--functions", "1"),
        *("--seeds", "1", "--budget", "2", "--split", "tune"),
    )
    (table,) = subsection.tables
    assert table.head == (
        "method",
        "in place of values",
        "none",
        "NaN",
        *("1e+02", "1e+04"),
        *("1e+08", "1e+30"),
    )
    assert [row[1].text for row in table.rows] == list(out_of_proportion.KINDS.values())
