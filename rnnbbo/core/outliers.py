"""Outliers among values, compiled; `rnnbbo.policies.outliers` defines them."""

import numpy as np

from rnnbbo.core.loading import Library, places


def tame(library: Library, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values y (B, n) of points x (B, n, D) tamed, and which are outliers (B, n)."""
    x, y = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64)
    tamed, out = np.empty((2, *y.shape))
    library.function("tame", "iiirrrr")(*x.shape, *places((x, y, tamed, out)))
    return tamed, out > 0.0


def tame_heights(library: Library, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the values y (n,) of points x (n, D) are outliers, and heights (n,)."""
    tamed, out, z = np.empty((3, len(y)))
    library.function("tame_heights", "iirrrrr")(*x.shape, *places((x, y, tamed, out, z)))
    return out > 0.0, z
