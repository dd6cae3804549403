"""A report's text and tables as Markdown."""

import re
from collections.abc import Iterator, Sequence

from rnnbbo.benchmarks.reports.section import Cell, Group, Section, Table


def table(value: Table) -> str:
    """Return a Markdown table."""
    head = f"| {' | '.join(map(escape, value.head))} |"
    rule = f"| {' | '.join('---' for _ in value.head)} |"
    return "\n".join([head, rule, *(f"| {' | '.join(map(_cell, row))} |" for row in value.rows)])


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
        lines += [line for group in section.groups for line in _group(group)]
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Return text of one line that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _group(group: Group) -> Iterator[str]:
    if not (group.text or group.items or group.tables):
        return
    if group.title:
        yield from (f"### {escape(group.title)}", "")
    for text in group.text:
        yield from (escape(text), "")
    for term, said in group.items:
        yield f"- **{escape(term)}**: {escape(said)}"
    if group.items:
        yield ""
    for value in group.tables:
        yield from (table(value), "")
        if value.caption:
            yield from (escape(value.caption), "")


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.tone == "best" and text:
        text = f"**{text}**"
    return f"{text}<br>{escape(cell.note)}" if cell.note else text
