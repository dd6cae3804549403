"""Two methods against each other."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks import duel
from rnnbbo.benchmarks.plan import Comparison, Plan
from rnnbbo.benchmarks.reports.section import NONE
from rnnbbo.benchmarks.runner import run


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("records")
    compared = Comparison(
        suites=("classic-plain",), methods=("random", "sobol"), budget=12, functions=3, seeds=2
    )
    run(Plan(about="a duel", compare=(compared,)), out)
    return out


def test_a_method_is_level_with_itself(records: Path) -> None:
    text = duel.table(records, "random", "random", [5, 12])
    *_, row, total = text.splitlines()
    assert row.startswith("| classic-plain | 3 | ")
    assert row.count("[+0, +0; x1, x1]") == total.count("[+0, +0; x1, x1]") == 2
    assert "**" not in text


def intervals(row: str) -> list[list[float]]:
    """Of the difference of means, and of the ratio of geometric means, in a row's first cell."""
    parts = row.partition("[")[2].partition("]")[0].replace("x", "").split("; ")
    return [[float(v) for v in part.split(", ")] for part in parts]


def test_what_an_interval_shows_to_be_less_is_bold() -> None:
    worse, better = np.full(8, 0.5), np.linspace(0.1, 0.2, 8)
    level = np.log(np.array([0.1, 0.9] * 4))
    text = duel.cell(worse, better, level, level[::-1])
    assert text.startswith("0.50 / 0.30 : **0.15** / 0.30 [+0.3")
    text = duel.cell(level, level[::-1], np.log(better), np.log(worse))
    assert " / **0.15** : " in text
    assert text.count("**") == 2


def test_sides_change_signs(records: Path) -> None:
    there, back = (
        duel.table(records, *pair, [12, 200]).splitlines()[-1]
        for pair in (("random", "sobol"), ("sobol", "random"))
    )
    (low, high), (least, most) = intervals(there)
    gaps, ratios = intervals(back)
    assert gaps == pytest.approx([-high, -low], abs=0.02)
    assert ratios == pytest.approx([1 / most, 1 / least], rel=0.1)
    assert there.count(NONE) == 1  # 200 evaluations were not made


def test_the_command(records: Path) -> None:
    done = CliRunner().invoke(duel.main, [str(records), "random", "sobol", "--at", "10"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("random : sobol")
    assert "| suite | functions | t = 10 |" in done.output
