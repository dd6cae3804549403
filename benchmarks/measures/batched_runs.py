"""Thousands of problems at once, in time and quality."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import TypeVar

import click
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from rnnbbo.benchmarks.measures.cores import computed_by, cores_option, ratio
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import bootstrap_mean
from rnnbbo.functions.gp_tasks import GPDistribution
from rnnbbo.functions.paths import SamplePath, draw_paths
from rnnbbo.functions.problem import FloatArray
from rnnbbo.many import ManyResult, minimize_many
from rnnbbo.optimizer import Optimizer

_Result = TypeVar("_Result")

_FOURIER_FEATURES = 64
"""Cosines of a sample function: their cost is the objective's, and left out."""

COUNTED = 32
"""Problems on which floating-point operations are counted."""

MATRIX = 2048
"""Rows and columns of the product that measures the machine."""


class BatchedObjectives:
    """Sample functions of Gaussian processes on the unit cube, one a problem.

    Args:
        count: number of functions.
        dim: D.
        seed: fixes them.

    Attributes:
        seconds: time spent evaluating.
    """

    def __init__(self, count: int, dim: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        tasks = GPDistribution().sample(count, dim, generator)
        self._paths = draw_paths(tasks, _FOURIER_FEATURES, generator)
        points = torch.rand(1, 1000, dim, generator=generator)
        parts = [self._part(i, i + 1)(points) for i in range(count)]
        self._mean = torch.cat([part.mean(dim=1) for part in parts])
        self._std = torch.cat([part.std(dim=1) for part in parts])
        self.seconds = 0.0

    def _part(self, start: int, stop: int) -> SamplePath:
        paths = self._paths
        return SamplePath(
            paths.omega[start:stop], paths.phase[start:stop], paths.weight[start:stop]
        )

    def values(self, x: torch.Tensor, start: int = 0) -> torch.Tensor:
        """Return standardised values (n,) at a point (n, D) for each function from `start` on."""
        stop = start + len(x)
        raw = self._part(start, stop)(x[:, None].float())[:, 0]
        return (raw - self._mean[start:stop]) / self._std[start:stop]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return values (N,) at points (N, D)."""
        begin = time.perf_counter()
        y = self.values(torch.from_numpy(x)).double().numpy()
        self.seconds += time.perf_counter() - begin
        return y


def own_seconds(objectives: BatchedObjectives, run: Callable[[], _Result]) -> tuple[float, _Result]:
    """Return the wall clock of a run without the objective's share, and its result."""
    objectives.seconds = 0.0
    begin = time.perf_counter()
    result = run()
    return time.perf_counter() - begin - objectives.seconds, result


def operations(policy: str, dim: int, n_calls: int, seed: int) -> float:
    """Return the floating-point operations of matrix products in an ask and its tell."""
    objectives = BatchedObjectives(COUNTED, dim, seed)
    # Bounds as a tensor: the same run by torch, which counts.
    bounds = torch.tensor([[0.0, 1.0]] * dim)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        minimize_many(objectives.values, bounds, COUNTED, n_calls, policy=policy, rng=seed)
        total = counter.get_total_flops()
    own = FlopCounterMode(display=False)
    with torch.no_grad(), own:
        for _ in range(n_calls):
            objectives.values(torch.zeros(COUNTED, dim))
    return (total - own.get_total_flops()) / (COUNTED * n_calls)


def numpy_peak_flops(repeats: int = 10) -> float:
    """Return the floating-point operations a second of a large float32 product in numpy."""
    a = np.random.default_rng(0).random((MATRIX, MATRIX), dtype=np.float32)
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - begin)
    return 2.0 * MATRIX**3 / min(times)


def one_by_one(
    objectives: BatchedObjectives, policy: str, dim: int, n_calls: int, count: int
) -> FloatArray:
    """Return the best values (count,) of an `Optimizer` for each of the first problems."""
    best = []
    for i in range(count):
        optimizer = Optimizer([(0.0, 1.0)] * dim, policy=policy, rng=i)
        for _ in range(n_calls):
            x = optimizer.ask()
            optimizer.tell(x, float(objectives.values(torch.tensor([x]), start=i)[0]))
        best.append(optimizer.result().fun)
    return np.array(best)


def random_search(
    objectives: BatchedObjectives, count: int, dim: int, n_calls: int, seed: int
) -> FloatArray:
    """Return the best values (count,) of as many random points."""
    rng = np.random.default_rng((seed, 1))
    return np.min([objectives(rng.random((count, dim))) for _ in range(n_calls)], axis=0)


