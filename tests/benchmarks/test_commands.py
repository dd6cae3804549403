"""The benchmark commands, as their users start them."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from rnnbbo.benchmarks import latency
from rnnbbo.benchmarks.threads import VARIABLES


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
