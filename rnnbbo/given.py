"""Points that are given before a run: with values, which are told, and without, asked first."""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from rnnbbo.arguments import as_list, as_number
from rnnbbo.errors import ConfigError, PointError
from rnnbbo.escaping import repr_of
from rnnbbo.objectives import as_told, is_finite
from rnnbbo.sheet import (
    TRIAL,
    VALUE,
    Sheet,
    column_names,
    from_columns,
    from_mappings,
    has_columns,
    read_csv,
)
from rnnbbo.sheet_points import read_points
from rnnbbo.space import Space
from rnnbbo.trial import Outcome

KnownPoint = tuple[list[Any], Outcome]
"""A point in canonical form, and what is known of it."""


def outcome_of(y: Any, error: str | None = None) -> Outcome:
    """Return what a value says that a user tells.

    Args:
        y: the value, a list with several objectives; NaN, infinity or None for a failure.
        error: why it failed.

    Raises:
        ObservationError: y is not a number.
    """
    value = as_told(y)
    if not is_finite(value) and error is None:
        error = f"its value is {repr_of(y)}; expected a finite number"
    return Outcome(value) if error is None else Outcome(error=error)


def read_x0(space: Space, x0: Any, y0: Any) -> tuple[list[list[Any]], list[KnownPoint]]:
    """Return the points of x0 to ask first, and those whose values are known.

    Args:
        space: the search space.
        x0: a point or a list of points; or a table: the path of a CSV file, a data frame, a
            mapping of columns, a mapping or a list of them by name.
        y0: the values of the points, each a list with several objectives; None for a table, which
            may have columns of them.

    Raises:
        PointError: a point is not in the space.
        ObservationError: a value is not a number.
        TableError: a table cannot be read, or has wrong cells.
        ConfigError: there are not as many values as points.
    """
    points = _by_name(space, x0)
    sheet = as_sheet(space, "x0", x0) if x0 is not None and points is None else None
    if sheet is not None:
        if y0 is not None:
            raise ConfigError(f"y0 beside a table; expected a column {VALUE!r} in it instead")
        return points_and_known(space, sheet)
    if points is None:
        points = [] if x0 is None else _points(space, x0)
    if y0 is None:
        return points, []
    values = [outcome_of(y) for y in _listed(y0)]
    if len(points) != len(values):
        raise ConfigError(
            f"number of values in y0 = {len(values)}; expected {len(points)}, one a point of x0"
        )
    return [], list(zip(points, values, strict=True))


def points_and_known(
    space: Space, sheet: Sheet
) -> tuple[list[list[Any]], list[tuple[list[Any], Outcome]]]:
    """Return the points of a table without a value, and those with one; see `read_points`."""
    found = read_points(space, sheet)
    known = [(one.x, one.outcome) for one in found if one.outcome is not None]
    return [one.x for one in found if one.outcome is None], known


def as_sheet(space: Space, name: str, table: Any) -> Sheet | None:
    """Return what was given as a table, if it is one.

    Args:
        space: the search space.
        name: what messages call it, if it is no file.
        table: the path of a CSV file, a data frame, a mapping of columns, one or several by name.
    """
    if isinstance(table, (str, os.PathLike)):
        return read_csv(table, (*column_names(space.names), TRIAL, VALUE))  # type: ignore[arg-type]
    if has_columns(table):
        return from_columns(name, table)
    items = as_list(table)
    if items and all(isinstance(item, Mapping) for item in items):
        return from_mappings(name, items)
    return None


def _by_name(space: Space, x0: Any) -> list[list[Any]] | None:
    """Return the points of one or several mappings from name to value; None if they are none."""
    try:
        items = [x0] if isinstance(x0, Mapping) else as_list(x0)
        if not items or not all(isinstance(item, Mapping) for item in items):
            return None
        return [space.check(item) for item in items]
    except Exception:  # maybe a table, or an object that does not let itself be asked
        return None


def _listed(y0: Any) -> list[Any]:
    """Return the values that y0 holds, or itself, where it is one."""
    if as_number(y0) is not None or isinstance(y0, (str, bytes, Mapping, Set)):
        return [y0]
    try:
        return list(y0) if hasattr(y0, "__len__") else [y0]
    except Exception:
        return [y0]


def _points(space: Space, x0: Any) -> list[list[Any]]:
    items = as_list(x0)
    if items is None:
        raise PointError(f"x0 = {repr_of(x0)}; expected a point or a list of points")
    if not all(isinstance(item, (list, tuple, np.ndarray, Mapping)) for item in items):
        return [space.check(x0)]
    try:
        return [space.check(point) for point in items]
    except PointError:
        # A single point may consist of categories that are lists or tuples themselves.
        try:
            return [space.check(x0)]
        except PointError:
            pass
        raise
