"""The dimensions of a search space: real, integer, categorical."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.errors import SpaceError
from rnnbbo.skopt_likeness import LikeSkoptDimension

PRIORS = ("uniform", "log-uniform")

# Above this many integers a float64 in [0, 1] no longer tells neighbours apart safely.
_MAX_INTEGERS = 2**40


def label_of(name: str | None) -> str:
    """Return how error messages call a dimension."""
    return "dimension" if name is None else f"dimension {name!r}"


def _check_name(name: object) -> None:
    if name is not None and (not isinstance(name, str) or not name):
        raise SpaceError(f"name of a dimension = {name!r}; expected a non-empty text or None")


def is_number(value: object) -> bool:
    """Tell whether this is a real number of Python or NumPy, and no boolean."""
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _check_prior(prior: object, low: float, label: str) -> None:
    if prior not in PRIORS:
        raise SpaceError(f"{label}: prior = {prior!r}; expected one of {', '.join(PRIORS)}")
    if prior == "log-uniform" and low <= 0:
        raise SpaceError(f"{label}: low = {low!r}; expected low > 0 for a log-uniform prior")


@dataclass(frozen=True)
class Real(LikeSkoptDimension):
    """A floating-point dimension, both bounds included.

    Attributes:
        low: lower bound.
        high: upper bound.
        prior: "uniform", or "log-uniform" for a scale that is even in the logarithm.
        name: name of the dimension, or None.

    Raises:
        SpaceError: a bound is no finite number, low >= high, high - low overflows, the prior is
            unknown, or the prior is log-uniform and low <= 0.
    """

    low: float
    high: float
    prior: str = "uniform"
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        label = label_of(self.name)
        for which, bound in (("low", self.low), ("high", self.high)):
            if not is_number(bound) or not math.isfinite(bound):
                raise SpaceError(f"{label}: {which} = {bound!r}; expected a finite number")
            object.__setattr__(self, which, float(bound))
        if not self.low < self.high:
            raise SpaceError(
                f"{label}: low = {self.low!r}, high = {self.high!r}; expected low < high"
            )
        if not math.isfinite(self.high - self.low):
            raise SpaceError(
                f"{label}: low = {self.low!r}, high = {self.high!r}; expected a narrower range, "
                "for high - low overflows"
            )
        _check_prior(self.prior, self.low, label)

    def __reduce__(self) -> tuple[Any, ...]:
        return Real, (self.low, self.high, self.prior, self.name)

    @property
    def bounds(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high

    @property
    def is_constant(self) -> bool:
        """Always False; part of scikit-optimize's interface."""
        return False

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        return f"a number from {self.low!r} to {self.high!r}"

    def check(self, value: Any) -> float:
        """Return the value as a float; raise ValueError if it is not in this dimension."""
        # What an ask returns is a float: no need for the slow look at numeric towers.
        if type(value) is not float and not is_number(value):
            raise ValueError
        number = float(value)
        if not self.low <= number <= self.high:  # False for NaN as well
            raise ValueError
        return number

    def to_cube(self) -> Callable[[float], float]:
        """Return a function from a value to its coordinate in the cube."""
        low, high = self.low, self.high
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


