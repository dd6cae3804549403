"""A problem to minimize: a function, its domain and its known optimum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from rnnbbo.errors import ConfigError, PointError

FloatArray = NDArray[np.float64]

# Points that rounding has pushed out of the domain by this share of its width are still in it.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Problem:
    """A function to minimize on a box, with its optimum.

    Attributes:
        name: a short name.
        bounds: one `(low, high)` a dimension.
        func: maps `(..., dim)` to `(...)`, in the units of `bounds`.
        minimum: the smallest value within the bounds.
        minimizers: the known points, in the units of `bounds`, where it is taken.
        margin: the share of the box's width, on every side, by which `func` may be followed
            outside of the box without meeting a value below `minimum`.
        draw: returns a noisy observation at one point, where noise is the function's own; `func` is
            then what observations are judged by.
        constraints: maps `(..., dim)` to `(..., K)`, what has to be at most 0; `minimum` is then
            that of feasible points. None where all are feasible.
        objectives: maps `(..., dim)` to `(..., K)`, what is minimized where there are several.
            `func` is then minus the hypervolume of a point alone, and `minimum` minus that of the
            true front: see `several.make_several`. None where `func` is the one objective.
        reference_point: K numbers, what a hypervolume is measured against; () for one objective.

    Raises:
        ConfigError: the bounds or the minimizers are malformed.
    """

    name: str
    bounds: tuple[tuple[float, float], ...]
    func: Callable[[FloatArray], FloatArray]
    minimum: float
    minimizers: tuple[tuple[float, ...], ...]
    margin: float = 0.0
    draw: Callable[[FloatArray, np.random.Generator], float] | None = None
    constraints: Callable[[FloatArray], FloatArray] | None = None
    objectives: Callable[[FloatArray], FloatArray] | None = None
    reference_point: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.bounds or any(not -inf < low < high < inf for low, high in self.bounds):
            raise ConfigError(
                f"{self.name}: bounds = {self.bounds!r}; expected finite (low, high) "
                "pairs with low < high"
            )
        if any(len(x) != self.dim for x in self.minimizers):
            raise ConfigError(
                f"{self.name}: minimizers = {self.minimizers!r}; expected points of "
                f"{self.dim} coordinates"
            )

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.bounds)

    @property
    def low(self) -> FloatArray:
        """`(dim,)`, the lower bounds."""
        return np.array([low for low, _ in self.bounds])

    @property
    def high(self) -> FloatArray:
        """`(dim,)`, the upper bounds."""
        return np.array([high for _, high in self.bounds])

    def __call__(self, x: Sequence[float] | FloatArray) -> float:
        """Return the value at one point in the units of `bounds`.

        Raises:
            PointError: x has the wrong length or lies out of bounds.
        """
        point = self._point(x)
        slack = _ROUNDING * (self.high - self.low)
        if not np.all((point >= self.low - slack) & (point <= self.high + slack)):
            raise PointError(
                f"{self.name}: x = {point.tolist()}; expected a point in {self.bounds}"
            )
        return float(self.func(point))

    def unit(self, u: Sequence[float] | FloatArray) -> float:
        """Return the value at a point of the unit cube, which is mapped onto the bounds.

        Raises:
            PointError: u has the wrong length or lies out of the unit cube.
        """
        return self(self._from_unit(u))

    def unit_constraints(self, u: Sequence[float] | FloatArray) -> dict[str, float]:
        """Return the constraints at a point of the unit cube, by name; none where there are none.

        Raises:
            PointError: u has the wrong length.
        """
        if self.constraints is None:
            return {}
        found = self.constraints(self._from_unit(u))
        return {f"c{k}": float(one) for k, one in enumerate(found)}

    def unit_objectives(self, u: Sequence[float] | FloatArray) -> FloatArray:
        """Return the values `(K,)` of several objectives at a point of the unit cube.

        Raises:
            PointError: u has the wrong length.
            TypeError: the problem has one objective.
        """
        if self.objectives is None:
            raise TypeError(f"{self.name} has one objective")
        return np.asarray(self.objectives(self._from_unit(u)), dtype=np.float64)

    def observe(self, u: Sequence[float] | FloatArray, rng: np.random.Generator) -> float:
        """Return an observation at a point of the unit cube: of `draw`, else the value.

        Raises:
            PointError: u has the wrong length or lies out of the unit cube.
        """
        if self.draw is None:
            return self.unit(u)
        return float(self.draw(self._from_unit(u), rng))

    def _from_unit(self, u: Sequence[float] | FloatArray) -> FloatArray:
        return self.low + self._point(u) * (self.high - self.low)

    def _point(self, x: Sequence[float] | FloatArray) -> FloatArray:
        try:
            point = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError):
            raise PointError(f"{self.name}: x = {x!r}; expected {self.dim} numbers") from None
        if point.shape != (self.dim,):
            raise PointError(f"{self.name}: x = {x!r}; expected {self.dim} numbers")
        return point
