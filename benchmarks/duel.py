"""Two methods, suite by suite and time by time: python -m rnnbbo.benchmarks.duel --help."""

from pathlib import Path

import click
import numpy as np

from rnnbbo.benchmarks.options import WholeNumbers
from rnnbbo.benchmarks.reports import markdown
from rnnbbo.benchmarks.reports.data import Array, Course
from rnnbbo.benchmarks.reports.reading import read
from rnnbbo.benchmarks.reports.section import NONE, short
from rnnbbo.benchmarks.statistics import Estimate, bootstrap_mean
from rnnbbo.errors import RnnbboError

LEGEND = (
    "mean capped / geometric mean normalised regret, and the 95 % intervals of the paired "
    "difference and of the ratio."
)


def paired(ours: Course, theirs: Course) -> tuple[list[int], list[int]]:
    """Return the rows of the functions that both have, in one order."""
    names = [name for name in ours.functions if name in theirs.functions]
    return [ours.functions.index(n) for n in names], [theirs.functions.index(n) for n in names]


def cell(mine: Array, other: Array, mine_log: Array, other_log: Array) -> str:
    """Return "mean / geometric mean : mean / geometric mean [intervals]".

    The intervals are those of the paired difference of the means, and of the ratio of the geometric
    means. Bold is whatever its interval shows to be less.
    """
    gap, fold = bootstrap_mean(mine - other), bootstrap_mean(mine_log - other_log)
    means = _bold(short(float(mine.mean())), short(float(other.mean())), gap)
    geometric = _bold(
        short(float(np.exp(mine_log.mean()))), short(float(np.exp(other_log.mean()))), fold
    )
    ours, theirs = (f"{mean} / {log}" for mean, log in zip(means, geometric, strict=True))
    ratio = f"x{np.exp(fold.low):.2g}, x{np.exp(fold.high):.2g}"
    return f"{ours} : {theirs} [{gap.low:+.2g}, {gap.high:+.2g}; {ratio}]"


def _bold(first: str, second: str, difference: Estimate) -> tuple[str, str]:
    """Two figures, bold the one that the interval of their difference shows to be less."""
    if difference.high < 0.0:
        return f"**{first}**", second
    return first, f"**{second}**" if difference.low > 0.0 else second


def table(records: Path, first: str, second: str, times: list[int]) -> str:
    """Return a Markdown table, a row a suite, of the functions that both methods have.

    Args:
        records: a folder that `rnnbbo benchmark run` made.
        first: a method.
        second: another.
        times: numbers of evaluations.

    Raises:
        RecordError: the folder holds no complete run, or a file is not a record.
    """
    head = ["suite", "functions", *(f"t = {t}" for t in times)]
    rows = []
    pools: dict[int, list[tuple[Array, ...]]] = {t: [] for t in times}
    for suite in read(records).suites:
        if first not in suite.courses or second not in suite.courses:
            continue
        ours, theirs = suite.courses[first], suite.courses[second]
        mine, other = paired(ours, theirs)
        cells = []
        for t in times:
            if not mine or min(ours.budget, theirs.budget) < t:
                cells.append(NONE)
                continue
            values = (
                ours.capped[mine, t - 1],
                theirs.capped[other, t - 1],
                ours.log[mine, t - 1],
                theirs.log[other, t - 1],
            )
            pools[t].append(values)
            cells.append(cell(*values))
        rows.append([markdown.escape(suite.name), str(len(mine)), *cells])
    pooled = [
        cell(*(np.concatenate(part) for part in zip(*pools[t], strict=True))) if pools[t] else NONE
        for t in times
    ]
    rows.append(["all", str(sum(int(row[1]) for row in rows)), *pooled])
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


@click.command()
@click.argument("records", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("first")
@click.argument("second")
@click.option(
    "--at",
    type=WholeNumbers(),
    default="10,20,30,60,100,200",
    show_default=True,
    help="Evaluations.",
)
def main(records: Path, first: str, second: str, at: tuple[int, ...]) -> None:
    """Print a Markdown table of two methods' normalised regret from a folder of records.

    A cell holds mean capped and geometric mean regret of the one, then of the other, and the 95 %
    bootstrap intervals of the paired difference of the means, and of the ratio of the geometric
    means. Bold is whatever its interval shows to be less.
    """
    times = sorted(at)
    try:
        text = table(records, first, second, times)
    except RnnbboError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{first} : {second}, {LEGEND}\n\n{text}")


if __name__ == "__main__":
    main()
