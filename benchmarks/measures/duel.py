"""Two methods, suite by suite and time by time."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, RecordsFolder, WholeNumbers
from rnnbbo.benchmarks.reports.data import Course, Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table, joined, short
from rnnbbo.benchmarks.statistics import Estimate, bootstrap_mean
from rnnbbo.errors import RecordError
from rnnbbo.functions.problem import FloatArray

LEGEND = (
    "mean capped / geometric mean normalised regret, and the 95 % intervals of the paired "
    "difference and of the ratio."
)


def paired(ours: Course, theirs: Course) -> tuple[list[int], list[int]]:
    """Return the rows of the functions that both have, in one order."""
    names = [name for name in ours.functions if name in theirs.functions]
    return [ours.functions.index(n) for n in names], [theirs.functions.index(n) for n in names]


def cell(mine: FloatArray, other: FloatArray, mine_log: FloatArray, other_log: FloatArray) -> Cell:
    """Return "mean / geometric mean : mean / geometric mean [intervals]".

    The intervals are those of the paired difference of the means, and of the ratio of the geometric
    means. Best is whatever its interval shows to be less.
    """
    gap, fold = bootstrap_mean(mine - other), bootstrap_mean(mine_log - other_log)
    means = _pair(float(mine.mean()), float(other.mean()), gap)
    logs = _pair(float(np.exp(mine_log.mean())), float(np.exp(other_log.mean())), fold)
    ratio = f"x{np.exp(fold.low):.2g}, x{np.exp(fold.high):.2g}"
    intervals = f" [{gap.low:+.2g}, {gap.high:+.2g}; {ratio}]"
    return joined(means[0], " / ", logs[0], " : ", means[1], " / ", logs[1], intervals)


def _pair(first: float, second: float, difference: Estimate) -> tuple[Cell, Cell]:
    """Return two figures, best the one that the interval of their difference shows to be less."""
    return (
        Cell(short(first), "best" if difference.high < 0.0 else ""),
        Cell(short(second), "best" if difference.low > 0.0 else ""),
    )


def duel(records: Records, first: str, second: str, times: Sequence[int]) -> Subsection:
    """Return a table, a row a suite, of the functions that both methods have.

    It leaves out numbers of evaluations that no suite has of both.

    Args:
        records: the records.
        first: a method.
        second: another.
        times: numbers of evaluations.

    Raises:
        RecordError: the records hold no such method.
    """
    known = [method.name for method in records.methods]
    for name in (first, second):
        if name not in known:
            raise RecordError(f"method = {name!r}; expected one of {', '.join(known)}")
    shared = [suite for suite in records.suites if {first, second} <= suite.courses.keys()]
    budgets = [min(suite.courses[name].budget for name in (first, second)) for suite in shared]
    times = [t for t in times if t <= max(budgets, default=0)]
    rows, count = [], 0
    pools: dict[int, list[tuple[FloatArray, ...]]] = {t: [] for t in times}
    for suite in shared:
        ours, theirs = suite.courses[first], suite.courses[second]
        mine, other = paired(ours, theirs)
        count += len(mine)
        cells = [Cell(suite.name), Cell(str(len(mine)))]
        for t in times:
            if not mine or min(ours.budget, theirs.budget) < t:
                cells.append(Cell(NONE))
                continue
            values = (
                ours.capped[mine, t - 1],
                theirs.capped[other, t - 1],
                ours.log[mine, t - 1],
                theirs.log[other, t - 1],
            )
            pools[t].append(values)
            cells.append(cell(*values))
        rows.append(cells)
    pooled = [
        cell(*(np.concatenate(part) for part in zip(*found, strict=True))) if found else Cell(NONE)
        for found in pools.values()
    ]
    rows.append([Cell("all"), Cell(str(count)), *pooled])
    table = Table(["suite", "functions", *(f"t = {t}" for t in times)], rows)
    return Subsection(text=(f"{first} : {second}, {LEGEND}",), tables=(table,))


@measure()
@click.argument("records", type=RecordsFolder())
@click.argument("first", type=Names())
@click.argument("second", type=Names())
@click.option(
    "--at",
    type=WholeNumbers(),
    default="10,20,30,60,100,200",
    show_default=True,
    help="Evaluations.",
)
def command(
    records: Path, first: tuple[str, ...], second: tuple[str, ...], at: tuple[int, ...]
) -> list[Subsection]:
    """Compare the normalised regret of two methods, FIRST and SECOND, of the folder RECORDS.

    Either may be several, separated by commas: a table for each pair.

    A cell holds mean capped and geometric mean regret of the one, then of the other, and the 95 %
    bootstrap intervals of the paired difference of the means, and of the ratio of the geometric
    means. Bold is whatever its interval shows to be less.
    """
    loaded, times = read_records(records), sorted(set(at))
    return [duel(loaded, one, other, times) for one in first for other in second]
