"""How much of what a function does over its space each parameter is responsible for.

Sobol' indices (Sobol 1993; Homma & Saltelli 1996): the share of the function's variance, the
parameters being drawn evenly over the space, that goes with one parameter alone, and that which
goes with it together with all others. They are those of hypotheses that fit what was told
(`orthogonal`), so that they do not depend on where a search has looked; an interval says how far
the hypotheses agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical
from rnnbbo.pictures.orthogonal import Mode, find_mode
from rnnbbo.pictures.orthogonal_axis import Axis
from rnnbbo.pictures.run_data import RunData
from rnnbbo.policies.outliers import tame
from rnnbbo.space import Space

_LEAST = 4
"""Values from which on there is something to say."""
_MOST_ROWS = 150  # that hypotheses are fitted to: half of them the best
_MOST_PAIRED = 16  # parameters of which pairs are looked at
_DRAWS = 200  # functions


@dataclass(frozen=True)
class Importance:
    """Of one parameter; shares of the variance, from 0 to 1.

    Attributes:
        name: the parameter's.
        alone: what goes with it alone, the first-order index.
        total: what goes with it at all, with every other one, the total index.
        low: lower end of the interval that holds 95 % of the belief in `total`.
        high: its upper end.
    """

    name: str
    alone: float
    total: float
    low: float
    high: float

    def __repr__(self) -> str:
        numbers = f"alone={self.alone:.3g}, total={self.total:.3g}"
        return f"Importance({self.name!r}, {numbers}, low={self.low:.3g}, high={self.high:.3g})"


def importance(
    data: RunData, rng: np.random.Generator | None = None, objective: int = 0
) -> list[Importance]:
    """Return the importance of every parameter that is not fixed, the most important first.

    Of values that did not fail; outliers count as the highest of the others. Interactions of three
    parameters and more count as noise. Where a parameter is inactive it contributes nothing.

    Args:
        data: the run.
        rng: randomness of the functions that are drawn; by default always the same.
        objective: which.

    Returns:
        Them; an empty list while fewer than four different points have a value, or all values are
        equal.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    rows = np.flatnonzero(~data.failed)
    points = [data.points[i] for i in rows.tolist()]
    free = [i for i, dim in enumerate(data.space) if not dim.is_constant]
    if len({tuple(map(repr, point)) for point in points}) < _LEAST:
        return []
    x = np.array([data.space.place(point) for point in points])
    y = tame(x, data.inward[rows, objective]).y
    span = y.max() - y.min()
    y = (y - y.min()) / (span if span > 0.0 else 1.0)  # no square overflows
    if y.std() == 0.0:
        return []
    kept = _kept(rng, y)
    axes = tuple(_axis(data.space, i, [points[k] for k in kept.tolist()]) for i in free)
    z = (y[kept] - y[kept].mean()) / (y[kept].std() or 1.0)
    alone, together = _shares(rng, axes, z)
    total = alone + together
    low, high = np.quantile(total, [0.025, 0.975], axis=0)
    found = [
        Importance(data.space.names[i], *map(float, numbers))
        for i, *numbers in zip(free, alone.mean(0), total.mean(0), low, high, strict=True)
    ]
    return sorted(found, key=lambda one: -one.total)


def _kept(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
    """Return which of many values (n,) hypotheses are fitted to: the best, and some at random."""
    if len(y) <= _MOST_ROWS:
        return np.arange(len(y))
    order = np.argsort(y, kind="stable")
    best, rest = np.split(order, [_MOST_ROWS // 2])
    return np.sort(np.append(best, rng.permutation(rest)[: _MOST_ROWS - len(best)]))


def _axis(space: Space, position: int, points: list[list[Any]]) -> Axis:
    """Return a parameter, with its values at some points."""
    dim, layout = space.dimensions[position], space.layout
    values = [point[position] for point in points]
    if isinstance(dim, Categorical):
        places = [np.nan if value is None else float(dim.index(value)) for value in values]
        return Axis.of_category(np.array(places), len(layout.categories(position)))
    places = [np.nan if v is None else float(layout.coordinates(position, v)[0]) for v in values]
    return Axis.of_number(np.array(places), getattr(dim, "cells", None))


def _shares(
    rng: np.random.Generator, axes: tuple[Axis, ...], z: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return shares (R, D) of the parameters alone, and of all pairs with them, R draws."""
    dim = len(axes)
    pairs = ~np.eye(dim, dtype=bool)
    if dim > _MOST_PAIRED:
        first = find_mode(axes, z, np.zeros_like(pairs), True).sample(rng)[-1]
        sizes = first.draw_variances(rng, _DRAWS // 10)[0].mean(axis=0)
        rest = np.argsort(-sizes, kind="stable")[_MOST_PAIRED:]
        pairs[rest], pairs[:, rest] = False, False
    alone, together = [], []
    modes = [find_mode(axes, z, pairs, smooth) for smooth in (True, False)]
    for mode, wanted in zip(modes, _counts(modes), strict=True):
        models = mode.sample(rng) if wanted else []
        for model in models:
            parts = model.draw_variances(rng, -(-wanted // len(models)))
            whole = parts[0].sum(axis=1) + 0.5 * parts[1].sum(axis=(1, 2))
            alone.append(parts[0] / whole[:, None])
            together.append(parts[1].sum(axis=2) / whole[:, None])
    return np.concatenate(alone), np.concatenate(together)


def _counts(modes: list[Mode]) -> list[int]:
    """Return how many functions to draw by each kernel, by the densities of their modes."""
    density = np.array([mode.value for mode in modes])
    weight = np.exp(density - density.max())
    return [round(_DRAWS * one) for one in weight / weight.sum()]
