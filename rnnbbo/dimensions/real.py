"""Floating-point dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.dimensions.common import (
    MOST_CELLS,
    ULPS,
    Grid,
    check_name,
    check_prior,
    label_of,
    number_repr,
    other_cells,
)
from rnnbbo.dimensions.when import as_when, plain_when
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.skopt_likeness import LikeSkoptDimension


@dataclass(frozen=True, repr=False)
class Real(LikeSkoptDimension):
    """A floating-point dimension, both bounds included.

    Attributes:
        low: lower bound.
        high: upper bound; where it is equal to the lower one, the dimension is fixed.
        prior: "uniform", or "log-uniform" for a scale that is even in the logarithm.
        name: name of the dimension, or None.
        step: distance of its values low, low + step, ..., up to high at most; None for any number.
        when: values of other dimensions under which this one is active; None for always.

    Raises:
        SpaceError: a bound is no finite number, low > high, high - low overflows, the prior is
            unknown, the prior is log-uniform and low <= 0, or the step does not fit.
    """

    low: float
    high: float
    prior: str = "uniform"
    name: str | None = None
    step: float | None = None
    when: Any = None

    def __post_init__(self) -> None:
        check_name(self.name)
        label = label_of(self.name)
        for which, bound in (("low", self.low), ("high", self.high)):
            number = as_float(as_scalar(bound))
            if number is None or not math.isfinite(number):
                raise SpaceError(f"{label}: {which} = {repr_of(bound)}; expected a finite number")
            object.__setattr__(self, which, number)
        if not self.low <= self.high:
            raise SpaceError(
                f"{label}: low = {self.low!r}, high = {self.high!r}; expected low < high, or "
                "low == high for a fixed value"
            )
        if not math.isfinite(self.high - self.low):
            raise SpaceError(
                f"{label}: low = {self.low!r}, high = {self.high!r}; expected a narrower range, "
                "for high - low overflows"
            )
        check_prior(self.prior, self.low, self.step, label)
        if self.step is not None:
            self._check_step(label)
        object.__setattr__(self, "when", as_when(self.when, label))

    def _check_step(self, label: str) -> None:
        step = as_float(as_scalar(self.step))
        if step is None or not 0.0 < step <= self.high - self.low:
            raise SpaceError(
                f"{label}: step = {repr_of(self.step)}; expected a number above 0, at most "
                "high - low"
            )
        if (self.high - self.low) / step >= MOST_CELLS:
            raise SpaceError(f"{label}: step = {step!r}; expected at most 2**40 values")
        object.__setattr__(self, "step", step)
        object.__setattr__(self, "_grid", Grid(self.low, self.high, step))

    def __reduce__(self) -> tuple[Any, ...]:
        return Real, (self.low, self.high, self.prior, self.name, self.step, plain_when(self.when))

    def __repr__(self) -> str:
        return number_repr(self)

    @property
    def bounds(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high

    @property
    def is_constant(self) -> bool:
        """Whether it has a single value, and no coordinate in the cube."""
        return self.low == self.high

    @property
    def is_numeric(self) -> bool:
        """True: values are numbers."""
        return True

    @property
    def ends(self) -> tuple[float, float]:
        """Its least and its largest value."""
        return self.low, self.low if self.is_constant else self.from_cube()(1.0)

    @property
    def cells(self) -> int | None:
        """Number of equal cells of its coordinate; None where any number is a value."""
        return None if self.step is None else self._grid.count  # type: ignore[attr-defined, no-any-return]

    @property
    def count(self) -> int | None:
        """Number of values; None for any."""
        return 1 if self.is_constant else self.cells

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        if self.is_constant:
            return f"{self.low!r}, the only value"
        steps = "" if self.step is None else f" in steps of {self.step!r}"
        return f"a number from {self.low!r} to {self.high!r}{steps}"

    def check(self, value: Any) -> float:
        """Return the value as a float; raise ValueError if it is not in this dimension.

        What is off a bound, or off a step, by rounding is what it is off.
        """
        # What an ask returns is a float: no need for the slow look at numeric towers.
        number = value if type(value) is float else as_float(as_scalar(value))
        if number is None:
            raise ValueError
        if self.step is not None:
            index = self._grid.index(number)  # type: ignore[attr-defined]
            if index is None:
                raise ValueError
            return float(self._grid.value(index))  # type: ignore[attr-defined]
        if self.low <= number <= self.high:
            return number
        for bound in (self.low, self.high):
            if abs(number - bound) <= ULPS * self._rounding(bound):
                return bound
        raise ValueError  # NaN as well

    def _rounding(self, bound: float) -> float:
        """Return what one rounding changes at a bound, of a value worked out from both bounds."""
        if self.prior == "log-uniform":  # the lower one may be far below the upper one's last bit
            return math.ulp(bound)
        return math.ulp(max(abs(self.low), abs(self.high)))

    def to_cube(self) -> Callable[[float], float]:
        """Return a function from a value to its coordinate in the cube."""
        low, high = self.low, self.high
        if self.step is not None:
            grid, count = self._grid, self._grid.count  # type: ignore[attr-defined]
            return lambda x: float((grid.index(x) + 0.5) / count)
        if self.prior == "uniform":
            width = high - low
            return lambda x: (x - low) / width
        log_low = math.log(low)
        log_width = math.log(high) - log_low
        if log_width == 0.0:  # neighbouring floats: the logarithm cannot tell them apart
            return lambda x: (x - low) / (high - low)
        return lambda x: (
            0.0 if x <= low else 1.0 if x >= high else (math.log(x) - log_low) / log_width
        )

    def from_cube(self) -> Callable[[float], float]:
        """Return a function from a coordinate in the cube to the value there."""
        low, high = self.low, self.high
        if self.step is not None:
            grid, count = self._grid, self._grid.count  # type: ignore[attr-defined]
            return lambda u: float(grid.value(min(int(max(u, 0.0) * count), count - 1)))
        if self.prior == "uniform":
            # Both products are exact at u = 0 and u = 1; rounding between is cut at the bounds.
            return lambda u: min(max(low * (1.0 - u) + high * u, low), high)
        log_low, log_high = math.log(low), math.log(high)

        def backward(u: float) -> float:
            if u <= 0.0:
                return low
            if u >= 1.0:
                return high
            return min(max(math.exp(log_low * (1.0 - u) + log_high * u), low), high)

        return backward

    def others(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Draw other steps than those whose cells hold u (n,); return their places (n,).

        One of the two neighbours, or any, as often.
        """
        assert self.cells is not None
        return other_cells(rng, u, self.cells)
