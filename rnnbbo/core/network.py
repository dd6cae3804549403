"""What networks are made of, compiled: numpy arrays in, numpy arrays out.

Each function computes what the one of the same name in `rnnbbo.policies.network` does, for arrays
of numpy: float32, and float64 where values of objectives are concerned. Each returns None where the
library is not there, or arrays are not of that kind: then that one has to. Letters of shapes are
those of these modules.
"""

from collections.abc import Callable
from ctypes import c_int

from functools import cache
from typing import Any

import numpy as np

from rnnbbo.core.library import Library, library

_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


@cache
def _function(found: Library, name: str, arguments: str, returns: Any) -> Callable[..., Any]:
    return found.function(name, arguments, returns)


def _single(*arrays: np.ndarray) -> list[np.ndarray] | None:
    """Return arrays as contiguous ones; None unless all are of float32."""
    if any(array.dtype != _SINGLE for array in arrays):
        return None
    return [np.ascontiguousarray(array) for array in arrays]


def _double(*arrays: np.ndarray) -> list[np.ndarray] | None:
    """Likewise of float64."""
    if any(array.dtype != _DOUBLE for array in arrays):
        return None
    return [np.ascontiguousarray(array) for array in arrays]


def condition(
    hyperparameters: tuple[np.ndarray, ...],
    temperature: np.ndarray,
    told: int,
    best_x: np.ndarray,
    values: tuple[np.ndarray, ...],
    x: np.ndarray,
    y: np.ndarray,
) -> list[np.ndarray] | None:
    """Condition heads of regression on rows; see `regression.condition`.

    Args:
        hyperparameters: inverse, slope, bend (B, H, 1, D); level, noise (B, H, 1, 1); mix
            (B, H, 1); bias (B, H).
        temperature: (1,).
        told: results fed so far.
        best_x: (B, D) incumbents.
        values: best_y, mean, m2 (B,) of the values told.
        x: (B, n, D) rows, n >= 1.
        y: (B, n) their values.

    Returns:
        root (B, H, n, n), reads (B, H, 2, n), amplitude (B, H, 1), best (B, H, 1), weight (B, H),
        the distance and trend sides of each of two families (B, their heads n, 2 D + 1), gradient
        (B, H, D), residual (B, H, n); None, too, where a covariance is not positive definite.
    """
    if (found := library()) is None:
        return None
    single = _single(*hyperparameters, temperature, best_x)
    double = _double(*values, y)
    (rows,) = _single(x) or (None,)
    if single is None or double is None or rows is None:
        return None
    *hyper, heat, origin = single
    *moments, known = double
    batch, n, dim = x.shape
    heads = hyper[-1].shape[1]
    half = (heads + 1) // 2
    wide = 2 * dim + 1
    shapes = [(heads, n, n), (heads, 2, n), (heads, 1), (heads, 1), (heads,)]
    shapes += 2 * [(half * n, wide)] + 2 * [((heads - half) * n, wide)] + [(heads, dim), (heads, n)]
    out = [np.empty((batch, *shape), np.float32) for shape in shapes]
    size = _function(found, "network_condition_size", "iii", c_int)(heads, n, dim)
    run = _function(found, "network_condition", "iiiii" + 9 * "s" + "aaasa" + 11 * "s" + "a", c_int)
    done = run(
        batch, heads, n, dim, told, *hyper, heat, origin, *moments, rows, known, *out,
        np.empty(size),
    )
    return out if done else None
