"""Ordered values as a dimension, and a single one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.categories import copied, plain_category, same
from rnnbbo.dimensions.categorical import Categorical
from rnnbbo.dimensions.common import check_name, is_number, label_of, other_cells
from rnnbbo.dimensions.when import as_when, plain_when
from rnnbbo.escaping import repr_of
from rnnbbo.skopt_likeness import LikeSkoptDimension


class Ordinal(LikeSkoptDimension):
    """Values in an order, evenly spaced on one coordinate: 16, 32, 64, or "low", "mid", "high".

    Values are found and copied as categories are.

    Args:
        values: the values, in their order.
        name: name of the dimension, or None.
        when: values of other dimensions under which this one is active; None for always.

    Attributes:
        values: the values; a single one is fixed.

    Raises:
        SpaceError: there is no value, or two are equal.
    """

    prior = "uniform"

    def __init__(self, values: Sequence[Any], name: str | None = None, when: Any = None) -> None:
        self._choice = Categorical(values, name, when, noun="value")
        self.values = self._choice.categories
        self.name, self.when = self._choice.name, self._choice.when

    def __reduce__(self) -> tuple[Any, ...]:
        return Ordinal, (self.values, self.name, plain_when(self.when))

    def __eq__(self, other: object) -> bool:
        return type(other) is Ordinal and self._choice == other._choice

    def __hash__(self) -> int:
        return hash(self._choice)

    def __repr__(self) -> str:
        when = "" if self.when is None else f", when={self.when!r}"
        return f"Ordinal(values={repr_of(list(self.values))}, name={self.name!r}{when})"

    @property
    def bounds(self) -> tuple[Any, ...]:
        """The values."""
        return self.values

    @property
    def is_constant(self) -> bool:
        """Whether it has a single value, and no coordinate in the cube."""
        return len(self.values) == 1

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(map(is_number, self.values))

    @property
    def ends(self) -> tuple[Any, Any]:
        """Its least and its largest value, of numbers."""
        return min(self.values), max(self.values)

    @property
    def count(self) -> int:
        """Number of values."""
        return len(self.values)

    @property
    def cells(self) -> int:
        """Number of equal cells of its coordinate."""
        return len(self.values)

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        return self._choice.expected

    def check(self, value: Any) -> Any:
        """Return the equal value itself; raise ValueError if there is none."""
        return self._choice.check(value)

    def index(self, value: Any) -> int:
        """Return the position of the value equal to this; raise ValueError if none is."""
        return self._choice.index(value)

    def category(self, position: int) -> Any:
        """Return a value, a copy of it where it can change."""
        return self._choice.category(position)

    def to_cube(self) -> Callable[[Any], float]:
        """Return a function from a value to its coordinate in the cube."""
        count = self.count
        return lambda value: (self.index(value) + 0.5) / count

    def from_cube(self) -> Callable[[float], Any]:
        """Return a function from a coordinate in the cube to the value whose cell holds it."""
        count = self.count
        return lambda u: self.category(min(int(max(u, 0.0) * count), count - 1))

    def others(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Draw other values than those whose cells hold u (n,); return their places (n,)."""
        return other_cells(rng, u, self.count)


@dataclass(frozen=True, eq=False, repr=False)
class Fixed(LikeSkoptDimension):
    """A single value: it takes no coordinate in the cube, and stands in every point.

    Attributes:
        value: the value, anything.
        name: name of the dimension, or None.
        when: values of other dimensions under which this one is active; None for always.
    """

    value: Any
    name: str | None = None
    when: Any = None

    prior = None
    is_constant = True
    count = 1

    def __post_init__(self) -> None:
        check_name(self.name)
        object.__setattr__(self, "value", plain_category(self.value))
        object.__setattr__(self, "when", as_when(self.when, label_of(self.name)))

    def __repr__(self) -> str:
        when = "" if self.when is None else f", when={self.when!r}"
        return f"Fixed({repr_of(self.value)}, name={self.name!r}{when})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Fixed, (self.value, self.name, plain_when(self.when))

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Fixed
            and self.name == other.name
            and self.when == other.when
            and same(self.value, other.value)
        )

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def bounds(self) -> tuple[Any, ...]:
        """The value."""
        return (self.value,)

    @property
    def values(self) -> tuple[Any, ...]:
        """The value."""
        return (self.value,)

    @property
    def is_numeric(self) -> bool:
        """Whether the value is a number."""
        return is_number(self.value)

    @property
    def ends(self) -> tuple[Any, Any]:
        """The value, twice."""
        return self.value, self.value

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        return f"{repr_of(self.value)}, the only value"

    def check(self, value: Any) -> Any:
        """Return the value itself; raise ValueError if this is another one."""
        if not same(self.value, plain_category(value)):
            raise ValueError
        return copied(self.value)
