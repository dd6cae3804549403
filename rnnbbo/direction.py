"""Which values are better: smaller ones, or, to maximize, larger ones; of each objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

OneOrSeveral = float | list[float]
"""The value of a single objective, or those of several."""
Maximize = bool | tuple[bool, ...]
"""Whether larger values are better: of all objectives alike, or of each of several."""

_V = TypeVar("_V", bound=OneOrSeveral)

MINIMIZE, MAXIMIZE = DIRECTIONS = ("minimize", "maximize")


def turned(value: _V, maximize: Maximize) -> _V:
    """Return a value as the other side of the border has it: its sign turned to maximize.

    Policies, and all that they stand on, minimize; users' values are turned on their way in and
    out, and nowhere else. A zero stays without a sign.
    """
    if isinstance(value, list):
        flags = flags_of(maximize, len(value))
        pairs = zip(value, flags, strict=True)
        return [0.0 - one if flag else one for one, flag in pairs]  # type: ignore[return-value]
    return 0.0 - value if maximize else value  # type: ignore[return-value]


def worst_value(maximize: bool) -> float:
    """Return what no value is worse than, as a failed trial counts in a result."""
    return turned(math.inf, maximize)


def flags_of(maximize: Maximize, count: int) -> tuple[bool, ...]:
    """Return of each of so many objectives whether larger values are better.

    Raises:
        ValueError: there are directions for another number of them.
    """
    if not isinstance(maximize, tuple):
        return (bool(maximize),) * count
    if len(maximize) != count:
        raise ValueError(f"{len(maximize)} directions for {count} objectives")
    return maximize


def in_words(flags: Sequence[bool]) -> list[str]:
    """Return directions as users write them: "minimize" or "maximize" of each."""
    return [DIRECTIONS[flag] for flag in flags]


def difference(one: Maximize, other: Maximize) -> str:
    """Return in words that not the same values are better."""
    names = ["directions" if isinstance(flags, tuple) else "maximize" for flags in (one, other)]
    mine, theirs = (in_words(f) if isinstance(f, tuple) else f for f in (one, other))
    second = "" if names[0] == names[1] else f"{names[1]} = "
    return f"{names[0]} = {mine}, not {second}{theirs}"


def as_arguments(
    maximize: Maximize | None, reference: Sequence[float] | None = None
) -> dict[str, Any]:
    """Return the arguments `maximize`, `directions` and `reference` by which users say the same."""
    said: dict[str, Any] = {} if reference is None else {"reference": reference}
    if isinstance(maximize, tuple):
        return {"directions": in_words(maximize), **said}
    return {"maximize": maximize, **said}
