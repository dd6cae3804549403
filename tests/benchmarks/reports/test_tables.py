"""Tables, and the text round them, as Markdown, as plain text and in files."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbbo.benchmarks.reports import markdown, plain, stored
from rnnbbo.benchmarks.reports.panel import Panel
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table, joined
from rnnbbo.errors import RecordError

PAIR = joined(Cell("0.1", "best"), " / ", Cell("0.2"), " : ", Cell("<1e-6", "best"))
GROUPS = [
    Subsection(text=("What it is | of.",)),
    Subsection(
        "Second",
        ("Before.",),
        (("term", "what it is"),),
        tables=(
            Table(
                ["method", "t = 10", "t = 30"],
                [
                    [Cell("as_good"), PAIR, Cell("9 ms", value=9e-3)],
                    [Cell("b"), Cell("", "best"), Cell("0.3", "best", "a note")],
                ],
                "A caption.",
            ),
        ),
    ),
]


def test_markdown_of_groups() -> None:
    assert markdown.to_markdown(GROUPS) == (
        "What it is \\| of.\n\n"
        "## Second\n\n"
        "Before.\n\n"
        "- **term**: what it is\n\n"
        "| method | t = 10 | t = 30 |\n"
        "| --- | --- | --- |\n"
        "| as\\_good | **0.1** / 0.2 : **<1e-6** | 9 ms |\n"
        "| b | | **0.3**<br>a note |\n\n"
        "A caption.\n"
    )


def test_plain_text_of_groups_is_aligned() -> None:
    assert plain.to_text(GROUPS) == (
        "What it is | of.\n\n"
        "Second\n------\n\n"
        "Before.\n\n"
        "term: what it is\n\n"
        "method   t = 10                     t = 30\n"
        "-------  -------------------------  ----------------\n"
        "as_good  **0.1** / 0.2 : **<1e-6**  9 ms\n"
        "b                                   **0.3** (a note)\n\n"
        "A caption."
    )


def test_columns_stay_aligned_where_bold_is_not_seen() -> None:
    text = plain.to_text(GROUPS, bold=lambda text: f"\x1b[1m{text}\x1b[0m", marks=0)
    seen = text.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert "\x1b[1m0.1\x1b[0m / 0.2 : \x1b[1m<1e-6\x1b[0m" in text
    assert seen[-6].index("t = 30") == seen[-4].index("9 ms") == seen[-3].index("0.3")


def test_a_cell_of_several_figures_says_all_and_knows_the_best() -> None:
    assert PAIR.text == "0.1 / 0.2 : <1e-6"
    assert [text for text, best in PAIR.pieces if best] == ["0.1", "<1e-6"]
    assert joined(PAIR, "; ", PAIR).text == f"{PAIR.text}; {PAIR.text}"
    assert [text for text, best in joined("x", PAIR).pieces if best] == ["0.1", "<1e-6"]
    assert Cell("all", "best").pieces == [("all", True)]
    assert Cell("none").pieces == [("none", False)]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "))


@pytest.fixture(scope="module")
def parser() -> Any:
    return pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})


@settings(deadline=None)
@given(text=TEXT)
def test_a_cell_reads_in_markdown_as_it_was_written(parser: Any, text: str) -> None:
    shown = markdown.markdown_table(Table(["a", "b"], [[Cell("x"), Cell(text)]]))
    cells = [token for token in parser.parse(shown) if token.type == "inline"]
    assert len(cells) == 4
    children = cells[3].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == " ".join(text.split())


CELLS = st.builds(Cell, TEXT, st.sampled_from(["", "best", "faint"]), TEXT) | st.builds(
    lambda parts: joined(*(Cell(text, "best" if best else "") for text, best in parts)),
    st.lists(st.tuples(TEXT, st.booleans())),
)
TABLES = st.integers(1, 3).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[TEXT] * width),
        st.lists(st.tuples(*[CELLS] * width), max_size=3).map(tuple),
        TEXT,
    )
)
TUPLES = st.lists(TEXT, max_size=2).map(tuple)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(Subsection, TEXT, TUPLES, tables=st.lists(TABLES, max_size=2).map(tuple)),
        max_size=2,
    )
)
def test_a_file_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, subsections: list[Subsection]
) -> None:
    path, kept = stored.write_tables(tmp_path_factory.getbasetemp() / "some.md", subsections)
    assert stored.read_tables(kept) == subsections
    assert path.read_text() == markdown.to_markdown(subsections)


def test_the_rows_of_a_file_are_lines_of_json(tmp_path: Path) -> None:
    _, kept = stored.write_tables(tmp_path / "some.md", GROUPS)
    assert kept == tmp_path / "some.json"
    lines = kept.read_text().splitlines()
    row = next(line for line in lines if "as_good" in line)
    assert json.loads(row.rstrip(",")) == [
        "as_good",
        {"text": PAIR.text, "best": [[0, 3], [12, 17]]},
        {"text": "9 ms", "value": 9e-3},
    ]


def test_figures_are_not_passed_over_in_silence() -> None:
    with pytest.raises(AssertionError):
        stored.to_json([Subsection(panels=[Panel("title", "<svg/>")])])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"groups": 3}',
        '{"groups": [{"title": "x", "more": 1}]}',
        '{"groups": [{"text": "x"}]}',
        '{"groups": [{"tables": [{"rows": []}]}]}',
        '{"groups": [{"tables": [{"head": ["a"], "rows": [["a", "b"]]}]}]}',
        '{"groups": [{"tables": [{"head": ["a"], "rows": [[{"text": 3}]]}]}]}',
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"other\.json: .*expected a file of JSON that `rnnbbo"):
        stored.read_tables(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.json: No such file.*expected a file of JSON"):
        stored.read_tables(tmp_path / "none.json")
