"""What the report concludes: planted differences, ties, early ends, unequal budgets."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnnbbo.benchmarks.record import RunKey
from rnnbbo.benchmarks.reports import (
    headline,
    markdown,
    peer_gaps,
    ranks,
    speed,
    timed,
    verdict,
)
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.pool import at, best, pool, shared

Rng = np.random.Generator


def steady(level: float, spread: float = 0.02) -> Any:
    """Regret that stays at a level, with scatter between functions."""

    def regret(function: int, seed: int, t: int, rng: Rng) -> float:
        return level + spread * float(np.cos(7.0 * function + 3.0 * seed))

    return regret


@pytest.fixture(scope="module")
def loaded(shared_records: Any) -> Records:
    """Eight functions in 2D and in 4D: a good, an equally good, a bad and a slow method."""
    made = shared_records.made
    methods = {
        "good": made(steady(0.3), ours=True, seconds=2e-3),
        "as-good": made(steady(0.3, spread=-0.02), seconds=1e-3),
        "bad": made(steady(0.5), seconds=1e-3),
        "slow": made(steady(0.3), budget=20, seconds=50.0),
    }
    return read_records(shared_records.write(methods))


def test_a_planted_difference_lies_in_its_interval(loaded: Records) -> None:
    gaps = peer_gaps.gaps(loaded, "good", ["bad", "as-good"])
    estimate, functions = gaps["bad"][30]
    assert functions == 16
    assert estimate.low <= -0.2 <= estimate.high < 0
    tie, _ = gaps["as-good"][30]
    assert tie.low <= 0 <= tie.high


def test_the_gap_to_a_method_that_stopped_ends_with_it(loaded: Records) -> None:
    gaps = peer_gaps.gaps(loaded, "good", ["slow", "bad"])
    assert list(gaps["slow"]) == [10, 20]
    assert list(gaps["bad"]) == [10, 20, 30]


def test_ties_are_called_ties_and_losers_are_not_named(loaded: Records) -> None:
    cases = [case for case in timed.cases(loaded) if case.call == "10 min"]
    for case in cases:
        assert {"good", "as-good"} <= set(case.leaders)
        assert "bad" not in case.leaders
        assert not case.clear
    text = " ".join(said for g in timed.section(loaded, {}).subsections for _, said in g.items)
    assert "as-good or good" in text  # the quicker first
    assert "bad" not in text


def test_time_to_ask_counts_against_a_method(loaded: Records) -> None:
    by_call = {c.call: c for c in timed.cases(loaded) if c.budget == 10 and "1 to 3" in c.band}
    assert "slow" in by_call["10 min"].leaders
    # It has not had its first value when the time is up.
    assert by_call["100 ms"].regrets["slow"] == 2.0
    assert "slow" not in by_call["100 ms"].leaders


def test_nothing_is_said_of_a_method_that_stopped_before(records: Any) -> None:
    made = records.made
    methods = {
        "long": made(steady(0.3)),
        "long-too": made(steady(0.35)),
        "short": made(steady(0.5), budget=20),
        "short-and-better": made(steady(0.1), budget=20),
    }
    loaded = read_records(records.write(methods))
    case = next(c for c in timed.cases(loaded) if c.budget == 30 and c.call == "10 s")
    assert case.leaders == ("short-and-better",)  # at 30 it is no worse than at 20
    assert case.unknown == ("short",)


def test_a_run_that_ended_early_leaves_its_function_out_for_the_method(records: Any) -> None:
    records.write()
    records.end(RunKey("gp-2d", "f02", "slow/peer", 1), 9, "died", "killed")
    loaded = read_records(records.out)
    course = loaded.suites[0].courses["slow/peer"]
    assert "f02" not in course.functions
    assert len(course.functions) == 7
    assert len(loaded.suites[0].courses["random"].functions) == 8
    assert [lost.run for lost in loaded.lost] == ["gp-2d/f02/slow/peer/1"]
    functions, _, _ = shared(loaded, "random", "slow/peer", at(10))
    assert ("gp-2d", "f02") not in functions
    assert len(functions) == 15
    together = pool(loaded, at(10))
    assert together is not None
    assert len(together.functions) == 15


def test_fewer_than_six_functions_tell_nothing_apart(records: Any) -> None:
    made = records.made
    methods = {"good": made(steady(0.1)), "bad": made(steady(1.0))}
    loaded = read_records(records.write(methods, {"gp-2d": 2}, functions=5))
    for case in timed.cases(loaded):
        assert not case.clear
        assert set(case.leaders) == {"good", "bad"}
    assert "too few" in verdict.section(loaded, {}).text[0]
    assert "too few" in timed.section(loaded, {}).text[1]


def test_six_functions_tell_a_great_difference(records: Any) -> None:
    made = records.made
    methods = {"good": made(steady(0.1)), "bad": made(steady(1.0))}
    loaded = read_records(records.write(methods, {"gp-2d": 2}, functions=6))
    assert {case.leaders for case in timed.cases(loaded)} == {("good",)}
    assert "take good" in verdict.section(loaded, {}).text[0]


def test_seeds_are_averaged_before_functions_count(records: Any) -> None:
    def regret(function: int, seed: int, t: int, rng: Rng) -> float:
        return [0.0, 0.4, 5.0][seed]

    made = records.made
    methods = {"a": made(regret), "b": made(steady(0.5))}
    loaded = read_records(records.write(methods, {"gp-2d": 2}, functions=3, seeds=3))
    course = loaded.suites[0].courses["a"]
    assert course.runs == 9
    assert course.capped[:, 4] == pytest.approx([(0.0 + 0.4 + 2.0) / 3] * 3)
    assert course.log[:, 4] == pytest.approx([np.log(1e-6 * 0.4 * 2.0) / 3] * 3)
    assert course.reached[:, 4] == pytest.approx([(1 + 4 / 51 + 0) / 3] * 3)


def test_a_minimum_that_is_beaten_counts_as_zero_and_is_reported(records: Any) -> None:
    methods = {"a": records.made(steady(-0.1, 0.0)), "b": records.made(steady(0.5))}
    loaded = read_records(records.write(methods, {"gp-2d": 2}, functions=2))
    assert np.all(loaded.suites[0].courses["a"].capped == 0.0)
    assert loaded.beaten == ("gp-2d/f00", "gp-2d/f01")


def test_ranks_and_wins_of_a_planted_order(records: Any) -> None:
    made = records.made
    methods = {f"m{i}": made(steady(0.2 + 0.2 * i)) for i in range(3)}
    loaded = read_records(records.write(methods))
    assert ranks.best_first(loaded) == ["m0", "m1", "m2"]
    table = ranks.section(loaded, {}).subsections[0].tables[0]
    assert [row[2].text.split()[0] for row in table.rows] == ["1.0", "2.0", "3.0"]
    wins = ranks.section(loaded, {}).subsections[-1].tables[0]
    assert [[cell.text for cell in row] for row in wins.rows] == [
        ["m0", "", "\u2713 16/16", "\u2713 16/16"],
        ["m1", "\u2717 0/16", "", "\u2713 16/16"],
        ["m2", "\u2717 0/16", "\u2717 0/16", ""],
    ]


def test_time_per_ask_is_the_median_over_functions(loaded: Records) -> None:
    assert speed.step_seconds(loaded, "slow", 2)[20] == pytest.approx(50.0)
    assert 21 not in speed.step_seconds(loaded, "slow", 2)
    assert speed.median_seconds(loaded)["good"] == pytest.approx(2e-3)
    assert [speed.duration(s) for s in (3e-6, 2.1e-3, 0.5, 7.0, 90.0)] == [
        "3 µs",
        "2.1 ms",
        "500 ms",
        "7.0 s",
        "1.5 min",
    ]


def test_distance_to_the_incumbent_by_hand(records: Any) -> None:
    from rnnbbo.benchmarks.record import read_run, run_path, write_run

    key = RunKey("gp-2d", "f00", "m", 0)
    methods = {"m": records.made(steady(0.5), budget=4)}
    records.write(methods, {"gp-2d": 2}, functions=1, seeds=1)
    run = read_run(run_path(records.out, key))
    assert run is not None
    points = [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (1.0, 1.0)]
    values = [3.0, 1.0, None, 0.0]
    write_run(
        records.out,
        key,
        [
            replace(e, x=x, y=y, status="ok" if y is not None else "failed")
            for e, x, y in zip(run.evaluations, points, values, strict=True)
        ],
    )
    distance = np.exp(read_records(records.out).suites[0].courses["m"].distance[0])
    assert distance[1:] == pytest.approx([1.0, 0.5, 1e-6])
    assert np.isnan(distance[0])


def test_the_best_of_a_suite_and_its_equals_are_bold(loaded: Records) -> None:
    assert set(best(loaded, "gp-2d", 10)) == {"good", "as-good", "slow"}
    assert set(best(loaded, "gp-2d", 30)) == {"good", "as-good"}
    lines = markdown.markdown_table(headline.headline_table(loaded)).splitlines()
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in lines if " ms |" in row}
    assert rows["good"].count("**") == rows["as-good"].count("**") == 4
    assert "**" not in rows["bad"]
