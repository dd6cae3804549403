"""Slices through a point: what the model believes along each parameter, the others held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical
from rnnbbo.pictures.surrogate import Surrogate
from rnnbbo.space import Space

_GRID = 101  # places along a number
_MOST = 24  # categories that are shown


@dataclass(frozen=True)
class Slice:
    """What is believed along one parameter, through a point; G values of it, in their order.

    Attributes:
        name: the parameter's.
        position: its place among the dimensions.
        categorical: whether its values are categories, without an order.
        log: whether its scale is even in the logarithm.
        values: G values in user units. Of many categories those that were told, at most.
        at: the point's own value.
        median: (G,) in user units, of the function without noise; NaN where a known constraint is
            not met.
        low: (G,) lower end of the interval that holds 95 % of the belief, likewise.
        high: (G,) its upper end.
    """

    name: str
    position: int
    categorical: bool
    log: bool
    values: list[Any]
    at: Any
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray


def slices(surrogate: Surrogate, at: Sequence[Any], objective: int = 0) -> list[Slice]:
    """Return a slice along every parameter that is active at a point, and is not fixed.

    Where another value of a parameter makes more parameters active, these are in the middle of
    their ranges.

    Args:
        surrogate: the model; it has to be `known`.
        at: the point, in user units.
        objective: which.
    """
    space = surrogate.space
    at = space.check(at)
    found = []
    for position, (name, dim) in enumerate(zip(space.names, space, strict=True)):
        if dim.is_constant or at[position] is None:
            continue
        places = _places(surrogate, at, position)
        values = [space.from_cube(place)[position] for place in places]
        own = space.place(at)[space.layout.slots[position]]
        same = (places[:, space.layout.slots[position]] == own).all(axis=1)
        values[int(same.argmax())] = at[position]  # rounding on the way aside
        first = [i for i, value in enumerate(values) if value not in values[:i]]
        places, values = places[first], [values[i] for i in first]
        band = surrogate.band(places, objective)
        allowed = space.allows(places) if space.constrained else np.ones(len(places), dtype=bool)
        shown = (np.where(allowed, one, np.nan) for one in band)
        categorical = isinstance(dim, Categorical)
        log = getattr(dim, "prior", None) == "log-uniform"
        found.append(Slice(name, position, categorical, log, values, at[position], *shown))
    return found


def _places(surrogate: Surrogate, at: list[Any], position: int) -> np.ndarray:
    """Return snapped places (G, cube_dim) along a parameter, from low to high."""
    space, slot = surrogate.space, surrogate.space.layout.slots[position]
    code = space.layout.codes[position]
    if code is None:
        along = np.linspace(0.0, 1.0, _GRID)
        own = space.place(at)[slot]  # so that the point itself is on the curve
        block = np.sort(np.append(along, own))[:, None]
    else:
        block = code.corners(_shown(surrogate, at[position], position))
    places = np.repeat(space.place(at)[None], len(block), axis=0)
    places[:, slot] = block
    return space.snap(places)


def _shown(surrogate: Surrogate, own: Any, position: int) -> np.ndarray:
    """Return which categories of a choice are shown: all, or of many the latest told."""
    space: Space = surrogate.space
    categories = list(space.layout.categories(position))
    if len(categories) <= _MOST:
        return np.arange(len(categories))
    told = [own, *(point[position] for point in reversed(surrogate.data.points))]
    indices = dict.fromkeys(categories.index(value) for value in told if value is not None)
    return np.sort(list(indices)[:_MOST])