def compare_cores(
    objectives: BatchedObjectives,
    run: Callable[..., ManyResult],
    policies: Sequence[str],
    cores: Sequence[str],
    repeats: int,
) -> Subsection:
    """Return the times of a run by each of what computes, in turns, and the values reached.

    Args:
        objectives: the problems.
        run: solves them, by a `policy`.
        policies: their names.
        cores: what computes.
        repeats: runs of each policy.
    """
    seconds: dict[tuple[str, str], list[float]] = {}
    best: dict[tuple[str, str], FloatArray] = {}
    turns = [(p, by) for _ in range(repeats) for p in policies for by in cores]
    for policy, by in tqdm(turns, unit="run", disable=None, leave=False):
        with computed_by(by):
            own, result = own_seconds(objectives, partial(run, policy=policy))
        seconds.setdefault((policy, by), []).append(own)
        best[policy, by] = result.fun
    rows = []
    for policy in policies:
        times = [median(seconds[policy, by]) for by in cores]
        cells = [Cell(f"{one:.3g} s", value=one) for one in times]
        means = [Cell(_mean(best[policy, by])) for by in cores]
        rows.append([Cell(policy), *cells, ratio(cells), *means])
    count, steps, dim = result.x_iters.shape
    text = (
        f"{count:,} problems in {dim} dimensions, {steps} evaluations each: samples of Gaussian "
        "processes, standardised. The times are medians, without those of the objective."
    )
    head = ["policy", *cores, f"{cores[0]} / {cores[-1]}"]
    head += [f"mean best value, {by}" for by in cores]
    return Subsection(text=(text,), tables=(Table(head, rows),))


@measure()
@click.option(
    "--policies",
    type=Names(),
    default="dnc,lstm,lstm-direct",
    show_default=True,
    help="Policies that run in batches.",
)
@click.option("--problems", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--n-calls", type=click.IntRange(1), default=30, show_default=True, help="Each.")
@click.option("--dim", type=click.IntRange(1), default=6, show_default=True, help="Dimensions.")
@click.option(
    "--alone",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Problems solved one by one, too.",
)
@click.option("--threads", type=click.IntRange(1), help="Threads.  [default: all cores]")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="With --cores: runs of each policy; the median of their times is shown.",
)
@cores_option
def command(
    policies: tuple[str, ...],
    problems: int,
    n_calls: int,
    dim: int,
    alone: int,
    threads: int | None,
    seed: int,
    repeats: int,
    cores: tuple[str, ...] | None,
) -> list[Subsection]:
    """Measure time, asks a second, the share of the machine, and the values reached.

    The problems are samples of Gaussian processes, standardised. With several --cores their times
    and values are compared, and nothing else is measured.
    """
    alone = min(alone, problems)
    box = [(0.0, 1.0)] * dim
    for policy in policies:
        # One that does not run in batches is refused before anything is measured.
        minimize_many(lambda x: x[:, 0], box, 1, 1, policy=policy, rng=0)
    objectives = BatchedObjectives(problems, dim, seed)
    if cores is not None and len(cores) > 1:
        run = partial(minimize_many, objectives, box, problems, n_calls, threads=threads, rng=seed)
        return [compare_cores(objectives, run, policies, cores, repeats)]
    rows = []
    for policy in tqdm(policies, unit="policy", disable=None, leave=False):
        run = partial(minimize_many, objectives, box, problems, n_calls)
        own, result = own_seconds(
            objectives, partial(run, policy=policy, rng=seed, threads=threads)
        )
        rate = problems * n_calls / own
        share = rate * operations(policy, dim, n_calls, seed) / numpy_peak_flops()
        single = one_by_one(objectives, policy, dim, n_calls, alone)
        means = map(_mean, (result.fun, result.fun[:alone], single))
        rows.append([policy, f"{own:.1f} s", f"{rate:,.0f}", f"{share:.0%}", *means])
    luck = random_search(objectives, problems, dim, n_calls, seed)
    rows.append(["random search", "", "", "", _mean(luck), _mean(luck[:alone]), ""])
    text = (
        f"{problems:,} problems in {dim} dimensions, {n_calls} evaluations each: samples of "
        "Gaussian processes, standardised. The time is without that of the objective; the share is "
        f"of the speed at which numpy multiplies float32 matrices of {MATRIX} rows in the same "
        "run."
    )
    head = ["policy", "time", "asks a second", "share of the machine", "mean best value"]
    head += [f"the first {alone}", f"the first {alone}, one by one"]
    return [Subsection(text=(text,), tables=(Table(head, [list(map(Cell, row)) for row in rows]),))]


def _mean(best: FloatArray) -> str:
    estimate = bootstrap_mean(best, resamples=500)
    return f"{estimate.mean:.2f} ± {(estimate.high - estimate.low) / 2:.2f}"
