"""Outliers among values, compiled; `rnnbbo.policies.outliers` defines them."""

import numpy as np

from rnnbbo.core.loading import Library


def tame(library: Library, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values y (B, n) of points x (B, n, D) tamed, and which are outliers (B, n)."""
    x, y = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64)
    tamed, out = np.empty((2, *y.shape))
    library.function("tame", "iiiaaaa")(*x.shape, x, y, tamed, out)
    return tamed, out > 0.0