@dataclass(frozen=True)
class Integer(LikeSkoptDimension):
    """An integer dimension, both bounds included.

    In the cube, integer n owns the cell that [n - 1/2, n + 1/2] maps to: under the uniform prior
    all cells are equally wide, under the log-uniform one they are even in the logarithm.

    Attributes:
        low: lower bound.
        high: upper bound.
        prior: "uniform" or "log-uniform".
        name: name of the dimension, or None.

    Raises:
        SpaceError: a bound is no integer, low >= high, there are more than 2**40 integers, the
            prior is unknown, or the prior is log-uniform and low <= 0.
    """

    low: int
    high: int
    prior: str = "uniform"
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        label = label_of(self.name)
        for which, bound in (("low", self.low), ("high", self.high)):
            if not is_number(bound) or not math.isfinite(bound) or int(bound) != bound:
                raise SpaceError(f"{label}: {which} = {bound!r}; expected an integer")
            object.__setattr__(self, which, int(bound))
        if not self.low < self.high:
            raise SpaceError(
                f"{label}: low = {self.low!r}, high = {self.high!r}; expected low < high"
            )
        _check_prior(self.prior, self.low, label)
        largest = self.high if self.prior == "log-uniform" else self.high - self.low
        if largest >= _MAX_INTEGERS:
            raise SpaceError(
                f"{label}: low = {self.low!r}, high = {self.high!r}; expected at most 2**40 "
                "values, or a Real that the objective rounds"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return Integer, (self.low, self.high, self.prior, self.name)

    @property
    def bounds(self) -> tuple[int, int]:
        """(low, high)."""
        return self.low, self.high

    @property
    def is_constant(self) -> bool:
        """Always False; part of scikit-optimize's interface."""
        return False

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        return f"an integer from {self.low!r} to {self.high!r}"

    def check(self, value: Any) -> int:
        """Return the value as an int (3.0 counts as 3); raise ValueError if it is no member."""
        if not is_number(value) or not self.low <= value <= self.high or int(value) != value:
            raise ValueError
        return int(value)

    def log_scale(self) -> tuple[float, float]:
        """Start and width of the logarithmic axis that the cube's [0, 1] maps to."""
        start = math.log(self.low - 0.5)
        return start, math.log(self.high + 0.5) - start

    def to_cube(self) -> Callable[[int], float]:
        """Return a function from an integer to its coordinate in the cube."""
        low = self.low
        if self.prior == "uniform":
            count = self.high - low + 1
            return lambda n: (n - low + 0.5) / count
        start, width = self.log_scale()
        return lambda n: (math.log(n) - start) / width

    def from_cube(self) -> Callable[[float], int]:
        """Return a function from a coordinate in the cube to the integer whose cell holds it."""
        low, last = self.low, self.high - self.low
        if self.prior == "uniform":
            count = last + 1
            return lambda u: low + min(int(max(u, 0.0) * count), last)
        start, width = self.log_scale()
        return lambda u: int(log_cell(np.array([u]), start, width, low, self.high)[0])

    def others(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Draw other integers than those whose cells hold u (n,); return their places (n,).

        One of the two neighbours, or any, as often.
        """
        if self.prior == "uniform":
            count = self.high - self.low + 1
            old, far = (uniform_cell(v, count) for v in (u, rng.random(len(u))))
            return (self._beside(rng, old, far, 0, count - 1) + 0.5) / count
        start, width = self.log_scale()
        old, far = (log_cell(v, start, width, self.low, self.high) for v in (u, rng.random(len(u))))
        return (np.log(self._beside(rng, old, far, self.low, self.high)) - start) / width

    @staticmethod
    def _beside(
        rng: np.random.Generator, old: np.ndarray, far: np.ndarray, low: int, high: int
    ) -> np.ndarray:
        step = np.where(rng.random(len(old)) < 0.5, 1.0, -1.0)
        step = np.where((old + step < low) | (old + step > high), -step, step)
        return np.where((rng.random(len(old)) < 0.5) | (far == old), old + step, far)


def uniform_cell(u: np.ndarray, counts: Any) -> np.ndarray:
    """Return which of `counts` equal parts of [0, 1] holds u, a float64 from 0; same shape as u."""
    return np.minimum(np.floor(u * counts), counts - 1.0)


def log_cell(u: np.ndarray, start: Any, width: Any, low: Any, high: Any) -> np.ndarray:
    """Return the integer, as a float64, whose logarithmic cell holds u; same shape as u.

    One function for one point and for many, so that both round a cell's edge alike.
    """
    return np.clip(np.floor(np.exp(start + u * width) + 0.5), low, high)


class Categorical(LikeSkoptDimension):
    """A choice between unordered categories.

    Attributes:
        categories: the categories, as given.
        name: name of the dimension, or None.

    Raises:
        SpaceError: fewer than two categories, or two that are equal.
    """

    prior = None  # part of scikit-optimize's interface

    def __init__(self, categories: Sequence[Any], name: str | None = None) -> None:
        _check_name(name)
        label = label_of(name)
        if isinstance(categories, (str, bytes)) or not hasattr(categories, "__iter__"):
            raise SpaceError(f"{label}: categories = {categories!r}; expected a list of them")
        if isinstance(categories, np.ndarray):
            categories = categories.tolist()
        self.categories = tuple(categories)
        self.name = name
        if len(self.categories) < 2:
            raise SpaceError(
                f"{label}: categories = {list(self.categories)!r}; expected at least two"
            )
        self._index: dict[Hashable, int] = {}
        for i, category in enumerate(self.categories):
            if _position(category, self.categories[:i], self._index) is not None:
                raise SpaceError(f"{label}: category = {category!r} twice; expected distinct ones")
            if _hashable(category):
                self._index[category] = i

    def __reduce__(self) -> tuple[Any, ...]:
        return Categorical, (self.categories, self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categorical):
            return NotImplemented
        return (self.categories, self.name) == (other.categories, other.name)

    def __hash__(self) -> int:
        return hash((len(self.categories), self.name))

    def __repr__(self) -> str:
        return f"Categorical(categories={list(self.categories)!r}, name={self.name!r})"

    @property
    def bounds(self) -> tuple[Any, ...]:
        """The categories, as in scikit-optimize."""
        return self.categories

    @property
    def is_constant(self) -> bool:
        """Always False; part of scikit-optimize's interface."""
        return False

    @property
    def expected(self) -> str:
        """What a value must be, for error messages."""
        return "one of " + ", ".join(repr(category) for category in self.categories)

    def check(self, value: Any) -> Any:
        """Return the equal category itself; raise ValueError if there is none."""
        return self.categories[self.index(value)]

    def index(self, value: Any) -> int:
        """Return the position of the category equal to `value`; raise ValueError if none is."""
        position = _position(value, self.categories, self._index)
        if position is None:
            raise ValueError
        return position


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _position(value: Any, categories: Sequence[Any], index: dict[Hashable, int]) -> int | None:
    if _hashable(value):
        return index.get(value)
    for i, category in enumerate(categories):
        if type(category) is type(value) and np.array_equal(category, value):
            return i
    return None


Dimension = Real | Integer | Categorical
