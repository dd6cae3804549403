"""Two methods against each other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks.measures import duel
from rnnbbo.benchmarks.plan import Comparison, Plan
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection
from rnnbbo.benchmarks.runner import run


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records")
    compared = Comparison(
        suites=("classic-plain",),
        methods=("random", "lstm-direct"),
        budget=12,
        functions=3,
        seeds=2,
    )
    run(Plan(about="a duel", compare=(compared,)), out)
    return out


def test_a_method_is_level_with_itself(records: Path) -> None:
    subsection = duel.duel(read_records(records), "random", "random", [5, 12])
    assert subsection.text == (f"random : random, {duel.LEGEND}",)
    (table,) = subsection.tables
    assert table.head == ["suite", "functions", "t = 5", "t = 12"]
    row, total = table.rows
    assert [cell.text for cell in row[:2]] == ["classic-plain", "3"]
    assert [cell.text for cell in total[:2]] == ["all", "3"]
    for cell in (*row[2:], *total[2:]):
        assert cell.text.endswith(" [+0, +0; x1, x1]")
        assert best(cell) == []


def best(cell: Cell) -> list[str]:
    return [text for text, leads in cell.pieces if leads]


def intervals(cell: Cell) -> list[list[float]]:
    """Of the difference of means, and of the ratio of geometric means."""
    parts = cell.text.partition("[")[2].partition("]")[0].replace("x", "").split("; ")
    return [[float(v) for v in part.split(", ")] for part in parts]


def test_what_an_interval_shows_to_be_less_is_bold() -> None:
    worse, better = np.full(8, 0.5), np.linspace(0.1, 0.2, 8)
    level = np.log(np.array([0.1, 0.9] * 4))
    cell = duel.cell(worse, better, level, level[::-1])
    assert cell.text.startswith("0.50 / 0.30 : 0.15 / 0.30 [+0.3")
    assert best(cell) == ["0.15"]
    cell = duel.cell(level, level[::-1], np.log(better), np.log(worse))
    assert " / 0.15 : " in cell.text
    assert best(cell) == ["0.15"]


def test_sides_change_signs(records: Path) -> None:
    there, back = (
        duel.duel(read_records(records), *pair, [12]).tables[0].rows[-1]
        for pair in (("random", "lstm-direct"), ("lstm-direct", "random"))
    )
    (low, high), (least, most) = intervals(there[2])
    gaps, ratios = intervals(back[2])
    assert gaps == pytest.approx([-high, -low], abs=0.02)
    assert ratios == pytest.approx([1 / most, 1 / least], rel=0.1)


def test_a_suite_that_stopped_before_has_no_figure(records: Path) -> None:
    loaded = read_records(records)
    (suite,) = loaded.suites
    brief = {
        name: replace(course, capped=course.capped[:, :9]) for name, course in suite.courses.items()
    }
    both = replace(loaded, suites=(suite, replace(suite, name="brief", courses=brief)))
    (table,) = duel.duel(both, "random", "lstm-direct", [9, 12, 13]).tables
    assert table.head == ["suite", "functions", "t = 9", "t = 12"]  # nothing made 13
    longer, brief_row, total = table.rows
    assert brief_row[3].text == NONE
    assert total[3] == longer[3]


def test_the_command(records: Path, measured: Callable[..., list[Subsection]]) -> None:
    subsections = measured("duel", records, "random", "lstm-direct,random", "--at", "10,200,5,10")
    starts = [subsection.text[0].partition(",")[0] for subsection in subsections]
    assert starts == ["random : lstm-direct", "random : random"]
    for subsection in subsections:
        assert subsection.tables[0].head == ("suite", "functions", "t = 5", "t = 10")


def test_what_is_not_there_is_named(records: Path, refused: Callable[..., str]) -> None:
    line = refused("duel", records, "random", "cma")
    assert line == "Error: method = 'cma'; expected one of lstm-direct, random"
    line = refused("duel", records / "none", "random", "lstm-direct")
    assert "no such folder; expected a folder that `rnnbbo benchmark run` made" in line
