"""What all dimensions have in common: names, bounds, scales, cells of equal width."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of

PRIORS = ("uniform", "log-uniform")

MOST_CELLS = 2**40
"""Above so many integers a float64 in [0, 1] no longer tells neighbours apart safely."""
ULPS = 4
"""What the arithmetic behind a value may have rounded."""
_OFF_GRID = 1e-9  # of a step, that a value may be off its grid by rounding


def label_of(name: str | None) -> str:
    """Return how error messages call a dimension."""
    return "dimension" if name is None else f"dimension {repr_of(name)}"


def check_name(name: object) -> None:
    """Make sure that this is a name, or None.

    Raises:
        SpaceError: it is not.
    """
    if name is not None and (not isinstance(name, str) or not name):
        raise SpaceError(
            f"name of a dimension = {repr_of(name)}; expected a non-empty text or None"
        )


def is_number(value: object) -> bool:
    """Tell whether this is a real number, of Python or a library, and no boolean."""
    return as_scalar(value) is not None


def check_prior(prior: object, low: float, step: object, label: str) -> None:
    """Make sure that a scale fits its lowest value, and a step its scale.

    Raises:
        SpaceError: it does not.
    """
    if not isinstance(prior, str) or prior not in PRIORS:
        raise SpaceError(f"{label}: prior = {repr_of(prior)}; expected one of {', '.join(PRIORS)}")
    if prior == "log-uniform" and low <= 0:
        raise SpaceError(f"{label}: low = {low!r}; expected low > 0 for a log-uniform prior")
    if prior == "log-uniform" and step is not None:
        raise SpaceError(
            f"{label}: step = {repr_of(step)}; expected none beside a log-uniform prior, or an "
            "Ordinal of the values"
        )


def whole(value: Any) -> int | None:
    """Return the whole number that this is, but for rounding; None if it is none."""
    scalar = as_scalar(value)
    if type(scalar) is int:
        return scalar
    number = as_float(scalar)
    if number is None or not math.isfinite(number):
        return None
    if scalar == int(scalar):
        return int(scalar)
    nearest = round(number)
    return nearest if abs(number - nearest) <= ULPS * math.ulp(number) else None


def number_repr(dimension: Any) -> str:
    """Return the `repr` of a number's dimension; a step and conditions only where it has them."""
    low, high = dimension.bounds
    text = f"low={low!r}, high={high!r}, prior={dimension.prior!r}, name={dimension.name!r}"
    for key in ("step", "when"):
        value = getattr(dimension, key)
        text += "" if value is None else f", {key}={value!r}"
    return f"{type(dimension).__name__}({text})"


class Grid:
    """Numbers low, low + step, ..., up to high, as decimals: the third of steps .05 is .15.

    Args:
        low: the first.
        high: what none is above.
        step: their distance.
    """

    def __init__(self, low: float, high: float, step: float) -> None:
        self._low, self._step = Decimal(repr(low)), Decimal(repr(step))
        self._start, self._width = low, step
        self.count = int((Decimal(repr(high)) - self._low) / self._step) + 1

    def value(self, index: int) -> float:
        """Return a number of the grid."""
        return float(self._low + index * self._step)

    def index(self, number: float) -> int | None:
        """Return which one a number is, but for rounding; None if it is none."""
        if not math.isfinite(number):
            return None
        index = round((number - self._start) / self._width)
        if not 0 <= index < self.count:
            return None
        off = abs(number - self.value(index))
        rounding = ULPS * math.ulp(max(abs(number), abs(self._start)))
        return index if off <= max(_OFF_GRID * self._width, rounding) else None


def uniform_cell(u: np.ndarray, counts: Any) -> np.ndarray:
    """Return which of `counts` equal parts of [0, 1] holds u, a float64 from 0; same shape as u."""
    return np.minimum(np.floor(u * counts), counts - 1.0)


def log_cell(u: np.ndarray, start: Any, width: Any, low: Any, high: Any) -> np.ndarray:
    """Return the integer, as a float64, whose logarithmic cell holds u; same shape as u.

    One function for one point and for many, so that both round a cell's edge alike.
    """
    return np.clip(np.floor(np.exp(start + u * width) + 0.5), low, high)


def other_cells(rng: np.random.Generator, u: np.ndarray, count: int) -> np.ndarray:
    """Draw other cells of `count` equal ones than those that hold u (n,); return places (n,)."""
    old, far = (uniform_cell(v, count) for v in (u, rng.random(len(u))))
    return (beside(rng, old, far, 0, count - 1) + 0.5) / count


def beside(
    rng: np.random.Generator, old: np.ndarray, far: np.ndarray, low: int, high: int
) -> np.ndarray:
    """Return one of the two neighbours of old (n,), from low to high, or far (n,), as often."""
    step = np.where(rng.random(len(old)) < 0.5, 1.0, -1.0)
    step = np.where((old + step < low) | (old + step > high), -step, step)
    return np.where((rng.random(len(old)) < 0.5) | (far == old), old + step, far)


def nth_value(dimension: Any, index: int) -> Any:
    """Return one of the values of a dimension that has a number of them."""
    if hasattr(dimension, "values"):
        return dimension.values[index]
    if dimension.is_constant:
        return dimension.low
    if dimension.cells is None:
        return dimension.low + index
    return dimension.from_cube()((index + 0.5) / dimension.cells)
