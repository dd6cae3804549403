"""Where the categories of a large choice lie in the cube.

With one coordinate a category, as for a few categories, a thousand of them take a thousand
coordinates, and what a policy works out grows with their square and cube. A large choice gets a
fixed number of coordinates instead. Each category is a corner of that cube, drawn at random once
for all: about as far from every other one as they are from each other, half of the coordinates.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnnbbo.dimensions import Categorical

CORNER_WIDTH = 24
"""Coordinates of a choice whose categories are corners."""
MOST_COLUMNS = 128
"""Coordinates of all choices up to which each category has one of its own."""
_AT_ONCE = 2**20  # products of places and categories that are worked out together


@dataclass(frozen=True)
class OneHot:
    """A coordinate for each of K categories.

    Attributes:
        count: K.
    """

    count: int

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return self.count

    @property
    def middle(self) -> float:
        """Every coordinate of the place that is as far from all categories."""
        return 1.0 / self.count

    def corners(self, index: np.ndarray) -> np.ndarray:
        """Return where categories (n,) lie, (n, width)."""
        out = np.zeros((len(index), self.count))
        out[np.arange(len(index)), index] = 1.0
        return out

    def nearest(self, u: np.ndarray) -> np.ndarray:
        """Return the categories (n,) nearest to places (n, width), the first of equal ones."""
        return u.argmax(axis=1)

    def others(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Return categories (n,) at random, other than those at the places (n, width)."""
        order = rng.random((len(u), self.count))
        return (order - 2.0 * u).argmax(axis=1)


@dataclass(frozen=True)
class Corners:
    """Corners of a cube of CORNER_WIDTH coordinates, one for each of K categories.

    Attributes:
        count: K.
    """

    count: int

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return CORNER_WIDTH

    @property
    def middle(self) -> float:
        """Every coordinate of the place that is as far from all categories."""
        return 0.5

    @cached_property
    def _bits(self) -> np.ndarray:
        """(K, CORNER_WIDTH) coordinates, 0 or 1; no two rows are equal."""
        rng = np.random.default_rng(self.count)
        numbers = rng.choice(2**CORNER_WIDTH, size=self.count, replace=False)
        return (numbers[:, None] >> np.arange(CORNER_WIDTH) & 1).astype(np.float64)

    def corners(self, index: np.ndarray) -> np.ndarray:
        """Return where categories (n,) lie, (n, width)."""
        return self._bits[index]

    def nearest(self, u: np.ndarray) -> np.ndarray:
        """Return the categories (n,) nearest to places (n, width), the first of equal ones."""
        sides = (self._bits - 0.5).T
        rows = max(1, _AT_ONCE // self.count)
        found = [((u[i : i + rows] - 0.5) @ sides).argmax(axis=1) for i in range(0, len(u), rows)]
        return np.concatenate(found) if found else np.empty(0, dtype=np.intp)

    def others(self, rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
        """Return categories (n,) at random, other than those at the places (n, width)."""
        return (self.nearest(u) + rng.integers(1, self.count, len(u))) % self.count


Coding = OneHot | Corners


def code_choices(dimensions: list[Categorical]) -> list[Coding]:
    """Return how the categories of every choice of a space lie in the cube."""
    counts = [len(dim.categories) for dim in dimensions]
    few = sum(counts) <= MOST_COLUMNS
    return [OneHot(n) if few or n <= CORNER_WIDTH else Corners(n) for n in counts]
