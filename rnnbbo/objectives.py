"""How many objectives a run has, which way each is better, and from where hypervolume counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnnbbo.arguments import as_finite, as_flag, as_list, as_number, as_value
from rnnbbo.direction import turned
from rnnbbo.errors import ConfigError, ObservationError
from rnnbbo.escaping import repr_of

MINIMIZE, MAXIMIZE = "minimize", "maximize"
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

    def directions(self, count: int) -> tuple[bool, ...]:
        """Return of each of so many objectives whether larger values are better."""
        return self.each or (self.maximize,) * count

    def inward(self, values: Values) -> Values:
        """Return values as policies have them, lower being better, of values as users do."""
        flags = self.directions(len(values))
        return tuple(turned(value, flag) for value, flag in zip(values, flags, strict=True))

    outward = inward
    """The way back is the same."""

    def words(self, count: int) -> list[str]:
        """Return the directions in words."""
        return [MAXIMIZE if flag else MINIMIZE for flag in self.directions(count)]


def _as_directions(given: Any) -> tuple[bool, ...]:
    listed = [given] if isinstance(given, str) else as_list(given)
    if not listed or any(one not in (MINIMIZE, MAXIMIZE) for one in map(_word, listed)):
        raise ConfigError(
            f"directions = {repr_of(given)}; expected a list of {MINIMIZE!r} and {MAXIMIZE!r}, one "
            "for each objective"
        )
    return tuple(_word(one) == MAXIMIZE for one in listed)


def _word(given: Any) -> str:
    return given if isinstance(given, str) else ""


def _as_reference(given: Any, each: tuple[bool, ...] | None) -> Values:
    listed = as_list(given)
    wanted = "one for each of several objectives" if each is None else f"{len(each)} of them"
    if listed is None or len(listed) < 2 or (each is not None and len(listed) != len(each)):
        raise ConfigError(f"reference = {repr_of(given)}; expected a list of numbers, {wanted}")
    return tuple(as_finite("reference", one) for one in listed)


def as_values(y: Any) -> Values:
    """Return the values of a trial, as told; NaN in place of each if one of them failed.

    Args:
        y: a number, NaN or None for a failure, or a list of numbers, one for each objective; a list
            of one is that number.

    Raises:
        ObservationError: it is nothing of these.
    """
    listed = as_list(y)
    if listed is None or len(listed) < 2 or as_number(y) is not None:
        return (as_value(y),)
    values = tuple(as_value(one) for one in listed)
    return values if all(map(math.isfinite, values)) else (math.nan,) * len(values)


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
