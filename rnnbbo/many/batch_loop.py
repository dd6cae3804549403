"""The loop round one batched policy, many problems and their objective."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from rnnbbo import shipped
from rnnbbo.arguments import as_count, as_entropy, as_number
from rnnbbo.errors import ConfigError, MissingExtraError, ObservationError
from rnnbbo.escaping import repr_of
from rnnbbo.isolation import isolated
from rnnbbo.many.bounds import as_bounds
from rnnbbo.many.draws import Draws
from rnnbbo.many.group import Group, Stepper, host, regroup, split
from rnnbbo.many.many_result import ManyResult, make_many_result
from rnnbbo.policies.ops import Array, keep_heap, namespace

DEFAULT_POLICY = "dnc"
# Problems whose scores are computed together: enough to hide the interpreter, few enough that the
# arrays over their candidates stay near a core's cache: `rnnbbo benchmark measure many`.
_CHUNK = 64
_CHUNK_ON_DEVICE = 4096  # on an accelerator, bounded by its memory: about 1 MB a problem
_HEAP = 30 * 2**20  # bytes


def minimize_many(
    f: Callable[[Any], Any],
    bounds: Any,
    n_problems: int,
    n_calls: int,
    *,
    policy: shipped.Source | None = None,
    rng: int | np.random.Generator | None = None,
    device: Any = None,
    threads: int | None = None,
    chunk: int | None = None,
) -> ManyResult:
    """Minimize many independent functions at once, one evaluation of each a step.

    A policy fits nothing, so one batched step proposes a point for every problem. A problem's
    points depend on the seed, its number and its own values only: not on the other problems,
    `threads` or `chunk`, but for the last bits of matrix products of other shapes.

    An evaluation fails where the value is NaN or infinite. As in `rnnbbo.Optimizer` it never
    becomes the best, and the policy is told the highest of the problem's other values in its place.

    Args:
        f: the objective of all problems. It gets points (n_problems, D) in user units, row i for
            problem i, and returns (n_problems,) values. Both are numpy arrays, or torch tensors
            where `bounds` or `device` say so.
        bounds: shared by all problems: (D, 2), or a list of (low, high), (low, high,
            "log-uniform") or `Real`, or a mapping from names to these, in the order of the columns
            of points. Or (n_problems, D, 2), one box a problem. Every dimension is real, whole
            numbers as bounds included. A torch tensor makes everything stay on its device, and
            points have its dtype.
        n_problems: number of problems N.
        n_calls: evaluations of each problem T, the number of calls of `f`.
        policy: one that is batched, as for `rnnbbo.Optimizer`; None for `dnc`. `kernel` is not,
            and "auto" chooses for a single run.
        rng: a seed, a numpy generator, or None for a random seed.
        device: a torch device such as "cuda" to work on; None for numpy, or for the device of
            `bounds`.
        threads: threads that share a step's work with numpy; None for the cores of this process.
        chunk: problems worked on together, None for a measured number. It bounds the memory of a
            step; what is kept from step to step is up to 0.1 MB a problem.

    Returns:
        The result; x (N, D), fun (N,), x_iters (N, T, D), func_vals (N, T).

    Raises:
        SpaceError: the bounds are malformed.
        PolicyError: there is no such policy, or it does not run in batches.
        ConfigError: n_problems, n_calls, rng, threads or chunk are not of the form expected.
        ObservationError: f returned something else than N numbers, such as several objectives.
        MissingExtraError: torch is needed and not installed.
        Exception: whatever else `f` raises, KeyboardInterrupt too, as raised; its `result` holds
            everything so far.
    """
    if not callable(f):
        raise ConfigError(f"f = {repr_of(f)}; expected a function of points (n_problems, D)")
    size, steps = as_count("n_problems", n_problems), as_count("n_calls", n_calls)
    workers = _cores() if threads is None else as_count("threads", threads)
    box = _with_torch(lambda: as_bounds(bounds, size, device))
    loaded, batched = shipped.load_batched(DEFAULT_POLICY if policy is None else policy)
    xp = _with_torch(lambda: namespace(box.low))
    where, dim = box.low.device, box.low.shape[1]
    if xp is np:
        keep_heap(_HEAP)
    else:
        workers = 1  # torch has threads of its own
    most = _CHUNK if str(where) == "cpu" else _CHUNK_ON_DEVICE
    most = most if chunk is None else as_count("chunk", chunk)
    params = {name: xp.asarray(value, device=where) for name, value in loaded.params.items()}
    stepper = Stepper(xp, where, batched, params, Draws(as_entropy(rng)))
    x_iters = xp.zeros((size, steps, dim), dtype=box.low.dtype, device=where)
    values = xp.zeros((size, steps), dtype=xp.float64, device=where)
    done = 0
    try:
        with _mapper(min(workers, -(-size // most))) as work:
            groups = split(stepper.start(np.arange(size), dim), most)
            groups = work(stepper.ask, groups)
            for t in range(steps):
                x = box.from_cube(_in_order(xp, groups))
                x_iters[:, t] = x
                y = _values(xp, f(x), values[:, t])
                values[:, t] = y
                done = t + 1
                if done < steps:
                    groups = regroup(groups, host(xp.isfinite(y)), most)
                    groups = work(lambda group: _turn(stepper, group, y), groups)  # noqa: B023
    except BaseException as error:
        with suppress(Exception):  # a device may be lost with it
            error.result = make_many_result(  # type: ignore[attr-defined]
                x_iters[:, :done], values[:, :done], loaded.name, rng
            )
        raise
    return make_many_result(x_iters, values, loaded.name, rng)


def _turn(stepper: Stepper, group: Group, y: Array) -> Group:
    return stepper.ask(stepper.tell(group, y[group.numbers]))


def _in_order(xp: Any, groups: list[Group]) -> Array:
    """Return the latest points (N, D) by the problems' numbers."""
    latest = xp.concat([group.asked[:, -1] for group in groups], axis=0)
    index = np.concatenate([group.numbers for group in groups])
    return latest[np.argsort(index)] if (np.diff(index) < 0).any() else latest


