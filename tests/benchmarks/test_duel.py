"""Two methods against each other."""

from pathlib import Path

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
    assert row.count("[+0, +0]") == total.count("[+0, +0]") == 2
    assert "**" not in text


def test_sides_change_signs(records: Path) -> None:
    there, back = (
        duel.table(records, *pair, [12, 200]).splitlines()[-1]
        for pair in (("random", "sobol"), ("sobol", "random"))
    )
    low, high = there.split("[")[1].split("]")[0].split(", ")
    again = back.split("[")[1].split("]")[0].split(", ")
    assert [float(v) for v in again] == pytest.approx([-float(high), -float(low)], abs=0.02)
    assert there.count(NONE) == 1  # 200 evaluations were not made


def test_the_command(records: Path) -> None:
    done = CliRunner().invoke(duel.main, [str(records), "random", "sobol", "--at", "10"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("random : sobol")
    assert "| suite | functions | t = 10 |" in done.output
