"""Search spaces, and the only converter between user units and the unit cube.

A point in user units is a list with one plain Python value a dimension, None for an inactive one.
In the cube it is a float64 array of `cube_dim` coordinates in [0, 1]: one for a number, one for
each category of a `Categorical` (one-hot), none for what is fixed.

The conventions are scikit-optimize's: its dimension objects and its tuples are understood, and
its plots accept these ones. It is never imported here, except by `Space.to_skopt`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rnnbbo import interchange
from rnnbbo.activity import Activity
from rnnbbo.dimensions import Categorical, Dimension, Fixed, Integer, Ordinal, Real
from rnnbbo.errors import PointError, SpaceError
from rnnbbo.escaping import repr_of
from rnnbbo.layout import Layout
from rnnbbo.point_forms import ParameterNames, PointForms
from rnnbbo.region import Region, as_rules
from rnnbbo.skopt_likeness import LikeSkoptSpace
from rnnbbo.space_table import space_html
from rnnbbo.specs import as_dimension, read_space

__all__ = ["Categorical", "Fixed", "Integer", "Ordinal", "Real", "Space", "as_dimension"]


_ROUNDS = 100  # of drawing points again


class Space(LikeSkoptSpace):
    """A search space, and the converter between its points and the unit cube.

    Args:
        dimensions: one or more dimensions, a list of them, or a mapping from name to dimension;
            each in a form that `as_dimension` understands; or a `Space`, of rnnbbo or of
            scikit-optimize, or a `ConfigurationSpace` of ConfigSpace.
        where: known constraints, which every point has to meet: an expression over names, such as
            "a + b <= 1", a function that returns True for points that do, or a list of these.

    Attributes:
        dimensions: list of the dimensions.
        names: their names; an unnamed one at position i is called "x<i>".
        mapping: whether points are given to users as mappings, as the space was.
        where: the constraints as they were given, a list.
        n_dims: number of dimensions, the length of a point.
        cube_dim: number of coordinates in the cube; a categorical has one a category, or, with
            many categories, a fixed number (`rnnbbo.codes`), and what is fixed none.
        category_columns: those of the coordinates, (m,), that belong to categories.
        allowed: (n, cube_dim) some places that meet the constraints; (0, cube_dim) without any.

    Raises:
        SpaceError: there is no dimension, or none that is not fixed, one is malformed (the message
            says which), two have the same name, conditions do not fit, a constraint is malformed,
            or no point is found that meets the constraints.
    """

    def __init__(self, dimensions: Any, where: Any = None) -> None:
        self.dimensions: list[Dimension]
        self.mapping: bool
        self._named: bool  # whether functions among the constraints may get a mapping
        self.where: list[Any]
        if type(dimensions) is Space:
            self.dimensions, given = list(dimensions.dimensions), dimensions.where
            self.mapping, self._named = dimensions.mapping, dimensions._named
        else:
            self.dimensions, self.mapping, given = read_space(dimensions)
            self._named = self.mapping
        if not self.dimensions:
            raise SpaceError("space = []; expected at least one dimension")
        names = [f"x{i}" if dim.name is None else dim.name for i, dim in enumerate(self.dimensions)]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise SpaceError(
                    f"name of two dimensions = {repr_of(name)}; expected distinct names"
                )
        if all(dim.is_constant for dim in self.dimensions):
            raise SpaceError(
                f"space = {repr_of(self.dimensions)}, all of it fixed; expected a dimension with "
                "two values at least"
            )
        self.n_dims = len(self.dimensions)
        self._layout = Layout(self.dimensions)
        self._activity = Activity(names, self.dimensions)
        self.cube_dim = self._layout.cube_dim
        self.category_columns = self._layout.category_columns
        self._forms = PointForms(names, self.dimensions, self._activity)
        self.names = ParameterNames(names, self._forms)
        rules = [
            rule
            for one in (given, where)
            for rule in as_rules(one, self.names, mapping=self._named)
        ]
        self.where = [rule.given for rule in rules]
        self._region = Region(rules, self.names, self._layout, self._activity)
        self._held: np.ndarray | None = None
        self.allowed = self._region.find(self.snap)

    @property
    def conditional(self) -> bool:
        """Whether a dimension has conditions."""
        return bool(self._activity.conditional)

    @property
    def constrained(self) -> bool:
        """Whether there are known constraints."""
        return bool(self.where)

    @property
    def plain(self) -> bool:
        """Whether every point of the cube stands for a point, and each coordinate counts."""
        return not (self.where or self._activity.conditional or self._held is not None)

    @property
    def simple(self) -> bool:
        """Whether it is a box of reals alone, without conditions or known constraints."""
        return self.plain and not self.discrete

    def check(self, point: Any) -> list[Any]:
        """Return the point in plain Python types, None for what is inactive.

        Args:
            point: a list, tuple or array of `n_dims` values, or a mapping from name to value;
                NumPy scalars are welcome, and a float without a fraction where an integer is
                expected. What is inactive may be absent from a mapping, None in a list, or any of
                its values; what is fixed may be absent from a mapping, too.

        Raises:
            PointError: the length is wrong, or a value has the wrong type, is NaN, out of
                bounds, or an unknown category; or a known constraint is not met.
        """
        checked = self._forms.check(point)
        if self._region.rules:
            self._region.require(checked, self.as_mapping(checked))
        return checked

    def as_mapping(self, point: Sequence[Any]) -> dict[str, Any]:
        """Return the active values of a point that was checked, by name."""
        return self._forms.as_mapping(point)

    @property
    def listed(self) -> Space:
        """The same space, whose points are lists."""
        if not self.mapping:
            return self
        twin = copy.copy(self)
        twin.mapping = False
        return twin

    def for_user(self, point: list[Any]) -> Any:
        """Return a point in the form of the space: a mapping, or the list itself."""
        return self.as_mapping(point) if self.mapping else point

    def encode(self, point: Any) -> list[Any]:
        """Return the point in numbers alone, as JSON holds it: a category is its position.

        None where it is inactive.

        Raises:
            PointError: as in `check`.
        """
        return self._forms.encode(self.check(point))

    def decode(self, code: list[Any]) -> list[Any]:
        """Return the point that `encode` made this of, to the bit."""
        return self._forms.decode(code)

    def to_cube(self, point: Any) -> np.ndarray:
        """Return the point's place in the cube.

        Args:
            point: a point of the space; it is checked first.

        Returns:
            (cube_dim,) float64 in [0, 1]. An integer is at the middle of its cell, and what is
            inactive in the middle of the cube.

        Raises:
            PointError: as in `check`.
        """
        return self.place(self.check(point))

    def place(self, point: list[Any]) -> np.ndarray:
        """Return the place in the cube of a point that `check` or `from_cube` returned."""
        active = self._activity.active(point) if self.conditional else None
        return self._layout.place(point, active)

    def from_cube(self, u: Any) -> list[Any]:
        """Return the point of the space at, or nearest to, a place in the cube.

        Args:
            u: (cube_dim,) coordinates. Outside [0, 1] the bound is meant; of a categorical's
                coordinates the largest wins, the first of equal ones.

        Returns:
            A list of n_dims plain values: float, int, or the category itself. Never out of
            bounds. None for what is inactive.

        Raises:
            PointError: the number of coordinates is not `cube_dim`.
        """
        point = self._layout.read(u)
        if not self.conditional:
            return point
        active = self._activity.active(point)
        return [value if counts else None for value, counts in zip(point, active, strict=True)]

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Move cube points onto points of the space; known constraints apart.

        Args:
            u: (n, cube_dim) coordinates.

        Returns:
            (n, cube_dim), a new array: coordinates of a `Real` unchanged (those outside [0, 1]
            on the bound), what has cells at the middle of one, a category one-hot, what is
            inactive in the middle. Snapping again changes nothing, and `from_cube` gives the same
            point before and after.
        """
        out = self._layout.snap(u)
        if self._held is not None:
            out = np.where(np.isnan(self._held), out, self._held)
        if self.conditional:
            out = np.where(self.movable(out), out, self._layout.middle)
        return out

    def held_at(self, context: Any) -> Space:
        """Return the space of the points in a context: `snap` puts places there.

        Args:
            context: values of some parameters by name, not of all.

        Raises:
            PointError: it is no such mapping, a value does not fit, or no point is found in it that
                meets the known constraints.
        """
        held = np.full(self.cube_dim, math.nan)
        for i, value in self._forms.check_context(context).items():
            held[self._layout.slots[i]] = self._layout.coordinates(i, value)
        twin = copy.copy(self)
        twin._held = held
        if self.constrained:
            try:
                twin.allowed = self._region.find(twin.snap)
            except SpaceError as error:
                raise PointError(f"context = {repr_of(dict(context))}: {error}") from None
        return twin

    @property
    def held(self) -> np.ndarray:
        """Which coordinates (cube_dim,) are those of a context: see `held_at`."""
        if self._held is None:
            return np.zeros(self.cube_dim, dtype=bool)
        return ~np.isnan(self._held)

    def movable(self, u: np.ndarray) -> np.ndarray:
        """Return which coordinates of snapped places (n, cube_dim) belong to active parameters."""
        active = self._activity.active_at(self._layout, u)
        widths = [slot.stop - slot.start for slot in self._layout.slots]
        return np.repeat(active, widths, axis=1)

    def allows(self, u: np.ndarray) -> np.ndarray:
        """Return which snapped places (n, cube_dim) meet the known constraints, (n,)."""
        return self._region.allows(u)

    @property
    def layout(self) -> Layout:
        """Where the dimensions lie in the cube."""
        return self._layout

    @property
    def discrete(self) -> bool:
        """Whether a dimension has cells, as integers have, or categories."""
        return self._layout.discrete

    @property
    def size(self) -> int | None:
        """Number of points; None where a dimension is real, or counting them takes too long."""
        if not self.conditional:
            counts = [dim.count for dim in self.dimensions]
            count = None if None in counts else math.prod(one or 1 for one in counts)
        else:
            count = self._activity.count()
        if not self.constrained or count is None:
            return count
        return self._region.count(self.dimensions, self.snap)

    def rvs(self, n_samples: int = 1, random_state: Any = None) -> list[list[Any]]:
        """Draw points at random, evenly in the part of the cube that is allowed."""
        drawn = super().rvs(n_samples, random_state)
        if not self.constrained:
            return drawn
        rng = np.random.default_rng(self.place(drawn[0]).view(np.uint64) if drawn else 0)
        found: list[list[Any]] = []
        for _ in range(_ROUNDS):
            u = self.snap(rng.random((n_samples, self.cube_dim)))
            found += map(self.from_cube, u[self.allows(u)])
            if len(found) >= n_samples:
                return found[:n_samples]
        more = rng.integers(len(self.allowed), size=n_samples - len(found))
        return found + [self.from_cube(self.allowed[i]) for i in more]

    def vary(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Draw points of the space that differ in integers or categories, in one at least.

        Every one of K integers, other cells and categories that are active is changed with
        probability 1 / K, and one at random in any case: a category to another, an integer to one
        of its neighbours or, as often, to any. What becomes active by that is drawn at random.

        Args:
            rng: randomness.
            u: (n, cube_dim) coordinates, of points of a space that is `discrete`.

        Returns:
            (n, cube_dim), a new array, snapped. Coordinates of a `Real` stay.
        """
        out = self.snap(u)
        if not self.conditional:
            return self.snap(self._layout.vary(rng, out, None))
        known = self.movable(out)
        out = self._layout.vary(rng, out, ~known)
        for _ in self._activity.conditional:  # what is drawn may activate more
            fresh = self.movable(self._layout.snap(out)) & ~known
            if not fresh.any():
                break
            out = np.where(fresh, rng.random(out.shape), out)
            known = known | fresh
        return self.snap(out)

    def neighbours(self, place: np.ndarray, distance: float) -> np.ndarray:
        """Return points (n, cube_dim) of the space that differ in one parameter from one of it.

        Args:
            place: (cube_dim,) the point's place.
            distance: by how much numbers differ, in the cube, if no cell is wider.

        Returns:
            Snapped places that are allowed, none of them the point's own.
        """
        points = self.snap(self._layout.neighbours(place, distance))
        others = (points != self.snap(place[None])).any(axis=1)
        return points[others & self.allows(points)]

    def to_skopt(self) -> Any:
        """Return the same space as a `skopt.space.Space`.

        What is fixed becomes a choice of one, what is ordered or has steps a choice whose
        categories lie on one coordinate in their order.

        Raises:
            SpaceError: there are conditions or known constraints.
            MissingExtraError: scikit-optimize is not installed.
        """
        return interchange.to_skopt(self.dimensions, self.where)

    def to_configspace(self, seed: int | None = None) -> Any:
        """Return the same space as a `ConfigSpace.ConfigurationSpace`.

        Numbers with steps become ordered values, and known constraints forbidden clauses, where
        they compare a parameter with a constant or with another one.

        Args:
            seed: that of ConfigSpace's own draws.

        Raises:
            SpaceError: a dimension, a condition or a constraint has no form there; the message
                names it.
            MissingExtraError: ConfigSpace is not installed.
        """
        from rnnbbo.interchange.configspace_out import to_configspace

        allowed = None
        if self.where:
            middle = self.snap(np.full((1, self.cube_dim), 0.5))
            place = middle[0] if self.allows(middle)[0] else self.allowed[0]
            allowed = self.as_mapping(self.from_cube(place))
        return to_configspace(self.dimensions, self.names, self.where, allowed, seed)

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
        return self.dimensions == other.dimensions and self.where == other.where

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.dimensions, self.where, self.mapping, self._named)

    def _repr_html_(self) -> str:
        return space_html(self.names, self.dimensions, self.where)

    def __repr__(self) -> str:
        where = f", where={self.where!r}" if self.where else ""
        return "Space([" + ", ".join(map(repr, self.dimensions)) + f"]{where})"


def _restored(dimensions: list[Dimension], where: list[Any], mapping: bool, named: bool) -> Space:
    space = Space({dim.name: dim for dim in dimensions} if named else dimensions, where)
    space.mapping = mapping
    return space


def as_space(dimensions: Any, where: Any = None) -> Space:
    """Return a space as it is, or made of its dimensions, with more known constraints if any."""
    if isinstance(dimensions, Space) and where is None:
        return dimensions
    return Space(dimensions, where)
