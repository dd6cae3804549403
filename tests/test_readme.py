"""README.md: its Python runs, and its figures are the measured ones."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
MOST_WORDS = 1200


def rows(text: str) -> dict[str, dict[str, str]]:
    """Return the first table of Markdown: the first cell of a row -> column -> cell, both plain."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    plain = [[c.strip().replace("**", "") for c in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(plain[0], row, strict=True)) for row in plain[2:]}


def test_it_is_short() -> None:
    assert len(README.split()) <= MOST_WORDS


@pytest.mark.parametrize("block", ["main-job", "tests"])
def test_the_commands_that_the_checks_run_are_there(block: str) -> None:
    found = re.findall(rf"^<!-- {block} -->\n```bash\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    assert found[0].startswith("python3 -m venv .venv\n")


def test_there_is_python_to_run() -> None:
    assert PYTHON


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_the_python_of_the_readme_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


def test_the_only_table_of_figures_holds_the_measured_ones() -> None:
    blocks = re.findall(
        r"^<!-- results: (\w+) -->\n(.*?)^<!-- end of results -->$",
        README,
        re.MULTILINE | re.DOTALL,
    )
    assert [name for name, _ in blocks] == ["front"]
    front = rows(blocks[0][1])
    measured = rows((ROOT / "benchmarks" / "results" / "overall.md").read_text())
    measured.setdefault("auto", measured["kernel"])  # one and the same up to 200 evaluations
    assert next(iter(front)) == "auto (default)"
    assert len(front) > 1
    for name, cells in front.items():
        regrets = measured[name.removesuffix(" (default)")]
        for column in ["t = 10", "t = 30", "t = 100", "t = 200"]:
            assert cells[column] == regrets[column].split(" / ")[0], (name, column)
