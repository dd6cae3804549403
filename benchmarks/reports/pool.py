"""Functions of several suites put together, so that methods are compared on the same ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnnbbo.benchmarks.reports.data import Course, Records
from rnnbbo.benchmarks.statistics import CAP, Estimate, bootstrap_mean
from rnnbbo.functions.problem import FloatArray

FunctionKey = tuple[str, str]
"""A suite's name and a function's."""

FEWEST_FUNCTIONS = 6
"""With fewer functions no signed-rank test can reach p < 0.05, and no difference is claimed."""

COVERAGE = 0.5
"""A method that has fewer of the functions than this share is left out of a pool."""


@dataclass(frozen=True)
class Pool:
    """Methods with a value on each of the same functions.

    Attributes:
        functions: the functions that all methods have.
        values: method -> (functions,).
        left_out: methods with values on too few functions.
    """

    functions: tuple[FunctionKey, ...]
    values: Mapping[str, FloatArray]
    left_out: tuple[str, ...]

    @property
    def ranking(self) -> list[str]:
        """The methods by mean, the least first."""
        means = {name: float(np.mean(row)) for name, row in self.values.items()}
        return sorted(means, key=lambda name: means[name])

    def difference(self, a: str, b: str) -> Estimate:
        """Return the mean of a less that of b, with its interval over functions."""
        return bootstrap_mean(self.values[a] - self.values[b])

    @cached_property
    def leaders(self) -> list[str]:
        """The method of the least mean, and those that are tied with it.

        Tied means that the interval of the paired difference holds 0, or that there are too few
        functions to tell.
        """
        first, *others = self.ranking
        if len(self.functions) < FEWEST_FUNCTIONS:
            return [first, *others]
        return [first, *(name for name in others if self.difference(first, name).high >= 0)]


Value = Callable[[Course, int], float | None]
"""A method's value on the function of a row, None if it has none."""


def values(records: Records, method: str, value: Value) -> dict[FunctionKey, float]:
    """Return a method's values on all functions on which it has one."""
    found = {}
    for suite in records.suites:
        course = suite.courses.get(method)
        for row, function in enumerate(course.functions if course else ()):
            assert course is not None
            number = value(course, row)
            if number is not None:
                found[suite.name, function] = number
    return found


Keep = Callable[[str, int], bool]
"""Whether a function belongs to a pool, by the name of its suite and its number of dimensions."""


def pool(records: Records, value: Value, keep: Keep = lambda suite, dim: True) -> Pool | None:
    """Put together the functions which (nearly) all methods have.

    Args:
        records: the records.
        value: a method's value on a function.
        keep: which functions to keep.

    Returns:
        The pool; None if no two methods share a function.
    """
    kept = {
        (suite.name, function)
        for suite in records.suites
        for function, dim in suite.dims.items()
        if keep(suite.name, dim)
    }
    found = {
        method.name: {
            function: number
            for function, number in values(records, method.name, value).items()
            if function in kept
        }
        for method in records.methods
    }
    most = max((len(row) for row in found.values()), default=0)
    fine = [name for name, row in found.items() if row and len(row) >= COVERAGE * most]
    if len(fine) < 2:
        return None
    functions = sorted(set.intersection(*(set(found[name]) for name in fine)))
    if not functions:
        return None
    return Pool(
        tuple(functions),
        {name: np.array([found[name][f] for f in functions]) for name in fine},
        tuple(name for name, row in found.items() if row and name not in fine),
    )


def best(records: Records, suite: str, t: int) -> list[str]:
    """Return the method of a suite that has the least mean capped regret at t, and those tied.

    Empty where there are too few functions to tell methods apart.
    """
    together = pool(records, at(t), lambda name, dim: name == suite)
    enough = together is not None and len(together.functions) >= FEWEST_FUNCTIONS
    return together.leaders if together is not None and enough else []


def shared(
    records: Records, a: str, b: str, value: Value
) -> tuple[tuple[FunctionKey, ...], FloatArray, FloatArray]:
    """Return two methods' values on the functions that both have."""
    first, second = values(records, a, value), values(records, b, value)
    functions = tuple(sorted(first.keys() & second.keys()))
    return (
        functions,
        np.array([first[f] for f in functions]),
        np.array([second[f] for f in functions]),
    )


def at(t: int, name: str = "capped") -> Value:
    """Return a `Value`: an array of a course after t evaluations."""

    def value(course: Course, row: int) -> float | None:
        return float(getattr(course, name)[row, t - 1]) if course.budget >= t else None

    return value


def within(seconds: float, call: float) -> Value:
    """Return a `Value`: capped regret after so many seconds, if a call takes `call` seconds.

    A method that has made its last evaluation before keeps the regret of that; see `stopped`.
    """

    def value(course: Course, row: int) -> float:
        done = _done(course, row, seconds, call)
        return float(course.capped[row, done - 1]) if done else CAP

    return value


def stopped(seconds: float, call: float) -> Value:
    """Return a `Value`: 1 if a method stopped while there was time for another evaluation."""

    def value(course: Course, row: int) -> float:
        end = course.overhead[row, -1] + call * course.budget
        last = _done(course, row, seconds, call) == course.budget
        return float(last and end + call <= seconds)

    return value


def _done(course: Course, row: int, seconds: float, call: float) -> int:
    clock = course.overhead[row] + call * np.arange(1, course.budget + 1)
    return int(np.searchsorted(clock, seconds * (1 + 1e-9), side="right"))


def names(methods: Sequence[str], joint: str = "and") -> str:
    """Return names as a phrase."""
    if len(methods) < 2:
        return "".join(methods)
    return f"{', '.join(methods[:-1])} {joint} {methods[-1]}"
