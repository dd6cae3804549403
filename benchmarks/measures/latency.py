"""Time of an ask and its tell, on one core."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from time import perf_counter

import click
import numpy as np
from tqdm import tqdm

from rnnbbo import core
from rnnbbo.benchmarks.measures.cores import computed_by, cores_option, ratio
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.methods import PEERS, Method, make_method
from rnnbbo.benchmarks.option_types import MethodNames, Seconds, WholeNumbers
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table

WINDOW = 21
"""Asks whose median is reported, the first of them at t."""

Times = tuple[float, float]
"""Median seconds of an ask, and of a tell."""


def time_steps(method: Method, count: int, dim: int, limit: float | None = None) -> list[Times]:
    """Return the seconds of each ask, and of its tell, one evaluation after another.

    The objective is a bowl with ripples, whose own time is left out.

    Args:
        method: a new run.
        count: evaluations.
        dim: number of dimensions.
        limit: seconds after which the run is ended; None for no limit.

    Returns:
        A pair for each evaluation; fewer than `count` where the run was ended.
    """
    steps: list[Times] = []
    weights = np.linspace(1.0, 2.0, dim)
    begin = perf_counter()
    for _ in range(count):
        start = perf_counter()
        if limit is not None and start - begin > limit:
            break
        x = method.ask()
        middle = perf_counter()
        y = float(weights @ (x - 0.4) ** 2 + 0.05 * np.cos(20.0 * x).sum())
        resumed = perf_counter()
        method.tell(x, y)
        steps.append((middle - start, perf_counter() - resumed))
    return steps


def window_at(steps: Sequence[Times], t: int) -> Times | None:
    """Return the median seconds of an ask, and of a tell, after t - 1 tells; None if none were."""
    window = steps[t - 1 : t - 1 + WINDOW]
    if len(window) < WINDOW:
        return None
    asks, tells = zip(*window, strict=True)
    return median(asks), median(tells)


def time_ask_tell(
    method: Method, at: Sequence[int], dim: int, limit: float | None = None
) -> list[Times | None]:
    """Return what `window_at` does for each t; None where the run was ended before.

    Args:
        method: a new run.
        at: the values of t, in rising order.
        dim: number of dimensions.
        limit: seconds after which the run is ended; None for no limit.
    """
    steps = time_steps(method, at[-1] + WINDOW - 1, dim, limit)
    return [window_at(steps, t) for t in at]


@measure(one_thread=True)
@click.option(
    "--methods",
    type=MethodNames(),
    default="auto,kernel,dnc,lstm,dnc-direct,lstm-direct,snail-direct",
    show_default=True,
    help="Policies and peers.",
)
@click.option(
    "--at",
    type=WholeNumbers(),
    default="30,50,100,1000",
    show_default=True,
    help="Values of t.",
)
@click.option("--dim", type=click.IntRange(1), default=6, show_default=True, help="Dimensions.")
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Runs of each method; their median is shown.",
)
@click.option(
    "--limit",
    type=Seconds(),
    help="Seconds after which a run is ended: a slow peer has no figures from there on.",
)
@click.option(
    "--whole",
    type=WholeNumbers("50"),
    default=(),
    help="Also the time of whole runs of so many evaluations.",
)
@cores_option
def command(
    methods: tuple[str, ...],
    at: tuple[int, ...],
    dim: int,
    repeats: int,
    limit: float | None,
    whole: tuple[int, ...],
    cores: tuple[str, ...] | None,
) -> list[Subsection]:
    """Measure the median milliseconds of an ask + its tell at evaluation t.

    The methods take turns, so that a busy machine disturbs them alike; so do numpy and the compiled
    core. A peer has nothing of ours to compute, and is run once a repeat.
    """
    steps, ends = sorted(set(at)), sorted(set(whole))
    count = max([steps[-1] + WINDOW - 1, *ends])
    compared = cores or (core.name(),)
    found: dict[tuple[str, str], list[list[Times]]] = {}
    turns = [
        (seed, name, by)
        for seed in range(repeats)
        for name in methods
        for by in (compared[:1] if name in PEERS else compared)
    ]
    for seed, name, by in tqdm(turns, unit="run", disable=None, leave=False):
        with computed_by(by):
            method = make_method(name, dim, count, seed)
            times = time_steps(method, count, dim, limit)
        found.setdefault((name, by), []).append(times)
    columns: dict[str, Callable[[list[list[Times]]], Cell]] = {
        **{f"t = {t}": partial(_cell, t=t) for t in steps},
        **{f"a run of {n}": partial(_whole_cell, n=n) for n in ends},
    }
    if len(compared) == 1:
        rows = [
            [Cell(name), *(show(found[name, compared[0]]) for show in columns.values())]
            for name in methods
        ]
        return [Subsection(tables=[Table(["method", *columns], rows)])]
    head = ["method", *compared, f"{compared[0]} / {compared[-1]}"]
    tables = []
    for title, show in columns.items():
        rows = []
        for name in methods:
            cells = [show(found.get((name, by), found[name, compared[0]])) for by in compared]
            rows.append([Cell(name), *cells, Cell(NONE) if name in PEERS else ratio(cells)])
        tables.append(Table(head, rows, title))
    return [Subsection(tables=tables)]


def _cell(runs: Sequence[Sequence[Times]], t: int) -> Cell:
    """Show the medians over runs; nothing if one of them was ended before."""
    times = [pair for steps in runs if (pair := window_at(steps, t)) is not None]
    if len(times) < len(runs):
        return Cell(NONE)
    ask, tell = (median(part) for part in zip(*times, strict=True))
    return Cell(f"{1e3 * ask:.2g} + {1e3 * tell:.2g} ms", value=ask + tell)


def _whole_cell(runs: Sequence[Sequence[Times]], n: int) -> Cell:
    """Show the median over runs of the time of all asks and tells up to the n-th, likewise."""
    if any(len(steps) < n for steps in runs):
        return Cell(NONE)
    seconds = median(sum(ask + tell for ask, tell in steps[:n]) for steps in runs)
    return Cell(f"{seconds:.2g} s", value=seconds)
