"""Points to begin with where several are asked for before any value is known.

After the centre a two-level fractional factorial design (Box and Hunter 1961, "The 2^(k-p)
fractional factorial designs"): every parameter is low in half of its runs and high in the others,
and so is every pair of parameters in each of the four ways. What is learned of one parameter then
does not depend on where the others were. The levels lie well within the cube, since few minima are
at its corners, and a model is surest between its points.
"""

import numpy as np

from rnnbbo.space import Space

LOW, HIGH = 0.25, 0.75
"""The levels, in the cube."""

_COLUMNS = (1, 2, 4, 7, 3, 5, 6)
"""Sets of bits: a parameter is high where the run's number has an odd number of the set's bits.

Three columns are a full design of eight runs, four one of resolution IV, seven one of resolution
III, with which it ends; more parameters take more bits.
"""


def levels(run: int, dim: int) -> np.ndarray | None:
    """Return the levels (dim,) of a run, counted from 0; None after the design's last one."""
    columns = list(_COLUMNS)
    while len(columns) < dim:
        bit = len(columns) + 1  # a power of two
        columns += [bit, *(bit ^ other for other in columns)]
    used = columns[:dim]
    if run >= 1 << max(used).bit_length():
        return None
    high = [(run & column).bit_count() % 2 == 1 for column in used]
    return np.where(high, HIGH, LOW)


def next_run(space: Space, pending: int, q: np.ndarray) -> np.ndarray:
    """Return the run (n, D) of the design that comes next, n = 1; n = 0 where none is allowed.

    Args:
        space: the user's.
        pending: points that were asked for before it, the centre among them.
        q: (1, D) a quasi-random point, which has the categories.
    """
    numbers = np.setdiff1d(np.arange(q.shape[1]), space.category_columns)
    found = levels(pending - 1, len(numbers)) if len(numbers) else None
    if found is None:
        return q[:0]
    run = q.copy()
    run[:, numbers] = found
    run = space.snap(run)
    return run[space.allows(run)]
