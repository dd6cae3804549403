"""The least value on a grid of cells, for evaluation."""

from collections.abc import Callable, Sequence
from itertools import combinations, product
from math import prod

import numpy as np

from rnnbbo.functions.problem import FloatArray

_ALL = 8192  # a grid of so many cells is evaluated whole
_STARTS = 32
_BLOCK = 1024


def find_least_cell(
    values: Callable[[FloatArray], FloatArray],
    levels: Sequence[int],
    start: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the cell `(dim,)` of the least value.

    A grid of up to 8192 cells is evaluated whole. Of a larger one, 8192 cells at random are, and
    all that touch one of the `start` cells; the best 32 of them, and the `start` cells, are then
    improved by local search until none gets lower: over all the cells along each coordinate, and
    those that differ by one step in two coordinates.

    Args:
        values: maps cells `(n, dim)`, counted from 0, to `(n,)`.
        levels: `(dim,)`, cells along each coordinate.
        start: cells `(m, dim)` that are probably near to the best one.
        rng: the source of randomness.
    """
    top = np.array(levels, dtype=float)
    if prod(levels) <= _ALL:
        cells = np.array(list(product(*map(range, levels))), dtype=float)
        found = _evaluated(values, cells)
        return cells[int(np.argmin(found))]
    dim = len(levels)
    touching = np.array(list(product((-1, 0, 1), repeat=dim)), dtype=float)
    near = np.clip(start[:, None] + touching, 0, top - 1).reshape(-1, dim)
    cells = np.concatenate([start, near, np.floor(rng.random((_ALL, dim)) * top)])
    found = _evaluated(values, cells)
    order = np.argsort(found, kind="stable")[:_STARTS]
    starts = np.concatenate([cells[order], start])
    ends = [_improved(values, cell, top) for cell in np.unique(starts, axis=0)]
    return min(ends, key=lambda end: end[1])[0]


def _improved(
    values: Callable[[FloatArray], FloatArray], cell: FloatArray, top: FloatArray
) -> tuple[FloatArray, float]:
    least = float(values(cell[None])[0])
    while True:
        around = _neighbours(cell, top)
        found = _evaluated(values, around)
        best = int(np.argmin(found))
        if not found[best] < least:
            return cell, least
        cell, least = around[best], float(found[best])


def _neighbours(cell: FloatArray, top: FloatArray) -> FloatArray:
    lines = []
    for i, count in enumerate(top):
        line = np.tile(cell, (int(count), 1))
        line[:, i] = np.arange(count)
        lines.append(line)
    for i, j in combinations(range(len(cell)), 2):
        diagonal = np.tile(cell, (4, 1))
        diagonal[:, [i, j]] += [(-1, -1), (-1, 1), (1, -1), (1, 1)]
        lines.append(diagonal[np.all((diagonal >= 0) & (diagonal < top), axis=1)])
    return np.concatenate(lines)


def _evaluated(values: Callable[[FloatArray], FloatArray], cells: FloatArray) -> FloatArray:
    # Blocks bound the memory that a function's features take.
    blocks = np.array_split(cells, -(-len(cells) // _BLOCK))
    return np.concatenate([values(block) for block in blocks])
