"""`rnnbbo benchmark measure`: which measures there are, what all of them share, and a new one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rnnbbo.benchmarks import measures
from rnnbbo.benchmarks.measures.registry import MEASURES, Measure, measure_command
from rnnbbo.benchmarks.threads import VARIABLES
from rnnbbo.cli.main import run_command
from rnnbbo.errors import ConfigError, MissingExtraError

COIN = '''
import click

from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table, joined


@measure()
@click.option("--tosses", type=click.IntRange(1), default=4, show_default=True)
def command(tosses: int) -> list[Subsection]:
    """Measure whether a coin is fair."""
    cells = [Cell("heads"), joined(Cell(str(tosses), "best"), " of ", str(tosses))]
    return [Subsection(text=("A coin.",), tables=[Table(["side", "tosses"], [cells])])]
'''


@pytest.fixture
def coin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new measure: one file, and one line of the registry."""
    folder = tmp_path / "measures"
    folder.mkdir()
    (folder / "coin.py").write_text(COIN)
    monkeypatch.setattr(measures, "__path__", [*measures.__path__, str(folder)])
    monkeypatch.setitem(MEASURES, "coin", Measure("coin", "Whether a coin is fair."))
    monkeypatch.delitem(sys.modules, "rnnbbo.benchmarks.measures.coin", raising=False)
    return folder / "coin.py"


@pytest.mark.usefixtures("coin")
def test_a_new_measure_is_a_file_and_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["benchmark", "measure", "--help"]) == 0
    assert re.search(r"^  coin +Whether a coin is fair\.$", capsys.readouterr().out, re.MULTILINE)
    assert run_command(["benchmark", "measure", "coin", "--help"]) == 0
    assert "--tosses" in capsys.readouterr().out
    out = tmp_path / "coin.md"
    assert run_command(["benchmark", "measure", "coin", "--tosses", "7", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ("A coin.\n\nside   tosses\n-----  ----------\nheads  **7** of 7\n")
    assert shown.err == f"written: {out} and {tmp_path / 'coin.json'}\n"
    assert out.read_text() == (
        "A coin.\n\n| side | tosses |\n| --- | --- |\n| heads | **7** of 7 |\n"
    )


def test_a_measure_that_lacks_a_library_says_which_extra_has_it(
    coin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coin.write_text("import no_such_library\n")
    with pytest.raises(MissingExtraError, match="'coin' needs a package"):
        measure_command("coin")
    assert run_command(["benchmark", "measure", "coin"]) == 2
    assert "No module named 'no_such_library'" in capsys.readouterr().err


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_explains_its_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = measure_command(name)
    assert made.help
    assert made.params[-1].opts == ["--out"]
    assert run_command(["benchmark", "measure", name, "--help"]) == 0
    assert made.help.splitlines()[0] in " ".join(capsys.readouterr().out.split())


def test_an_unknown_measure_is_refused_with_the_names_of_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["benchmark", "measure", "latenzy"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"measure = 'latenzy'; expected one of {', '.join(MEASURES)}" in line
    with pytest.raises(ConfigError, match="'latenzy'; expected one of adaptation"):
        measure_command("latenzy")


@pytest.mark.parametrize("group", [["benchmark"], ["benchmark", "measure"]])
def test_a_group_without_a_command_shows_its_help(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(group) == 0
    assert f"Usage: rnnbbo {' '.join(group)} " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("out", "expected"),
    [("table.txt", "a file that ends in .md"), ("none/table.md", "a file in a folder that exists")],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(
    out: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / out)
    assert run_command(["benchmark", "measure", "latency", "--out", path]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{path!r}" in shown.err
    assert f"expected {'the name of ' if 'txt' in out else ''}{expected}" in shown.err


def test_help_loads_no_measure() -> None:
    program = (
        "import sys\n"
        "from rnnbbo.cli.main import run_command\n"
        "for rest in ([], ['--help'], ['measure', '--help']):\n"
        "    run_command(['benchmark', *rest])\n"
        "heavy = {'torch', 'scipy', 'sklearn', 'matplotlib'} & sys.modules.keys()\n"
        "print(heavy, 'rnnbbo.benchmarks.measures.latency' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set() False"


def test_libraries_are_held_to_one_thread_loaded_or_not() -> None:
    program = (
        "import os\n"
        "import numpy as np\n"
        "from threadpoolctl import threadpool_info\n"
        "from rnnbbo.benchmarks.threads import VARIABLES, pin_threads\n"
        "print(sorted({pool['num_threads'] for pool in threadpool_info()}))\n"
        "pin_threads()\n"
        "import torch\n"
        "print(sorted({pool['num_threads'] for pool in threadpool_info()}))\n"
        "print(torch.get_num_threads(), {os.environ[name] for name in VARIABLES})\n"
    )
    environment = os.environ | dict.fromkeys(VARIABLES, "2")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines() == ["[2]", "[1]", "1 {'1'}"]
