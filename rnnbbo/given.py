"""Points that are given before a run: with values, which are told, and without, asked first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from rnnbbo.arguments import as_list, as_number, as_value
from rnnbbo.errors import ConfigError, PointError
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space
from rnnbbo.trial import Outcome

KnownPoint = tuple[list[Any], Outcome]
"""A point in canonical form, and what is known of it."""


def outcome_of(y: Any, error: str | None = None) -> Outcome:
    """Return what a value says that a user tells.

    Args:
        y: the value; NaN, infinity or None for a failure.
        error: why it failed.

    Raises:
        ObservationError: y is not a number.
    """
    value = as_value(y)
    if math.isnan(value) and error is None:
        error = f"its value is {repr_of(y)}; expected a finite number"
    return Outcome(value) if error is None else Outcome(error=error)


def read_x0(space: Space, x0: Any, y0: Any) -> tuple[list[list[Any]], list[KnownPoint]]:
    """Return the points of x0 to ask first, and those whose values are known."""
    points = [] if x0 is None else _points(space, x0)
    if y0 is None:
        return points, []
    values = [outcome_of(y) for y in _listed(y0)]
    if len(points) != len(values):
        raise ConfigError(
            f"number of values in y0 = {len(values)}; expected {len(points)}, one a point of x0"
        )
    return [], list(zip(points, values, strict=True))


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
    if not all(isinstance(item, (list, tuple, np.ndarray)) for item in items):
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
