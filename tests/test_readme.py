"""README.md: its Python runs, and its figures are the measured ones."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_there_is_python_to_run() -> None:
    assert PYTHON


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_the_python_of_the_readme_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


def test_the_tables_are_the_measured_ones() -> None:
    path = ROOT / "tools" / "fill_readme.py"
    spec = importlib.util.spec_from_file_location("fill_readme", path)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert "<!-- results: " in README
    assert tool.filled(README) == README


LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)|^```\{include\} (\S+)", re.MULTILINE)


def test_links_of_the_documentation_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for pair in LINK.findall(page.read_text()):
            link = "".join(pair)
            assert "://" in link or (page.parent / link).exists(), f"{page}: {link}"
