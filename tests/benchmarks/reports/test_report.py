"""The report as a whole: complete, deterministic, self-contained."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from rnnbbo.benchmarks.record import RunKey
from rnnbbo.benchmarks.reports import main_picture, main_table, markdown, overall_table, report
from rnnbbo.errors import RecordError

SECTIONS = (
    "chooser",
    "verdict",
    "regret",
    "least",
    "time",
    "clock",
    "speed",
    "horizon",
    "profiles",
    "ranks",
    "exploration",
    "failures",
    "origin",
)

VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """Collects the elements of a page, and checks that they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text()


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_section_is_there_in_order_and_linked(page: Page) -> None:
    ids = [attrs["id"] for tag, attrs in page.elements if tag == "section"]
    links = [attrs["href"] for tag, attrs in page.elements if tag == "a"]
    assert tuple(ids) == SECTIONS
    assert links == [f"#{name}" for name in SECTIONS]


def test_the_page_loads_nothing(page: Page, text: str) -> None:
    for tag, attrs in page.elements:
        assert tag not in {"script", "link", "iframe", "img", "object", "base"}
        for name in ("href", "src", "action", "data"):
            assert (attrs.get(name) or "#").startswith("#")
    assert not re.search(r"@import|url\((?!#)", text)


def test_ids_are_unique_and_references_resolve(page: Page, text: str) -> None:
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = [attrs["href"] for _, attrs in page.elements if "href" in attrs]
    wanted += [f"#{attrs['for']}" for _, attrs in page.elements if "for" in attrs]
    wanted += re.findall(r"url\((#[^)]+)\)", text)
    assert wanted
    assert {str(reference)[1:] for reference in wanted} <= set(ids)


def test_every_figure_is_well_formed_and_named(text: str) -> None:
    figures = re.findall(r"<svg class=\"figure\".*?</svg>", text, flags=re.DOTALL)
    assert len(figures) > 20
    for figure in figures:
        assert ElementTree.fromstring(figure).get("role") == "img"


def test_text_of_records_is_escaped(text: str, folder: Path) -> None:
    assert "<b>bad" not in text
    assert "&lt;b&gt;bad&lt;/b&gt; | worse" in text
    assert "what &lt;it&gt; is &amp; does" in text
    summary = (folder / "report.md").read_text()
    assert r"\<b\>bad\</b\> \| worse" in summary


def test_the_same_records_give_the_same_bytes_whatever_matplotlib_is_set_to(
    folder: Path, tmp_path: Path
) -> None:
    with mpl.rc_context({"font.size": 23.0, "lines.linewidth": 7.0, "xtick.labelsize": 30.0}):
        before = dict(mpl.rcParams)
        written = report(folder, tmp_path / "deep" / "again")
        assert dict(mpl.rcParams) == before
    assert [path.name for path in written] == ["report.html", "report.md"]
    for path in written:
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_the_horizon_of_training_is_marked(text: str) -> None:
    curves = text[text.index('<section id="regret">') : text.index('<section id="time">')]
    assert curves.count("trained to 30") == 4  # two suites, two means


def test_losses_are_listed_and_counted(folder: Path) -> None:
    summary = (folder / "report.md").read_text()
    failures = summary[summary.index("## What went wrong") : summary.index("## How it was made")]
    assert "gp-2d/f00/slow/peer/1 | crashed | 5 | ValueError" in failures
    assert "gp-4d/f03/random/0 | timeout | 1 | longer than 3 s" in failures
    assert "2 of the runs ended early" in failures
    assert "| gp-2d | random | 1 |" in failures


def test_a_report_of_one_method_says_so(records: Any) -> None:
    methods = {"alone": records.methods["random"]}
    _, summary = report(records.write(methods, {"gp-2d": 2}, functions=1, seeds=1))
    assert "nothing to compare yet" in summary.read_text()


@pytest.mark.parametrize("budget", [1, 2, 12])
def test_short_runs_on_one_function_can_be_reported(records: Any, budget: int) -> None:
    methods = {name: replace(made, budget=budget) for name, made in records.methods.items()}
    _, summary = report(records.write(methods, {"f-7d": 7}, functions=1, seeds=1))
    assert "## Ranks and wins" in summary.read_text()


def test_a_method_all_of_whose_runs_ended_early_is_left_out(records: Any) -> None:
    records.write(suites={"gp-2d": 2}, functions=2, seeds=1)
    for function in ("f00", "f01"):
        records.end(RunKey("gp-2d", function, "slow/peer", 0), 3, "died", "killed")
    page, summary = report(records.out)
    assert "slow/peer/0 | died" in summary.read_text()
    assert page.exists()


