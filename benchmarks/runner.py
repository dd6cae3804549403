"""Run methods on functions and record every evaluation."""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from rnnbbo.benchmarks.methods import Method, make_method
from rnnbbo.benchmarks.record import (
    Evaluation,
    FunctionRecord,
    function_path,
    read_run,
    run_path,
    write_records,
)
from rnnbbo.benchmarks.statistics import REFERENCE_EVALUATIONS, reference_regret
from rnnbbo.benchmarks.suites import Entry
from rnnbbo.functions.problem import Problem

REFERENCE_SEEDS = 101
"""Random searches that a function's reference regret is the median of."""


@dataclass(frozen=True)
class Plan:
    """What to run: every method on every function with every seed.

    Attributes:
        suite: name under which the records are filed.
        entries: the functions.
        methods: names, see `methods.make_method`.
        seeds: number of repetitions.
        budget: evaluations a run.
    """

    suite: str
    entries: Sequence[Entry]
    methods: Sequence[str]
    seeds: int
    budget: int


def run_plan(
    plan: Plan,
    out: Path,
    *,
    progress: Callable[[str], None] = lambda line: None,
    make: Callable[[str, int, int, int], Method] = make_method,
) -> None:
    """Make every run of the plan that `out` does not hold already.

    Args:
        plan: what to run.
        out: the folder of records.
        progress: called with a line after every function.
        make: makes a method from name, dim, budget and seed.
    """
    for number, entry in enumerate(plan.entries, 1):
        runs = [
            (method, seed)
            for method in plan.methods
            for seed in range(plan.seeds)
            if not _is_done(run_path(out, plan.suite, entry.name, method, seed), plan.budget)
        ]
        about = function_path(out, plan.suite, entry.name)
        if runs or not about.exists():
            problem = entry.build()
            if not about.exists():
                write_records(about, [describe(plan.suite, entry, problem)])
            for method, seed in runs:
                started = make(method, entry.dim, plan.budget, run_seed(entry.name, seed))
                run = _run(started, problem, plan, entry, method, seed)
                write_records(run_path(out, plan.suite, entry.name, method, seed), run)
        progress(f"{plan.suite} {number}/{len(plan.entries)}: {entry.name}, {len(runs)} runs made")


def run_seed(function: str, seed: int) -> int:
    """Return the seed of a method's run: one for all methods, another for each function."""
    return zlib.crc32(f"{function}/{seed}".encode())


def describe(suite: str, entry: Entry, problem: Problem) -> FunctionRecord:
    """Measure a function's reference regret, with random searches of its own."""
    rng = np.random.default_rng(run_seed(entry.name, -1))
    u = rng.random((REFERENCE_SEEDS, REFERENCE_EVALUATIONS, entry.dim))
    values = [[problem.unit(point) for point in search] for search in u]
    reference = reference_regret(values, problem.minimum)
    return FunctionRecord(suite, entry.name, entry.dim, problem.minimum, reference)


def _is_done(path: Path, budget: int) -> bool:
    # A run for another budget is another run, since methods may plan for it.
    return path.exists() and len(read_run(path)) == budget


def _run(
    method: Method, problem: Problem, plan: Plan, entry: Entry, name: str, seed: int
) -> list[Evaluation]:
    run: list[Evaluation] = []
    best: float | None = None
    for t in range(1, plan.budget + 1):
        start = perf_counter()
        x = method.ask()
        ask_s = perf_counter() - start
        y = problem.unit(x)
        start = perf_counter()
        method.tell(x, y)
        tell_s = perf_counter() - start
        ok = math.isfinite(y)
        if ok and (best is None or y < best):
            best = y
        run.append(
            Evaluation(
                method=name,
                suite=plan.suite,
                function=entry.name,
                dim=entry.dim,
                seed=seed,
                budget=plan.budget,
                t=t,
                x=tuple(x.tolist()),
                y=y if ok else None,
                best=best,
                ask_s=ask_s,
                tell_s=tell_s,
                status="ok" if ok else "failed",
            )
        )
    return run
