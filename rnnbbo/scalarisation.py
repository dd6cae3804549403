"""Several objectives as one, for policies that know of one only.

Augmented Chebyshev values with weights drawn anew for every ask (Knowles 2006, eq. 2): whatever
policy minimizes them in turn, its points come to lie all along the front.
"""

import numpy as np

from rnnbbo import pareto
from rnnbbo.policies.outliers import tame

_AUGMENTED = 0.05  # weight of the sum beside the largest, as published


def draw_weights(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw weights (K,) of sum 1, uniformly."""
    weights: np.ndarray = rng.dirichlet(np.ones(count))
    return weights


def scalarise(u: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return one value each (n,), lower is better; NaN for a failed trial.

    Args:
        u: (n, D) points of the cube.
        values: (n, K), NaN for a failed trial.
        weights: (K,).
    """
    known = np.isfinite(values).all(axis=1)
    out = np.full(len(values), np.nan)
    if known.any():
        tamed = np.column_stack([tame(u[known], one).y for one in values[known].T])
        scaled = _scaled(tamed) * weights
        out[known] = scaled.max(axis=1) + _AUGMENTED * scaled.sum(axis=1)
    return out


def _scaled(values: np.ndarray) -> np.ndarray:
    """Return values (n, K) in the range that the front has of each objective, from 0."""
    on_front = values[pareto.front(values)]
    low = on_front.min(axis=0)
    width = np.ptp(on_front, axis=0)
    whole = np.ptp(values, axis=0)
    width = np.where(width > 0.0, width, np.where(whole > 0.0, whole, 1.0))
    return (values - low) / width
