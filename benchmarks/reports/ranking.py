"""Methods ranked on functions that they share, after the same number of evaluations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnbbo.benchmarks.reports.data import ComparedMethod, Records
from rnnbbo.benchmarks.reports.parts import everything
from rnnbbo.benchmarks.reports.pool import Keep, Pool, at, names, pool
from rnnbbo.benchmarks.reports.section import NONE, Cell, Table, short
from rnnbbo.benchmarks.statistics import bootstrap_mean

REGRET_SCALE = "0 is the optimum, 1 is what random search has left after 10 evaluations"
"""What normalised regret is measured on."""


@dataclass(frozen=True)
class Column:
    """The methods after t evaluations, on the same functions.

    Attributes:
        t: the number of evaluations.
        means: capped regret.
        logs: ln of regret, whose mean is that of the geometric mean.
    """

    t: int
    means: Pool
    logs: Pool


def columns(records: Records, times: Sequence[int], keep: Keep = everything) -> list[Column]:
    """Return the numbers of evaluations at which two methods share a function.

    A column compares the methods on the functions that all of them have; a method that has fewer
    than half of them, or stops before, is left out of it.

    Args:
        records: the records.
        times: numbers of evaluations.
        keep: which functions to keep.
    """
    found = []
    for t in times:
        means, logs = pool(records, at(t), keep), pool(records, at(t, "log"), keep)
        if means is not None and logs is not None:
            found.append(Column(t, means, logs))
    return found


def excess(found: Sequence[Column], method: str) -> float:
    """Return how far a method is above the least mean, on average over its columns."""
    above = [
        float(np.mean(column.means.values[method]) - np.mean(column.means.values[best]))
        for column in found
        if method in column.means.values
        for best in column.means.ranking[:1]
    ]
    return float(np.mean(above)) if above else np.inf


def ranked(records: Records, found: Sequence[Column]) -> list[str]:
    """Return the methods that are in a column, best first.

    By the columns in which they are behind the least mean by the interval, then by `excess`: which
    of several tied means is the least is chance. Of equals the default comes first.
    """
    known = [m for m in records.methods if any(m.name in c.means.values for c in found)]

    def order(method: ComparedMethod) -> tuple[int, float, bool]:
        name = method.name
        behind = sum(name in c.means.values and name not in c.means.leaders for c in found)
        return behind, excess(found, name), not method.default

    return [method.name for method in sorted(known, key=order)]


def intervals(records: Records, found: Sequence[Column], *, geometric: bool = False) -> Table:
    """Return a table of mean capped, or of geometric mean, regret with its intervals.

    Args:
        records: the records.
        found: the columns, at least one.
        geometric: whether it is the geometric mean.
    """
    kind = "Geometric mean" if geometric else "Mean capped"
    return Table(
        ["method", *(f"t = {column.t}" for column in found)],
        [
            [Cell(records.labels[name]), *(_interval(column, name, geometric) for column in found)]
            for name in ranked(records, found)
        ],
        f"{kind} regret [95 % bootstrap interval]. Bold is the least of a column and what is tied "
        "with it.",
    )


def extent(records: Records, found: Sequence[Column]) -> str:
    """Return as a phrase which functions the columns are over."""
    counts = sorted({len(column.means.functions) for column in found})
    functions = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    pooled = {suite for column in found for suite, _ in column.means.functions}
    suites = names([suite.name for suite in records.suites if suite.name in pooled])
    return f"{functions} function{'' if counts == [1] else 's'} of {suites}"


def _interval(column: Column, method: str, geometric: bool) -> Cell:
    of = column.logs if geometric else column.means
    if method not in of.values:
        return Cell(NONE, "faint")
    estimate = bootstrap_mean(of.values[method])
    ends = estimate.mean, estimate.low, estimate.high
    mean, low, high = (float(np.exp(end) if geometric else end) for end in ends)
    text = f"{short(mean)} [{short(low)}, {short(high)}]"
    return Cell(text, "best" if method in of.leaders else "", value=mean)
