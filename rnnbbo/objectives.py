"""How many objectives a run has, which way each is better, and from where hypervolume counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnnbbo.arguments import as_finite, as_flag, as_list, as_number
from rnnbbo.direction import (
    DIRECTIONS,
    MAXIMIZE,
    MINIMIZE,
    Maximize,
    OneOrSeveral,
    flags_of,
    turned,
)
from rnnbbo.errors import ConfigError, ObservationError
from rnnbbo.escaping import repr_of

MOST = 16
"""Objectives of a run; a longer list is taken for a slip."""
Values = tuple[float, ...]
"""Values of the objectives of a trial; NaN for all of them if it failed."""


@dataclass(frozen=True)
class Objectives:
    """What a run was told of its objectives at the beginning.

    Attributes:
        maximize: whether larger values are better, of every objective; of several, where nothing
            else is said of each.
        each: the same of each of several objectives, where that is said; None where it is not.
        reference: (K,) the reference point of hypervolume, in the user's signs; None to derive it.
    """

    maximize: bool = False
    each: tuple[bool, ...] | None = None
    reference: Values | None = None

    @classmethod
    def of(cls, maximize: Any = False, directions: Any = None, reference: Any = None) -> Objectives:
        """Read the arguments of a call.

        Args:
            maximize: a switch.
            directions: "minimize" or "maximize" for each objective, a list or a single word.
            reference: a number for each of several objectives.

        Raises:
            ConfigError: one of them is of another form, or two do not fit each other.
        """
        larger = as_flag("maximize", maximize)
        each = None if directions is None else _as_directions(directions)
        if each is not None and larger:
            raise ConfigError(
                f"maximize = True beside directions = {repr_of(directions)}; expected one of both"
            )
        if each is not None and len(each) == 1:
            larger, each = each[0], None
            if reference is not None:
                raise ConfigError(
                    f"reference = {repr_of(reference)} with one objective; expected None"
                )
        point = None if reference is None else _as_reference(reference, each)
        return cls(larger, each, point)

    @property
    def count(self) -> int | None:
        """How many there are; None where the first value will say it."""
        known = self.each or self.reference
        return None if known is None else len(known)

    @property
    def signs(self) -> Maximize:
        """Which values are better: of all objectives alike, or of each."""
        return self.maximize if self.each is None else self.each

    def directions(self, count: int) -> tuple[bool, ...]:
        """Return of each of so many objectives whether larger values are better."""
        return flags_of(self.signs, count)

    def inward(self, values: Values) -> Values:
        """Return values as policies have them, lower being better, of values as users do."""
        if math.isnan(values[0]):  # of a failure, whatever their number
            return values
        return tuple(turned(list(values), self.signs))

    outward = inward
    """The way back is the same."""


def _as_directions(given: Any) -> tuple[bool, ...]:
    listed = [given] if isinstance(given, str) else as_list(given)
    if not listed or any(one not in DIRECTIONS for one in map(_word, listed)):
        raise ConfigError(
            f"directions = {repr_of(given)}; expected a list of {MINIMIZE!r} and {MAXIMIZE!r}, one "
            "for each objective"
        )
    if len(listed) > MOST:
        raise ConfigError(f"number of directions = {len(listed)}; expected at most {MOST}")
    return tuple(_word(one) == MAXIMIZE for one in listed)


def _word(given: Any) -> str:
    return given if isinstance(given, str) else ""


def _as_reference(given: Any, each: tuple[bool, ...] | None) -> Values:
    listed = as_list(given)
    wanted = "one for each of several objectives" if each is None else f"{len(each)} of them"
    if listed is None or len(listed) < 2 or (each is not None and len(listed) != len(each)):
        raise ConfigError(f"reference = {repr_of(given)}; expected a list of numbers, {wanted}")
    return tuple(as_finite("reference", one) for one in listed)


def as_target(target: Any, maximize: Maximize | None) -> OneOrSeveral | None:
    """Return the value that ends a run, a number an objective; None for none.

    Args:
        target: the value.
        maximize: which values are better, as far as it is known.

    Raises:
        ConfigError: it is something else.
    """
    if target is None:
        return None
    count = len(maximize) if isinstance(maximize, tuple) else None
    listed = None if as_number(target) is not None else as_list(target)
    if listed is None and count is None:
        return as_finite("target", target)
    if listed is None or not 2 <= len(listed) <= MOST or (count and len(listed) != count):
        raise ConfigError(
            f"target = {repr_of(target)}; expected a list of {count or 'two or more'} finite "
            "numbers, one an objective"
        )
    return [as_finite("target", one) for one in listed]


def read_value(y: Any) -> OneOrSeveral | None:
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
    numbers = [math.nan if one is None else _entry(one) for one in items]
    return None if None in numbers else numbers  # type: ignore[return-value]


def _entry(one: Any) -> float | None:
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


def as_told(y: Any) -> OneOrSeveral:
    """Return a told value; NaN for a failed trial, of which one number is not finite.

    Raises:
        ObservationError: y is neither a number, nor a list of them, nor says that there is none.
    """
    value = math.nan if y is None else read_value(y)
    if value is None:
        raise ObservationError(
            f"y = {repr_of(y)}; expected a number, or nan or None for a failed evaluation; of "
            f"several objectives a list of 2 to {MOST} numbers"
        )
    return value if is_finite(value) else math.nan


def as_values(y: Any) -> Values:
    """Return the values of a trial, as told; NaN for a failure, of which one is not finite.

    Args:
        y: a number, NaN or None for a failure, or a list of numbers, one for each objective; a list
            of one is that number.

    Raises:
        ObservationError: it is nothing of these.
    """
    return listed_values(as_told(y))


def listed_values(value: OneOrSeveral) -> Values:
    """Return the value of a single objective, or those of several, as so many."""
    return tuple(value) if isinstance(value, list) else (value,)


def is_finite(value: OneOrSeveral) -> bool:
    """Tell whether a value is that of a success: all its numbers are finite."""
    return all(map(math.isfinite, listed_values(value)))


def count_of(value: OneOrSeveral) -> int:
    """Return the number of objectives."""
    return len(value) if isinstance(value, list) else 1


def agreed_count(count: int | None, values: Sequence[float]) -> int | None:
    """Return the number of a run's objectives, with the values of one more trial.

    Args:
        count: before; None before the first trial that did not fail.
        values: of the trial.

    Raises:
        ObservationError: it is another one.
    """
    if not math.isfinite(values[0]):
        return count
    if count is not None and len(values) != count:
        of = (
            "one number" if count == 1 else f"a list of {count} numbers, as of the run's objectives"
        )
        raise ObservationError(f"y = {repr_of(_plain(values))}; expected {of}")
    return len(values)


def _plain(values: Sequence[float]) -> Any:
    return values[0] if len(values) == 1 else list(values)
