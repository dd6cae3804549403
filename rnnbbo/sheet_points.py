"""The points, and what is known of them, in the cells of a table; wrong cells by row and column."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.dimensions import Dimension
from rnnbbo.errors import PointError, TableError
from rnnbbo.escaping import as_line, repr_of
from rnnbbo.sheet import (
    ERROR,
    FEASIBLE,
    OWN_COLUMNS,
    STATE,
    TRIAL,
    VALUE,
    Sheet,
    column_names,
    constraint_of,
    objectives_in,
    without_formula,
)
from rnnbbo.space import Integer, Real, Space
from rnnbbo.status import TrialState
from rnnbbo.trial import Outcome

FAILED = ("fail", "failed", "nan")
"""What stands for the value of a failed trial."""
_NUMBER = re.compile(r"[+-]?(\d+([.]\d*)?|[.]\d+)([eE][+-]?\d+)?", re.ASCII)
_SHOWN = 5  # wrong cells in a message


class SheetPoint(NamedTuple):
    """A row of a table.

    Attributes:
        row: its number, as people count it.
        x: the point, in canonical form.
        outcome: what came of it; None where that is not known yet.
        number: of the trial; None where it has none.
    """

    row: int
    x: list[Any]
    outcome: Outcome | None
    number: int | None


def read_points(space: Space, sheet: Sheet) -> list[SheetPoint]:
    """Return the points of a table: columns are parameters, and perhaps `value` and `trial`.

    Several objectives have columns `value_1`, `value_2` and so on, all of them empty or none.
    What is fixed, or inactive in a row, may be empty, or its column missing. An empty value is not
    known yet; one of FAILED is a failed trial. Columns `constraint_NAME` have values of
    constraints; one that is not known beside a value is not met. Of what `rnnbbo study export`
    writes, `seconds` and `feasible` are passed over.

    Raises:
        TableError: a column is missing or unknown, or cells are wrong: each by row and column.
    """
    columns = column_names(space.names)
    _check_columns(sheet, columns, space.dimensions)
    objectives = objectives_in(sheet.columns, columns)
    at = {column: i for i, column in enumerate(sheet.columns)}
    limits = {column: constraint_of(column, columns) for column in sheet.columns}
    found, wrong = [], []
    for row, cells in sheet.rows:
        faults: list[str] = []
        x: list[Any] = []
        for column, dim in zip(columns, space.dimensions, strict=True):
            cell = cells[at[column]] if column in at else None
            try:
                x.append(_coordinate(dim, cell, sheet.decimal_comma))
            except ValueError:
                faults.append(f"{column} = {_shown(cell)}; expected {dim.expected}")
        own = {name: cells[at[name]] if name in at else None for name in OWN_COLUMNS}
        number = outcome = None
        try:
            number = _trial_number(own[TRIAL])
            several = {column: cells[at[column]] for column in objectives}
            outcome = _outcome(own, several, sheet.decimal_comma)
            constraints = {
                name: as_constraint(column, cells[at[column]], sheet.decimal_comma)
                for column, name in limits.items()
                if name is not None
            }
            outcome = _with_constraints(outcome, constraints)
        except ValueError as error:
            faults.append(str(error))
        if not faults:
            try:
                x = space.check(x)
            except PointError as error:  # of all coordinates together
                faults.append(str(error))
        wrong += [f"row {row}, {fault}" for fault in faults]
        found.append(SheetPoint(row, x, outcome, number))
    refuse_cells(sheet.name, wrong)
    return found


def refuse_cells(name: str, wrong: Sequence[str]) -> None:
    """Raise a TableError that names what is wrong in a table, if anything is."""
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise TableError(f"{name}: {'; '.join(wrong[:_SHOWN])}{more}")


def as_measured(text: Any, decimal_comma: bool = False, column: str = VALUE) -> Outcome:
    """Return what a cell of a column says of a measurement: a number, or that it failed.

    Raises:
        ValueError: neither.
    """
    if isinstance(text, str) and text.strip().lower() in FAILED:
        return Outcome(error=f"told as {text.strip()}")
    number = _number(text, decimal_comma)
    if number is None or not math.isfinite(number):
        raise ValueError(f"{column} = {_shown(text)}; expected a number, or fail, or nothing yet")
    return Outcome(float(number))


def as_constraint(column: str, cell: Any, decimal_comma: bool = False) -> float | None:
    """Return the value of a constraint; None for an empty cell.

    Raises:
        ValueError: it is no number.
    """
    if cell is None:
        return None
    number = _number(cell, decimal_comma)
    if number is None or not math.isfinite(number):
        raise ValueError(f"{column} = {_shown(cell)}; expected a number, met where at most 0")
    return float(number)


def _check_columns(sheet: Sheet, columns: Sequence[str], dimensions: Sequence[Dimension]) -> None:
    objectives = objectives_in(sheet.columns, columns)
    missing = [
        column
        for column, dim in zip(columns, dimensions, strict=True)
        if column not in sheet.columns and not dim.is_constant and dim.when is None
    ]
    unknown = [
        column
        for column in sheet.columns
        if column not in (*columns, *OWN_COLUMNS, FEASIBLE)
        and column not in objectives
        and constraint_of(column, columns) is None
    ]
    twice = [column for i, column in enumerate(sheet.columns) if column in sheet.columns[:i]]
    if objectives and VALUE in sheet.columns:
        raise TableError(
            f"{sheet.name}: columns {VALUE!r} and {objectives[0]!r}; expected {VALUE}, or a column "
            "an objective"
        )
    if missing or unknown or twice:
        what = "missing" if missing else "unknown" if unknown else "twice"
        which = ", ".join(map(repr_of, missing or unknown or twice))
        raise TableError(
            f"{sheet.name}: columns {what} = {which}; expected {', '.join(columns)}, and as you "
            f"like {TRIAL}, {VALUE} (or value_1, value_2, ...) and constraint_NAME"
        )


def _coordinate(dim: Dimension, cell: Any, decimal_comma: bool) -> Any:
    """Return a parameter's value.

    Raises:
        ValueError: it is none.
    """
    if cell is None:
        return _empty(dim)
    if not isinstance(cell, str):
        return dim.check(cell)
    if isinstance(dim, (Real, Integer)):
        return dim.check(_number(cell, decimal_comma))
    for value in dim.bounds:
        if _is_category(value, cell, decimal_comma):
            return dim.check(value)
    raise ValueError


def _empty(dim: Dimension) -> Any:
    """Return what an empty cell says; None where it may be that the parameter is inactive.

    Raises:
        ValueError: it says nothing.
    """
    if dim.is_constant:
        return dim.check(dim.bounds[0])
    if isinstance(dim, (Real, Integer)):
        return None  # the space as a whole knows whether it may be
    for value in (None, ""):
        try:
            return dim.check(value)
        except ValueError:
            continue
    if dim.when is None:
        raise ValueError
    return None


def _is_category(category: Any, cell: str, decimal_comma: bool) -> bool:
    if isinstance(category, str):
        return cell in (category, without_formula(category)) or cell.strip() == category
    if isinstance(category, bool):
        return cell.strip().lower() == str(category).lower()  # spreadsheets write TRUE
    number = as_float(as_scalar(category))
    if number is not None:
        return _number(cell, decimal_comma) == number
    return cell.strip() == str(category)


def _number(cell: Any, decimal_comma: bool) -> float | int | None:
    """Return the number in a cell; None if there is none."""
    if not isinstance(cell, str):
        return as_float(as_scalar(cell))
    text = cell.strip().replace("\N{MINUS SIGN}", "-")
    if decimal_comma and "." not in text:
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("+-").isdigit() and len(text) < 40 else float(text)


def _trial_number(cell: Any) -> int | None:
    if cell is None:
        return None
    number = _number(cell, decimal_comma=False)
    if number is None or number != number // 1 or not 0 <= number < 2**63:
        raise ValueError(f"{TRIAL} = {_shown(cell)}; expected the number of a trial, or nothing")
    return int(number)


def _outcome(own: dict[str, Any], several: dict[str, Any], decimal_comma: bool) -> Outcome | None:
    if any(cell is not None for cell in several.values()):
        return _measured_together(several, decimal_comma)
    cell = own[VALUE]
    if cell is not None:
        return as_measured(cell, decimal_comma)
    if own[STATE] == TrialState.FAILED:
        return Outcome(error=as_line(str(own[ERROR] or "failed")))
    return None


def _measured_together(cells: Mapping[str, Any], decimal_comma: bool) -> Outcome:
    """Return what the cells of several objectives say, by column; one failure is that of all.

    Raises:
        ValueError: one is empty, or neither a number nor a failure.
    """
    outcomes = []
    failed = any(
        isinstance(cell, str) and cell.strip().lower() in FAILED for cell in cells.values()
    )
    for column, cell in cells.items():
        if cell is None and failed:
            continue
        if cell is None:
            raise ValueError(f"{column} = nothing; expected a number, or fail, beside the others")
        outcomes.append(as_measured(cell, decimal_comma, column))
    return together(outcomes)


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome whose objectives are measured one by one; failed where one is."""
    failed = next((one for one in outcomes if one.error is not None), None)
    if failed is not None:
        return failed
    values = [one.value for one in outcomes if not isinstance(one.value, list)]
    return Outcome(values if len(values) > 1 else values[0])


def _with_constraints(
    outcome: Outcome | None, constraints: Mapping[str, float | None]
) -> Outcome | None:
    """Return what came of a point with its constraints.

    Raises:
        ValueError: there are constraints without a value.
    """
    known = {name: value for name, value in constraints.items() if value is not None}
    if outcome is None:
        if known:
            raise ValueError(f"{VALUE} = nothing; expected a number, or fail, beside constraints")
        return None
    if outcome.error is not None and not known:
        return outcome
    return replace(
        outcome,
        constraints={name: known.get(name, math.nan) for name in constraints},
    )


def _shown(cell: Any) -> str:
    return "nothing" if cell is None else repr_of(cell)
