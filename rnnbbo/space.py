"""Search spaces, and the only converter between user units and the unit cube.

A point in user units is a list with one plain Python value a dimension. In the cube it is a
float64 array of `cube_dim` coordinates in [0, 1]: one for a `Real` or an `Integer`, and one for
each category of a `Categorical` (one-hot).

The conventions are scikit-optimize's: its dimension objects and its tuples are understood, and
its plots accept these ones. It is never imported here, except by `Space.to_skopt`.
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from rnnbbo.arguments import as_float, as_number, as_scalar
from rnnbbo.codes import Coding, code_choices
from rnnbbo.dimensions import (
    PRIORS,
    Categorical,
    Dimension,
    Integer,
    Real,
    is_number,
    label_of,
    log_cell,
    uniform_cell,
)
from rnnbbo.errors import MissingExtraError, PointError, SpaceError, SpaceWarning, warn
from rnnbbo.escaping import one_line, repr_of
from rnnbbo.skopt_likeness import LikeSkoptSpace

__all__ = ["Categorical", "Integer", "Real", "Space"]


def _skopt_kind(dimension: object) -> str | None:
    """Return the name of the scikit-optimize class that this is an instance of, or None."""
    for cls in type(dimension).__mro__:
        if cls.__module__.startswith("skopt.") and cls.__name__ in (
            "Real",
            "Integer",
            "Categorical",
        ):
            return cls.__name__
    return None


def as_dimension(spec: Any) -> Dimension:
    """Make a dimension of what users write.

    Args:
        spec: a `Real`, `Integer` or `Categorical`, of rnnbbo or of scikit-optimize; a tuple or
            list of two integers (`Integer`) or two numbers (`Real`), a prior as third element if
            wanted; or any other tuple or list: its elements are categories.

    Raises:
        SpaceError: it is none of these.
    """
    if isinstance(spec, (Real, Integer, Categorical)):
        return spec
    kind = _skopt_kind(spec)
    if kind == "Categorical":
        if spec.prior is not None:
            warnings.warn(
                f"{label_of(spec.name)}: the probabilities of the categories are not used",
                stacklevel=2,
            )
        return Categorical(spec.categories, spec.name)
    if kind is not None:
        return (Real if kind == "Real" else Integer)(spec.low, spec.high, spec.prior, spec.name)
    if not isinstance(spec, (tuple, list, np.ndarray)) or getattr(spec, "shape", None) == ():
        raise SpaceError(
            f"dimension = {repr_of(spec)}; expected (low, high), (low, high, prior), "
            "a list of categories, or a Real, Integer or Categorical"
        )
    try:
        items = spec.tolist() if isinstance(spec, np.ndarray) else list(spec)
    except Exception as error:
        raise SpaceError(
            f"dimension = {repr_of(spec)}; reading it raises {one_line(error)}"
        ) from error
    ends = [as_scalar(item) for item in items[:2]]
    prior = str(items[2]) if len(items) > 2 and isinstance(items[2], str) else None
    if len(ends) == 2 and all(end is not None for end in ends):
        # A fourth element is scikit-optimize's base of the logarithm, which changes nothing.
        with_prior = len(items) in (3, 4) and prior is not None and all(map(is_number, items[3:]))
        if with_prior and prior not in PRIORS:
            raise SpaceError(
                f"prior = {prior!r} in {repr_of(spec)}; expected one of {', '.join(PRIORS)} "
                f"(if these are categories, write {_categorical(items)})"
            )
        if len(items) == 2 or with_prior:
            integer = all(isinstance(end, numbers.Integral) for end in ends)
            return (Integer if integer else Real)(*ends, *([prior] if with_prior else []))
    _check_meant(spec, items, prior)
    return Categorical(items)


def _check_meant(spec: Any, items: list[Any], prior: str | None) -> None:
    """Make sure that categories are no range with a slip, and warn of what may be one.

    Raises:
        SpaceError: a prior follows something else than bounds, or a bound is open or in brackets.
    """
    hint = f"(if these are categories, write {_categorical(items)})"
    if prior in PRIORS and (prior != "uniform" or not all(map(_is_word, items))):
        raise SpaceError(
            f"prior = {prior!r} in {repr_of(spec)}; expected two numbers before it {hint}"
        )
    ends = [as_float(as_scalar(item)) for item in items[:3]]
    found = [end is not None for end in ends]
    if len(items) == 3 and isinstance(spec, tuple) and all(found) and _is_like_steps(*ends):
        warn(
            f"dimension = {repr_of(spec)} is a choice between these three categories, not a range "
            f"with a step; write {_categorical(items)} to say so, or {repr_of(spec[:2])} for a "
            "range",
            SpaceWarning,
        )
    if len(items) != 2:
        return
    if any(found) and any(item is None for item in items) and not isinstance(spec, list):
        raise SpaceError(f"dimension = {repr_of(spec)}; expected two finite numbers {hint}")
    if not all(found) and all(map(_is_bracketed, items)):
        raise SpaceError(f"dimension = {repr_of(spec)}; expected numbers without brackets {hint}")


def _categorical(items: list[Any]) -> str:
    return f"Categorical({repr_of(items)})"


def _is_word(item: Any) -> bool:
    """Tell whether this is None or a text that is no number."""
    if not isinstance(item, str):
        return item is None
    try:
        float(item)
    except ValueError:
        return True
    return False


def _is_like_steps(low: Any, high: Any, step: Any) -> bool:
    return bool(low < high and 0 < step <= high - low and step < high)


def _is_bracketed(item: Any) -> bool:
    """Tell whether this is a number, or an array or tensor that holds a single one."""
    return not isinstance(item, (list, tuple)) and as_number(item) is not None


def _specs_of(dimensions: Any) -> list[Any]:
    """Return the dimensions of a space as users write it; errors are those of what they wrote."""
    if getattr(dimensions, "constraint", None) is not None:
        raise SpaceError("spaces with a constraint are not supported")
    specs = getattr(dimensions, "dimensions", dimensions)
    if isinstance(specs, (str, bytes, Mapping)) or not hasattr(specs, "__iter__"):
        raise SpaceError(f"space = {repr_of(dimensions)}; expected a list of dimensions")
    return list(specs)


def _values_of(point: Any) -> list[Any] | None:
    """Return the values that a point lists; None if it is no list."""
    try:
        if isinstance(point, np.ndarray) and point.ndim == 1:
            return point.tolist()
        return list(point) if isinstance(point, (list, tuple)) else None
    except Exception:
        return None


class Space(LikeSkoptSpace):
    """A search space, and the converter between its points and the unit cube.

    Args:
        dimensions: one or more dimensions, each in a form that `as_dimension` understands; or a
            `Space`, of rnnbbo or of scikit-optimize.

    Attributes:
        dimensions: list of the dimensions.
        names: their names; an unnamed one at position i is called "x<i>".
        n_dims: number of dimensions, the length of a point.
        cube_dim: number of coordinates in the cube; a categorical has one a category, or, with
            many categories, a fixed number (`rnnbbo.codes`).
        category_columns: those of the coordinates, (m,), that belong to categories.

    Raises:
        SpaceError: there is no dimension, one is malformed (the message says which), or two
            have the same name.
    """

    def __init__(self, dimensions: Any) -> None:
        try:
            specs = _specs_of(dimensions)
        except SpaceError:
            raise
        except Exception as error:
            raise SpaceError(
                f"space = {repr_of(dimensions)}; reading it raises {one_line(error)}"
            ) from error
        self.dimensions: list[Dimension] = []
        for i, spec in enumerate(specs):
            try:
                self.dimensions.append(as_dimension(spec))
            except SpaceError as error:
                raise SpaceError(f"dimension {i} of the space: {error}") from None
        if not self.dimensions:
            raise SpaceError("space = []; expected at least one dimension")
        self.names = [
            f"x{i}" if dim.name is None else dim.name for i, dim in enumerate(self.dimensions)
        ]
        for i, name in enumerate(self.names):
            if name in self.names[:i]:
                raise SpaceError(
                    f"name of two dimensions = {repr_of(name)}; expected distinct names"
                )
        self.n_dims = len(self.dimensions)
        self._prepare()

    def _prepare(self) -> None:
        """Keep column numbers and constants, so that converting a point is only arithmetic."""
        self._to: list[tuple[int, Callable[[Any], float] | None, Dimension]] = []
        self._from: list[
            tuple[int, Callable[[Any], Any] | None, Any]
        ] = []  # start, backward, block
        self._blocks: list[tuple[int, int, Coding]] = []
        codes = iter(code_choices([d for d in self.dimensions if isinstance(d, Categorical)]))
        uniform: list[tuple[int, Integer]] = []
        log: list[tuple[int, Integer]] = []
        column = 0
        for dim in self.dimensions:
            if isinstance(dim, Categorical):
                code = next(codes)
                stop = column + code.width
                self._blocks.append((column, stop, code))
                self._to.append((len(self._blocks) - 1, None, dim))
                self._from.append((len(self._blocks) - 1, None, dim.category))
                column = stop
                continue
            self._to.append((column, dim.to_cube(), dim))
            self._from.append((column, dim.from_cube(), None))
            if isinstance(dim, Integer):
                (uniform if dim.prior == "uniform" else log).append((column, dim))
            column += 1
        self.cube_dim = column
        columns = [c for start, stop, _ in self._blocks for c in range(start, stop)]
        self.category_columns = np.array(columns, dtype=np.intp)
        self._integers = sorted(uniform + log, key=lambda pair: pair[0])
        self._uniform_columns = np.array([c for c, _ in uniform], dtype=np.intp)
        self._uniform_counts = np.array([dim.high - dim.low + 1.0 for _, dim in uniform])
        self._log_columns = np.array([c for c, _ in log], dtype=np.intp)
        # Rows: start, width, low, high.
        self._log_scale = np.array(
            [(*dim.log_scale(), dim.low, dim.high) for _, dim in log], dtype=np.float64
        ).reshape(-1, 4)

    def check(self, point: Any) -> list[Any]:
        """Return the point in plain Python types.

        Args:
            point: a list, tuple or array of `n_dims` values; NumPy scalars are welcome, and a
                float without a fraction where an integer is expected.

        Raises:
            PointError: the length is wrong, or a value has the wrong type, is NaN, out of
                bounds, or an unknown category.
        """
        values = _values_of(point)
        if values is None:
            raise PointError(f"point = {repr_of(point)}; expected a list of {self.n_dims} values")
        if len(values) != self.n_dims:
            raise PointError(
                f"point = {repr_of(point)} of {len(values)} values; expected {self.n_dims} "
                f"({', '.join(self.names)})"
            )
        checked = []
        for name, dim, value in zip(self.names, self.dimensions, values, strict=True):
            try:
                checked.append(dim.check(value))
            except ValueError:
                raise PointError(f"{name} = {repr_of(value)}; expected {dim.expected}") from None
        return checked

    def encode(self, point: Any) -> list[Any]:
        """Return the point in numbers alone, as JSON holds it: a category is its position.

        Raises:
            PointError: as in `check`.
        """
        return [
            dim.index(value) if isinstance(dim, Categorical) else value
            for dim, value in zip(self.dimensions, self.check(point), strict=True)
        ]

    def decode(self, code: list[Any]) -> list[Any]:
        """Return the point that `encode` made this of, to the bit."""
        return [
            dim.category(value) if isinstance(dim, Categorical) else value
            for dim, value in zip(self.dimensions, code, strict=True)
        ]

    def to_cube(self, point: Any) -> np.ndarray:
        """Return the point's place in the cube.

        Args:
            point: a point of the space, (n_dims,); it is checked first.

        Returns:
            (cube_dim,) float64 in [0, 1]. An integer is at the middle of its cell.

        Raises:
            PointError: as in `check`.
        """
        return self.place(self.check(point))

    def place(self, point: list[Any]) -> np.ndarray:
        """Return the place in the cube of a point that `check` or `from_cube` returned."""
        cube = np.zeros(self.cube_dim)
        for (column, forward, dim), value in zip(self._to, point, strict=True):
            if forward is None:
                assert isinstance(dim, Categorical)
                start, stop, code = self._blocks[column]
                cube[start:stop] = code.corners(np.array([dim.index(value)]))[0]
            else:
                cube[column] = forward(value)
        return cube

    def from_cube(self, u: Any) -> list[Any]:
        """Return the point of the space at, or nearest to, a place in the cube.

        Args:
            u: (cube_dim,) coordinates. Outside [0, 1] the bound is meant; of a categorical's
                coordinates the largest wins, the first of equal ones.

        Returns:
            A list of n_dims plain values: float, int, or the category itself. Never out of
            bounds.

        Raises:
            PointError: the number of coordinates is not `cube_dim`.
        """
        flat = np.asarray(u, dtype=np.float64).tolist()
        if len(flat) != self.cube_dim:
            raise PointError(f"{len(flat)} coordinates in the cube; expected {self.cube_dim}")
        point = []
        for column, backward, category in self._from:
            if backward is None:
                start, stop, code = self._blocks[column]
                point.append(category(int(code.nearest(np.array([flat[start:stop]]))[0])))
            else:
                point.append(backward(flat[column]))
        return point

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Move cube points onto points of the space.

        Args:
            u: (n, cube_dim) coordinates.

        Returns:
            (n, cube_dim), a new array: coordinates of a `Real` unchanged (those outside [0, 1]
            on the bound), an integer at the middle of its cell, a category one-hot. Snapping
            again changes nothing, and `from_cube` gives the same point before and after.
        """
        out = np.clip(u, 0.0, 1.0)
        if self._uniform_columns.size:
            counts = self._uniform_counts
            cell = uniform_cell(out[:, self._uniform_columns], counts)
            out[:, self._uniform_columns] = (cell + 0.5) / counts
        if self._log_columns.size:
            start, width, low, high = self._log_scale.T
            cell = log_cell(out[:, self._log_columns], start, width, low, high)
            out[:, self._log_columns] = (np.log(cell) - start) / width
        for start_column, stop, code in self._blocks:
            # The nearest to the coordinates as given, so that from_cube agrees.
            out[:, start_column:stop] = code.corners(code.nearest(u[:, start_column:stop]))
        return out

    @property
    def discrete(self) -> bool:
        """Whether a dimension is an integer or a category."""
        return bool(self._integers or self._blocks)

    @property
    def size(self) -> int | None:
        """Number of points; None where a dimension is real."""
        counts = [
            len(dim.categories) if isinstance(dim, Categorical) else dim.high - dim.low + 1
            for dim in self.dimensions
            if not isinstance(dim, Real)
        ]
        return math.prod(counts) if len(counts) == self.n_dims else None

    def vary(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Draw points of the space that differ in integers or categories, in one at least.

        Every one of K integers and categories is changed with probability 1 / K, and one at random
        in any case: a category to another, an integer to one of its neighbours or, as often, to
        any.

        Args:
            rng: randomness.
            u: (n, cube_dim) coordinates, of points of a space that is `discrete`.

        Returns:
            (n, cube_dim), a new array, snapped. Coordinates of a `Real` stay.
        """
        out = self.snap(u)
        count = len(self._integers) + len(self._blocks)
        drawn = rng.random((len(u), count))
        changes = (drawn < 1.0 / count) | (drawn == drawn.min(axis=1, keepdims=True))
        of_integers, of_blocks = np.split(changes.T, [len(self._integers)])
        for (column, dim), changed in zip(self._integers, of_integers, strict=True):
            out[changed, column] = dim.others(rng, out[changed, column])
        for (start, stop, code), changed in zip(self._blocks, of_blocks, strict=True):
            other = code.others(rng, out[changed, start:stop])
            out[changed, start:stop] = code.corners(other)
        return self.snap(out)

    def to_skopt(self) -> Any:
        """Return the same space as a `skopt.space.Space`.

        Raises:
            MissingExtraError: scikit-optimize is not installed.
        """
        try:
            from skopt import space as skopt_space
        except ImportError as error:
            raise MissingExtraError(
                "to_skopt needs scikit-optimize: pip install scikit-optimize"
            ) from error
        converted = []
        for dim in self.dimensions:
            if isinstance(dim, Categorical):
                converted.append(skopt_space.Categorical(dim.categories, name=dim.name))
            else:
                cls = getattr(skopt_space, type(dim).__name__)
                converted.append(cls(dim.low, dim.high, prior=dim.prior, name=dim.name))
        return skopt_space.Space(converted)

    @property
    def bounds(self) -> list[tuple[Any, ...]]:
        """The bounds of each dimension; a categorical's are its categories."""
        return [dim.bounds for dim in self.dimensions]

    def __iter__(self) -> Iterator[Dimension]:
        return iter(self.dimensions)

    def __getitem__(self, key: Any) -> Any:
        """Return (position, dimension) for a name or position, a list of them for several."""
        if isinstance(key, (list, tuple)):
            return [self[one] for one in key]
        try:
            position = self.names.index(key) if isinstance(key, str) else range(self.n_dims)[key]
        except (ValueError, IndexError, TypeError):
            raise KeyError(f"{key!r}; expected one of {', '.join(self.names)}") from None
        return position, self.dimensions[position]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return self.dimensions == other.dimensions

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Space, (self.dimensions,)

    def __repr__(self) -> str:
        return "Space([" + ", ".join(map(repr, self.dimensions)) + "])"
