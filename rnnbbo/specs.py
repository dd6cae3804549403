"""Dimensions and spaces as users write them."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnbbo import interchange
from rnnbbo.arguments import as_float, as_number, as_scalar
from rnnbbo.dimensions import (
    PRIORS,
    Categorical,
    Dimension,
    Fixed,
    Integer,
    Ordinal,
    Real,
    is_number,
)
from rnnbbo.errors import SpaceError, SpaceWarning, warn
from rnnbbo.escaping import one_line, repr_of

_OURS = (Real, Integer, Categorical, Ordinal, Fixed)


class Written(NamedTuple):
    """A space as it was written.

    Attributes:
        dimensions: what it holds, in order.
        mapping: whether it was a mapping, so that points are.
        where: constraints that came with it.
    """

    dimensions: list[Dimension]
    mapping: bool
    where: list[Any]


def read_space(given: Any) -> Written:
    """Read the dimensions of a space: a list, a mapping, or a space of another library.

    Raises:
        SpaceError: it is none of these, or a dimension is malformed (the message says which).
    """
    try:
        written = interchange.read_foreign(given)
        if written is not None:
            return Written(*written)
        specs = _specs_of(given)
    except SpaceError:
        raise
    except Exception as error:
        raise SpaceError(
            f"space = {repr_of(given)}; reading it raises {one_line(error)}"
        ) from error
    if isinstance(specs, Mapping):
        return Written([_named(name, spec) for name, spec in specs.items()], True, [])
    dimensions = []
    for i, spec in enumerate(specs):
        try:
            dimensions.append(as_dimension(spec))
        except SpaceError as error:
            raise SpaceError(f"dimension {i} of the space: {error}") from None
    return Written(dimensions, False, [])


def _specs_of(given: Any) -> Any:
    """Return a list or mapping of dimensions; errors are those of what the user wrote."""
    if isinstance(given, Mapping):
        return dict(given)
    specs = getattr(given, "dimensions", given)
    if isinstance(specs, (str, bytes)) or not hasattr(specs, "__iter__"):
        raise SpaceError(f"space = {repr_of(given)}; expected a list or mapping of dimensions")
    return list(specs)


def _named(name: Any, spec: Any) -> Dimension:
    if not isinstance(name, str) or not name:
        raise SpaceError(f"name of a dimension = {repr_of(name)}; expected a non-empty text")
    try:
        dimension = as_dimension(spec)
    except SpaceError as error:
        raise SpaceError(f"dimension {repr_of(name)} of the space: {error}") from None
    if dimension.name not in (None, name):
        raise SpaceError(
            f"dimension {repr_of(name)}: name = {repr_of(dimension.name)}; expected none beside "
            "its key in the mapping"
        )
    return renamed(dimension, name)


def renamed(dimension: Any, name: str | None) -> Any:
    """Return the same dimension with another name."""
    return _changed(dimension, name, None if dimension.when is None else dimension.when.plain)


def conditioned(dimension: Any, when: Any) -> Any:
    """Return the same dimension under conditions."""
    return _changed(dimension, dimension.name, when)


def _changed(dimension: Any, name: str | None, when: Any) -> Any:
    if isinstance(dimension, Real | Integer):
        kind: Any = type(dimension)
        return kind(dimension.low, dimension.high, dimension.prior, name, dimension.step, when)
    if type(dimension) is Fixed:
        return Fixed(dimension.value, name, when)
    return type(dimension)(dimension.values, name, when)


def as_dimension(spec: Any) -> Dimension:
    """Make a dimension of what users write.

    Args:
        spec: a dimension of rnnbbo, of scikit-optimize or of ConfigSpace, or a distribution of
            scipy.stats; a tuple or list of two integers (`Integer`) or two numbers (`Real`), a
            prior as third element if wanted; any other tuple or list: its elements are categories;
            or a number, a text, a boolean or None, which is fixed.

    Raises:
        SpaceError: it is none of these.
    """
    if type(spec) in _OURS:
        return spec  # type: ignore[no-any-return]
    found = interchange.foreign_dimension(spec)
    if found is not None:
        return found
    constant = spec is None or isinstance(spec, (str, bool, np.bool_))
    if constant or (not isinstance(spec, (tuple, list)) and as_scalar(spec) is not None):
        return Fixed(spec)
    if not isinstance(spec, (tuple, list, np.ndarray)) or getattr(spec, "shape", None) == ():
        raise SpaceError(
            f"dimension = {repr_of(spec)}; expected (low, high), (low, high, prior), "
            "a list of categories, a constant, or a Real, Integer, Categorical, Ordinal or Fixed"
        )
    try:
        items = spec.tolist() if isinstance(spec, np.ndarray) else list(spec)
    except Exception as error:
        raise SpaceError(
            f"dimension = {repr_of(spec)}; reading it raises {one_line(error)}"
        ) from error
    ends = [as_scalar(item) for item in items[:2]]
    prior = str(items[2]) if len(items) > 2 and isinstance(items[2], str) else None
    if len(ends) == 2 and all(end is not None for end in ends):
        # A fourth element is scikit-optimize's base of the logarithm, which changes nothing.
        with_prior = len(items) in (3, 4) and prior is not None and all(map(is_number, items[3:]))
        if with_prior and prior not in PRIORS:
            raise SpaceError(
                f"prior = {prior!r} in {repr_of(spec)}; expected one of {', '.join(PRIORS)} "
                f"(if these are categories, write {_categorical(items)})"
            )
        if len(items) == 2 or with_prior:
            integer = all(isinstance(end, numbers.Integral) for end in ends)
            return (Integer if integer else Real)(*ends, *([prior] if with_prior else []))
    _check_meant(spec, items, prior)
    return Categorical(items)


def _check_meant(spec: Any, items: list[Any], prior: str | None) -> None:
    """Make sure that categories are no range with a slip, and warn of what may be one.

    Raises:
        SpaceError: a prior follows something else than bounds, or a bound is open or in brackets.
    """
    hint = f"(if these are categories, write {_categorical(items)})"
    if prior in PRIORS and (prior != "uniform" or not all(map(_is_word, items))):
        raise SpaceError(
            f"prior = {prior!r} in {repr_of(spec)}; expected two numbers before it {hint}"
        )
    ends = [as_float(as_scalar(item)) for item in items[:3]]
    found = [end is not None for end in ends]
    if len(items) == 3 and isinstance(spec, tuple) and all(found) and _is_like_steps(*ends):
        warn(
            f"dimension = {repr_of(spec)} is a choice between these three categories, not a range "
            f"with a step; write {_categorical(items)} to say so, or {repr_of(spec[:2])} for a "
            "range",
            SpaceWarning,
        )
    if len(items) != 2:
        return
    if any(found) and any(item is None for item in items) and not isinstance(spec, list):
        raise SpaceError(f"dimension = {repr_of(spec)}; expected two finite numbers {hint}")
    if not all(found) and all(map(_is_bracketed, items)):
        raise SpaceError(f"dimension = {repr_of(spec)}; expected numbers without brackets {hint}")


def _categorical(items: list[Any]) -> str:
    return f"Categorical({repr_of(items)})"


def _is_word(item: Any) -> bool:
    """Tell whether this is None or a text that is no number."""
    if not isinstance(item, str):
        return item is None
    try:
        float(item)
    except ValueError:
        return True
    return False


def _is_like_steps(low: Any, high: Any, step: Any) -> bool:
    return bool(low < high and 0 < step <= high - low and step < high)


def _is_bracketed(item: Any) -> bool:
    """Tell whether this is a number, or an array or tensor that holds a single one."""
    return not isinstance(item, (list, tuple)) and as_number(item) is not None
