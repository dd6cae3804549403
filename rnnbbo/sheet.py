"""Tables of points as people keep them: CSV files of spreadsheets, data frames, columns by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnbbo.arguments import as_list, is_missing
from rnnbbo.categories import is_nan
from rnnbbo.errors import TableError
from rnnbbo.escaping import as_line, repr_of

TRIAL, STATE, VALUE, SECONDS, ERROR = OWN_COLUMNS = (
    *("trial", "state", "value", "seconds", "error"),
)
"""Columns that are no parameters."""
FEASIBLE = "feasible"
"""A further one, beside columns of constraints."""
_CONSTRAINT = "constraint_"
_OBJECTIVE = "value_"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet's formulas begin with
_DELIMITERS = (",", ";", "\t")
_LARGEST = 64 * 2**20  # bytes


@dataclass(frozen=True)
class Sheet:
    """A table of cells.

    Attributes:
        name: what messages call it.
        columns: names of the columns.
        rows: each with its number as people count it, and a cell a column; None for an empty one.
        decimal_comma: whether a comma in a number is its decimal mark.
    """

    name: str
    columns: list[str]
    rows: list[tuple[int, list[Any]]]
    decimal_comma: bool = False


def column_names(names: Sequence[str]) -> list[str]:
    """Return the columns of parameters: one that is called like a column of ours gets `param_`."""
    columns: list[str] = []
    for name in names:
        column = name
        while column in (*OWN_COLUMNS, FEASIBLE, *columns):
            column = f"param_{column}"
        columns.append(column)
    return columns


def constraint_columns(names: Iterable[str], columns: Sequence[str]) -> list[str]:
    """Return the columns of constraints, `constraint_NAME`, beside those of the parameters."""
    found: list[str] = []
    for name in names:
        column = f"{_CONSTRAINT}{name}"
        while column in (*columns, *found):
            column = f"{_CONSTRAINT}{column}"
        found.append(column)
    return found


def objective_columns(count: int, columns: Sequence[str]) -> list[str]:
    """Return the columns of values: `value`, or `value_1` and so on of several objectives.

    Args:
        count: number of objectives.
        columns: those of the parameters.
    """
    return [_objective(i, columns) for i in range(1, count + 1)] if count > 1 else [VALUE]


def objectives_in(present: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return which columns of several objectives a table has, in their order.

    Args:
        present: the columns of the table.
        columns: those of the parameters.
    """
    found: list[str] = []
    while (column := _objective(len(found) + 1, columns)) in present:
        found.append(column)
    return found


def _objective(number: int, columns: Sequence[str]) -> str:
    column = f"{_OBJECTIVE}{number}"
    while column in columns:
        column = f"{_OBJECTIVE}{column}"
    return column


def constraint_of(column: str, columns: Sequence[str]) -> str | None:
    """Return the name of the constraint in a column; None if it is none."""
    name = column
    while name in columns or name == column:
        if column in columns or not name.startswith(_CONSTRAINT):
            return None
        name = name.removeprefix(_CONSTRAINT)
    return name or None


def csv_line(cells: Sequence[Any], delimiter: str = ",") -> str:
    """Return a line of a CSV file in which no cell is a formula."""
    out = io.StringIO()
    # With this ending a carriage return is quoted as a line feed is.
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([without_formula(cell) for cell in cells])
    return out.getvalue()[:-2] + "\n"


