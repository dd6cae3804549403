"""Monotone warps of the observed values (warped Gaussian processes, Snelson et al. 2004).

w(y) = c log(1 + (y - min) / c): linear near the incumbent, logarithmic beyond c. Functions whose
values span orders of magnitude become smooth; for a large c nothing changes. Each hypothesis has
its own c, and the Jacobian in its evidence lets the values choose.
"""

import numpy as np

from rnnbbo.policies.ops import Array


def heights(y: np.ndarray) -> np.ndarray:
    """(y - min) / std, (n,); zeros where all values are equal."""
    span = y.max() - y.min()
    z = (y - y.min()) / (span if span > 0 else 1.0)  # first to [0, 1]: no square overflows
    std = z.std()
    return z / std if std > 0 else z


def warp(z: np.ndarray, log_c: np.ndarray) -> tuple[Array, Array, Array]:
    """Warp values z above the least (n,) by every log c (N,).

    Returns:
        w (N, n), the log Jacobian sum log dw/dz (N,), and the variance of w (N,), 1 where w is
        constant.
    """
    c = np.exp(log_c)[:, None]
    log_ratio = np.log1p(z / c)
    w = c * log_ratio
    spread = w.var(axis=-1)
    return w, -log_ratio.sum(axis=-1), np.where(spread > 0, spread, 1.0)
