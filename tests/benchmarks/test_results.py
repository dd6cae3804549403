"""What is published in benchmarks/results: the Markdown is that of the tables in JSON."""

from pathlib import Path

import pytest

from rnnbbo.benchmarks.reports import markdown, stored

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
OTHER = {"README", "report"}
"""Markdown that no single table stands behind."""

NAMES = sorted(path.stem for path in RESULTS.glob("*.md") if path.stem not in OTHER)


def test_there_are_results() -> None:
    assert len(NAMES) > 5


@pytest.mark.parametrize("name", NAMES)
def test_the_markdown_is_written_from_the_tables(name: str) -> None:
    tables = stored.read_tables(RESULTS / f"{name}.json")
    assert any(subsection.tables for subsection in tables)
    assert markdown.to_markdown(tables) == (RESULTS / f"{name}.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_commands_has_every_file(name: str) -> None:
    assert f"`{name}.md`" in (RESULTS / "README.md").read_text()
