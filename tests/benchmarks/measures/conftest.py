from collections.abc import Callable
from pathlib import Path

import pytest

from rnnbbo.benchmarks.reports import markdown, stored
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.cli.main import run_command


@pytest.fixture
def measured(tmp_path: Path) -> Callable[..., list[Subsection]]:
    """Runs `rnnbbo benchmark measure` with arguments, and returns what it wrote."""

    def measure(*arguments: object) -> list[Subsection]:
        out = tmp_path / "measured.md"
        assert run_command(["benchmark", "measure", *map(str, arguments), "--out", str(out)]) == 0
        subsections = stored.read_tables(out.with_suffix(".json"))
        assert out.read_text() == markdown.to_markdown(subsections)
        return subsections

    return measure


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `rnnbbo benchmark measure` with arguments that are wrong, and returns its one line."""

    def measure(*arguments: object) -> str:
        capsys.readouterr()
        assert run_command(["benchmark", "measure", *map(str, arguments)]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        (line,) = shown.err.splitlines()
        return line

    return measure
