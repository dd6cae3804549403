"""What a point of the unit cube, one coordinate a dimension, says in a declared space.

An integer or a category is one of even cells of its coordinate; a real is (0, 1), the coordinate
itself.
"""

from typing import Any

import numpy as np

from rnnbbo.dimensions import Dimension, Integer, Real, uniform_cell
from rnnbbo.functions.problem import FloatArray
from rnnbbo.space import Space


def values_that_count(space: Space, u: FloatArray) -> dict[str, Any]:
    """Return the values at a point `(n_dims,)` of the unit cube that count there, by name.

    Args:
        space: reals from 0 to 1, integers and categories, with conditions or without.
        u: the point.
    """
    point = [value_at(one, float(at)) for one, at in zip(space.dimensions, u, strict=True)]
    return space.as_mapping(space.check(point))


def value_at(dimension: Dimension, u: float) -> Any:
    """Return the value of a dimension at a coordinate."""
    if isinstance(dimension, Real):
        return u
    if isinstance(dimension, Integer):
        count = dimension.high - dimension.low + 1
        return dimension.low + int(uniform_cell(np.array(u), count))
    return dimension.values[int(uniform_cell(np.array(u), len(dimension.values)))]
