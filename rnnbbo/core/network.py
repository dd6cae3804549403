"""What networks are made of, compiled: numpy arrays in, numpy arrays out.

Each function computes what the one of the same name in `rnnbbo.policies.network` does, for arrays
of numpy: float32, and float64 where values of objectives are concerned. Each returns None where the
library is not there, or arrays are not of that kind: then that one has to. Letters of shapes are
those of these modules.
"""

from collections.abc import Callable, Mapping, Sequence
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


class Values(NamedTuple):
    """The values told, and rows that are kept of them.

    Attributes:
        told: results fed so far.
        best_x: (B, D) incumbents.
        best_y, mean, m2: (B,) of the values told.
        x: (B, n, D) rows, n >= 1.
        y: (B, n) their values.
    """

    told: int
    best_x: np.ndarray
    best_y: np.ndarray
    mean: np.ndarray
    m2: np.ndarray
    x: np.ndarray
    y: np.ndarray


_PROCESS = "process.own", "process.own_bias", "process.shared", "process.shared_bias"
_PROCESS += "process.pace", "process.temperature"


def refit(
    params: Mapping[str, np.ndarray], context: np.ndarray, shift: np.ndarray, known: Values
) -> list[np.ndarray] | None:
    """Emit hyper-parameters, condition heads on rows, move on; see `process_heads.refit`.

    Args:
        params: the weights.
        context: (B, D, X) what the recurrence knows of each dimension.
        shift: (B, H, D) of the length-scales.
        known: values and rows.

    Returns:
        inverse, slope, bend (B, H, 1, D), level, noise (B, H, 1, 1), mix (B, H, 1), bias (B, H);
        root (B, H, n, n), reads (B, H, 2, n), amplitude, best (B, H, 1), weight (B, H); distance
        and trend sides of each of two families (B, their heads n, 2 D + 1); the new shift
        (B, H, D), and inputs (B, D, 5 H). None, too, where a covariance is not positive definite.
    """
    if (found := library()) is None:
        return None
    single = _single(context, shift, *(params[name] for name in _PROCESS), known.best_x)
    double, rows = _double(known.best_y, known.mean, known.m2, known.y), _single(known.x)
    if single is None or double is None or rows is None:
        return None
    *moments, y = double
    batch, n, dim = known.x.shape
    heads, half = shift.shape[1], (shift.shape[1] + 1) // 2
    wide, rest = 2 * dim + 1, heads - half
    shapes = 3 * [(heads, 1, dim)] + 2 * [(heads, 1, 1)] + [(heads, 1), (heads,)]
    shapes += [(heads, n, n), (heads, 2, n), (heads, 1), (heads, 1), (heads,)]
    shapes += 2 * [(half * n, wide)] + 2 * [(rest * n, wide)] + [(heads, dim), (dim, 5 * heads)]
    out = [np.empty((batch, *shape), np.float32) for shape in shapes]
    sizes = np.array([batch, heads, n, dim, known.told, context.shape[2]], dtype=np.int32)
    size = _function(found, "network_refit_size", "iiii", c_int)(heads, n, dim, context.shape[2])
    run = _function(found, "network_refit", "n" + 9 * "s" + "aaasa" + 18 * "s" + "a", c_int)
    return out if run(sizes, *single, *moments, *rows, y, *out, np.empty(size)) else None


_BASES = 5  # of a quadratic form
_HEAD = "process.gain", "score.forms", "score.forms_bias", "score.in", "score.context"
_HEAD += "score.in_bias", "score.mid", "score.mid_bias", "score.out"
_ROWS, _KEY = ("rows.scale", "rows.scale_bias"), ("key.slices", "key.strength")


