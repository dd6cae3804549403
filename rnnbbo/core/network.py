"""What networks are made of, compiled: numpy arrays in, numpy arrays out.

Each function computes what the one of the same name in `rnnbbo.policies.network` does, for arrays
of numpy: float32, and float64 where values of objectives are concerned. Each returns None where the
library is not there, or arrays are not of that kind: then that one has to. Letters of shapes are
those of these modules.
"""

import ctypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.core.loading import library

_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
_dtype_of = attrgetter("dtype")
_place_of: Callable[[Any], Any] = (ctypes.c_char * 0).from_buffer


def _places(dtype: np.dtype, arrays: Iterable[np.ndarray]) -> list[Any] | None:
    """Return what hands arrays to a function as addresses; None unless all have that dtype.

    A call has some fifty of them, and takes longer to prepare than to compute.
    """
    arrays = tuple(arrays)
    if set(map(_dtype_of, arrays)) != {dtype}:
        return None
    try:
        return list(map(_place_of, arrays))
    except (TypeError, ValueError, BufferError):  # one is not contiguous, or only to be read
        return [_place_of(np.require(one, requirements=["C", "W"])) for one in arrays]


def _numbers(*values: int) -> Any:
    return (ctypes.c_int * len(values))(*values)


class Values(NamedTuple):
    """The values told, and rows that are kept of them.

    Attributes:
        told: results fed so far.
        best_x: (B, D) incumbents.
        best_y: (B,) their values.
        mean: (B,) of the values told.
        m2: (B,) sum of their squared deviations.
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


_PROCESS = tuple(
    f"process.{name}"
    for name in ("own", "own_bias", "shared", "shared_bias", "pace", "temperature")
)


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
    weights = [params[name] for name in _PROCESS]
    single = _places(_SINGLE, (context, shift, *weights, known.best_x, known.x))
    double = _places(_DOUBLE, (known.best_y, known.mean, known.m2, known.y))
    if single is None or double is None:
        return None
    *single, x = single
    *moments, y = double
    batch, n, dim = known.x.shape
    heads, half = shift.shape[1], (shift.shape[1] + 1) // 2
    wide, rest, width = 2 * dim + 1, heads - half, context.shape[2]
    shapes = 3 * [(heads, 1, dim)] + 2 * [(heads, 1, 1)] + [(heads, 1), (heads,)]
    shapes += [(heads, n, n), (heads, 2, n), (heads, 1), (heads, 1), (heads,)]
    shapes += 2 * [(half * n, wide)] + 2 * [(rest * n, wide)] + [(heads, dim), (dim, 5 * heads)]
    out = [np.empty((batch, *shape), np.float32) for shape in shapes]
    work = np.empty(found.function("network_refit_size", "iiii")(heads, n, dim, width))
    run = found.function("network_refit", 34 * "r")
    sizes = _numbers(batch, heads, n, dim, known.told, width)
    places = (*single, *moments, x, y, *map(_place_of, out), _place_of(work))
    return out if run(sizes, *places) else None


UNSCORED = -1e30
"""The score of a candidate that others leave behind before it gets one."""


class ClimbPlan(NamedTuple):
    """How far two climbers go.

    Attributes:
        steps: evaluations of each, beyond the first.
        radius: trust radius to begin with, in units.
        longest: length-scale beyond which a unit is not longer.
        wide: how many candidates, the first ones, are over the whole cube; W < C. One climber
            begins at the best of them, the other at the best of the others.
        added: (B, C) to add to scores where these are chosen; None for nothing.
        again: whether the points that they reach are scored, too.
        ranked: how many of either kind are scored, those of the largest averaged improvements;
            others have UNSCORED. 0 for all.
    """

    steps: int
    radius: float
    longest: float
    wide: int
    added: np.ndarray | None
    again: bool
    ranked: int = 0


_BASES = 5  # of a quadratic form
_HEAD = tuple(
    f"score.{name}"
    for name in ("forms", "forms_bias", "in", "context", "in_bias", "mid", "mid_bias", "out")
)
_READS = "rows.scale", "rows.scale_bias", "key.slices", "key.strength"


def consider(
    params: Mapping[str, np.ndarray],
    states: tuple[np.ndarray, ...],
    memory: np.ndarray | None,
    known: Values,
    fit: tuple[np.ndarray, ...],
    series: np.ndarray,
    points: np.ndarray,
    pending: np.ndarray | None,
    climbing: ClimbPlan | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return scores of points (B, C, D), and points to climb to from there.

    See `Scored.forward` and `ascent.climb_from`.

    Args:
        params: the weights.
        states: (B, D, X) what the recurrence knows of each dimension, (B, G) inputs of the last
            step, and (B, D) runners-up.
        memory: (B, N, D width) words; None without a memory.
        known: values and rows.
        fit: the first sixteen arrays that `refit` returns; fourteen will do where H = 1.
        series: of `improvement.log_h`.
        points: candidates, C >= 1.
        pending: (B, P, D), or None.
        climbing: how to climb, or None.

    Returns:
        scores (B, C), with two more where these are scored again, and points (B, 2, D); of no size
        where none climbs.
    """
    if (found := library()) is None:
        return None
    batch, count, dim = points.shape
    waiting = pending if pending is not None and pending.shape[1] else None
    inverse, slope, bend, level, noise, _, _, *posterior = fit
    weights = [params[name] for name in ("process.gain", *_HEAD)]
    scale, *_, slices, _ = reads = [params.get(name) for name in _READS]
    climb = climbing or ClimbPlan(0, 0.0, 0.0, 0, None, False)
    begin = _places(_SINGLE, (*states[:2], known.best_x, states[2]))
    values = _places(_DOUBLE, (known.best_y, known.mean, known.m2))
    single = _places(_SINGLE, (inverse, slope, bend, level, noise, *_both(posterior), *weights))
    rest = _optional(_SINGLE, (*reads, memory, series, points, waiting))
    x, y = _places(_SINGLE, (known.x,)), _places(_DOUBLE, (known.y,))
    added = _optional(_DOUBLE, (climb.added,))
    if None in (begin, values, single, rest, x, y, added):
        return None
    sizes = _numbers(
        *(batch, known.told, dim, known.x.shape[1], level.shape[1], states[0].shape[2]),
        *(weights[1].shape[1] // _BASES, weights[-1].shape[0]),
        0 if scale is None else scale.shape[1],
        *((0, 0) if memory is None or slices is None else (memory.shape[1], slices.shape[1])),
        *(weights[3].shape[0], count, 0 if waiting is None else waiting.shape[1]),
        *(climb.wide, climb.steps, climb.again, climb.ranked),
    )
    scores = np.empty((batch, count + 2 * climb.again), np.float32)
    reached = np.empty((batch, 2 if climb.steps else 0, dim), np.float32)
    size = found.function("network_consider_size", "r")(sizes)
    work, state = np.empty(size, np.float32), np.empty(2 * dim * dim + 13 * dim + 6)
    run = found.function("network_consider", "rdd" + 45 * "r")
    given = (*begin, *values, *x, *y, *single, *rest, *added)  # type: ignore[misc]
    out = map(_place_of, (scores, reached, work, state))
    run(sizes, climb.radius, climb.longest, *given, *out)
    return scores, reached


def _optional(dtype: np.dtype, arrays: Iterable[np.ndarray | None]) -> list[Any] | None:
    """Return `_places`, and None for None."""
    arrays = tuple(arrays)
    places = _places(dtype, known) if (known := [a for a in arrays if a is not None]) else []
    if places is None:
        return None
    left = iter(places)
    return [None if array is None else next(left) for array in arrays]


def _both(posterior: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Return a posterior with sides of two families: where there is one only, as the second, too.

    No head is of the second one then.
    """
    return posterior if len(posterior) == 9 else (*posterior, *posterior[-2:])


def ascent(
    fit: tuple[np.ndarray, ...], series: np.ndarray, best_x: np.ndarray, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the averaged improvement of one function and its gradients; see `ascent.ascent`.

    Args:
        fit: as `consider` takes it, of one function.
        series: likewise.
        best_x: (1, D) incumbent.
        x: (S, D) points, float64.

    Returns:
        Values (S,) and gradients (S, D), float64.
    """
    if (found := library()) is None:
        return None
    _, slope, bend, level, noise, _, _, *posterior = fit
    arrays = best_x, slope, bend, level, noise, *_both(posterior), series
    single, (count, dim) = _places(_SINGLE, arrays), x.shape
    double = _places(_DOUBLE, (x,))
    if single is None or double is None:
        return None
    heads, n = posterior[0].shape[1:3]
    work = np.empty(found.function("network_ascent_size", "iii")(heads, n, dim), np.float32)
    value, gradient = np.empty(count), np.empty(x.shape)
    out = map(_place_of, (value, gradient, work))
    found.function("network_ascent", "iiii" + 19 * "r")(
        heads, n, dim, count, *single, *double, *out
    )
    return value, gradient


_CELL = "cell.x", "cell.shared", "cell.bias"


def lstm(
    params: Mapping[str, np.ndarray],
    h: np.ndarray,
    c: np.ndarray,
    shared: np.ndarray,
    *own: np.ndarray,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Advance an LSTM by a step; see `Lstm.step`.

    Args:
        params: the weights.
        h: (B, D, H) hidden state.
        c: (B, D, H) cell state.
        shared: (B, G) inputs that all dimensions have.
        own: at most three (B, D, .), inputs of each.

    Returns:
        The new h and c.
    """
    if (found := library()) is None:
        return None
    parts = _optional(_SINGLE, (*own, *(3 - len(own)) * [None]))
    arrays = _places(_SINGLE, (shared, h, c, *(params[name] for name in _CELL)))
    if parts is None or arrays is None:
        return None
    batch, dim, hidden = h.shape
    widths = [one.shape[2] for one in own] + (3 - len(own)) * [0]
    sizes = _numbers(batch, dim, hidden, *widths, shared.shape[1])
    work = np.empty(found.function("network_lstm_size", "r")(sizes), np.float32)
    new_h, new_c = np.empty(h.shape, np.float32), np.empty(h.shape, np.float32)
    run = found.function("network_lstm", 13 * "r")
    run(sizes, *parts, *arrays, *map(_place_of, (new_h, new_c, work)))
    return new_h, new_c


def observe(
    steps: int,
    told: int,
    known: tuple[np.ndarray, ...],
    x: np.ndarray,
    y: np.ndarray | None,
    q: np.ndarray,
) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray] | None:
    """Take in an observation, and say what a step is told of it.

    See `evidence.update_evidence` and `evidence.make_inputs`.

    Args:
        steps: steps with this one.
        told: results with this one.
        known: mean, m2 (B,), best_x (B, D), best_y (B,), second_x (B, D), second_y (B,).
        x: (B, D) point.
        y: (B,) its value; None where there is no result.
        q: (B, D) quasi-random point.

    Returns:
        What is known now, as `known`, inputs of each dimension (B, D, 7), and of all (B, 9).
    """
    if (found := library()) is None:
        return None
    mean, m2, best_x, best_y, second_x, second_y = known
    value = mean if y is None else y
    single = _places(_SINGLE, (x, q, best_x, second_x))
    double = _places(_DOUBLE, (value, mean, m2, best_y, second_y))
    if single is None or double is None:
        return None
    batch, dim = x.shape
    now = tuple(np.empty(one.shape, one.dtype) for one in known) if y is not None else known
    per_dim, shared = np.empty((batch, dim, 7), np.float32), np.empty((batch, 9), np.float32)
    sizes = _numbers(batch, dim, steps, told, y is not None)
    into = (now[0], now[1], now[3], now[5], now[2], now[4], per_dim, shared)
    run = found.function("network_observe", 18 * "r")
    run(sizes, *single[:2], *double, *single[2:], *map(_place_of, into))
    return now, per_dim, shared


def keep(
    rows: tuple[np.ndarray, np.ndarray], x: np.ndarray, y: np.ndarray, best_x: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Add a row, and drop one; see `archive.keep`.

    Args:
        rows: (B, n, D) and (B, n), as many as there may be, n >= 2.
        x: (B, D) new point.
        y: (B,) its value.
        best_x: (B, D) incumbent.

    Returns:
        The rows that stay.
    """
    if (found := library()) is None:
        return None
    single, double = _places(_SINGLE, (rows[0], x, best_x)), _places(_DOUBLE, (rows[1], y))
    if single is None or double is None:
        return None
    batch, n, dim = rows[0].shape
    kept = np.empty(rows[0].shape, np.float32), np.empty(rows[1].shape)
    work = np.empty((dim + 2) * (n + 1), np.float32)
    run = found.function("network_keep", "iii" + 8 * "r")
    theirs = single[0], double[0], single[1], double[1], single[2]
    run(batch, n, dim, *theirs, *map(_place_of, (*kept, work)))
    return kept


_INTERFACE = tuple(
    f"interface.{name}" for name in ("slices", "slices_bias", "shared", "shared_bias")
)


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
    arrays = _places(_SINGLE, (h, *(params[name] for name in _INTERFACE), *state))
    if arrays is None:
        return None
    batch, dim, hidden = h.shape
    rows, heads = state[0].shape[1], state[-1].shape[1]
    width = state[0].shape[2] // dim
    shapes = [*(one.shape for one in state), (batch, dim, heads * width)]
    out = [np.empty(shape, np.float32) for shape in shapes]
    size = 2 * dim * width * (heads + 3) + hidden + 5 * heads + 3 + rows * (heads + 4)
    run = found.function("network_memory", "iiiiii" + 19 * "r")
    places = map(_place_of, (*out, np.empty(size, np.float32)))
    run(batch, dim, hidden, rows, width, heads, *arrays, *places)
    return out
