"""Efficient global optimization by egobox (Lafage 2022), with its default settings."""

import egobox
import numpy as np

from rnnbbo.benchmarks.methods.base import Cells, FloatArray, cube
from rnnbbo.dimensions import Categorical, Dimension, Integer
from rnnbbo.space import Space

LEAST_DESIGN = 5


class Egor:
    """`egobox.Egor`, asked by its `suggest`: a Gaussian process and log expected improvement.

    A Latin hypercube of dim + 1 points, at least 5, comes first, as in its own `minimize`. Every
    `suggest` gets a seed of its own: with one seed it would give the same point for the same
    values. A failed evaluation is told as the worst finite value, 0 if there is none: `suggest`
    takes numbers only, and `minimize`, which leaves failed points out, asks for the same point
    again and again (egobox 1.0.0). A panic of the library's Rust is raised as RuntimeError.
    """

    def __init__(self, dim: int, budget: int, seed: int, space: Space | None = None) -> None:
        space = space or cube(dim)
        self._cells = Cells(space)
        self._rng = np.random.default_rng(seed)
        specs = [_specification(dimension) for dimension in space.dimensions]
        design = egobox.lhs(specs, max(LEAST_DESIGN, dim + 1), seed=self._seed())
        self._design = list(design)
        self._optimizer = egobox.Egor(specs)
        self._x: list[FloatArray] = []
        self._y: list[float] = []

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        told = len(self._y)
        self._asked = self._design[told] if told < len(self._design) else self._suggested()
        pairs = zip(self._asked, self._cells.counts, strict=True)
        return self._cells.middle_of([round(x) if count else x for x, count in pairs])

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._x.append(self._asked)
        self._y.append(y if np.isfinite(y) else np.nan)

    def _suggested(self) -> FloatArray:
        y = np.array(self._y)
        worst = 0.0 if np.isnan(y).all() else np.nanmax(y)
        values = np.where(np.isnan(y), worst, y)[:, None]
        try:
            points = self._optimizer.suggest(np.array(self._x), values, seed=self._seed())
        except BaseException as error:
            # A panic is no Exception, and would end the process of all runs.
            if type(error).__name__ != "PanicException":
                raise
            raise RuntimeError(f"egobox panicked: {error}") from error
        return points[0]

    def _seed(self) -> int:
        return int(self._rng.integers(2**32))


def _specification(dimension: Dimension) -> egobox.XSpec:
    # `type`, since rnnbbo's categorical passes for scikit-optimize's in `isinstance`.
    if type(dimension) is Categorical:
        return egobox.XSpec(egobox.XType.ENUM, [len(dimension.categories)])
    if isinstance(dimension, Integer):
        return egobox.XSpec(egobox.XType.INT, [dimension.low, dimension.high])
    return egobox.XSpec(egobox.XType.FLOAT, [0.0, 1.0])
