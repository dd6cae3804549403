"""The ranking by evaluations: who leads, by how much, where, and where a mean hides a failure."""

from typing import Any

import numpy as np
import pytest

from rnnbbo.benchmarks.reports import ranking, verdict, worst
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.pool import at, pool

Rng = np.random.Generator
SUITES = {"gp-2d": 2, "gp-4d": 4}


def steady(regret: float, spread: float = 0.02) -> Any:
    """Regret that stays, with scatter between functions."""

    def of(function: int, seed: int, t: int, rng: Rng) -> float:
        return regret + spread * float(np.cos(7.0 * function + 3.0 * seed))

    return of


def until(t0: int, before: float, after: float) -> Any:
    """Regret that falls to its last value at an evaluation."""

    def of(function: int, seed: int, t: int, rng: Rng) -> float:
        return (before if t < t0 else after) + 0.02 * float(np.cos(7.0 * function))

    return of


@pytest.fixture(scope="module")
def raced(shared_records: Any) -> Records:
    """The default is behind at 10 evaluations and ahead from 20 on; asking takes it long."""
    made = shared_records.made
    methods = {
        "auto": made(until(20, 0.5, 0.1), ours=True, seconds=1.0),
        "quick": made(steady(0.4), ours=True, seconds=1e-6),
        "peer": made(steady(0.45)),
        "random": made(steady(0.9), seconds=1e-6),
    }
    return read_records(shared_records.write(methods))


def test_methods_are_ranked_by_evaluations_whatever_asking_costs(raced: Records) -> None:
    found = ranking.columns(raced, [10, 30])
    assert ranking.ranked(raced, found) == ["auto", "quick", "peer", "random"]
    assert ranking.excess(found, "auto") == pytest.approx((0.1 + 0.0) / 2, abs=0.02)
    text = verdict.section(raced, {}).text[0]
    assert "take auto (default)" in text
    assert "tied with the least after 30 evaluations" in text
    assert "quick (0.15 above, 1 of 2)" in text


def test_where_the_default_is_behind_is_said(raced: Records) -> None:
    text = verdict.section(raced, {}).text[0]
    assert "Auto is behind the least here: all suites together, after 10: 0.50, quick 0.40" in text
    assert "1 to 3 dimensions, after 10: " in text
    assert "after 30: " not in text


def test_equals_are_tied_and_of_equals_the_default_comes_first(records: Any) -> None:
    made = records.made
    methods = {"kernel": made(steady(0.2), ours=True), "auto": made(steady(0.2), ours=True)}
    raced = read_records(records.write(methods, functions=6))
    found = ranking.columns(raced, [10])
    assert ranking.ranked(raced, found) == ["auto", "kernel"]
    assert set(found[0].means.leaders) == {"auto", "kernel"}
    assert "Nowhere" in verdict.section(raced, {}).text[0]


def test_every_part_of_the_suites_is_compared_for_itself(records: Any) -> None:
    suites = {"gp-2d": 2, "bbob-10d": 10, "gp-4d-noise10": 4, "tabular": 4, "mixed-tune": 4}
    raced = read_records(records.write(suites=suites, functions=2))
    glance = verdict.section(raced, {}).subsections[1].tables[0]
    assert [row[0].text for row in glance.rows] == [
        "all suites together",
        "1 to 3 dimensions",
        "7 and more dimensions",
        "under noise",
        "tuning, as reals",
        "tuning, integers and categories declared",
    ]


def test_intervals_stand_round_their_means(raced: Records) -> None:
    table = ranking.intervals(raced, ranking.columns(raced, [10, 30]))
    first = table.rows[0]
    assert first[0].text == "auto (default)"
    value, low, high = (
        float(part)
        for part in first[2].text.replace("[", "").replace("]", "").replace(",", "").split()
    )
    assert low < value < high
    assert first[1].tone == ""
    assert first[2].tone == "best"
    geometric = ranking.intervals(raced, ranking.columns(raced, [30]), geometric=True)
    assert geometric.rows[0][1].value == pytest.approx(0.1, abs=0.02)


def test_the_worst_suite_and_the_share_behind_random_by_hand(records: Any) -> None:
    made = records.made

    def fails_on_two(function: int, seed: int, t: int, rng: Rng) -> float:
        return 1.5 if function in {1, 2} else 0.1

    methods = {
        "auto": made(fails_on_two, ours=True),
        "random": made(steady(0.9, 0.0)),
        "elsewhere": made(steady(0.3, 0.0), suites=("gp-2d",)),
    }
    raced = read_records(records.write(methods, {"gp-2d": 2, "gp-4d": 4, "gp-6d": 6}))
    together = pool(raced, at(10))  # without the method that has a third of the functions
    assert together is not None
    assert len(together.functions) == 24
    assert worst.behind_random(together, "auto") == pytest.approx(2 / 8)
    assert worst.behind_random(together, "random") is None
    assert worst.worst_suite(together, "random") == ("gp-2d", pytest.approx(0.9))


def test_the_worst_suite_is_the_one_of_the_largest_mean(records: Any) -> None:
    made = records.made
    methods = {"auto": made(steady(0.1), ours=True), "random": made(steady(0.9))}
    raced = read_records(records.write(methods))
    together = pool(raced, at(10))
    assert together is not None
    row = together.values["auto"]
    row[[function[0] == "gp-4d" for function in together.functions]] = 0.7
    assert worst.worst_suite(together, "auto") == ("gp-4d", pytest.approx(0.7))
    cell = worst.worst_table(raced, ranking.columns(raced, [10])).rows[0][1]
    assert cell.text in {"0.10 gp-2d", "0.10 gp-4d"}
    assert cell.note == "behind random on 0 %"
