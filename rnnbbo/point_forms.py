"""Points as users have them: checked, by name, and as JSON holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnbbo.activity import Activity
from rnnbbo.dimensions import Dimension, Fixed
from rnnbbo.errors import PointError
from rnnbbo.escaping import repr_of

_MISSING = object()


class ParameterNames(list[str]):
    """The names of a space's parameters, in order, which also know those of a point's values.

    Args:
        names: the names.
        forms: the forms that points have.
    """

    def __init__(self, names: Sequence[str], forms: PointForms) -> None:
        super().__init__(names)
        self._forms = forms

    def as_mapping(self, point: Sequence[Any]) -> dict[str, Any]:
        """Return the active values of a point that was checked, by name."""
        return self._forms.as_mapping(point)

    def __reduce__(self) -> tuple[Any, ...]:
        return ParameterNames, (list(self), self._forms)


def active_values(names: Sequence[str], point: Sequence[Any]) -> dict[str, Any]:
    """Return a point's values by name, without what is inactive where names know that."""
    if isinstance(names, ParameterNames):
        return names.as_mapping(point)
    return dict(zip(names, point, strict=True))


class PointForms:
    """The forms that points of a space have, known constraints apart.

    Args:
        names: those of the dimensions.
        dimensions: the dimensions.
        activity: their conditions.
    """

    def __init__(
        self, names: Sequence[str], dimensions: Sequence[Dimension], activity: Activity
    ) -> None:
        self._names, self._dimensions, self._activity = list(names), list(dimensions), activity

    def check(self, point: Any) -> list[Any]:
        """Return the point in plain Python types; see `Space.check`."""
        values = self._listed(point) if isinstance(point, Mapping) else _values_of(point)
        count = len(self._names)
        if values is None:
            raise PointError(f"point = {repr_of(point)}; expected a list of {count} values")
        if len(values) != count:
            raise PointError(
                f"point = {repr_of(point)} of {len(values)} values; expected {count} "
                f"({', '.join(self._names)})"
            )
        if not self._activity.conditional:
            return [self._check_value(i, value) for i, value in enumerate(values)]
        return self._check_conditional(values)

    def _listed(self, point: Mapping[str, Any]) -> list[Any]:
        unknown = [name for name in point if name not in self._names]
        if unknown:
            raise PointError(
                f"point = {repr_of(dict(point))} with {repr_of(unknown[0])}; expected values of "
                + ", ".join(self._names)
            )
        return [
            point.get(name, dim.bounds[0] if dim.is_constant and dim.when is None else _MISSING)
            for name, dim in zip(self._names, self._dimensions, strict=True)
        ]

    def _check_value(self, position: int, value: Any) -> Any:
        name, dim = self._names[position], self._dimensions[position]
        if value is _MISSING and dim.is_constant:
            value = dim.bounds[0]
        if value is _MISSING:
            raise PointError(f"{name} is missing; expected {dim.expected}")
        try:
            return dim.check(value)
        except ValueError:
            raise PointError(f"{name} = {repr_of(value)}; expected {dim.expected}") from None

    def _check_conditional(self, values: list[Any]) -> list[Any]:
        conditional, active = self._activity.conditional, [True] * len(values)
        checked = [
            None if i in conditional else self._check_value(i, value)
            for i, value in enumerate(values)
        ]
        for i in conditional:
            active[i] = self._activity.is_active(i, checked, active)
            if active[i] or not (values[i] is _MISSING or values[i] is None):
                value = self._check_value(i, values[i])
                checked[i] = value if active[i] else None
        return checked

    def check_context(self, context: Any) -> dict[int, Any]:
        """Return the values of some parameters, by position; see `Space.held_at`."""
        free = sum(not dim.is_constant for dim in self._dimensions)
        expected = "a mapping from names of parameters to values"
        if not isinstance(context, Mapping) or not context:
            raise PointError(f"context = {repr_of(context)}; expected {expected}")
        found = {}
        for name, value in context.items():
            if name not in self._names:
                raise PointError(
                    f"context of {repr_of(name)}; expected values of some of "
                    + ", ".join(self._names)
                )
            position = self._names.index(name)
            if position in self._activity.conditional:
                raise PointError(
                    f"context of {name}, which has a condition; expected parameters without one"
                )
            found[position] = self._check_value(position, value)
        if sum(not self._dimensions[position].is_constant for position in found) == free:
            raise PointError(
                f"context = {repr_of(dict(context))}, all parameters; expected one at least to be "
                "proposed"
            )
        return found

    def as_mapping(self, point: Sequence[Any]) -> dict[str, Any]:
        """Return the active values of a point that was checked, by name."""
        if not self._activity.conditional:
            return dict(zip(self._names, point, strict=True))
        active = self._activity.active(point)
        named = zip(self._names, point, active, strict=True)
        return {name: value for name, value, counts in named if counts}

    def encode(self, point: Any) -> list[Any]:
        """Return a point that was checked in numbers alone; see `Space.encode`."""
        active = self._activity.active(point)
        return [
            _code(dim, value) if counts else None
            for dim, value, counts in zip(self._dimensions, point, active, strict=True)
        ]

    def decode(self, code: list[Any]) -> list[Any]:
        """Return the point that `encode` made this of, to the bit."""
        return [
            None if value is None else _decoded(dim, value)
            for dim, value in zip(self._dimensions, code, strict=True)
        ]


def _values_of(point: Any) -> list[Any] | None:
    """Return the values that a point lists; None if it is no list."""
    try:
        if isinstance(point, np.ndarray) and point.ndim == 1:
            return point.tolist()
        return list(point) if isinstance(point, (list, tuple)) else None
    except Exception:
        return None


def _code(dim: Any, value: Any) -> Any:
    if isinstance(dim, Fixed):
        return 0
    return dim.index(value) if hasattr(dim, "index") else value


def _decoded(dim: Any, code: Any) -> Any:
    if isinstance(dim, Fixed):
        return dim.check(dim.value)
    return dim.category(code) if hasattr(dim, "index") else code