def test_a_report_of_nothing_but_losses_lists_them(records: Any) -> None:
    records.header(methods={"slow/peer": {"about": "", "ours": False, "horizon": None}})
    key = RunKey("gp-2d", "f00", "slow/peer", 0)
    records.end(key, 1, "died", "killed while the function was built")
    _, summary = report(records.out)
    text = summary.read_text()
    assert "gp-2d/f00/slow/peer/0 | died | 1 | killed while" in text
    assert "nothing to compare yet" in text


@pytest.mark.parametrize("write", [main_picture, report])
def test_an_empty_folder_is_refused(tmp_path: Path, write: Callable[..., Any]) -> None:
    with pytest.raises(RecordError, match="no such file"):
        write(tmp_path, tmp_path / "to")


def test_a_folder_without_a_complete_run_is_refused(records: Any) -> None:
    records.header()
    with pytest.raises(RecordError, match="no complete run"):
        report(records.out)


def test_the_main_picture_looks_the_same_everywhere(folder: Path, tmp_path: Path) -> None:
    first = main_picture(folder, tmp_path / "a" / "main.svg")
    second = main_picture(folder, tmp_path / "b.svg")
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text()
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    assert "<text" not in text  # letters are outlines
    assert "fill: #ffffff" in text  # the ground
    assert "currentColor" not in text


def test_the_main_table_has_a_row_a_method_and_a_column_a_suite(folder: Path) -> None:
    lines = markdown.markdown_table(main_table(folder)).splitlines()
    head, rule, *rows = [line for line in lines if line.startswith("|")]
    assert head == "| method | gp-2d | gp-4d | time per step |"
    assert rule.count("---") == 4
    assert [row.split(" | ")[0] for row in rows] == [
        "| " + markdown.escape("ours<&>"),
        "| random",
        "| slow/peer",
    ]
    assert rows[2].endswith("| 500 ms |")
    assert rows[2].split(" | ")[1:3] == ["\N{EN DASH}"] * 2  # it stops at 20


def test_the_table_over_all_suites_marks_what_leads_and_what_is_tied(
    records: Any, tmp_path: Path
) -> None:
    made = records.made

    def steady(of: float, phase: int = 0) -> Any:
        return lambda function, seed, t, rng: of * (1 + 0.1 * np.cos(7 * function + phase))

    methods = {
        "good": made(steady(0.1)),
        "as_good": made(steady(0.1, phase=2)),
        "bad": made(steady(0.5)),
        "brief": made(steady(0.01), budget=20),
        "one": made(steady(0.01), suites=("gp-2d",), budget=19),
    }
    folder = records.write(methods)
    table = overall_table(folder, (10, 30, 50))
    assert "over 8 to 16 functions of gp-2d and gp-4d: 0 is" in table.caption
    head, _, *rows = markdown.markdown_table(table).splitlines()
    assert head == "| method | t = 10 | t = 30 |"  # nothing made 50
    cells = {row.split(" | ")[0][2:]: row.strip("| ").split(" | ")[1:] for row in rows}
    assert set(cells) == {"good", r"as\_good", "bad", "brief", "one"}
    for name in ("good", r"as\_good"):
        assert re.fullmatch(r"\*\*0\.\d+\*\* / \*\*0\.\d+\*\*", cells[name][1])
        assert "*" not in cells[name][0]
    assert cells["bad"][1].count("*") == 0
    assert cells["brief"][0].count("**") == 4
    assert cells["brief"][1] == cells["one"][1] == "\N{EN DASH}"
    with pytest.raises(RecordError, match="after 41, 50 evaluations no two methods share a func"):
        overall_table(folder, (41, 50))


def test_the_overall_table_names_the_suites_that_it_is_over(records: Any) -> None:
    rate = records.falling(9.0)
    methods = {
        "all": records.made(rate, ours=True),
        "two": records.made(rate, suites=("gp-2d", "gp-4d")),
    }
    folder = records.write(methods, {"gp-2d": 2, "gp-4d": 4, "gp-6d": 6})
    assert "over 16 functions of gp-2d and gp-4d: 0 is" in overall_table(folder, (10, 30)).caption


@pytest.mark.slow
def test_sixteen_methods_on_ten_suites_stay_below_the_bound(records: Any, tmp_path: Path) -> None:
    peer = records.methods["random"]
    methods = {f"method-{i}": replace(peer, ours=i < 4, budget=100) for i in range(16)}
    sizes = []
    for suites in ({"a-2d": 2}, {"a-2d": 2, "b-3d": 3}):
        page, _ = report(records.write(methods, suites, functions=3, seeds=1), tmp_path)
        sizes.append(page.stat().st_size)
    assert sizes[0] + 9 * (sizes[1] - sizes[0]) < 1_500_000
