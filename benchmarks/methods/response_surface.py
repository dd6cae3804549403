"""A classical design of experiments: central composite designs and quadratic response surfaces."""

from collections.abc import Iterator
from itertools import chain, combinations

import numpy as np

from rnnbbo.benchmarks.methods.base import FloatArray

_SHARE = 0.75  # of the budget that the first design may take
_RIDGE = 1e-6  # of the least squares, since a fraction confounds interactions
_SEARCH = 2048  # points at which the surface is looked at for its minimum


class ResponseSurface:
    """Designs round a centre, and quadratic surfaces that say where the next one lies.

    After Box and Wilson (1951, J. R. Stat. Soc. B 13, 1-45): a two-level factorial design, or a
    fraction of it, with centre and axial points on its faces; then a full quadratic by least
    squares, over all that was told within its region; then such a design round the minimum of the
    surface, half as wide. What is left for less than a design is spent on its centre and axial
    points. The order of a design is drawn at random, as it has to be at a bench.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._budget = budget
        most = max(2, int(_SHARE * budget) - 2 * dim - 1)
        self._corners = fraction(dim, most)
        self._centre, self._half = np.full(dim, 0.5), 0.5
        self._asked = 0
        self._x: list[FloatArray] = []
        self._y: list[float] = []
        self._left = self._design()

    def ask(self) -> FloatArray:
        """Return the next point of the design, and of another one where that is through."""
        if not self._left:
            self._move()
            self._left = self._design()
        self._asked += 1
        return self._left.pop()

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        if np.isfinite(y):
            self._x.append(x)
            self._y.append(y)

    def _design(self) -> list[FloatArray]:
        """Return the points of the design round the centre, in random order."""
        dim = len(self._centre)
        star = np.concatenate([np.zeros((1, dim)), np.eye(dim), -np.eye(dim)])
        whole = np.concatenate([self._corners, star])
        left = self._budget - self._asked
        signs = whole if not self._asked or left >= len(whole) else star
        points = np.clip(self._centre + self._half * signs, 0.0, 1.0)
        return list(points[self._rng.permutation(len(points))])

    def _move(self) -> None:
        """Go to the minimum of the surface within the region, and halve it."""
        if self._y:
            x, y = np.array(self._x), np.array(self._y)
            within = (np.abs(x - self._centre) <= self._half + 1e-12).all(axis=1)
            x, y = x[within], y[within]
            dim = len(self._centre)
            look = self._centre + self._half * self._rng.uniform(-1.0, 1.0, (_SEARCH, dim))
            look = np.clip(np.concatenate([look, x]), 0.0, 1.0)
            a = quadratic((x - self._centre) / self._half)
            normal = a.T @ a + _RIDGE * len(x) * np.eye(a.shape[1])
            fitted = np.linalg.solve(normal, a.T @ (y - y.mean()))
            self._centre = look[(quadratic((look - self._centre) / self._half) @ fitted).argmin()]
        self._half /= 2.0
        self._centre = np.clip(self._centre, self._half, 1.0 - self._half)


def fraction(dim: int, most: int) -> FloatArray:
    """Return a two-level design (n, dim) of -1 and 1: the largest fraction of at most so many runs.

    Further factors are products of the first ones, those of most factors first.
    """
    base = min(dim, int(np.log2(most)))
    while 2**base - 1 < dim:
        base += 1
    runs = 1 - 2 * ((np.arange(2**base)[:, None] >> np.arange(base)) & 1).astype(float)
    words = chain.from_iterable(combinations(range(base), k) for k in range(base, 1, -1))
    columns: Iterator[FloatArray] = (runs[:, word].prod(axis=1) for word in words)
    added = [next(columns) for _ in range(dim - base)]
    return np.column_stack([runs, *added])


def quadratic(x: FloatArray) -> FloatArray:
    """Return the terms of a full quadratic (n, (D + 1) (D + 2) / 2) at points (n, D)."""
    first, second = np.triu_indices(x.shape[1])
    return np.hstack([np.ones((len(x), 1)), x, x[:, first] * x[:, second]])
