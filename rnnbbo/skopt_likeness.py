"""What scikit-optimize's callbacks and plots ask of dimensions and spaces, without importing it.

Its "transformed" coordinates are those of the unit cube here: one of a number, one of each
category.
"""

from __future__ import annotations

import numbers
import sys
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.escaping import repr_of


class LikeSkoptDimension:
    """The part of `skopt.space.Dimension` that is not needed otherwise."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """Name this class, or scikit-optimize's of the same name wherever that one is loaded.

        skopt asks `isinstance(dimension, skopt.space.Dimension)`. This answers yes without
        importing it; `type(dimension)` still tells the truth.
        """
        return getattr(sys.modules.get("skopt.space"), type(self).__name__, type(self))

    def __contains__(self, value: Any) -> bool:
        """Tell whether a value is one of the dimension's."""
        try:
            self.check(value)  # type: ignore[attr-defined]
        except (ValueError, OverflowError):
            return False
        return True

    @property
    def transformed_size(self) -> int:
        """Number of coordinates in the cube."""
        if self.is_constant:  # type: ignore[attr-defined]
            return 0
        return len(getattr(self, "categories", (None,)))

    @property
    def transformed_bounds(self) -> Any:
        """(0, 1), or one a category."""
        size = self.transformed_size
        return (0.0, 1.0) if size == 1 else [(0.0, 1.0)] * size

    def transform(self, values: Any) -> np.ndarray:
        """Return the coordinates in the cube of n values: (n,), or (n, k) of k categories."""
        values = [self.check(value) for value in values]  # type: ignore[attr-defined]
        if self.is_constant:  # type: ignore[attr-defined]
            return np.empty((len(values), 0))
        if hasattr(self, "categories"):
            index = [self.index(value) for value in values]  # type: ignore[attr-defined]
            return np.eye(self.transformed_size)[index]
        forward = self.to_cube()  # type: ignore[attr-defined]
        return np.array([forward(value) for value in values], dtype=np.float64)

    def inverse_transform(self, coordinates: Any) -> list[Any]:
        """Return the n values at coordinates (n,), or (n, k) of k categories."""
        if self.is_constant:  # type: ignore[attr-defined]
            return [self.bounds[0] for _ in coordinates]  # type: ignore[attr-defined]
        if hasattr(self, "categories"):
            return [self.categories[int(np.argmax(row))] for row in coordinates]
        backward = self.from_cube()  # type: ignore[attr-defined]
        return [backward(float(u)) for u in coordinates]

    def rvs(self, n_samples: int = 1, random_state: Any = None) -> list[Any]:
        """Draw values at random, evenly in the cube."""
        draws = _as_rng(random_state).random_sample((n_samples, self.transformed_size))
        return self.inverse_transform(draws if self.transformed_size != 1 else draws[:, 0])

    def distance(self, a: Any, b: Any) -> float:
        """Return the distance of two values, of categories 0 or 1.

        Raises:
            ValueError: one is not in the dimension.
        """
        a, b = self.check(a), self.check(b)  # type: ignore[attr-defined]
        if self.is_constant:  # type: ignore[attr-defined]
            return 0.0
        if hasattr(self, "categories"):
            return float(self.index(a) != self.index(b))  # type: ignore[attr-defined]
        if hasattr(self, "index"):
            return float(abs(self.index(a) - self.index(b)))
        return float(abs(a - b))


class LikeSkoptSpace:
    """The part of `skopt.space.Space` that is not needed otherwise."""

    dimensions: list[Any]

    @property
    def transformed_n_dims(self) -> int:
        """Number of coordinates in the cube."""
        return sum(dimension.transformed_size for dimension in self.dimensions)

    @property
    def transformed_bounds(self) -> list[tuple[float, float]]:
        """(0, 1) of each coordinate in the cube."""
        return [(0.0, 1.0)] * self.transformed_n_dims

    @property
    def n_constant_dimensions(self) -> int:
        """Number of dimensions with a single value."""
        return sum(dimension.is_constant for dimension in self.dimensions)

    @property
    def is_real(self) -> bool:
        """Whether all dimensions are real."""
        return all(type(dimension).__name__ == "Real" for dimension in self.dimensions)

    @property
    def is_categorical(self) -> bool:
        """Whether all dimensions are categorical."""
        return all(hasattr(dimension, "categories") for dimension in self.dimensions)

    @property
    def is_partly_categorical(self) -> bool:
        """Whether a dimension is categorical."""
        return any(hasattr(dimension, "categories") for dimension in self.dimensions)

    def __contains__(self, point: Any) -> bool:
        """Tell whether a point lies in the space."""
        try:
            self.check(point)  # type: ignore[attr-defined]
        except ValueError:
            return False
        return True

    def transform(self, points: Any) -> np.ndarray:
        """Return the places in the cube, (n, cube_dim), of n points."""
        places = [self.to_cube(list(point)) for point in points]  # type: ignore[attr-defined]
        return np.array(places).reshape(len(places), self.transformed_n_dims)

    def inverse_transform(self, places: Any) -> list[list[Any]]:
        """Return the points at, or nearest to, places (n, cube_dim) in the cube."""
        return [self.from_cube(u) for u in places]  # type: ignore[attr-defined]

    def rvs(self, n_samples: int = 1, random_state: Any = None) -> list[list[Any]]:
        """Draw points at random, evenly in the cube."""
        draws = _as_rng(random_state).random_sample((n_samples, self.transformed_n_dims))
        return self.inverse_transform(draws)

    def distance(self, a: Any, b: Any) -> float:
        """Return the sum of the distances of two points' values.

        Raises:
            ValueError: a value is not in its dimension.
        """
        pairs = zip(self.dimensions, a, b, strict=True)
        return sum(dimension.distance(one, other) for dimension, one, other in pairs)


def _as_rng(random_state: Any) -> np.random.RandomState:
    """Return what random numbers are drawn from.

    Raises:
        ConfigError: random_state is nothing of the kind.
    """
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    if random_state is None or (
        isinstance(random_state, numbers.Integral) and 0 <= int(random_state) < 2**32
    ):
        return np.random.RandomState(None if random_state is None else int(random_state))
    raise ConfigError(
        f"random_state = {repr_of(random_state)}; expected an integer from 0 to 2**32 - 1, a numpy "
        "Generator or RandomState, or None"
    )
