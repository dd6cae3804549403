"""README.md: its Python runs, and its figures are the measured ones."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
MOST_WORDS = 1200


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


def test_the_only_table_of_figures_is_the_measured_one() -> None:
    path = ROOT / "tools" / "fill_readme.py"
    spec = importlib.util.spec_from_file_location("fill_readme", path)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert re.findall(r"^<!-- results: (\w+) -->$", README, re.MULTILINE) == ["front"]
    assert tool.filled(README) == README
    assert "| auto (default) |" in README