def _values(xp: Any, y: Any, like: Array) -> Array:
    """Return what an objective returned, in the shape, dtype and device of `like` (N,).

    Raises:
        ObservationError: it is something else than N numbers.
    """
    got = y
    if hasattr(y, "detach"):
        got = y.detach() if xp is not np else y.detach().cpu().numpy()
    if not hasattr(got, "detach"):
        try:
            got = _numbers(got)
        except Exception:
            raise ObservationError(f"f returned {repr_of(y, 80)}; {_expected(like)}") from None
    if tuple(got.shape) != tuple(like.shape):
        several = len(got.shape) == 2 and got.shape[0] == like.shape[0] and got.shape[1] > 1
        raise ObservationError(
            f"f returned an array of shape {tuple(got.shape)}; {_expected(like)}"
            + ("; several objectives are for rnnbbo.minimize" if several else "")
        )
    return xp.asarray(got, dtype=like.dtype, device=like.device)


def _expected(like: Array) -> str:
    return f"expected one number a problem, an array of shape {tuple(like.shape)}"


def _numbers(y: Any) -> np.ndarray:
    """Return values as float64, NaN for what is masked or missing.

    Raises:
        Exception: they are not numbers.
    """
    if isinstance(y, (list, tuple)):  # NumPy warns of what is masked in a list
        return np.array([_one_number(one) for one in y])
    masked = np.ma.getmaskarray(y) if isinstance(y, np.ma.MaskedArray) else None
    got = np.asarray(y)
    if got.dtype.kind == "O":
        got = np.array([_one_number(one) for one in got.ravel()]).reshape(got.shape)
    if got.dtype.kind not in "fiu":
        raise TypeError
    return got.astype(np.float64) if masked is None else np.where(masked, np.nan, got)


def _one_number(y: Any) -> float:
    number = math.nan if y is None else as_number(y)
    if number is None:
        raise TypeError
    return number


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _with_torch(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ImportError as error:
        raise MissingExtraError(
            "minimize_many on torch tensors needs torch and array-api-compat: "
            "pip install -c constraints.txt '.[train]'"
        ) from error


@contextmanager
def _mapper(threads: int) -> Iterator[Callable[..., list[Group]]]:
    """Give a map over groups; in threads, since numpy works without the interpreter's lock."""

    def apart(function: Callable[[Group], Group], groups: list[Group]) -> list[Group]:
        with isolated():
            return [function(group) for group in groups]

    if threads == 1:
        yield apart
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        # In each thread: a new one knows nothing of what numpy's errors are set to here.
        yield lambda function, groups: [
            one for ones in pool.map(lambda group: apart(function, [group]), groups) for one in ones
        ]
