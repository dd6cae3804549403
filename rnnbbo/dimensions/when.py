"""When a dimension counts: conditions on the values of others, as users write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnbbo.categories import copied, plain_category, same
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of, shorten

_COMPARISON = re.compile(r"\s*(>=|<=|==|!=|>|<|=|)\s*([^<>=!\s][^<>=!]*?)\s*")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    "<": lambda value, bound: value < bound,
    "!=": lambda value, bound: value != bound,
}
_FORMS = (
    '{"name": value}, {"name": [value, ...]}, {"name": "> 2"} or {"name": "> 2 and < 7"} for '
    "numbers, or a list of such mappings, one of which has to hold"
)


class When:
    """Under which values of other dimensions, its ancestors, a dimension is active.

    Args:
        conditions: a mapping of ancestors' names to what their values have to be, all of which has
            to hold; or a list of such mappings, one of which has to hold.
        label: how error messages call the dimension.

    Attributes:
        alternatives: the mappings.

    Raises:
        SpaceError: it is neither.
    """

    def __init__(self, conditions: Any, label: str) -> None:
        given = [conditions] if isinstance(conditions, Mapping) else conditions
        listed = isinstance(given, (list, tuple)) and len(given) > 0
        if not listed or not all(isinstance(one, Mapping) and one for one in given):
            raise SpaceError(f"{label}: when = {repr_of(conditions)}; expected {_FORMS}")
        self.alternatives = tuple({name: _plain(raw) for name, raw in one.items()} for one in given)
        for name in self.names:
            if not isinstance(name, str):
                raise SpaceError(f"{label}: when = {repr_of(conditions)}; expected {_FORMS}")

    @property
    def names(self) -> list[str]:
        """Those of the ancestors."""
        return list(dict.fromkeys(name for one in self.alternatives for name in one))

    @property
    def plain(self) -> Any:
        """A mapping, or a list of them, that makes an equal one."""
        one, *more = self.alternatives
        return list(self.alternatives) if more else one

    def __eq__(self, other: object) -> bool:
        return isinstance(other, When) and same(self.alternatives, other.alternatives)

    def __hash__(self) -> int:
        return hash(tuple(self.names))

    def __repr__(self) -> str:
        return repr_of(self.plain)

    def __reduce__(self) -> tuple[Any, ...]:
        return When, (self.plain, "dimension")


def plain_when(when: When | None) -> Any:
    """Return conditions as plain values; None for none."""
    return None if when is None else when.plain


def as_when(conditions: Any, label: str) -> When | None:
    """Return conditions as users write them; None for none."""
    return conditions if conditions is None or type(conditions) is When else When(conditions, label)


def _plain(raw: Any) -> Any:
    if isinstance(raw, (set, frozenset, range)):
        raw = list(raw)
    return plain_category(raw)


@dataclass(frozen=True)
class Accepted:
    """What an ancestor's values have to be.

    Attributes:
        values: one of these.
        comparisons: or, where there are none, what all of these say: an operator, and the number
            on its right.
    """

    values: tuple[Any, ...] = ()
    comparisons: tuple[tuple[str, float], ...] = ()

    def holds(self, value: Any) -> bool:
        """Tell whether a value of the ancestor, not None for an inactive one, is accepted."""
        if self.comparisons:
            return all(_HOLDS[operator](value, bound) for operator, bound in self.comparisons)
        return any(same(value, one) for one in self.values)


def accepted_by(dimension: Any, raw: Any, what: str) -> Accepted:
    """Return which values of an ancestor are accepted.

    Args:
        dimension: the ancestor.
        raw: what the user wrote.
        what: how error messages call the condition.

    Raises:
        SpaceError: the ancestor cannot have such a value.
    """
    found = _value_of(dimension, raw)
    if found is not None:
        return found
    listed = list(raw) if isinstance(raw, (list, tuple)) else []
    several = [_value_of(dimension, one) for one in listed]
    wrong = [one for one, known in zip(listed, several, strict=True) if known is None]
    if not listed or wrong:
        shown = wrong[0] if wrong else raw
        raise SpaceError(f"{what} = {repr_of(shown)}; expected {shorten(dimension.expected)}")
    return Accepted(tuple(value for one in several if one is not None for value in one.values))


def _value_of(dimension: Any, raw: Any) -> Accepted | None:
    """Return the acceptance of a single value or comparison; None if it is none."""
    try:
        return Accepted((dimension.check(raw),))
    except ValueError:
        pass
    if not isinstance(raw, str):
        return None
    for value in getattr(dimension, "values", ()):  # as it stands on a command line
        if not isinstance(value, str) and raw == text_of(value):
            return Accepted((copied(value),))
    return _all_compared(dimension, raw.split(" and ")) if dimension.is_numeric else None


def _all_compared(dimension: Any, texts: list[str]) -> Accepted | None:
    """Return the acceptance of numbers for which all comparisons hold; None if one is none."""
    matched = [_COMPARISON.fullmatch(text) for text in texts]
    found = [_compared(dimension, *one.groups()) if one else None for one in matched]
    if len(found) == 1:
        return found[0]
    comparisons = [() if one is None else one.comparisons for one in found]
    if not all(comparisons):  # several values are a list, not joined by `and`
        return None
    return Accepted(comparisons=tuple(pair for one in comparisons for pair in one))


def _compared(dimension: Any, operator: str, text: str) -> Accepted | None:
    """Return the acceptance of numbers that compare so; None where there are none."""
    try:
        number = float(text)
        if operator in _HOLDS:
            possible = any(_HOLDS[operator](end, number) for end in dimension.ends)
            return Accepted(comparisons=((operator, number),)) if possible else None
        return Accepted((dimension.check(number),))
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """Return a value as it is written on command lines: floats as `repr`, booleans as in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
