"""How the time of an ask and a tell grows, and with what."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import click
import numpy as np
from tqdm import tqdm

from rnnbbo import core, shipped
from rnnbbo.benchmarks.measures.growth_picture import Curve, draw
from rnnbbo.benchmarks.measures.growth_workloads import WORKLOADS, Timings, Workload, memory_of
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, Seconds
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table
from rnnbbo.outputs import check_output


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of the logarithm of times over that of sizes, over the upper half.

    Args:
        sizes: rising.
        seconds: times; NaN where there is none.

    Returns:
        The slope by least squares; NaN where the upper half has less than two times.
    """
    pairs = [(n, s) for n, s in zip(sizes, seconds, strict=True) if s > 0.0]
    pairs = pairs[len(pairs) // 2 :]
    if len(pairs) < 2:
        return math.nan
    x, y = np.log(np.array(pairs)).T
    return float(np.polyfit(x, y, 1)[0])


def times_at(
    workload: Workload, policy: str, sizes: Sequence[int], seed: int, limit: float
) -> list[Timings]:
    """Return the times at each size up to the first that takes longer than the limit as a whole.

    Args:
        workload: what grows.
        policy: name of a policy.
        sizes: rising.
        seed: of the run.
        limit: seconds.
    """
    found: list[Timings] = []
    begin = perf_counter()
    for times in workload.times(policy, sizes, seed):
        found.append(times)
        now = perf_counter()
        if now - begin > limit:
            break
        begin = now
    return found


def curves_of(policy: str, sizes: Sequence[int], runs: Sequence[Sequence[Timings]]) -> list[Curve]:
    """Return the medians over runs of each thing that was timed, NaN where a run had ended."""
    reached = min(map(len, runs))
    missing = [math.nan] * (len(sizes) - reached)
    return [
        Curve(
            policy,
            thing,
            tuple(sizes),
            (*(median(run[i][thing] for run in runs) for i in range(reached)), *missing),
        )
        for thing in runs[0][0]
    ]


def table_of(curves: Sequence[Curve], caption: str) -> Table:
    """Return a table, a row for each thing timed, and its exponent."""
    head = ["policy", "", *(f"{n:,}" for n in curves[0].sizes), "exponent"]
    rows = []
    for one in curves:
        slope = exponent(one.sizes, one.seconds)
        cells = [_milliseconds(s) for s in one.seconds]
        last = Cell(NONE) if math.isnan(slope) else Cell(f"{slope:.2f}", value=slope)
        rows.append([Cell(one.policy), Cell(one.thing), *cells, last])
    return Table(head, rows, caption)


def _milliseconds(seconds: float) -> Cell:
    if math.isnan(seconds):
        return Cell(NONE)
    shown = 1e3 * seconds
    return Cell(f"{shown:,.0f}" if shown >= 100 else f"{shown:.2g}", value=seconds)


@measure(one_thread=True)
@click.option(
    "--along",
    type=Names(tuple(WORKLOADS)),
    default=",".join(WORKLOADS),
    show_default=True,
    help="What grows.",
)
@click.option(
    "--policies",
    type=Names(),
    default="auto,kernel,lstm,dnc",
    show_default=True,
    help="Policies.",
)
@click.option("--most", type=click.IntRange(1), help="Largest size.  [default: each its own]")
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Runs of each policy; their median is shown.",
)
@click.option(
    "--limit",
    type=Seconds(),
    default=150.0,
    show_default=True,
    help="Seconds of one size after which larger ones are left out.",
)
@click.option(
    "--memory",
    type=click.IntRange(0),
    default=100_000,
    show_default=True,
    help="Values told whose memory is measured, rounded down to thousands; 0 for none.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the times into this file of SVG, too.",
)
def command(
    along: tuple[str, ...],
    policies: tuple[str, ...],
    most: int | None,
    repeats: int,
    limit: float,
    memory: int,
    picture: Path | None,
) -> list[Subsection]:
    """Measure how the time of an ask and a tell grows with what a run has more and more of.

    The exponent is the slope of the logarithm of the time over that of the size, over the upper
    half of the sizes: 0 is no growth, 1 as much as the size. Policies take turns, so that a busy
    machine disturbs them alike.
    """
    if picture is not None:
        check_output("--picture", picture)
    for policy in policies:
        shipped.stages_of(policy)
    subsections, drawn = [], {}
    for name in along:
        workload = WORKLOADS[name]
        batched = [p for p in policies if p in shipped.available(batched=True)]
        able = batched if workload.batched else list(policies)
        sizes = [n for n in workload.sizes if most is None or n <= most] or [min(workload.sizes)]
        if not able:
            continue
        runs: Mapping[str, list[list[Timings]]] = {policy: [] for policy in able}
        turns = [(seed, policy) for seed in range(repeats) for policy in able]
        for seed, policy in tqdm(turns, desc=name, unit="run", disable=None, leave=False):
            runs[policy].append(times_at(workload, policy, sizes, seed, limit))
        curves = [one for policy in able for one in curves_of(policy, sizes, runs[policy])]
        drawn[name] = curves
        table = table_of(curves, f"Milliseconds, by the number of {workload.counts}.")
        subsections.append(Subsection(workload.title, (workload.about,), tables=(table,)))
    if memory >= 1000:
        subsections.append(_memory(policies, memory // 1000 * 1000))
    if picture is not None:
        picture.write_text(draw({WORKLOADS[name].counts: ones for name, ones in drawn.items()}))
    text = f"One thread. Computed by: {core.name()}."
    return [Subsection(text=(text,)), *subsections]


def _memory(policies: Sequence[str], count: int) -> Subsection:
    rows = []
    for policy in tqdm(policies, desc="memory", unit="run", disable=None, leave=False):
        before, after = memory_of(policy, count)
        each = (after - before) / count
        rows.append(
            [
                Cell(policy),
                Cell(f"{before / 1e6:,.0f} MB", value=before),
                Cell(f"{after / 1e6:,.0f} MB", value=after),
                Cell(f"{each:,.0f} bytes", value=each),
            ]
        )
    about = f"The most memory that a process of its own had, before and after {count:,} tells."
    head = ["policy", "before", "after", "a value"]
    return Subsection("Memory", (about,), tables=(Table(head, rows),))
