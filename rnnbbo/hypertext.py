"""Small pieces of HTML: what notebooks show. All text from outside is made safe here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from rnnbbo.escaping import printable, repr_of


def html_text(value: Any) -> str:
    """Return a value as safe HTML, short."""
    shown = f"{value:.6g}" if isinstance(value, float) else value
    shown = shown if isinstance(shown, str) else repr_of(shown)
    return escape(printable(shown))


def box(title: str, *parts: str) -> str:
    """Return parts under a title."""
    inner = "".join(part for part in parts if part)
    return f'<div class="rnnbbo"><p><strong>{escape(title)}</strong></p>{inner}</div>'


def lines(texts: Sequence[str]) -> str:
    """Return lines of text."""
    shown = "<br>".join(escape(printable(text)) for text in texts)
    return f"<p>{shown}</p>" if texts else ""


def html_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table; None is an empty cell."""
    names = "".join(f'<th scope="col">{html_text(name)}</th>' for name in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return "" if value is None else html_text(value)


def details(summary: str, inner: str) -> str:
    """Return what is folded away under a summary."""
    return f"<details><summary>{escape(summary)}</summary>{inner}</details>"
