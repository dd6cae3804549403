"""Integer dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.dimensions.common import (
    MOST_CELLS,
    beside,
    check_name,
    check_prior,
    label_of,
    log_cell,
    number_repr,
    other_cells,
    whole,
)
from rnnbbo.dimensions.when import as_when, plain_when
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.skopt_likeness import LikeSkoptDimension


@dataclass(frozen=True, repr=False)
class Integer(LikeSkoptDimension):
    """An integer dimension, both bounds included.

    In the cube, integer n owns the cell that [n - 1/2, n + 1/2] maps to: under the uniform prior
    all cells are equally wide, under the log-uniform one they are even in the logarithm.

    Attributes:
        low: lower bound.
        high: upper bound; where it is equal to the lower one, the dimension is fixed.
        prior: "uniform" or "log-uniform".
        name: name of the dimension, or None.
        step: distance of its values low, low + step, ..., up to high at most; None for 1.
        when: values of other dimensions under which this one is active; None for always.

    Raises:
        SpaceError: a bound is no integer, low > high, there are more than 2**40 integers, the
            prior is unknown, the prior is log-uniform and low <= 0, or the step does not fit.
    """

    low: int
    high: int
    prior: str = "uniform"
    name: str | None = None
    step: int | None = None
    when: Any = None

    def __post_init__(self) -> None:
        check_name(self.name)
        label = label_of(self.name)
        for which, bound in (("low", self.low), ("high", self.high)):
            number = whole(bound)
            if number is None:
                raise SpaceError(f"{label}: {which} = {repr_of(bound)}; expected an integer")
            object.__setattr__(self, which, number)
        if not self.low <= self.high:
            raise SpaceError(
                f"{label}: low = {repr_of(self.low)}, high = {repr_of(self.high)}; "
                "expected low < high, or low == high for a fixed value"
            )
        check_prior(self.prior, self.low, self.step, label)
        if self.step is not None:
            self._check_step(label)
        largest = self.high if self.prior == "log-uniform" else self.high - self.low
        if largest >= MOST_CELLS:
            raise SpaceError(
                f"{label}: low = {repr_of(self.low)}, high = {repr_of(self.high)}; "
                "expected at most 2**40 values, or a Real that the objective rounds"
            )
        object.__setattr__(self, "when", as_when(self.when, label))

    def _check_step(self, label: str) -> None:
        step = whole(self.step)
        if step is None or not 0 < step <= self.high - self.low:
            raise SpaceError(
                f"{label}: step = {repr_of(self.step)}; expected an integer from 1 to high - low"
            )
        object.__setattr__(self, "step", step)

    def __reduce__(self) -> tuple[Any, ...]:
        when = plain_when(self.when)
        return Integer, (self.low, self.high, self.prior, self.name, self.step, when)

    def __repr__(self) -> str:
        return number_repr(self)

    @property
    def bounds(self) -> tuple[int, int]:
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
    def ends(self) -> tuple[int, int]:
        """Its least and its largest value."""
        return self.low, self.low + (self.count - 1) * (self.step or 1)

    @property
    def count(self) -> int:
        """Number of values."""
        return (self.high - self.low) // (self.step or 1) + 1

    @property
    def cells(self) -> int | None:
        """Number of equal cells of its coordinate; None under the log-uniform prior."""
        return self.count if self.prior == "uniform" else None

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        if self.is_constant:
            return f"{self.low!r}, the only value"
        steps = "" if self.step is None else f" in steps of {self.step!r}"
        return f"an integer from {self.low!r} to {self.high!r}{steps}"

    def check(self, value: Any) -> int:
        """Return the value as an int (3.0 counts as 3); raise ValueError if it is no member."""
        number = whole(value)
        if number is None or not self.low <= number <= self.high:
            raise ValueError
        if self.step is not None and (number - self.low) % self.step:
            raise ValueError
        return number

    def log_scale(self) -> tuple[float, float]:
        """Start and width of the logarithmic axis that the cube's [0, 1] maps to."""
        start = math.log(self.low - 0.5)
        return start, math.log(self.high + 0.5) - start

    def to_cube(self) -> Callable[[int], float]:
        """Return a function from an integer to its coordinate in the cube."""
        low, step, count = self.low, self.step or 1, self.count
        if self.prior == "uniform":
            return lambda n: ((n - low) // step + 0.5) / count
        start, width = self.log_scale()
        return lambda n: (math.log(n) - start) / width

    def from_cube(self) -> Callable[[float], int]:
        """Return a function from a coordinate in the cube to the integer whose cell holds it."""
        low, step, count = self.low, self.step or 1, self.count
        if self.prior == "uniform":
            return lambda u: low + step * min(int(max(u, 0.0) * count), count - 1)
        start, width = self.log_scale()
        return lambda u: int(log_cell(np.array([u]), start, width, low, self.high)[0])

    def others(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Draw other integers than those whose cells hold u (n,); return their places (n,).

        One of the two neighbours, or any, as often.
        """
        if self.prior == "uniform":
            return other_cells(rng, u, self.count)
        start, width = self.log_scale()
        old, far = (log_cell(v, start, width, self.low, self.high) for v in (u, rng.random(len(u))))
        return (np.log(beside(rng, old, far, self.low, self.high)) - start) / width
