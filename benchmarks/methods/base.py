"""The interface of a method that is compared: ask for a point, tell its value.

Points lie in the unit cube; values are minimised.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from rnnbbo.dimensions import Categorical, Dimension, Integer, Real
from rnnbbo.functions.problem import FloatArray
from rnnbbo.space import Space


class Method(Protocol):
    """One run of one method: strictly `ask`, then `tell`, again and again."""

    def ask(self) -> FloatArray:
        """Return the next point, (dim,) in the unit cube."""
        ...

    def tell(self, x: FloatArray, y: float) -> None:
        """Take the value y at the point x that the last `ask` returned.

        A y that is not finite stands for a failed evaluation.
        """
        ...


@runtime_checkable
class Recommender(Protocol):
    """A method that has an opinion of its own on which point is best under noise.

    A method that is none recommends the point of the least value told.
    """

    def recommend(self) -> FloatArray:
        """Return the recommended point, (dim,) in the unit cube.

        To be called between a `tell` and an `ask`, after at least one finite value. It does not
        change the points that the run goes on to ask for.
        """
        ...


@runtime_checkable
class ParallelMethod(Protocol):
    """A method that can be asked while values of earlier points are still awaited."""

    def ask_beside(self, pending: Sequence[FloatArray]) -> FloatArray:
        """Return the next point, (dim,), while those `pending`, in the order asked, have no value.

        Then `tell` takes the value of any point that was asked for.
        """
        ...


@runtime_checkable
class ConstrainedMethod(Protocol):
    """A method that is told values of constraints; others take what is not feasible for failed."""

    def tell_constrained(self, x: FloatArray, y: float, constraints: Mapping[str, float]) -> None:
        """Take the value at the point x that the last `ask` returned, and its constraints.

        Each has to be at most 0.
        """
        ...


@runtime_checkable
class MultiObjectiveMethod(Protocol):
    """A method that takes several objectives; it is made with their reference point."""

    def ask(self) -> FloatArray:
        """Return the next point, (dim,) in the unit cube."""
        ...

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        """Take the values (K,) at the point x that the last `ask` returned.

        Values of which one is not finite stand for a failed evaluation.
        """
        ...


Asked = TypeVar("Asked")


class Awaited(Generic[Asked]):
    """What a library calls the points that were asked for and have no value yet."""

    def __init__(self) -> None:
        self._items: list[tuple[FloatArray, Asked]] = []

    def add(self, x: FloatArray, asked: Asked) -> None:
        """Keep what the library calls the point x."""
        self._items.append((x, asked))

    def take(self, x: FloatArray, otherwise: Asked) -> Asked:
        """Return what x is called, and keep it no longer; `otherwise` if x was not added."""
        for i, (point, asked) in enumerate(self._items):
            if np.array_equal(point, x):
                del self._items[i]
                return asked
        return otherwise


def cube(dim: int) -> Space:
    """Return the unit cube of reals."""
    return Space([(0.0, 1.0)] * dim)


class Cells:
    """Between the points of a space and the unit cube, one coordinate a dimension.

    A value of an integer or a category is a cell: position k of n has the middle (k + 1/2) / n. A
    real dimension has to be (0, 1). What is inactive is in the middle.

    Args:
        space: the space.

    Attributes:
        counts: positions of each dimension; 0 for reals.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._first = [d.low if isinstance(d, Integer) else 0 for d in space.dimensions]
        self.counts = [_count(d) for d in space.dimensions]

    def middle(self, point: list[Any]) -> FloatArray:
        """Return where in the cube a point of the space is, (dim,)."""
        return self.middle_of(self._space.encode(point))

    def middle_of(self, code: list[Any]) -> FloatArray:
        """Return where in the cube a point of the space is, by its numbers: see `Space.encode`."""
        return np.array([self._coordinate(i, value) for i, value in enumerate(code)])

    def _coordinate(self, i: int, value: Any) -> float:
        if value is None:
            return 0.5
        count = self.counts[i]
        return (value - self._first[i] + 0.5) / count if count else value


def without_conditions(space: Space) -> Space:
    """Return a space in which every parameter counts, for methods that can be told no conditions.

    Args:
        space: reals, integers and categories, with conditions or without.
    """
    if not space.conditional:
        return space
    return Space([_without_condition(dimension) for dimension in space.dimensions])


def _without_condition(dimension: Dimension) -> Dimension:
    # `type`, since rnnbbo's categorical passes for scikit-optimize's in `isinstance`.
    if type(dimension) is Categorical:
        return Categorical(dimension.categories, dimension.name)
    low, high = dimension.bounds
    kind = Integer if isinstance(dimension, Integer) else Real
    return kind(low, high, name=dimension.name)


def _count(dimension: Dimension) -> int:
    if isinstance(dimension, Integer):
        return dimension.high - dimension.low + 1
    return len(dimension.categories) if type(dimension) is Categorical else 0


class WorstFinite:
    """Stands in for failed evaluations, for libraries that take finite values only.

    A failed evaluation becomes the worst finite value so far.

    Args:
        first: what a failed evaluation becomes while there is no finite value.
    """

    def __init__(self, first: float = 0.0) -> None:
        self._first = first
        self._worst = -np.inf

    def __call__(self, y: float) -> float:
        """Return y if it is finite, else what stands in for it."""
        if np.isfinite(y):
            self._worst = max(self._worst, y)
            return y
        return self._worst if np.isfinite(self._worst) else self._first
