"""The measure of runs that end where little is left to gain."""

import math
from collections.abc import Callable

from rnnbbo.benchmarks.measures import exhausted_runs
from rnnbbo.benchmarks.measures.exhausted_runs import Stop
from rnnbbo.benchmarks.reports.section import Subsection


def test_a_run_is_followed_to_its_end_and_its_stop_is_noted() -> None:
    stop = exhausted_runs.follow("sphere-4d-noisy", 0, 3)
    assert math.isnan(stop.at)  # too few asks in turn
    assert stop.regret == stop.end >= 0.0


def test_early_is_what_had_much_left_and_would_have_found_it() -> None:
    assert Stop(20.0, 0.1, 0.01).early
    assert not Stop(20.0, 0.1, 0.05).early
    assert not Stop(20.0, 0.005, 0.0).early


def test_every_seed_has_a_function_of_its_own() -> None:
    for function in ("branin", "bbob-f15-3d"):
        first, second = (exhausted_runs.problem_of(function, seed) for seed in (0, 1))
        assert first.unit([0.3] * first.dim) != second.unit([0.3] * first.dim)


def test_the_table_has_a_row_a_function_and_one_for_all(
    measured: Callable[..., list[Subsection]], refused: Callable[..., str]
) -> None:
    options = ["exhausted", "--seeds", "1", "--n-calls", "4", "--functions"]
    (subsection,) = measured(*options, "branin,ackley-4d")
    (table,) = subsection.tables
    assert table.head == ("function", "ended", "after", "regret there", "regret at 4", "early")
    assert [[cell.text for cell in row[:2]] for row in table.rows] == [
        ["branin", "0 of 1"],
        ["ackley-4d", "0 of 1"],
        ["all", "0 of 2"],
    ]
    assert "'banana'; expected some of branin" in refused(*options, "banana")
