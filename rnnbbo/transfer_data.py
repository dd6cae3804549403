"""Earlier studies of like problems, as points of a space's cube and values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.arguments import as_list, as_number, as_value
from rnnbbo.dimensions import Real
from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space

_FEWEST = 2  # values of a study that say anything of another


class EarlierValues(NamedTuple):
    """What an earlier study knows.

    Attributes:
        x: (n, cube_dim) points in coordinates of a space's cube; they may lie outside it.
        y: (n,) values; lower is better.
    """

    x: np.ndarray
    y: np.ndarray


def as_earlier(space: Space, prior: Any, maximize: bool) -> tuple[EarlierValues, ...]:
    """Return earlier studies in the coordinates of a space.

    Args:
        space: of the new problem.
        prior: one of, or a list of: an open study, a result, a pair (points, values).
        maximize: whether larger values of a pair are better; studies and results know it.

    Raises:
        ConfigError: it is something else, or has several objectives; or nothing of it lies in
            dimensions of the same names.
    """
    if prior is None:
        return ()
    items = prior if isinstance(prior, list) else [prior]
    return tuple(_one(space, item, maximize) for item in items)


def _one(space: Space, item: Any, maximize: bool) -> EarlierValues:
    if isinstance(item, EarlierValues):
        return item
    names: Sequence[str] = space.names
    if hasattr(item, "trials") and hasattr(item, "space"):
        told: list[tuple[Any, Any]] = [(t.x, t.value) for t in item.trials() if t.value is not None]
        names, sign = item.space.names, -1.0 if item.maximize else 1.0
    elif hasattr(item, "x_iters") and hasattr(item, "func_vals"):
        told = list(zip(item.x_iters, item.func_vals, strict=True))
        names, sign = item.space.names, -1.0 if item.maximize else 1.0
    elif isinstance(item, tuple) and len(item) == 2:
        told, sign = _pairs(space, *item), -1.0 if maximize else 1.0
    else:
        raise ConfigError(
            f"prior = {repr_of(item)}; expected earlier studies: open studies (or their files, in "
            "minimize and Study), results of runs, or pairs (points, values)"
        )
    if any(as_list(value) is not None for _, value in told):
        raise ConfigError("prior with several objectives; expected values of one")
    shared = [name for name in names if name in space.names]
    if not shared:
        raise ConfigError(
            f"prior with parameters {', '.join(names)}; expected some of {', '.join(space.names)}"
        )
    rows = [
        (place, sign * float(value))
        for point, value in told
        if math.isfinite(value)
        and (place := _place(space, dict(zip(names, point, strict=True)))) is not None
    ]
    if len(rows) < _FEWEST:
        raise ConfigError(
            f"prior with {len(told)} values, {len(rows)} of them in dimensions of this space; "
            f"expected at least {_FEWEST}"
        )
    return EarlierValues(np.array([x for x, _ in rows]), np.array([y for _, y in rows]))


def _pairs(space: Space, points: Any, values: Any) -> list[tuple[list[Any], float]]:
    points, values = as_list(points), as_list(values)
    if points is None or values is None or len(points) != len(values):
        raise ConfigError(
            f"prior = ({repr_of(points)}, {repr_of(values)}); expected as many values as points"
        )
    rows = []
    for point, value in zip(points, values, strict=True):
        named = point if isinstance(point, Mapping) else None
        listed = [named.get(name) for name in space.names] if named is not None else as_list(point)
        if listed is None or len(listed) != space.n_dims:
            raise ConfigError(
                f"point of prior = {repr_of(point)}; expected {space.n_dims} values "
                f"({', '.join(space.names)})"
            )
        rows.append((listed, as_value(value)))
    return rows


def _place(space: Space, point: Mapping[str, Any]) -> np.ndarray | None:
    """Return where a point lies, (cube_dim,); in the middle where it says nothing.

    None for a category or a cell that the space does not have: there is no place for it. Real
    numbers beyond a bound have one.
    """
    layout = space.layout
    place = layout.middle.copy()
    for position, (dim, name) in enumerate(zip(space.dimensions, space.names, strict=True)):
        value, slot = point.get(name), layout.slots[position]
        if value is None or slot.start == slot.stop:
            continue
        try:
            place[slot] = layout.coordinates(position, dim.check(value))
        except ValueError:
            beyond = _beyond(dim, value)
            if beyond is None:
                return None
            place[slot] = beyond
    return place


def _beyond(dim: Any, value: Any) -> float | None:
    """Return the coordinate of a number beyond the bounds of a real dimension."""
    number = as_number(value)
    if not isinstance(dim, Real) or dim.cells is not None or number is None:
        return None
    if dim.prior == "uniform":
        return (float(number) - dim.low) / (dim.high - dim.low)
    if number <= 0:
        return None
    return math.log(number / dim.low) / math.log(dim.high / dim.low)