def without_formula(cell: Any) -> Any:
    """Return a cell, with a ' before a text that a spreadsheet would take for a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def read_csv(path: str | Path, wanted: Iterable[str]) -> Sheet:
    """Read a file of comma-separated values, or of semicolons or tabs, as spreadsheets write it.

    Args:
        path: the file: UTF-8, or UTF-16 with its mark.
        wanted: names of columns, which tell what separates them.

    Raises:
        TableError: it cannot be read, or is no such file.
    """
    name = as_line(str(path))
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as failure:
        why = getattr(failure, "strerror", None) or failure
        raise TableError(f"{name} cannot be read ({why}); expected a CSV file") from None
    if len(content) > _LARGEST:
        raise TableError(f"{name} has more than {_LARGEST} bytes; expected a CSV file of points")
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(
            f'{name} is not in UTF-8; expected a CSV file that is (in a spreadsheet "CSV UTF-8")'
        ) from None
    known = set(wanted)
    parsed = {mark: _parse(text, mark, name) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(known & set(_header(parsed[mark]))))
    lines = parsed[delimiter]
    columns = _header(lines)
    rows = [
        (i, [cell if cell.strip() else None for cell in line])
        for i, line in enumerate(lines[1:], 2)
        if any(cell.strip() for cell in line)
    ]
    for i, line in rows:
        if len(line) > len(columns) and any(cell is not None for cell in line[len(columns) :]):
            commas = "; with commas in numbers, separate cells by semicolons"
            raise TableError(
                f"{name}, row {i}: {len(line)} cells; expected {len(columns)}, one a column"
                + (commas if delimiter == "," else "")
            )
    padded = [(i, (line + [None] * len(columns))[: len(columns)]) for i, line in rows]
    return Sheet(name, columns, padded, decimal_comma=delimiter != ",")


def _parse(text: str, delimiter: str, name: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as failure:
        raise TableError(f"{name} is no CSV file: {failure}") from None


def _header(lines: list[list[str]]) -> list[str]:
    header = [cell.strip() for cell in lines[0]] if lines else []
    while header and not header[-1]:
        header.pop()
    return header


def has_columns(table: Any) -> bool:
    """Return whether this is a mapping, or looks like a data frame."""
    try:
        return isinstance(table, Mapping) or (
            hasattr(table, "columns") and hasattr(table, "__getitem__")
        )
    except Exception:  # of an object that does not let itself be asked
        return False


def from_columns(name: str, table: Any) -> Sheet:
    """Return a mapping of columns, or a data frame, as a table; one of single values is a row.

    Args:
        name: what messages call it.
        table: the mapping, or a frame with `columns` whose items are columns.

    Raises:
        TableError: it has no such form, or the columns are of several lengths.
    """
    try:
        keys = list(table) if isinstance(table, Mapping) else list(table.columns)
        values = [table[key] for key in keys]
    except Exception:
        raise TableError(f"{name} = {repr_of(table)}; expected columns by name") from None
    columns = [_listed(value) for value in values]
    if all(column is None for column in columns):
        columns = [[value] for value in values]
    lengths = {
        str(key): None if column is None else len(column)
        for key, column in zip(keys, columns, strict=True)
    }
    if len(set(lengths.values())) > 1 or None in columns:
        raise TableError(
            f"{name}: lengths of the columns = {repr_of(lengths)}; expected one and the same"
        )
    return _from_rows(name, [str(key) for key in keys], zip(*columns, strict=True))  # type: ignore[arg-type]


def from_mappings(name: str, rows: Sequence[Mapping[Any, Any]]) -> Sheet:
    """Return points by name, each a mapping, as a table; what one lacks is an empty cell."""
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    named = [{str(key): value for key, value in row.items()} for row in rows]
    return _from_rows(name, columns, ([row.get(column) for column in columns] for row in named))


def _from_rows(name: str, columns: list[str], rows: Iterable[Sequence[Any]]) -> Sheet:
    cells = [[None if _is_empty(cell) else cell for cell in row] for row in rows]
    return Sheet(name, columns, list(enumerate(cells)))


def _listed(values: Any) -> list[Any] | None:
    """Return what a column holds; None if it is a single value."""
    listed = as_list(values)
    try:
        if listed is None and hasattr(values, "to_list"):
            return list(values.to_list())
    except Exception:  # of an object that does not let itself be asked
        return None
    return listed


def _is_empty(cell: Any) -> bool:
    blank = isinstance(cell, str) and not cell.strip()
    return cell is None or blank or is_missing(cell) or is_nan(cell)
