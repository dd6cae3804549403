"""The benchmark commands, as their users start them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks import latency, regret
from rnnbbo.benchmarks.threads import VARIABLES


def test_regret_prints_and_writes_a_table_of_every_method(tmp_path: Path) -> None:
    arguments = (
        "--suites classic --methods random,tpe --functions 2 --seeds 1 --budget 10 --at 5,10"
    )
    done = CliRunner().invoke(
        regret.main, [*arguments.split(), "--versus", "random", "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    table = (tmp_path / "report.md").read_text()
    assert table in done.output
    assert "| method | @5 | @10 |" in table
    assert "| random | " in table
    # Once in the table of regret, once in the comparison with random.
    assert table.count("| tpe | ") == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--at", "10,40"], "from 1 to the budget, 30"),
        (["--at", "ten"], "expected numbers such as"),
        (["--versus", "cma"], "expected one of random, tpe, dnc"),
        (["--suites", "gp-3d"], "expected one of gp-2d"),
    ],
)
def test_regret_refuses_malformed_options(
    arguments: list[str], expected: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(regret.main, [*arguments, "--out", str(tmp_path)])
    assert done.exit_code != 0
    assert expected in done.output


def test_latency_prints_a_row_a_method() -> None:
    done = CliRunner().invoke(
        latency.main, ["--methods", "random,cma", "--at", "5,9", "--repeats", "1"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == "| method | t = 5 | t = 9 |"
    assert [line.split()[1] for line in done.output.splitlines()[2:]] == ["random", "cma"]


def test_a_program_is_restarted_with_one_thread_a_library(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys\n"
        "from rnnbbo.benchmarks.threads import VARIABLES, pin_threads\n"
        "pin_threads()\n"
        "print(sys.argv[1:], {os.environ[name] for name in VARIABLES})\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    done = subprocess.run(
        [sys.executable, program, "--x", "a b"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout == "['--x', 'a b'] {'1'}\n"