def score(
    params: Mapping[str, np.ndarray],
    states: tuple[np.ndarray, ...],
    memory: np.ndarray | None,
    known: Values,
    fit: tuple[np.ndarray, ...],
    series: np.ndarray,
    points: np.ndarray,
    pending: np.ndarray | None,
) -> np.ndarray | None:
    """Return scores (B, C) of points (B, C, D), C >= 1; see `Scored.forward`.

    Args:
        params: the weights.
        states: (B, D, X) what the recurrence knows of each dimension, (B, G) inputs of the last
            step, and (B, D) runners-up.
        memory: (B, N, D width) words; None without a memory.
        known: values and rows.
        fit: the first sixteen arrays that `refit` returns; fourteen will do where H = 1.
        series: of `improvement.log_h`.
        points: candidates.
        pending: (B, P, D), or None.
    """
    if (found := library()) is None:
        return None
    inverse, slope, bend, level, noise, _, _, *posterior = fit
    batch, count, dim = points.shape
    waiting = pending if pending is not None and pending.shape[1] else None
    scale, scale_bias, slices, strength = (params.get(name) for name in (*_ROWS, *_KEY))
    first, layer = params["score.in"].shape
    double = _double(known.best_y, known.mean, known.m2, known.y)
    begin = _single(*states[:2], known.best_x, states[2])
    single = _single(
        *(known.x, inverse, slope, bend, level, noise, *_both(posterior)),
        *(params[name] for name in _HEAD),
    )
    rest = _optional(scale, scale_bias, slices, strength, memory, series, points, waiting)
    if double is None or begin is None or single is None or rest is None:
        return None
    sizes = np.array(
        [
            *(batch, known.told, dim, known.x.shape[1], level.shape[1], states[0].shape[2]),
            *(params["score.forms"].shape[1] // _BASES, layer),
            0 if scale is None else scale.shape[1],
            *((0, 0) if memory is None else (memory.shape[1], slices.shape[1])),
            *(first, count, 0 if waiting is None else waiting.shape[1]),
        ],
        dtype=np.int32,
    )
    size = _function(found, "network_score_size", "n", c_int)(sizes)
    run = _function(found, "network_score", "nssssaaasa" + 33 * "s", None)
    scores, (x, *single) = np.empty((batch, count), np.float32), single
    *moments, y = double
    run(sizes, *begin, *moments, x, y, *single, *rest, scores, np.empty(size, np.float32))
    return scores


def _both(posterior: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Return a posterior with sides of two families: where there is one only, as the second, too.

    No head is of the second one then.
    """
    return posterior if len(posterior) == 9 else (*posterior, *posterior[-2:])


def ascent(
    fit: tuple[np.ndarray, ...], series: np.ndarray, best_x: np.ndarray, count: int
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None:
    """Return the averaged improvement as a function to climb; see `ascent.ascent`.

    Args:
        fit, series: as `score` takes them.
        best_x: (B, D) incumbents.
        count: points S of each function.

    Returns:
        A function of points (B S, D), float64, that returns values (B S,) and gradients (B S, D).
    """
    if (found := library()) is None:
        return None
    _, slope, bend, level, noise, _, _, *posterior = fit
    arrays = _single(best_x, slope, bend, level, noise, *_both(posterior))
    if arrays is None:
        return None
    *fixed, distance, trend, distance_rbf, trend_rbf = arrays
    (powers,) = _single(series) or (None,)
    batch, heads, n, _ = posterior[0].shape
    dim = best_x.shape[1]
    padded, wide = -(-heads * n // _LANES) * _LANES, 2 * dim + 1
    across = np.empty((batch, 2, wide, padded), np.float32)
    turn = _function(found, "network_ascent_sides", "iiiisssss", None)
    turn(batch, heads, n, dim, distance, trend, distance_rbf, trend_rbf, across)
    run = _function(found, "network_ascent", "iiiii" + 12 * "s" + "aaas", None)
    work = np.empty(5 * padded + 3 * wide, np.float32)

    def evaluate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient, at = np.empty(len(x)), np.empty(x.shape), np.ascontiguousarray(x)
        run(batch, heads, n, dim, count, *fixed, powers, across, at, value, gradient, work)
        return value, gradient

    return evaluate


_CELL = "cell.x", "cell.shared", "cell.bias"


def lstm(
    params: Mapping[str, np.ndarray],
    h: np.ndarray,
    c: np.ndarray,
    shared: np.ndarray,
    *own: np.ndarray,
) -> list[np.ndarray] | None:
    """Advance an LSTM by a step; see `Lstm.step`.

    Args:
        params: the weights.
        h, c: (B, D, H) hidden and cell state.
        shared: (B, G) inputs that all dimensions have.
        own: at most three (B, D, .), inputs of each.

    Returns:
        The new h and c.
    """
    if (found := library()) is None:
        return None
    parts = _optional(*own, *(3 - len(own)) * [None])
    arrays = _single(shared, h, c, *(params[name] for name in _CELL))
    if parts is None or arrays is None:
        return None
    batch, dim, hidden = h.shape
    widths = np.array([0 if one is None else one.shape[2] for one in parts], dtype=np.int32)
    size = dim * (int(widths.sum()) + 5 * hidden) + shared.shape[1] + 5 * hidden
    run = _function(found, "network_lstm", "iiini" + 12 * "s", None)
    out = [np.empty_like(arrays[1]), np.empty_like(arrays[2])]
    work = np.empty(size, np.float32)
    run(batch, dim, hidden, widths, shared.shape[1], *parts, *arrays, *out, work)
    return out


def inputs_per_dim(
    x: np.ndarray, q: np.ndarray, best_x: np.ndarray, second_x: np.ndarray
) -> np.ndarray | None:
    """Return what a step tells each dimension, (B, D, 7), from four (B, D).

    See `evidence.make_inputs`.
    """
    if (found := library()) is None or (arrays := _single(x, q, best_x, second_x)) is None:
        return None
    out = np.empty((*x.shape, 7), np.float32)
    _function(found, "network_inputs", "iisssss", None)(*x.shape, *arrays, out)
    return out


_INTERFACE = "interface.slices", "interface.slices_bias"
_INTERFACE += "interface.shared", "interface.shared_bias"


def memory(
    params: Mapping[str, np.ndarray], h: np.ndarray, state: tuple[np.ndarray, ...]
) -> list[np.ndarray] | None:
    """Write and read the memory of a DNC once; see `Dnc.step` and `external_memory.access`.

    Args:
        params: the weights.
        h: (B, D, H) hidden state of the controller.
        state: a `MemoryState`.

    Returns:
        The six arrays of the new state, and what is read, (B, D, R width).
    """
    if (found := library()) is None:
        return None
    arrays = _single(h, *(params[name] for name in _INTERFACE), *state)
    if arrays is None:
        return None
    batch, dim, hidden = h.shape
    rows, heads = state[0].shape[1], state[-1].shape[1]
    width = state[0].shape[2] // dim
    reads = np.empty((batch, dim, heads * width), np.float32)
    out = [*map(np.empty_like, arrays[5:]), reads]
    size = 2 * dim * width * (heads + 3) + hidden + 5 * heads + 3 + rows * (heads + 4)
    run = _function(found, "network_memory", "iiiiii" + 19 * "s", None)
    run(batch, dim, hidden, rows, width, heads, *arrays, *out, np.empty(size, np.float32))
    return out
