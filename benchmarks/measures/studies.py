"""Time that a study takes: to open a long one and go on, and with several processes at work."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import WholeNumbers
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.study import Study

_WORKER = """
import json, sys, time
from rnnbbo import Study
path, dim, policy, seconds, until = sys.argv[1:]
asks = []
with Study(path, [(-1.0, 1.0)] * int(dim), policy=policy, rng=0, resume=True) as study:
    begin = study.ask()
    study.tell(begin, 0.0)
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.perf_counter() + float(until)
    while time.perf_counter() < end:
        start = time.perf_counter()
        trial = study.ask()
        asked = time.perf_counter()
        time.sleep(float(seconds))
        done = time.perf_counter()
        study.tell(trial, sum(v * v for v in trial.x))
        asks.append(asked - start + time.perf_counter() - done)
print(json.dumps(asks))
"""


def _box(dim: int) -> list[tuple[float, float]]:
    return [(-1.0, 1.0)] * dim


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def time_going_on(path: Path, policy: str, dim: int, n_trials: int) -> dict[str, float]:
    """Return seconds: of adding trials, of the first ask ever, of opening, asking and exporting.

    Args:
        path: a file that does not exist.
        policy: name of a policy.
        dim: number of dimensions.
        n_trials: number of known trials.
    """
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (n_trials, dim))
    times = {}
    with Study(path, _box(dim), policy=policy, rng=0) as study:
        known = points.tolist(), np.square(points).sum(axis=1).tolist()
        times["adding"] = _timed(lambda: study.add(*known))
        times["first ask"] = _timed(study.ask)

    def go_on() -> None:
        with Study(path, resume=True) as study:
            study.ask()

    times["opened, and asked"] = median(_timed(go_on) for _ in range(3))
    output = str(path.with_suffix(".json"))
    export = [sys.executable, "-m", "rnnbbo.cli.main", "study", "export", str(path), "-o", output]
    times["exported as JSON"] = _timed(lambda: subprocess.run(export, check=True))
    return times


def time_workers(
    path: Path, policy: str, dim: int, processes: int, evaluation_s: float, seconds: float
) -> tuple[float, float]:
    """Return trials a second of several processes at one study, and the longest wait in seconds.

    A wait is the time of an ask and of its tell.

    Args:
        path: a file that does not exist.
        policy: name of a policy.
        dim: number of dimensions.
        processes: how many.
        evaluation_s: seconds of an evaluation.
        seconds: how long to measure.
    """
    arguments = [str(path), str(dim), policy, str(evaluation_s), str(seconds)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    outputs = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    for worker in workers:
        output, _ = worker.communicate()
        outputs.append(output)
    waits = [np.array(json.loads(output)) for output in outputs]
    return sum(map(len, waits)) / seconds, float(max(wait.max() for wait in waits if len(wait)))


@measure(one_thread=True)
@click.option("--policy", default="kernel", show_default=True, help="A policy.")
@click.option("--dim", type=click.IntRange(1), default=6, show_default=True, help="Dimensions.")
@click.option(
    "--trials", type=WholeNumbers(), default="1500,10000", show_default=True, help="Known trials."
)
@click.option(
    "--processes", type=WholeNumbers(), default="1,2,8", show_default=True, help="At one study."
)
@click.option(
    "--evaluation-ms",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Time of an evaluation.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    show_default=True,
    help="How long several processes work.",
)
@click.option(
    "--repeats", type=click.IntRange(1), default=3, show_default=True, help="Runs of each number."
)
def command(
    policy: str,
    dim: int,
    trials: tuple[int, ...],
    processes: tuple[int, ...],
    evaluation_ms: float,
    seconds: float,
    repeats: int,
) -> Sequence[Subsection]:
    """Measure how long a study of many trials takes to open, and how many trials workers make.

    Numbers of processes take turns, so that a busy machine disturbs them alike.
    """
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        if trials:
            found = [time_going_on(Path(folder) / f"{n}.db", policy, dim, n) for n in trials]
            rows = [
                [Cell(str(n)), *(Cell(f"{s:.2g} s", value=s) for s in times.values())]
                for n, times in zip(trials, found, strict=True)
            ]
            tables.append(Table(["known trials", *found[0]], rows))
        rates: dict[int, list[tuple[float, float]]] = {n: [] for n in processes}
        turns = [(repeat, n) for repeat in range(repeats) for n in processes]
        for repeat, n in tqdm(turns, unit="run", disable=None, leave=False):
            path = Path(folder) / f"{n}-{repeat}.db"
            rates[n].append(time_workers(path, policy, dim, n, evaluation_ms / 1e3, seconds))
    rows = [
        [
            Cell(str(n)),
            Cell(f"{median(rate for rate, _ in pairs):.3g}", value=median(r for r, _ in pairs)),
            Cell(f"{max(wait for _, wait in pairs):.2g} s", value=max(w for _, w in pairs)),
        ]
        for n, pairs in rates.items()
    ]
    if rows:
        tables.append(Table(["processes", "trials a second", "longest wait"], rows))
    return [Subsection(tables=tables)]
