"""What grows in turn while everything else stays: each workload gives times at rising sizes."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.many import minimize_many
from rnnbbo.optimizer import Optimizer
from rnnbbo.policies.protocol import MOST_PENDING

_WINDOW = 11  # asks and tells whose median counts
_BEFORE = 20  # evaluations that a run has behind it, where something else grows
_DIM = 6  # dimensions, where something else grows
_STEPS = 5  # evaluations of each of many problems; the median step counts

_ASK, _TELL, _KNOWN, _STEP = "ask", "tell", "a known value", "ask and tell of all"

Timings = dict[str, float]
"""Median seconds of each thing that is timed."""


class Workload(NamedTuple):
    """Something that grows.

    Attributes:
        title: what a figure is headed.
        counts: what its size counts.
        sizes: the sizes that are measured by default.
        about: what is done, in sentences.
        times: from a policy, rising sizes and a seed, the times at each size, in turn.
        batched: whether only policies that run in batches can do it.
    """

    title: str
    counts: str
    sizes: tuple[int, ...]
    about: str
    times: Callable[[str, Sequence[int], int], Iterator[Timings]]
    batched: bool = False


def value_of(x: Sequence[Any]) -> float:
    """Return a bowl with ripples, on whose floor every seventh category lies."""
    numbers = np.array([v for v in x if not isinstance(v, str)])
    height = float(((numbers - 0.4) ** 2 + 0.05 * np.cos(20.0 * numbers)).mean())
    return height + sum(int(v[1:]) % 7 / 7 for v in x if isinstance(v, str))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = perf_counter()
    result = work()
    return perf_counter() - begin, result


def _turns(optimizer: Optimizer, count: int) -> Timings:
    """Return the median times of an ask and of its tell, over some of them."""
    asks, tells = [], []
    for _ in range(count):
        seconds, x = _timed(optimizer.ask)
        asks.append(seconds)
        y = value_of(x)
        tells.append(_timed(lambda: optimizer.tell(x, y))[0])  # noqa: B023
    return {_ASK: median(asks), _TELL: median(tells)}


def _along_evaluations(policy: str, sizes: Sequence[int], seed: int) -> Iterator[Timings]:
    optimizer = Optimizer([(0.0, 1.0)] * _DIM, policy=policy, rng=seed)
    rng = np.random.default_rng(seed)
    told = 0
    for size in sizes:
        count = max(size - told, 0)
        points = rng.random((count, _DIM)).tolist()
        values = list(map(value_of, points))
        seconds = _timed(lambda: optimizer.tell(points, values))[0] if count else 0.0  # noqa: B023
        yield {
            **_turns(optimizer, _WINDOW),
            _KNOWN: seconds / count if count else np.nan,
        }
        told += count + _WINDOW


def _after_some(space: list[Any], policy: str, seed: int) -> Timings:
    optimizer = Optimizer(space, policy=policy, rng=seed)
    _turns(optimizer, _BEFORE)
    return _turns(optimizer, _WINDOW)


def _along_dimensions(policy: str, sizes: Sequence[int], seed: int) -> Iterator[Timings]:
    for size in sizes:
        yield _after_some([(0.0, 1.0)] * size, policy, seed)


def _along_categories(policy: str, sizes: Sequence[int], seed: int) -> Iterator[Timings]:
    for size in sizes:
        names = [f"c{i}" for i in range(size)]
        yield _after_some([(0.0, 1.0), (0.0, 1.0), names], policy, seed)


def _along_pending(policy: str, sizes: Sequence[int], seed: int) -> Iterator[Timings]:
    optimizer = Optimizer([(0.0, 1.0)] * _DIM, policy=policy, rng=seed)
    _turns(optimizer, _BEFORE)
    pending: list[Any] = []
    for size in sizes:
        while len(pending) < size:
            pending.append(optimizer.ask())
        asks, tells = [], []
        for _ in range(_WINDOW):
            # The first ask after a tell finds its work done; the second one does it.
            for _ in range(min(2, size)):
                x = pending.pop(0)
                y = value_of(x)
                tells.append(_timed(lambda: optimizer.tell(x, y))[0])  # noqa: B023
            for _ in range(min(2, size)):
                seconds, x = _timed(optimizer.ask)
                pending.append(x)
            asks.append(seconds)
        yield {_ASK: median(asks), _TELL: median(tells)}


def _along_problems(policy: str, sizes: Sequence[int], seed: int) -> Iterator[Timings]:
    for size in sizes:
        centres = np.random.default_rng(seed).random((size, _DIM))
        ends: list[float] = []
        begins: list[float] = []

        def values(x: np.ndarray) -> np.ndarray:
            ends.append(perf_counter())  # noqa: B023
            y = ((x - centres) ** 2).sum(axis=1)  # noqa: B023
            begins.append(perf_counter())  # noqa: B023
            return y  # type: ignore[no-any-return]

        minimize_many(values, [(0.0, 1.0)] * _DIM, size, _STEPS, policy=policy, rng=seed, threads=1)
        steps = [end - begin for begin, end in zip(begins[:-1], ends[1:], strict=True)]
        yield {_STEP: median(steps)}


WORKLOADS = {
    "evaluations": Workload(
        "Evaluations",
        "values told",
        (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000),
        f"Random points of {_DIM} dimensions are told until there are so many, all at once, as "
        f"known values are; then {_WINDOW} points are asked for and told, one after another.",
        _along_evaluations,
    ),
    "dimensions": Workload(
        "Dimensions",
        "dimensions",
        (1, 2, 5, 10, 20, 50, 100, 200, 500),
        f"{_WINDOW} asks and tells after {_BEFORE} of them.",
        _along_dimensions,
    ),
    "categories": Workload(
        "Categories",
        "categories of one parameter",
        (2, 10, 100, 1000, 10_000),
        f"{_WINDOW} asks and tells after {_BEFORE} of them; two real dimensions beside them.",
        _along_categories,
    ),
    "pending": Workload(
        "Pending points",
        "points asked for and not told",
        (2, 8, 16, 32, 64, 128, 256),
        "An ask is one with no tell since the last; the first after a tell finds its work done. "
        f"Policies take in at most the last {MOST_PENDING} pending points.",
        _along_pending,
    ),
    "problems": Workload(
        "Problems at once",
        "problems of minimize_many",
        (1, 10, 100, 1000, 10_000, 100_000),
        f"A step of all problems, in {_DIM} dimensions, within their first {_STEPS} evaluations, "
        "without the time of the objective.",
        _along_problems,
        batched=True,
    ),
}
"""What can grow, by name."""

_TOLD = """
import sys
from rnnbbo.benchmarks.measures.growth_workloads import tell_known
print(*tell_known(sys.argv[1], int(sys.argv[2])))
"""


def tell_known(policy: str, count: int) -> tuple[int, int]:
    """Tell many values, and return the most memory of this process before and after, in bytes."""
    rng = np.random.default_rng(0)
    optimizer = Optimizer([(0.0, 1.0)] * _DIM, policy=policy, rng=0)
    _turns(optimizer, _BEFORE)
    before = _most_memory()
    for _ in range(count // 1000):
        points = rng.random((1000, _DIM)).tolist()
        optimizer.tell(points, list(map(value_of, points)))
    _turns(optimizer, 1)
    return before, _most_memory()


def memory_of(policy: str, count: int) -> tuple[int, int]:
    """Return what `tell_known` does in a process of its own."""
    command = [sys.executable, "-c", _TOLD, policy, str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    before, after = map(int, done.stdout.split())
    return before, after


def _most_memory() -> int:
    """Return the most memory that this process had, in bytes.

    In Linux `getrusage` counts what its parent had, too.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
