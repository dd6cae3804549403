"""Choices between unordered categories."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from rnnbbo.categories import copied, is_nan, plain_category, same
from rnnbbo.dimensions.common import check_name, label_of
from rnnbbo.dimensions.when import as_when, plain_when
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of, shorten
from rnnbbo.skopt_likeness import LikeSkoptDimension

_MANY = 1000  # categories that an error message looks at
_PLURAL = {"category": "categories", "value": "values"}


class Categorical(LikeSkoptDimension):
    """A choice between unordered categories.

    Every category works: a value is found by identity, then by equality, and all NaNs are one.
    NumPy's scalars become Python's. What can change (lists, dicts, arrays) is copied, here and
    wherever it is given out: nobody changes the space by changing a point.

    Args:
        categories: the categories.
        name: name of the dimension, or None.
        when: values of other dimensions under which this one is active; None for always.
        noun: what error messages call a category.

    Attributes:
        categories: the categories; a single one is fixed.

    Raises:
        SpaceError: there is no category, or two are equal.
    """

    prior = None  # part of scikit-optimize's interface

    def __init__(
        self,
        categories: Sequence[Any],
        name: str | None = None,
        when: Any = None,
        *,
        noun: str = "category",
    ) -> None:
        check_name(name)
        label = f"{label_of(name)}: {_PLURAL[noun]}"
        self.categories = tuple(map(plain_category, _listed(categories, label)))
        self.name = name
        self.when = as_when(when, label_of(name))
        if not self.categories:
            raise SpaceError(f"{label} = []; expected at least one")
        self._index: dict[Hashable, int] = {}
        self._others: list[int] = []  # positions of what the index cannot hold
        self._known = 0
        for i, category in enumerate(self.categories):
            if self._position(category) is not None:
                raise SpaceError(
                    f"{label_of(name)}: {noun} = {repr_of(category)} twice; expected distinct ones"
                )
            self._enter(category, i)
            self._known += 1

    def __reduce__(self) -> tuple[Any, ...]:
        when = plain_when(self.when)
        return Categorical, (self.categories, self.name, when)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categorical):
            return NotImplemented
        named = self.name == other.name and self.when == other.when
        return named and same(self.categories, other.categories)

    def __hash__(self) -> int:
        return hash((len(self.categories), self.name))

    def __repr__(self) -> str:
        when = "" if self.when is None else f", when={self.when!r}"
        return f"Categorical(categories={repr_of(list(self.categories))}, name={self.name!r}{when})"

    @property
    def bounds(self) -> tuple[Any, ...]:
        """The categories, as in scikit-optimize."""
        return self.categories

    @property
    def values(self) -> tuple[Any, ...]:
        """The categories."""
        return self.categories

    @property
    def is_constant(self) -> bool:
        """Whether it has a single value, and no coordinate in the cube."""
        return len(self.categories) == 1

    @property
    def is_numeric(self) -> bool:
        """False: its values have no order."""
        return False

    @property
    def count(self) -> int:
        """Number of categories."""
        return len(self.categories)

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        return "one of " + shorten(", ".join(map(repr_of, self.categories[:_MANY])))

    def check(self, value: Any) -> Any:
        """Return the equal category itself; raise ValueError if there is none."""
        return self.category(self.index(value))

    def category(self, position: int) -> Any:
        """Return a category, a copy of it where it can change."""
        return copied(self.categories[position])

    def index(self, value: Any) -> int:
        """Return the position of the category equal to `value`; raise ValueError if none is."""
        position = self._position(value)
        if position is None:
            raise ValueError
        return position

    def _enter(self, category: Any, position: int) -> None:
        if _hashable(category) and not is_nan(category):
            with suppress(Exception):  # of an == with another one of the same hash
                self._index[category] = position
                return
        self._others.append(position)

    def _position(self, value: Any) -> int | None:
        if _hashable(value) and (position := self._find(value)) is not None:
            return position
        # A tuple has a hash, and another one where it holds another NaN.
        for i in self._others if type(value) is not tuple else range(self._known):
            if same(self.categories[i], value):
                return i
        return None

    def _find(self, value: Hashable) -> int | None:
        try:
            return self._index.get(value)
        except Exception:  # of an == that raises
            return None


def _listed(categories: Any, label: str) -> list[Any]:
    if isinstance(categories, np.ndarray):
        return list(categories.tolist()) if categories.ndim else _not_listed(categories, label)
    if isinstance(categories, (str, bytes)):
        return _not_listed(categories, label)
    try:
        return list(categories)
    except Exception:
        return _not_listed(categories, label)


def _not_listed(categories: Any, label: str) -> NoReturn:
    raise SpaceError(f"{label} = {repr_of(categories)}; expected a list of them")


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except Exception:
        return False
    return True
