"""A report's text and tables as Markdown."""

import re
from collections.abc import Iterator, Sequence

from rnnbbo.benchmarks.reports.section import Cell, Group, Section, Table

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


def to_markdown(values: Sequence[Group], level: int = 2) -> str:
    """Return a document of groups that hold text or tables; figures are left out.

    Args:
        values: the groups in order.
        level: of their headings.
    """
    return _joined(line for group in values for line in _group(group, level))


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
        lines += [line for group in section.groups for line in _group(group, 3)]
    return _joined(lines)


def escape(text: str) -> str:
    """Return text of one line that Markdown shows as it is."""
    return _escaped(text).strip()


def _joined(lines: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _group(group: Group, level: int) -> Iterator[str]:
    if not (group.text or group.items or group.tables):
        return
    if group.title:
        yield from (f"{'#' * level} {escape(group.title)}", "")
    for text in group.text:
        yield from (escape(text), "")
    for term, said in group.items:
        yield f"- **{escape(term)}**: {escape(said)}"
    if group.items:
        yield ""
    for value in group.tables:
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
