"""The part of a space in which known constraints hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, NoReturn

import numpy as np

from rnnbbo.activity import Activity
from rnnbbo.calling import Naming, of_list, way_of
from rnnbbo.dimensions import Dimension, nth_value
from rnnbbo.errors import PointError, SpaceError
from rnnbbo.escaping import one_line, repr_of
from rnnbbo.expressions import Expression
from rnnbbo.layout import Layout
from rnnbbo.rare_regions import Snap, descend, scatter

_DRAWN = 2**16  # points among which an allowed one is looked for
_ENOUGH = 64  # allowed points that are kept
_MOST_COUNTED = 2**14  # points of a small space that are looked at one by one


class Rule(NamedTuple):
    """A constraint that is known beforehand.

    Attributes:
        given: as the user wrote it: an expression, or a function.
        used: names of the parameters that it looks at; None for all.
        holds: tells whether a point meets it, of its values, and of these by name; lenient or not.
            Where a function raises, or returns anything else than True or False, it does not.
        faults: the first time that it did.
        shortfall: by how much a point breaks it.
    """

    given: Any
    used: tuple[str, ...] | None
    holds: Callable[[list[Any], Mapping[str, Any], bool], bool]
    faults: list[str]
    shortfall: Callable[[list[Any], Mapping[str, Any]], float]

    @property
    def text(self) -> str:
        """What people read: the expression, or the function's name."""
        if isinstance(self.given, str):
            return self.given
        return getattr(self.given, "__qualname__", None) or type(self.given).__name__


def as_rules(where: Any, names: Naming, *, mapping: bool) -> list[Rule]:
    """Return the constraints that a user wrote.

    Args:
        where: an expression, a function, or a list of them; None for none.
        names: those of a point's values.
        mapping: whether a function that does not take keywords gets a mapping, not a list.

    Raises:
        SpaceError: one is neither, or an expression is malformed.
    """
    if where is None:
        return []
    listed = [where] if isinstance(where, str) or callable(where) else where
    if not isinstance(listed, (list, tuple)):
        raise SpaceError(
            f"where = {repr_of(where)}; expected an expression such as 'a + b <= 1', a function of "
            "a point, or a list of them"
        )
    return [_rule(one, names, mapping=mapping) for one in listed]


def _rule(given: Any, names: Naming, *, mapping: bool) -> Rule:
    if isinstance(given, str):
        expression = Expression(given, list(names))
        return Rule(
            given,
            expression.used,
            lambda _, values, lenient: expression.holds(values, lenient=lenient),
            [],
            lambda _, values: expression.shortfall(values),
        )
    if not callable(given):
        raise SpaceError(
            f"where = {repr_of(given)}; expected an expression such as 'a + b <= 1', or a function "
            "of a point"
        )
    way = way_of(given, list(names), "mapping") if mapping else "list"
    function, faults = of_list(given, way or "list", names), list[str]()

    def holds(point: list[Any], _: Mapping[str, Any], __: bool) -> bool:
        try:
            answer = function(point)
            fault = f"returns {repr_of(answer)}"
        except Exception as error:
            answer, fault = None, f"raises {one_line(error)}"
        if isinstance(answer, (bool, np.bool_)):
            return bool(answer)
        if not faults:
            faults.append(f"{fault} at {repr_of(point)}")
        return False

    return Rule(given, None, holds, faults, lambda point, _: float(not holds(point, {}, False)))


