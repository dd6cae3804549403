from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks import record
from rnnbbo.cli.benchmark import benchmark
from rnnbbo.cli.main import run_command

PLAN = """
about = "a test"

[[compare]]
suites = ["classic"]
methods = ["random", "cma", "lstm"]
budget = 12
functions = 3
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "plan.toml").write_text(PLAN)
    arguments = ["run", str(folder / "plan.toml"), "--out", str(folder / "out")]
    done = CliRunner().invoke(benchmark, arguments)
    assert done.exit_code == 0, done.output
    assert f"report:  {folder}/out/report.html" in done.stdout
    assert "9/9" in done.stderr
    return folder / "out"


def test_run_records_and_reports(out: Path) -> None:
    assert len(list(record.read_runs(out))) == 9
    assert "</html>" in (out / "report.html").read_text()
    assert "lstm" in (out / "report.md").read_text()
    # Nothing of BBOB, so nothing for COCO.
    assert not (out / "coco").exists()


def test_a_report_goes_where_it_is_told_to(out: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(benchmark, ["report", str(out), "--to", str(tmp_path / "to")])
    assert done.exit_code == 0, done.output
    for name in ("report.html", "report.md"):
        assert (tmp_path / "to" / name).read_bytes() == (out / name).read_bytes()


def test_list_names_everything_that_a_plan_may_hold() -> None:
    done = CliRunner().invoke(benchmark, ["list"])
    assert done.exit_code == 0, done.output
    for name in ("spearmint", "turbo", "dnc", "lstm-direct", "gp-6d", "classic", "quick", "full"):
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "PLAN is missing; expected a plan, or --quick"),
        (["full", "--quick"], "PLAN = 'full' and --quick; expected a plan, or --quick"),
        (["--quick", "--jobs", "2", "--scheduler", "tcp://a:1"], "a cluster has its own workers"),
        (["--quick", "--jobs", "0"], "0 is not in the range"),
    ],
)
def test_contradictions_are_refused(arguments: list[str], expected: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(benchmark, ["run", *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert expected in done.stderr
    assert not (tmp_path / "out").exists()


def test_targets_that_cannot_be_written_are_refused_at_once(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long, file = str(tmp_path / ("a" * 300)), tmp_path / "file"
    file.touch()
    for arguments, name in (
        (["run", "--quick", "--out", long], "--out"),
        (["run", "--quick", "--out", f"{file}/inside"], "--out"),
        (["report", str(out), "--to", long], "--to"),
        (["measure", "latency", "--out", f"{long}.md"], "--out"),
    ):
        assert run_command(["benchmark", *arguments]) == 2
        assert f"Error: {name} = '" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [file]
