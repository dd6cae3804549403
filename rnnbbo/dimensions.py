"""The dimensions of a search space: real, integer, categorical."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from rnnbbo.arguments import as_float, as_scalar
from rnnbbo.categories import copied, is_nan, plain_category, same
from rnnbbo.errors import SpaceError
from rnnbbo.escaping import repr_of, shorten
from rnnbbo.skopt_likeness import LikeSkoptDimension

PRIORS = ("uniform", "log-uniform")

# Above this many integers a float64 in [0, 1] no longer tells neighbours apart safely.
_MAX_INTEGERS = 2**40

_MANY = 1000  # categories that an error message looks at
_ULPS = 4  # what the arithmetic behind a value may have rounded


def label_of(name: str | None) -> str:
    """Return how error messages call a dimension."""
    return "dimension" if name is None else f"dimension {repr_of(name)}"


def _check_name(name: object) -> None:
    if name is not None and (not isinstance(name, str) or not name):
        raise SpaceError(
            f"name of a dimension = {repr_of(name)}; expected a non-empty text or None"
        )


def is_number(value: object) -> bool:
    """Tell whether this is a real number, of Python or a library, and no boolean."""
    return as_scalar(value) is not None


def _check_prior(prior: object, low: float, label: str) -> None:
    if not isinstance(prior, str) or prior not in PRIORS:
        raise SpaceError(f"{label}: prior = {repr_of(prior)}; expected one of {', '.join(PRIORS)}")
    if prior == "log-uniform" and low <= 0:
        raise SpaceError(f"{label}: low = {low!r}; expected low > 0 for a log-uniform prior")


def _whole(value: Any) -> int | None:
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
    return nearest if abs(number - nearest) <= _ULPS * math.ulp(number) else None


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
            number = as_float(as_scalar(bound))
            if number is None or not math.isfinite(number):
                raise SpaceError(f"{label}: {which} = {repr_of(bound)}; expected a finite number")
            object.__setattr__(self, which, number)
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
        """Return the value as a float; raise ValueError if it is not in this dimension.

        What is off a bound by rounding is the bound.
        """
        # What an ask returns is a float: no need for the slow look at numeric towers.
        number = value if type(value) is float else as_float(as_scalar(value))
        if number is None:
            raise ValueError
        if self.low <= number <= self.high:
            return number
        for bound in (self.low, self.high):
            if abs(number - bound) <= _ULPS * self._rounding(bound):
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
            number = _whole(bound)
            if number is None:
                raise SpaceError(f"{label}: {which} = {repr_of(bound)}; expected an integer")
            object.__setattr__(self, which, number)
        if not self.low < self.high:
            raise SpaceError(
                f"{label}: low = {repr_of(self.low)}, high = {repr_of(self.high)}; "
                "expected low < high"
            )
        _check_prior(self.prior, self.low, label)
        largest = self.high if self.prior == "log-uniform" else self.high - self.low
        if largest >= _MAX_INTEGERS:
            raise SpaceError(
                f"{label}: low = {repr_of(self.low)}, high = {repr_of(self.high)}; "
                "expected at most 2**40 values, or a Real that the objective rounds"
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
        number = _whole(value)
        if number is None or not self.low <= number <= self.high:
            raise ValueError
        return number

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

    Every category works that there are two of: a value is found by identity, then by equality, and
    all NaNs are one. NumPy's scalars become Python's. What can change (lists, dicts, arrays) is
    copied, here and wherever it is given out: nobody changes the space by changing a point.

    Attributes:
        categories: the categories.
        name: name of the dimension, or None.

    Raises:
        SpaceError: fewer than two categories, or two that are equal.
    """

    prior = None  # part of scikit-optimize's interface

    def __init__(self, categories: Sequence[Any], name: str | None = None) -> None:
        _check_name(name)
        label = label_of(name)
        self.categories = tuple(map(plain_category, _listed(categories, label)))
        self.name = name
        if len(self.categories) < 2:
            raise SpaceError(
                f"{label}: categories = {repr_of(list(self.categories))}; expected at least two"
            )
        self._index: dict[Hashable, int] = {}
        self._others: list[int] = []  # positions of what the index cannot hold
        self._known = 0
        for i, category in enumerate(self.categories):
            if self._position(category) is not None:
                raise SpaceError(
                    f"{label}: category = {repr_of(category)} twice; expected distinct ones"
                )
            self._enter(category, i)
            self._known += 1

    def __reduce__(self) -> tuple[Any, ...]:
        return Categorical, (self.categories, self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categorical):
            return NotImplemented
        return self.name == other.name and same(self.categories, other.categories)

    def __hash__(self) -> int:
        return hash((len(self.categories), self.name))

    def __repr__(self) -> str:
        return f"Categorical(categories={repr_of(list(self.categories))}, name={self.name!r})"

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
        return "one of " + shorten(", ".join(map(repr_of, self.categories[:_MANY])))

    def check(self, value: Any) -> Any:
        """Return the equal category itself; raise ValueError if there is none."""
        return self.category(self.index(value))

    def category(self, position: int) -> Any:
        """Return a category, a copy of it where it can change."""
        return copied(self.categories[position])

    def index(self, value: Any) -> int:
        """Return the position of the category equal to `value`; raise ValueError if none is."""
        position = self._position(value)
        if position is None:
            raise ValueError
        return position

    def _enter(self, category: Any, position: int) -> None:
        if _hashable(category) and not is_nan(category):
            with suppress(Exception):  # of an == with another one of the same hash
                self._index[category] = position
                return
        self._others.append(position)

    def _position(self, value: Any) -> int | None:
        if _hashable(value) and (position := self._find(value)) is not None:
            return position
        # A tuple has a hash, and another one where it holds another NaN.
        for i in self._others if type(value) is not tuple else range(self._known):
            if same(self.categories[i], value):
                return i
        return None

    def _find(self, value: Hashable) -> int | None:
        try:
            return self._index.get(value)
        except Exception:  # of an == that raises
            return None


def _listed(categories: Any, label: str) -> list[Any]:
    if isinstance(categories, np.ndarray):
        return list(categories.tolist()) if categories.ndim else _not_listed(categories, label)
    if isinstance(categories, (str, bytes)):
        return _not_listed(categories, label)
    try:
        return list(categories)
    except Exception:
        return _not_listed(categories, label)


def _not_listed(categories: Any, label: str) -> NoReturn:
    raise SpaceError(f"{label}: categories = {repr_of(categories)}; expected a list of them")


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except Exception:
        return False
    return True


Dimension = Real | Integer | Categorical
