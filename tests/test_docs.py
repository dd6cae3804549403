"""The documentation: its links and the files it names exist, and its pictures are drawn."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)#]*?)(?:#([^)]*))?\)|^```\{include\} (\S+)", re.MULTILINE)
FILE = re.compile(
    r"`((?:rnnbbo|functions|cli|benchmarks|tests|configs|docs|examples|tools)/[^`\s:]+)"
)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page: of its headings, as GitHub and MyST make them, and its own."""
    text = page.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r"^\((\S+)\)=$", text, re.MULTILINE))


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link, anchor, included in LINK.findall(page.read_text()):
        if "://" in link:
            continue
        target = page.parent / (link or included) if link or included else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    for name in FILE.findall(page.read_text()):
        assert (ROOT / name).exists(), name


def test_every_experiment_is_in_the_index() -> None:
    text = (ROOT / "docs" / "experiments.md").read_text()
    questions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert questions
    assert re.findall(r"^\| \[(.*?)\]\(#", text, re.MULTILINE) == questions


def test_the_pictures_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("draw", ROOT / "docs" / "pictures" / "draw.py")
    assert spec is not None and spec.loader is not None
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    monkeypatch.setattr(draw, "HERE", tmp_path)
    draw.unrolled()
    draw.hypotheses()
    draw.memory()
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {path.name for path in (ROOT / "docs" / "pictures").glob("*.svg")}
