"""Tables in files: as JSON, from which they can be had again, and as Markdown beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from rnnbbo.benchmarks.reports import markdown
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.errors import RecordError

_FORM = "expected a file of JSON that `rnnbbo benchmark measure NAME --out FILE.md` made"
_ROW = 5  # how deep in a file the rows of a table lie


def write_tables(path: Path, subsections: Sequence[Subsection]) -> tuple[Path, Path]:
    """Write text and tables as Markdown, and as JSON beside it.

    Args:
        path: the file of Markdown; the other has the same name with the ending `.json`.
        subsections: without figures, which are not kept.

    Returns:
        The paths of the two.
    """
    kept = path.with_suffix(".json")
    path.write_text(markdown.to_markdown(subsections), encoding="utf-8")
    kept.write_text(to_json(subsections), encoding="utf-8")
    return path, kept


def read_tables(path: Path) -> list[Subsection]:
    """Return the text and tables of a file of JSON that `write_tables` made.

    Raises:
        RecordError: there is no such file, or it is of another form.
    """
    try:
        return [_subsection(row) for row in json.loads(path.read_text(encoding="utf-8"))["groups"]]
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror}; {_FORM}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"{path}: {error!r}; {_FORM}") from error


def to_json(subsections: Sequence[Subsection]) -> str:
    """Return text and tables as JSON, a line a row; a cell that is nothing but text is a string."""
    assert not any(subsection.panels for subsection in subsections)
    rows = [
        _said(subsection, tables=list(map(_table, subsection.tables))) for subsection in subsections
    ]
    return _text({"groups": rows}) + "\n"


def _table(table: Table) -> dict[str, Any]:
    return _said(table, rows=[[_cell(cell) for cell in row] for row in table.rows])


def _cell(cell: Cell) -> Any:
    return cell.text if cell == Cell(cell.text) else _said(cell)


def _said(of: Subsection | Table | Cell, **changed: Any) -> dict[str, Any]:
    """Return the fields that differ from their defaults, by name."""
    found = {f.name: (changed.get(f.name, getattr(of, f.name)), f.default) for f in fields(of)}
    return {name: value for name, (value, default) in found.items() if value not in (default, [])}


def _text(value: Any, depth: int = 0) -> str:
    """Return JSON that is broken into lines down to the rows of tables."""
    if depth > _ROW or not isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        items = [f"{json.dumps(name)}: {_text(v, depth + 1)}" for name, v in value.items()]
    else:
        items = [_text(v, depth + 1) for v in value]
    line = "\n" + " " * depth
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}{line} " + f",{line} ".join(items) + line + last


def _subsection(row: Mapping[str, Any]) -> Subsection:
    text, items = row.get("text", ()), row.get("items", ())
    _require(isinstance(text, list | tuple), "text is no list")
    tables = map(_table_of, row.get("tables", ()))
    changed = {"text": tuple(text), "items": tuple(map(tuple, items)), "tables": tuple(tables)}
    return Subsection(**{**row, **changed})


def _table_of(row: Mapping[str, Any]) -> Table:
    head = tuple(row["head"])
    rows = tuple(tuple(map(_cell_of, cells)) for cells in row.get("rows", ()))
    _require(all(len(cells) == len(head) for cells in rows), "a row is not as long as its head")
    return Table(**{**row, "head": head, "rows": rows})


def _cell_of(row: Any) -> Cell:
    cell = Cell(row) if isinstance(row, str) else Cell(**row)
    _require(isinstance(cell.text, str), "the text of a cell is no string")
    return replace(cell, best=tuple((start, stop) for start, stop in cell.best))


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
