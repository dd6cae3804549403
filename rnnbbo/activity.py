"""Which parameters of a point are active, in spaces with conditions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from rnnbbo.dimensions import Dimension, nth_value
from rnnbbo.dimensions.when import Accepted, When, accepted_by
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.layout import Layout

_MOST_COUNTED = 2**16  # combinations of ancestors' values that are looked through

# One of these has to hold: values that ancestors, by position, have to have.
_Alternatives = list[list[tuple[int, Accepted]]]


class Activity:
    """The conditions of a space, each below its ancestors: there is no cycle.

    A parameter is active where its conditions hold, and all ancestors in them are active.

    Args:
        names: those of the dimensions.
        dimensions: the dimensions.

    Attributes:
        conditional: positions of the dimensions with conditions, ancestors first.

    Raises:
        SpaceError: an ancestor is unknown, cannot have a value, or is below its own descendant.
    """

    def __init__(self, names: Sequence[str], dimensions: Sequence[Dimension]) -> None:
        self._names, self._dimensions = list(names), list(dimensions)
        self._rules: dict[int, _Alternatives] = {}
        for i, dim in enumerate(dimensions):
            if dim.when is not None:
                self._rules[i] = self._resolved(names[i], dim.when)
        self.conditional = self._in_order()

    def _resolved(self, name: str, when: When) -> _Alternatives:
        alternatives = []
        for conditions in when.alternatives:
            one = []
            for ancestor, raw in conditions.items():
                what = f"dimension {repr_of(name)}: when {ancestor}"
                if ancestor not in self._names:
                    raise SpaceError(
                        f"dimension {repr_of(name)}: when = {when!r}; expected the name of "
                        f"another dimension, one of {', '.join(self._names)}"
                    )
                position = self._names.index(ancestor)
                one.append((position, accepted_by(self._dimensions[position], raw, what)))
            alternatives.append(one)
        return alternatives

    def _ancestors(self, position: int) -> list[int]:
        rules = self._rules.get(position, [])
        return list(dict.fromkeys(ancestor for one in rules for ancestor, _ in one))

    def _in_order(self) -> list[int]:
        order: list[int] = []
        left = list(self._rules)
        while left:
            ready = [i for i in left if not set(self._ancestors(i)) & set(left)]
            if not ready:
                cycle = ", ".join(self._names[i] for i in left)
                raise SpaceError(
                    f"when of {cycle}: a cycle; expected ancestors that do not depend on their "
                    "descendants"
                )
            order += ready
            left = [i for i in left if i not in ready]
        return order

    def active(self, point: Sequence[Any]) -> list[bool]:
        """Return which values of a point count; those of inactive parameters may be anything."""
        active = [True] * len(point)
        for i in self.conditional:
            active[i] = self.is_active(i, point, active)
        return active

    def is_active(self, position: int, point: Sequence[Any], active: Sequence[bool]) -> bool:
        """Return whether a value of a point counts, where it is known whether its ancestors do."""
        return any(
            all(active[a] and accepted.holds(point[a]) for a, accepted in one)
            for one in self._rules[position]
        )

    def active_at(self, layout: Layout, u: np.ndarray) -> np.ndarray:
        """Return which parameters are active at snapped places (n, cube_dim), (n, n_dims)."""
        active = np.ones((len(u), len(self._names)), dtype=bool)
        holds: dict[tuple[int, int, int], np.ndarray] = {}
        for i in self.conditional:
            for j, one in enumerate(self._rules[i]):
                for k, (ancestor, accepted) in enumerate(one):
                    holds[i, j, k] = _holds(layout, ancestor, accepted, u)
            active[:, i] = False
            for j, one in enumerate(self._rules[i]):
                every = np.ones(len(u), dtype=bool)
                for k, (ancestor, _) in enumerate(one):
                    every &= active[:, ancestor] & holds[i, j, k]
                active[:, i] |= every
        return active

    def count(self) -> int | None:
        """Return the number of points; None where it is infinite, or too many to count."""
        if any(dim.count is None for dim in self._dimensions):
            return None
        ancestors = sorted({a for i in self.conditional for a in self._ancestors(i)})
        rest = [i for i in range(len(self._dimensions)) if i not in ancestors]
        counts = [dim.count or 1 for dim in self._dimensions]
        if np.prod([float(counts[i]) for i in ancestors]) > _MOST_COUNTED:
            return None
        seen, total = set(), 0
        for indices in product(*(range(counts[i]) for i in ancestors)):
            point: list[Any] = [None] * len(counts)
            for i, index in zip(ancestors, indices, strict=True):
                point[i] = nth_value(self._dimensions[i], index)
            active = self.active(point)
            key = tuple(
                index if active[i] else -1 for i, index in zip(ancestors, indices, strict=True)
            )
            if key in seen:
                continue
            seen.add(key)
            ways = 1
            for i in rest:
                ways *= counts[i] if active[i] else 1
            total += ways
        return total


def _holds(layout: Layout, position: int, accepted: Accepted, u: np.ndarray) -> np.ndarray:
    code, slot = layout.codes[position], layout.slots[position]
    if code is None:
        values = layout.values(position, u)
        return np.array([accepted.holds(value) for value in values], dtype=bool)
    categories = layout.categories(position)
    table = np.array([accepted.holds(category) for category in categories], dtype=bool)
    return table[code.nearest(u[:, slot])]
