"""Spearmint-style against traces of the original.

The traces are facts about another program's behaviour: the values that it saw in 40 evaluations of
four functions, with three seeds each, its variance of the noise fixed. So ours is compared with a
fixed variance as well as with the inferred one that it has by default.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks import executors
from rnnbbo.benchmarks.execute import execute
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.plan import PlannedRun
from rnnbbo.benchmarks.record import (
    FunctionRecord,
    RunKey,
    RunRecord,
    read_function,
    read_run,
    run_path,
)
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import best_so_far, log_regret, normalised_regret
from rnnbbo.benchmarks.suites import Entry
from rnnbbo.errors import ConfigError, RecordError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.synthetic import get_problem

AT = (10, 20, 30, 40)
FACTOR = 3.0
SUITE, TIME_LIMIT = "spearmint-check", 600.0
METHODS = {
    "noise inferred": "spearmint",
    "noise fixed": "rnnbbo.benchmarks.methods.spearmint:FixedNoise",
}
RESAMPLES = 2000

TRACED_PROBLEMS = {
    "branin": ("branin", 2),
    "goldstein": ("goldstein_price", 2),
    "hart3": ("hartmann3", 3),
    "hart6": ("hartmann6", 6),
}
"""Name in the traces -> problem and dimensions; the traces of `goldstein` are of its logarithm."""


def build(name: str) -> Problem:
    """Return a function of the traces.

    Args:
        name: a key of `TRACED_PROBLEMS`.
    """
    problem = get_problem(*TRACED_PROBLEMS[name])
    if name != "goldstein":
        return problem
    return replace(
        problem,
        name="log_goldstein_price",
        func=partial(_log, problem),
        minimum=float(np.log(problem.minimum)),
    )


def _log(problem: Problem, x: FloatArray) -> FloatArray:
    return np.log(problem.func(x))


def make_runs(out: Path, seeds: int, jobs: int) -> None:
    """Make the runs that the folder does not hold yet.

    Args:
        out: the folder of records.
        seeds: runs a function.
        jobs: processes.
    """
    tasks = [
        PlannedRun(
            RunKey(SUITE, name, method, seed),
            Entry(name, dim, partial(build, name)),
            AT[-1],
            TIME_LIMIT,
        )
        for method in METHODS.values()
        for seed in range(seeds)
        for name, (_, dim) in TRACED_PROBLEMS.items()
    ]
    left = [task for task in tasks if read_run(run_path(out, task.key)) is None]
    with executors.local(jobs, TIME_LIMIT) as executor:
        futures = [executor.submit(execute, task, out) for task in left]
        for future in tqdm(as_completed(futures), total=len(left), unit="run", mininterval=10):
            future.result()


def read_references(out: Path) -> dict[str, FunctionRecord]:
    """Read what regret on the functions is measured against."""
    return {name: read_function(out, SUITE, name) for name in TRACED_PROBLEMS}


def ours(
    out: Path, method: str, seeds: int, about: Mapping[str, FunctionRecord]
) -> dict[str, FloatArray]:
    """Return a method's log regret at `AT` as (seeds, 4) by function.

    Raises:
        RecordError: a run is missing or ended early.
    """
    return {
        name: np.array(
            [_at(_values(out, RunKey(SUITE, name, method, s)), about[name]) for s in range(seeds)]
        )
        for name in TRACED_PROBLEMS
    }


def read_traces(path: Path) -> dict[str, list[list[float]]]:
    """Return the values that the original saw, by function.

    Args:
        path: file of JSON with `runs`, each with `function` and `y`.

    Raises:
        ConfigError: the file is not of that form.
    """
    form = f"expected JSON with runs, each with function and {AT[-1]} values y"
    found: dict[str, list[list[float]]] = {name: [] for name in TRACED_PROBLEMS}
    try:
        for run in json.loads(path.read_text())["runs"]:
            values = [float(value) for value in run["y"]]
            if len(values) < AT[-1]:
                raise ValueError(f"{len(values)} values")
            found.setdefault(run["function"], []).append(values)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path}: {error!r}; {form}") from error
    missing = [name for name in TRACED_PROBLEMS if not found[name]]
    if missing:
        raise ConfigError(f"{path}: no run of {', '.join(missing)}; {form}")
    return found


def theirs(
    traces: Mapping[str, Sequence[Sequence[float]]], about: Mapping[str, FunctionRecord]
) -> dict[str, FloatArray]:
    """Return the traces' log regret at `AT` as (traces, 4) by function.

    Args:
        traces: what `read_traces` returns.
        about: what their regret is measured against.
    """
    return {
        name: np.array([_at(values, record) for values in traces[name]])
        for name, record in about.items()
    }


def _values(out: Path, key: RunKey) -> list[float]:
    run: RunRecord | None = read_run(run_path(out, key))
    if run is None or run.end is not None:
        raise RecordError(f"{out}: no complete run {key}; expected one of {AT[-1]} evaluations")
    return [float("inf") if e.value is None else e.value for e in run.evaluations]


def _at(values: Sequence[float], about: FunctionRecord) -> FloatArray:
    best = best_so_far(values)[[t - 1 for t in AT]]
    return log_regret(normalised_regret(best, about.minimum, about.reference))


def ratios(
    a: Mapping[str, FloatArray], b: Mapping[str, FloatArray], seed: int = 0
) -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
    """Compare geometric means over seeds, function by function and over all functions.

    Args:
        a: log regret, (seeds, times) by function.
        b: likewise; numbers of seeds may differ.
        seed: of the bootstrap, which resamples the seeds of both.

    Returns:
        The ratio of a to b, and the ends of its 95 % interval, each (times,), by function and,
        under "all four", of the geometric mean over functions.
    """
    rng = np.random.default_rng(seed)
    logs, drawn = {}, {}
    for name in a:
        logs[name] = a[name].mean(axis=0) - b[name].mean(axis=0)
        drawn[name] = _resampled(rng, a[name]) - _resampled(rng, b[name])
    logs["all four"] = np.mean([*logs.values()], axis=0)
    drawn["all four"] = np.mean([*drawn.values()], axis=0)
    return {
        name: (np.exp(logs[name]), *np.exp(np.quantile(drawn[name], [0.025, 0.975], axis=0)))
        for name in logs
    }


def _resampled(rng: np.random.Generator, values: FloatArray) -> FloatArray:
    """Return means of resamples with replacement, (RESAMPLES, times)."""
    rows = rng.integers(len(values), size=(RESAMPLES, len(values)))
    return np.asarray(values[rows].mean(axis=1))


def ratio_table(found: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]]) -> Table:
    """Return the ratios, and below them whether they are within the factor."""
    rows = [
        [Cell(name), *(Cell(f"{r:.2g} [{a:.2g}, {b:.2g}]") for r, a, b in zip(*ends, strict=True))]
        for name, ends in found.items()
    ]
    overall = found["all four"][0]
    within = np.all((overall <= FACTOR) & (overall >= 1 / FACTOR))
    verdict = "within" if within else "not within"
    return Table(
        ["function", *(f"t = {t}" for t in AT)],
        rows,
        f"All four together: {verdict} a factor of {FACTOR:g}.",
    )


@measure()
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Traces of the original: JSON with runs, each with function and y.",
)
@click.option(
    "--seeds", type=click.IntRange(2), default=20, show_default=True, help="Runs a function."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--records",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the runs, made where it is missing.",
)
def command(reference: Path, seeds: int, jobs: int, records: Path) -> list[Subsection]:
    """Measure the ratio of our regret to the original's, as a geometric mean over seeds.

    Regret is normalised as in every benchmark, and floored at 1e-6. Stop the command at any time;
    the same command goes on where it was.
    """
    traces = read_traces(reference)
    make_runs(records, seeds, jobs)
    about = read_references(records)
    original = theirs(traces, about)
    counts = ", ".join(f"{name} {len(values)}" for name, values in original.items())
    text = (
        f"Ratio of geometric-mean regret, ours over {seeds} seeds to the original's traces "
        f"({counts}), with 95 % bootstrap intervals over seeds; below 1 ours is ahead."
    )
    tables = [
        Subsection(
            f"Ours with {title}",
            tables=(ratio_table(ratios(ours(records, method, seeds, about), original)),),
        )
        for title, method in METHODS.items()
    ]
    return [Subsection(text=(text,)), *tables]
