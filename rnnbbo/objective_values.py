"""What is said of objectives, one or several: their values, directions and reference point."""

from __future__ import annotations

import math
from typing import Any

from rnnbbo.arguments import as_finite, as_flag, as_list, as_number
from rnnbbo.direction import DIRECTIONS, MAXIMIZE, Maximize, OneOrSeveral
from rnnbbo.errors import ConfigError, ObservationError
from rnnbbo.escaping import repr_of

MOST = 16
"""Objectives of a run; a longer list is taken for a slip."""
VALUE_FORM = f"a number, or a list of 2 to {MOST} of them, one an objective"


def as_values(y: Any) -> OneOrSeveral | None:
    """Return the number that y is or holds, or the numbers of several objectives.

    Returns:
        A float, or a list of 2 to MOST floats; NaN for what is missing; None for anything else.
    """
    number = as_number(y)
    if number is not None:
        return number
    items = _items(y)
    if items is None or not 2 <= len(items) <= MOST:
        return None
    numbers = [math.nan if one is None else _as_entry(one) for one in items]
    return None if None in numbers else numbers  # type: ignore[return-value]


def as_told(y: Any) -> OneOrSeveral:
    """Return a told value; NaN for a failed trial, of which one entry is not finite.

    Raises:
        ObservationError: y is neither a number, nor a list of them, nor says that there is none.
    """
    value = math.nan if y is None else as_values(y)
    if value is None:
        raise ObservationError(
            f"y = {repr_of(y)}; expected {VALUE_FORM}, or nan or None for a failed evaluation"
        )
    return value if is_finite(value) else math.nan


def is_finite(value: OneOrSeveral) -> bool:
    """Tell whether a value is that of a success: all its numbers are finite."""
    return all(map(math.isfinite, value if isinstance(value, list) else [value]))


def count_of(value: OneOrSeveral) -> int:
    """Return the number of objectives."""
    return len(value) if isinstance(value, list) else 1


def agreed_count(known: int | None, value: OneOrSeveral) -> int | None:
    """Return the number of a run's objectives, with one more value.

    Args:
        known: of the values before; None before the first that did not fail.
        value: this one; NaN for a failure, which has no number.

    Raises:
        ObservationError: it has another one.
    """
    if not is_finite(value):
        return known
    count = count_of(value)
    if known is not None and count != known:
        raise ObservationError(f"number of objectives = {count}; expected {known}, as the run has")
    return count


def as_directions(directions: Any, maximize: Any = None) -> Maximize | None:
    """Return which values are better; None where neither argument says it.

    Args:
        directions: None, or a word an objective, "minimize" or "maximize".
        maximize: None, or of all objectives alike whether larger values are better.

    Raises:
        ConfigError: one is something else, or both are given.
    """
    maximize = None if maximize is None else as_flag("maximize", maximize)
    if directions is None:
        return maximize
    words = as_list(directions)
    if not words or not all(isinstance(one, str) and one in DIRECTIONS for one in words):
        raise ConfigError(
            f"directions = {repr_of(directions)}; expected a list of 'minimize' and 'maximize', "
            "one an objective"
        )
    if len(words) > MOST:
        raise ConfigError(f"number of directions = {len(words)}; expected at most {MOST}")
    if maximize is not None:
        raise ConfigError(
            f"maximize = {maximize} beside directions = {repr_of(directions)}; expected one of them"
        )
    flags = tuple(one == MAXIMIZE for one in words)
    return flags if len(flags) > 1 else flags[0]


def as_reference(reference: Any, maximize: Maximize | None) -> list[float] | None:
    """Return the reference point of hypervolume, in the user's signs; None where it is derived.

    Raises:
        ConfigError: it is no list of finite numbers, one an objective.
    """
    return None if reference is None else _one_each("reference", reference, maximize)


def as_target(target: Any, maximize: Maximize | None) -> OneOrSeveral | None:
    """Return the value that ends a run, a number an objective; None for none.

    Raises:
        ConfigError: it is something else.
    """
    if target is None:
        return None
    if isinstance(maximize, tuple) or (as_list(target) is not None and as_number(target) is None):
        return _one_each("target", target, maximize)
    return as_finite("target", target)


def _one_each(name: str, given: Any, maximize: Maximize | None) -> list[float]:
    count = len(maximize) if isinstance(maximize, tuple) else None
    listed = as_list(given)
    if listed is None or not 2 <= len(listed) <= MOST or (count and len(listed) != count):
        raise ConfigError(
            f"{name} = {repr_of(given)}; expected a list of {count or 'two or more'} finite "
            "numbers, one an objective"
        )
    return [as_finite(name, one) for one in listed]


def _as_entry(one: Any) -> float | None:
    return None if as_list(one) is not None else as_number(one)


def _items(y: Any) -> list[Any] | None:
    """Return what a list holds, or an array, tensor or series of one axis; None for others."""
    try:
        for _ in range(2):
            items = as_list(y)
            if items is None and len(getattr(y, "shape", ())) in (1, 2):
                items = list(y) if not hasattr(y, "columns") else None
            if items is None or len(items) != 1:
                return items
            y = items[0]  # a row in brackets
    except Exception:  # of an object that pretends to be an array
        pass
    return None
