"""Text and tables as a terminal shows them."""

import textwrap
from collections.abc import Callable, Iterator, Sequence

from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table

WIDTH = 100
"""Columns of a paragraph; tables are as wide as they have to be."""

Emphasis = Callable[[str], str]
"""Makes text bold."""

PrintedCell = tuple[str, int]
"""What is printed of a cell, and how many columns it fills."""


def starred(text: str) -> str:
    """Return text that is bold where a terminal cannot show it so, or nobody watches."""
    return f"**{text}**"


def to_text(values: Sequence[Subsection], bold: Emphasis = starred, marks: int = 4) -> str:
    """Return text and tables of subsections, aligned.

    Args:
        values: the subsections in order; figures are left out.
        bold: emphasises a figure.
        marks: the columns that `bold` adds.
    """
    return "\n".join(
        line for subsection in values for line in _subsection(subsection, bold, marks)
    ).rstrip("\n")


def _subsection(subsection: Subsection, bold: Emphasis, marks: int) -> Iterator[str]:
    if subsection.title:
        yield from (subsection.title, "-" * len(subsection.title), "")
    for text in subsection.text:
        yield from (textwrap.fill(text, WIDTH), "")
    for term, said in subsection.items:
        yield textwrap.fill(f"{term}: {said}", WIDTH, subsequent_indent="  ")
    if subsection.items:
        yield ""
    for table in subsection.tables:
        yield from (*_table(table, bold, marks), "")
        if table.caption:
            yield from (textwrap.fill(table.caption, WIDTH), "")


def _table(table: Table, bold: Emphasis, marks: int) -> Iterator[str]:
    head = [(name, len(name)) for name in table.head]
    rows = [[_cell(cell, bold, marks) for cell in row] for row in table.rows]
    widths = [max(width for _, width in column) for column in zip(head, *rows, strict=True)]
    for row in (head, [("-" * width, width) for width in widths], *rows):
        line = (text + " " * (w - width) for (text, width), w in zip(row, widths, strict=True))
        yield "  ".join(line).rstrip()


def _cell(cell: Cell, bold: Emphasis, marks: int) -> PrintedCell:
    note = f" ({cell.note})" if cell.note else ""
    text = "".join(bold(text) if best else text for text, best in cell.pieces)
    return text + note, len(cell.text + note) + marks * sum(best for _, best in cell.pieces)
