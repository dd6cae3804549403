"""What networks are made of, compiled: numpy arrays in, numpy arrays out.

Each function computes what the one of the same name in `rnnbbo.policies.network` does, for arrays
of numpy: float32, and float64 where values of objectives are concerned. Each returns None where the
library is not there, or arrays are not of that kind: then that one has to. Letters of shapes are
those of these modules.
"""

from collections.abc import Callable, Mapping
from ctypes import c_int

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.core.library import Library, library

_LANES = 16  # of src/single.h
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


def _optional(*arrays: np.ndarray | None) -> list[np.ndarray | None] | None:
    """Return contiguous arrays of float32, and None for None; None where one has another dtype."""
    if any(array is not None and array.dtype != _SINGLE for array in arrays):
        return None
    return [None if array is None else np.ascontiguousarray(array) for array in arrays]


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


class Scoring(NamedTuple):
    """Of what scores of candidates are made, besides the heads' posteriors.

    Attributes:
        context: (B, D, X) what the recurrence knows of each dimension.
        shared: (B, G) inputs of the last step.
        told: results fed so far.
        best_x, second_x: (B, D) incumbents and runners-up.
        values: best_y, mean, m2 (B,) of the values told.
        x: (B, n, D) rows, n >= 1.
        y: (B, n) their values.
        memory: (B, N, D width) words; None without a memory.
    """

    context: np.ndarray
    shared: np.ndarray
    told: int
    best_x: np.ndarray
    second_x: np.ndarray
    values: tuple[np.ndarray, ...]
    x: np.ndarray
    y: np.ndarray
    memory: np.ndarray | None


_HEAD = "score.forms", "score.forms_bias", "score.in", "score.context", "score.in_bias"
_HEAD += "score.mid", "score.mid_bias", "score.out"
_ROWS, _KEY = ("rows.scale", "rows.scale_bias"), ("key.slices", "key.strength")


def score(
    params: Mapping[str, np.ndarray],
    scoring: Scoring,
    hyperparameters: tuple[np.ndarray, ...],
    posterior: tuple[np.ndarray, ...],
    series: np.ndarray,
    points: np.ndarray,
    pending: np.ndarray | None,
) -> np.ndarray | None:
    """Return scores (B, C) of points (B, C, D), C >= 1; see `Scored.forward`.

    Args:
        params: the weights.
        scoring: what is read besides.
        hyperparameters: as `condition` takes them.
        posterior: the first nine arrays that `condition` returns; seven where H = 1.
        series: of `improvement.log_h`.
        points: candidates.
        pending: (B, P, D), or None.
    """
    if (found := library()) is None:
        return None
    s, (batch, count, dim) = scoring, points.shape
    inverse, slope, bend, level, noise, _, _ = hyperparameters
    sides = posterior if len(posterior) == 9 else (*posterior, *posterior[-2:])
    weights = [params[name] for name in ("process.gain", *_HEAD)]
    further = [params.get(name) for name in (*_ROWS, *_KEY)]
    waiting = pending if pending is not None and pending.shape[1] else None
    states = _single(s.context, s.shared, s.best_x, s.second_x)
    values = _double(*s.values, s.y)
    heads = _single(s.x, inverse, slope, bend, level, noise, *sides, *weights)
    rest = _optional(*further, s.memory, series, points, waiting)
    if states is None or values is None or heads is None or rest is None:
        return None
    *moments, y = values
    x, *heads = heads
    scale, slices, memory = rest[0], rest[2], rest[4]
    forms, layer = weights[1].shape[1] // 5, weights[-1].shape[0]
    words, width = (memory.shape[1], slices.shape[1]) if memory is not None else (0, 0)
    sizes = np.array(
        [batch, s.told, dim, x.shape[1], level.shape[1], s.context.shape[2], forms, layer]
        + [0 if scale is None else scale.shape[1], words, width, weights[3].shape[0], count]
        + [0 if waiting is None else waiting.shape[1]],
        dtype=np.int32,
    )
    run = _function(found, "network_score", "nssssaaasa" + 31 * "s" + "ssn", None)
    scores, needed = np.empty((batch, count), np.float32), np.empty(1, np.int32)
    given = *states, *moments, x, y, *heads, *rest, scores
    run(sizes, *given, None, needed)
    run(sizes, *given, np.empty(int(needed[0]), np.float32), None)
    return scores


def ascent(
    hyperparameters: tuple[np.ndarray, ...],
    posterior: tuple[np.ndarray, ...],
    best_x: np.ndarray,
    series: np.ndarray,
    count: int,
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None:
    """Return the averaged improvement as a function to climb; see `ascent.ascent`.

    Args:
        hyperparameters: as `condition` takes them.
        posterior: as `score` takes it.
        best_x: (B, D) incumbents.
        series: of `improvement.log_h`.
        count: points S of each function.

    Returns:
        A function of points (B S, D), float64, that returns values (B S,) and gradients (B S, D).
    """
    if (found := library()) is None:
        return None
    _, slope, bend, level, noise, _, _ = hyperparameters
    root, reads, amplitude, best, weight, *sides = posterior
    sides = sides if len(sides) == 4 else [*sides, *sides]
    both = _single(*sides)
    fixed = _single(best_x, slope, bend, level, noise, root, reads, amplitude, best, weight, series)
    if both is None or fixed is None:
        return None
    batch, heads, n, _ = root.shape
    dim = best_x.shape[1]
    padded, wide = -(-heads * n // _LANES) * _LANES, 2 * dim + 1
    across = np.empty((batch, 2, wide, padded), np.float32)
    sizes = batch, heads, n, dim
    _function(found, "network_ascent_sides", "iiii" + 5 * "s", None)(*sizes, *both, across)
    run = _function(found, "network_ascent", "iiiii" + 12 * "s" + "aaas", None)
    work = np.empty(5 * padded + 3 * wide, np.float32)

    def evaluate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = np.empty(len(x)), np.empty(x.shape)
        at = np.ascontiguousarray(x)
        run(*sizes, count, *fixed, across, at, value, gradient, work)
        return value, gradient

    return evaluate
