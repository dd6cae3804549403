"""Time of an ask and its tell, on one core."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.methods import Method, make_method
from rnnbbo.benchmarks.option_types import MethodNames, Seconds, WholeNumbers
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table

WINDOW = 21
"""Asks whose median is reported, the first of them at t."""

Times = tuple[float, float]
"""Median seconds of an ask, and of a tell."""


def time_ask_tell(
    method: Method, at: Sequence[int], dim: int, limit: float | None = None
) -> list[Times | None]:
    """Return the median seconds of an ask, and of a tell, after t - 1 tells, for each t.

    The objective is a bowl with ripples, whose own time is left out.

    Args:
        method: a new run.
        at: the values of t, in rising order.
        dim: number of dimensions.
        limit: seconds after which the run is ended; None for no limit.

    Returns:
        A pair for each t; None where the run was ended before.
    """
    asks, tells = [], []
    weights = np.linspace(1.0, 2.0, dim)
    begin = perf_counter()
    for _ in range(at[-1] + WINDOW - 1):
        start = perf_counter()
        if limit is not None and start - begin > limit:
            break
        x = method.ask()
        middle = perf_counter()
        y = float(weights @ (x - 0.4) ** 2 + 0.05 * np.cos(20.0 * x).sum())
        resumed = perf_counter()
        method.tell(x, y)
        asks.append(middle - start)
        tells.append(perf_counter() - resumed)
    windows = [slice(t - 1, t - 1 + WINDOW) for t in at]
    return [
        (median(asks[window]), median(tells[window])) if len(asks) >= window.stop else None
        for window in windows
    ]


@measure(one_thread=True)
@click.option(
    "--methods",
    type=MethodNames(),
    default="auto,kernel,dnc,lstm,dnc-direct,lstm-direct",
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
def command(
    methods: tuple[str, ...], at: tuple[int, ...], dim: int, repeats: int, limit: float | None
) -> list[Subsection]:
    """Measure the median milliseconds of an ask + its tell at evaluation t.

    The methods take turns, so that a busy machine disturbs them alike.
    """
    steps = sorted(set(at))
    found: dict[str, list[list[Times | None]]] = {name: [] for name in methods}
    turns = [(seed, name) for seed in range(repeats) for name in methods]
    for seed, name in tqdm(turns, unit="run", disable=None, leave=False):
        method = make_method(name, dim, steps[-1] + WINDOW, seed)
        found[name].append(time_ask_tell(method, steps, dim, limit))
    rows = [
        [Cell(name), *(_cell(column) for column in zip(*runs, strict=True))]
        for name, runs in found.items()
    ]
    return [Subsection(tables=[Table(["method", *(f"t = {t}" for t in steps)], rows)])]


def _cell(column: Sequence[Times | None]) -> Cell:
    """Show the medians over runs; nothing if one of them was ended before."""
    times = [pair for pair in column if pair is not None]
    if len(times) < len(column):
        return Cell(NONE)
    ask, tell = (median(part) for part in zip(*times, strict=True))
    return Cell(f"{1e3 * ask:.2g} + {1e3 * tell:.2g} ms", value=ask + tell)
