"""What parallel evaluation wins in time and loses in regret.

Time is that of real runs whose objective sleeps. Regret is that of simulated ones: the same loop,
the same asynchronous order of asks and tells, and a clock that jumps from one end of an evaluation
to the next, so that the figures do not depend on the machine.
"""

import heapq
import time
from dataclasses import replace

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import measure_function, run_seed
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, Seconds
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import bootstrap_mean, capped, normalised_regret
from rnnbbo.benchmarks.suites import SPLITS, SUITES, Entry, get_suite
from rnnbbo.evaluation.evaluator import Objective, evaluate
from rnnbbo.functions.problem import FloatArray
from rnnbbo.loop import Limits, run_trials
from rnnbbo.minimize import minimize
from rnnbbo.optimizer import Optimizer
from rnnbbo.run_history import RunHistory
from rnnbbo.trial import Trial

_SPREAD = 0.5
"""Evaluations take 1 - _SPREAD to 1 + _SPREAD of their mean time."""

_TIMES = (20, 50, 100, 200, 500)
"""Numbers of evaluations that the table shows."""


class Simulated:
    """Evaluates `slots` trials at once by a clock of its own.

    Args:
        func: the objective.
        slots: how many may run at once.
        rng: draws how long evaluations take.
    """

    def __init__(self, func: Objective, slots: int, rng: np.random.Generator) -> None:
        self._func = func
        self._slots = slots
        self._rng = rng
        self._now = 0.0
        self._ends: list[tuple[float, int, Trial]] = []

    @property
    def free(self) -> int:
        """How many more evaluations may be started now."""
        return self._slots - len(self._ends)

    def start(self, trial: Trial) -> None:
        """Begin to evaluate a trial."""
        end = self._now + self._rng.uniform(1 - _SPREAD, 1 + _SPREAD)
        heapq.heappush(self._ends, (end, trial.number, trial))

    def wait(self, seconds: float) -> list[Trial]:
        """Go on to the next end of an evaluation, and return the trial."""
        self._now, _, trial = heapq.heappop(self._ends)
        return [replace(trial, outcome=evaluate(self._func, trial.x))]

    def stop(self) -> None:
        """Forget what has not ended."""
        self._ends.clear()


def wall_seconds(workers: int, n_calls: int, sleep: float, dim: int, seed: int) -> float:
    """Return the wall clock of a run on worker processes whose objective sleeps."""
    pauses = np.random.default_rng(seed).uniform(1 - _SPREAD, 1 + _SPREAD, 997) * sleep

    def objective(x: list[float]) -> float:
        # The pause belongs to the point, so that every run has pauses of the same distribution.
        time.sleep(pauses[hash(tuple(x)) % len(pauses)])
        return sum((v - 0.4) ** 2 for v in x)

    start = time.perf_counter()
    minimize(objective, [(0.0, 1.0)] * dim, n_calls, rng=seed, workers=workers)
    return time.perf_counter() - start


def simulated_regret(
    suite: str, entry: Entry, workers: int, n_calls: int, seeds: int
) -> FloatArray:
    """Return the capped normalised regret after each evaluation of simulated runs.

    Args:
        suite: name of the suite.
        entry: one of its functions.
        workers: evaluations in flight.
        n_calls: T, evaluations a run.
        seeds: repetitions.

    Returns:
        (T,), the mean over the seeds.
    """
    problem = entry.build()
    about = measure_function(suite, entry, problem)
    runs = []
    for seed in range(seeds):
        number = run_seed(entry.name, seed)
        optimizer = Optimizer([(0.0, 1.0)] * entry.dim, n_calls=n_calls, rng=number)
        history = RunHistory(optimizer)
        evaluator = Simulated(problem.unit, workers, np.random.default_rng(number))
        run_trials(history, evaluator, Limits(n_calls), on_trial=lambda trial: None)
        best = np.minimum.accumulate(history.result().func_vals)
        runs.append(capped(normalised_regret(best, about.minimum, about.reference)))
    return np.mean(runs, axis=0)


@measure(one_thread=True)
@click.option("--workers", type=click.IntRange(1), default=8, show_default=True, help="At once.")
@click.option("--n-calls", type=click.IntRange(1), default=200, show_default=True, help="A run.")
@click.option(
    "--sleep",
    type=Seconds(or_zero=True),
    default=0.25,
    show_default=True,
    help="Mean seconds an evaluation.",
)
@click.option(
    "--suites",
    type=Names(SUITES),
    default="gp-4d,gp-6d,classic,bbob-2d,bbob-5d",
    show_default=True,
    help="See rnnbbo benchmark list.",
)
@click.option(
    "--functions", type=click.IntRange(1), default=10, show_default=True, help="Functions a suite."
)
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="Runs a function."
)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
def command(
    workers: int,
    n_calls: int,
    sleep: float,
    suites: tuple[str, ...],
    functions: int,
    seeds: int,
    split: str,
) -> list[Subsection]:
    """Measure how much faster runs on several workers are, and how much worse.

    Time is that of one real run of the default policy, on an objective that sleeps; regret that of
    simulated runs, in the same order of asks and tells.
    """
    alone, together = (wall_seconds(n, n_calls, sleep, 6, seed=0) for n in (1, workers))
    times = [t for t in _TIMES if t <= n_calls] or [n_calls]
    rows, bases, others = [], [], []
    for suite in tqdm(suites, unit="suite", disable=None, leave=False):
        entries = get_suite(suite, functions, split)
        one, many = (
            np.array([simulated_regret(suite, entry, n, n_calls, seeds) for entry in entries])
            for n in (1, workers)
        )
        bases.append(one)
        others.append(many)
        rows.append(_row(suite, one, many, times))
    rows.append(_row("all", np.concatenate(bases), np.concatenate(others), times))
    text = (
        f"{n_calls} evaluations of an objective in 6D that sleeps {(1 - _SPREAD) * sleep:g} to "
        f"{(1 + _SPREAD) * sleep:g} s: {alone:.1f} s on one worker, {together:.1f} s on {workers}, "
        f"{alone / together:.2f} times as fast.",
        f"Mean capped normalised regret on one worker and on {workers} after equally many "
        f"evaluations, default policy, {functions} functions of the {split} split, {seeds} "
        f"seed{'s' if seeds > 1 else ''} each; in brackets the 95 % bootstrap interval of the "
        "paired difference.",
    )
    table = Table(["suite", *(f"t = {t}" for t in times)], rows)
    return [Subsection(text=text, tables=(table,))]


def _row(name: str, alone: FloatArray, together: FloatArray, times: list[int]) -> list[Cell]:
    return [Cell(name), *(Cell(_cell(alone, together, t)) for t in times)]


def _cell(alone: FloatArray, together: FloatArray, t: int) -> str:
    gap = bootstrap_mean(together[:, t - 1] - alone[:, t - 1])
    means = f"{alone[:, t - 1].mean():.2g}, {together[:, t - 1].mean():.2g}"
    return f"{means} [{gap.low:+.2g}, {gap.high:+.2g}]"
