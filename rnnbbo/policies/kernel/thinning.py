"""Which observations to keep when the memory is full."""

import numpy as np


def thin(x: np.ndarray, y: np.ndarray, count: int, by_mean: bool = False) -> np.ndarray:
    """Choose rows, in their order.

    Of the two rows that are closest, relative to their distance from the incumbent, the worse one
    goes, until `count` are left. The relative distance keeps rows at every scale round the
    incumbent, and space-filling ones far away.

    Args:
        x: (n, D) points.
        y: (n,) their values.
        count: rows to keep.
        by_mean: whether, of two rows of one point, the one goes whose value is further from the
            mean there. Without, the luckiest of many noisy values stays.

    Returns:
        (count,) indices, rising.
    """
    n = len(y)
    away = x - x[y.argmin()]
    r2 = np.square(away).sum(axis=1)
    d2 = r2[:, None] + r2[None, :] - 2.0 * away @ away.T
    relative = d2 / (np.maximum(r2[:, None], r2[None, :]) + 1e-18)
    np.fill_diagonal(relative, np.inf)
    apart, group = y, np.arange(n)
    if by_mean:
        group = np.unique(x, axis=0, return_inverse=True)[1].reshape(-1)
        apart = np.abs(y - (np.bincount(group, y) / np.bincount(group))[group])
    kept = np.ones(n, dtype=bool)
    for _ in range(n - count):
        i, j = divmod(int(relative.argmin()), n)
        worse = apart if group[i] == group[j] else y
        drop = i if worse[i] > worse[j] else j
        kept[drop] = False
        relative[drop] = relative[:, drop] = np.inf
    return np.flatnonzero(kept)
