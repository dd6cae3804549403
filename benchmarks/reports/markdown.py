"""A report's text and tables as Markdown."""

import re
from collections.abc import Iterator, Sequence

from rnnbbo.benchmarks.reports.section import Cell, Section, Subsection, Table

_SPECIAL = re.compile(
    r"""
    [\\`*_>|\#~]        # wherever it stands
    | <(?!\d)           # a tag never begins with a digit
    | &(?=\#?\w+;)      # an entity
    | \](?=[(\[:])      # a link; brackets alone are brackets
    """,
    re.VERBOSE,
)


def markdown_table(value: Table) -> str:
    """Return a Markdown table."""
    head = f"| {' | '.join(map(escape, value.head))} |"
    rule = f"| {' | '.join('---' for _ in value.head)} |"
    return "\n".join([head, rule, *(_row(row) for row in value.rows)])


def to_markdown(values: Sequence[Subsection], level: int = 2) -> str:
    """Return a document of subsections that hold text or tables; figures are left out.

    Args:
        values: the subsections in order.
        level: of their headings.
    """
    return _joined(line for subsection in values for line in _subsection(subsection, level))


def document(title: str, sections: Sequence[Section], note: str) -> str:
    """Return a document of the sections that hold text or tables.

    Args:
        title: its heading.
        sections: in order; figures are left out.
        note: a paragraph below the heading.
    """
    lines = [f"# {title}", "", note, ""]
    for section in sections:
        lines += [f"## {escape(section.title)}", ""]
        lines += [line for text in section.text for line in (escape(text), "")]
        lines += [line for subsection in section.subsections for line in _subsection(subsection, 3)]
    return _joined(lines)


def escape(text: str) -> str:
    """Return text of one line that Markdown shows as it is."""
    return _escaped(text).strip()


def _joined(lines: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _subsection(subsection: Subsection, level: int) -> Iterator[str]:
    if not (subsection.text or subsection.items or subsection.tables):
        return
    if subsection.title:
        yield from (f"{'#' * level} {escape(subsection.title)}", "")
    for text in subsection.text:
        yield from (escape(text), "")
    for term, said in subsection.items:
        yield f"- **{escape(term)}**: {escape(said)}"
    if subsection.items:
        yield ""
    for value in subsection.tables:
        yield from (markdown_table(value), "")
        if value.caption:
            yield from (escape(value.caption), "")


def _row(row: Sequence[Cell]) -> str:
    # An empty cell is one space wide.
    return "|" + "".join(f" {text} |" if text else " |" for text in map(_cell, row))


def _cell(cell: Cell) -> str:
    pieces = ((_escaped(text), best) for text, best in cell.pieces)
    text = "".join(f"**{text}**" if best else text for text, best in pieces)
    return f"{text}<br>{escape(cell.note)}" if cell.note else text


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", re.sub(r"\s+", " ", text))
