"""Where the dimensions of a space lie in the unit cube."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnnbbo.codes import Coding, code_choices
from rnnbbo.dimensions import Categorical, Dimension, Integer, Real, log_cell, uniform_cell
from rnnbbo.errors import PointError

_FEW = 24  # categories of a choice that are all looked at


class Layout:
    """The coordinates of each dimension, and what lies where on them, conditions apart.

    Args:
        dimensions: the dimensions; one that is fixed has no coordinate.

    Attributes:
        cube_dim: number of coordinates.
        category_columns: those, (m,), that belong to categories.
        middle: (cube_dim,) where an inactive parameter lies.
        slots: the coordinates of each dimension.
    """

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        choices = [d for d in dimensions if isinstance(d, Categorical) and not d.is_constant]
        codes = iter(code_choices(choices))
        self.slots: list[slice] = []
        self.codes: list[Coding | None] = []
        # Of each dimension: its column, its function to or from there, itself; of a category the
        # number of its block.
        self._to: list[tuple[int, Callable[[Any], float] | None, Any]] = []
        self._from: list[tuple[int, Callable[[Any], Any] | None, Any]] = []
        self._blocks: list[tuple[int, int, Coding]] = []
        self._cells: list[tuple[int, Any]] = []
        column = 0
        for dim in dimensions:
            code, start = None, column
            if dim.is_constant:
                self._to.append((-1, None, dim))
                self._from.append((-1, None, dim))
            elif isinstance(dim, Categorical):
                code = next(codes)
                column += code.width
                self._blocks.append((start, column, code))
                self._to.append((len(self._blocks) - 1, None, dim))
                self._from.append((len(self._blocks) - 1, None, dim.category))
            else:
                assert isinstance(dim, Real | Integer) or dim.cells is not None  # type: ignore[union-attr]
                self._to.append((start, dim.to_cube(), dim))  # type: ignore[union-attr]
                self._from.append((start, dim.from_cube(), None))  # type: ignore[union-attr]
                column += 1
                if not isinstance(dim, Real) or dim.cells is not None:
                    self._cells.append((start, dim))
            self.codes.append(code)
            self.slots.append(slice(start, column))
        self.cube_dim = column
        self._prepare()

    def _prepare(self) -> None:
        """Keep column numbers and constants, so that snapping is only arithmetic."""
        columns = [c for start, stop, _ in self._blocks for c in range(start, stop)]
        self.category_columns = np.array(columns, dtype=np.intp)
        uniform = [(c, dim.cells) for c, dim in self._cells if dim.cells is not None]
        log = [(c, dim) for c, dim in self._cells if dim.cells is None]
        self._uniform_columns = np.array([c for c, _ in uniform], dtype=np.intp)
        self._uniform_counts = np.array([float(cells) for _, cells in uniform])
        self._log_columns = np.array([c for c, _ in log], dtype=np.intp)
        # Rows: start, width, low, high.
        self._log_scale = np.array(
            [(*dim.log_scale(), dim.low, dim.high) for _, dim in log], dtype=np.float64
        ).reshape(-1, 4)
        self.middle = np.full(self.cube_dim, 0.5)
        for start, stop, code in self._blocks:
            self.middle[start:stop] = code.middle

    @property
    def discrete(self) -> bool:
        """Whether a coordinate is one of cells or of a category."""
        return bool(self._cells or self._blocks)

    def place(self, point: Sequence[Any], active: Sequence[bool] | None = None) -> np.ndarray:
        """Return where a point lies that was checked, (cube_dim,).

        Args:
            point: it.
            active: which of its values count; None for all.
        """
        cube = np.zeros(self.cube_dim)
        for i, ((column, forward, dim), value) in enumerate(zip(self._to, point, strict=True)):
            if active is not None and not active[i]:
                cube[self.slots[i]] = self.middle[self.slots[i]]
            elif forward is not None:
                cube[column] = forward(value)
            elif column >= 0:
                start, stop, code = self._blocks[column]
                cube[start:stop] = code.corners(np.array([dim.index(value)]))[0]
        return cube

    def coordinates(self, position: int, value: Any) -> np.ndarray:
        """Return the coordinates of one dimension at a value that it accepted."""
        column, forward, dim = self._to[position]
        if forward is not None:
            return np.array([forward(value)])
        if column < 0:
            return np.zeros(0)
        code = self._blocks[column][2]
        return code.corners(np.array([dim.index(value)]))[0]

    def read(self, u: Any) -> list[Any]:
        """Return the values at, or nearest to, a place (cube_dim,) in the cube.

        Raises:
            PointError: the number of coordinates is not `cube_dim`.
        """
        flat = np.asarray(u, dtype=np.float64).tolist()
        if len(flat) != self.cube_dim:
            raise PointError(f"{len(flat)} coordinates in the cube; expected {self.cube_dim}")
        point = []
        for column, backward, category in self._from:
            if backward is not None:
                point.append(backward(flat[column]))
            elif column < 0:
                point.append(category.check(category.bounds[0]))
            else:
                start, stop, code = self._blocks[column]
                point.append(category(int(code.nearest(np.array([flat[start:stop]]))[0])))
        return point

    def values(self, position: int, u: np.ndarray) -> list[Any]:
        """Return the values of one dimension at places (n, cube_dim), those of `read`."""
        column, backward, category = self._from[position]
        if backward is not None:
            return [backward(one) for one in u[:, column].tolist()]
        if column < 0:
            return [category.bounds[0]] * len(u)
        start, stop, code = self._blocks[column]
        return [category(i) for i in code.nearest(u[:, start:stop]).tolist()]

    def categories(self, position: int) -> tuple[Any, ...]:
        """Return the categories of a dimension."""
        return self._to[position][2].values  # type: ignore[no-any-return]

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Move places (n, cube_dim) onto values of every dimension; see `Space.snap`."""
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
            # The nearest to the coordinates as given, so that `read` agrees.
            out[:, start_column:stop] = code.corners(code.nearest(u[:, start_column:stop]))
        return out

    def neighbours(self, place: np.ndarray, distance: float) -> np.ndarray:
        """Return places (n, cube_dim) that differ in one dimension from one (cube_dim,).

        Numbers by a distance, up and down, or by a cell, where that is more; categories of a choice
        by each other one.
        """
        counts = {column: dim.count for column, dim in self._cells}
        blocks = {start: code for start, _, code in self._blocks}
        taken = set(self.category_columns.tolist())
        out = []
        for column in range(self.cube_dim):
            if column in blocks and blocks[column].count <= _FEW:
                code = blocks[column]
                stop = column + code.width
                for corner in code.corners(np.arange(code.count)):
                    out.append(place.copy())
                    out[-1][column:stop] = corner
            elif column not in taken:
                step = max(distance, 1.0 / (counts.get(column) or math.inf))
                for side in (-step, step):
                    out.append(place.copy())
                    out[-1][column] += side
        return np.array(out).reshape(-1, self.cube_dim)

    def vary(
        self, rng: np.random.Generator, u: np.ndarray, inactive: np.ndarray | None
    ) -> np.ndarray:
        """Change cells and categories of snapped places (n, cube_dim), in one at least.

        Args:
            rng: randomness.
            u: the places; they are changed.
            inactive: (n, cube_dim) coordinates that stay; None for none.

        Returns:
            The places.
        """
        count = len(self._cells) + len(self._blocks)
        drawn = rng.random((len(u), count))
        if inactive is None:
            changes = (drawn < 1.0 / count) | (drawn == drawn.min(axis=1, keepdims=True))
        else:
            columns = [c for c, _ in self._cells] + [start for start, _, _ in self._blocks]
            rests = inactive[:, columns]
            drawn = np.where(rests, 2.0, drawn)
            others = np.maximum(count - rests.sum(axis=1, keepdims=True), 1)
            changes = (drawn < 1.0 / others) | (drawn == drawn.min(axis=1, keepdims=True))
            changes &= ~rests
        of_cells, of_blocks = np.split(changes.T, [len(self._cells)])
        for (column, dim), changed in zip(self._cells, of_cells, strict=True):
            u[changed, column] = dim.others(rng, u[changed, column])
        for (start, stop, code), changed in zip(self._blocks, of_blocks, strict=True):
            other = code.others(rng, u[changed, start:stop])
            u[changed, start:stop] = code.corners(other)
        return u