class Region:
    """The places of a space that meet known constraints.

    Args:
        rules: the constraints.
        names: those of the dimensions.
        layout: where dimensions lie.
        activity: their conditions.

    Attributes:
        rules: the constraints.
    """

    def __init__(
        self, rules: Sequence[Rule], names: Sequence[str], layout: Layout, activity: Activity
    ) -> None:
        self.rules = list(rules)
        self._names, self._layout, self._activity = list(names), layout, activity

    def require(self, point: list[Any], values: Mapping[str, Any]) -> None:
        """Make sure that a point, its active values also by name, meets the constraints.

        Raises:
            PointError: it does not, by more than rounding.
        """
        for rule in self.rules:
            if not rule.holds(point, values, False) and not rule.holds(point, values, True):
                raise PointError(f"point = {repr_of(point)}; expected one where {rule.text}")

    def allows(self, u: np.ndarray) -> np.ndarray:
        """Return which snapped places (n, cube_dim) meet the constraints, (n,)."""
        met = np.ones(len(u), dtype=bool)
        if not self.rules:
            return met
        conditional = bool(self._activity.conditional)
        active = self._activity.active_at(self._layout, u) if conditional else None
        for rule in self.rules:
            rows = np.flatnonzero(met)
            met[rows] = self._meets(rule, u[rows], None if active is None else active[rows])
        return met

    def _rows(
        self, rule: Rule, u: np.ndarray, active: np.ndarray | None
    ) -> Iterator[tuple[list[Any], dict[str, Any]]]:
        """Yield what a rule looks at of places: lists of all values, or the active ones by name."""
        used = self._names if rule.used is None else rule.used
        positions = [self._names.index(name) for name in used]
        columns = [self._layout.values(i, u) for i in positions]
        counting = itertools.repeat([True] * len(used), len(u))
        flags = counting if active is None else active[:, positions].tolist()
        # A constraint without parameters has no columns.
        rows = zip(*columns, strict=True) if columns else itertools.repeat((), len(u))
        if active is None and rule.used is not None:  # the common case, without a look at flags
            for row in rows:
                yield [], dict(zip(used, row, strict=True))
            return
        for row, ones in zip(rows, flags, strict=True):
            if rule.used is None:
                yield [v if one else None for v, one in zip(row, ones, strict=True)], {}
            else:
                yield [], {n: v for n, v, one in zip(used, row, ones, strict=True) if one}

    def _meets(self, rule: Rule, u: np.ndarray, active: np.ndarray | None) -> list[bool]:
        return [rule.holds(*row, False) for row in self._rows(rule, u, active)]

    def shortfalls(self, u: np.ndarray) -> np.ndarray:
        """Return by how much snapped places (n, cube_dim) break each constraint, (n, rules)."""
        conditional = bool(self._activity.conditional)
        active = self._activity.active_at(self._layout, u) if conditional else None
        lacking = [
            [rule.shortfall(*row) for row in self._rows(rule, u, active)] for rule in self.rules
        ]
        return np.array(lacking).reshape(len(self.rules), len(u)).T

    def find(self, snap: Snap) -> np.ndarray:
        """Return some places (n, cube_dim) that meet the constraints; none without any.

        Args:
            snap: moves places onto points of the space.

        Raises:
            SpaceError: none is found.
        """
        rng, drawn, found = np.random.default_rng(0), 0, [np.empty((0, self._layout.cube_dim))]
        if not self.rules:
            return found[0]
        while sum(map(len, found)) < _ENOUGH and drawn < _DRAWN:
            u = snap(rng.random((max(_ENOUGH, drawn), self._layout.cube_dim)))
            found.append(u[self.allows(u)])
            drawn += len(u)
        allowed = np.concatenate(found)[:_ENOUGH]
        if not len(allowed):
            allowed = descend(rng, snap, self.shortfalls, self.allows, self._layout.cube_dim)
        if not len(allowed):
            self._refuse(drawn)
        if len(allowed) < _ENOUGH:
            more = scatter(rng, snap, self.allows, allowed, _ENOUGH - len(allowed))
            allowed = np.concatenate([allowed, more])
        return allowed

    def _refuse(self, drawn: int) -> NoReturn:
        for rule in self.rules:
            if rule.faults:
                raise SpaceError(
                    f"where = {repr_of(rule.given)}, which {rule.faults[0]}; expected True or False"
                )
        texts = ", ".join(repr_of(rule.text) for rule in self.rules)
        raise SpaceError(
            f"where = {texts}; expected what some points meet: none of {drawn} drawn at random "
            "does, nor was one found from the nearest of these"
        )

    def count(self, dimensions: Sequence[Dimension], snap: Snap) -> int | None:
        """Return the number of points that meet them; None where there are too many to look at."""
        counts = [dim.count or 1 for dim in dimensions]
        if np.prod([float(one) for one in counts]) > _MOST_COUNTED:
            return None
        points = (
            [nth_value(dim, i) for dim, i in zip(dimensions, one, strict=True)]
            for one in product(*map(range, counts))
        )
        places = np.unique(snap(np.array(list(map(self._layout.place, points)))), axis=0)
        return int(self.allows(places).sum())
