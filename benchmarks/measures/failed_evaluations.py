"""How many evaluations of a method failed, beside its regret: of one folder of records, or two."""

from collections.abc import Sequence
from pathlib import Path

import click

from rnnbbo.benchmarks.measures.duel import paired
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, RecordsFolder, WholeNumbers
from rnnbbo.benchmarks.reports.data import Course, Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table, short
from rnnbbo.benchmarks.statistics import bootstrap_ratio
from rnnbbo.errors import RecordError
from rnnbbo.functions.problem import FloatArray

ONE = "Mean number of evaluations that failed until t / mean capped normalised regret at t."
TWO = (
    "First folder : second folder, over the functions that both have. In brackets: failures and "
    "regret of the second over those of the first, with the 95 % bootstrap intervals over "
    f"functions. {ONE}"
)


def count_failures(records: Records, methods: Sequence[str], times: Sequence[int]) -> Subsection:
    """Return a table, a row a suite and method.

    Args:
        records: the records.
        methods: the methods; all if there are none.
        times: numbers of evaluations; those that no suite has are left out.

    Raises:
        RecordError: the records hold no such method.
    """
    names = _named(records, methods)
    times = _reached(times, [records])
    rows = []
    for suite in records.suites:
        for name in names:
            course = suite.courses.get(name)
            if course is not None:
                counted = [Cell(suite.name), Cell(name), Cell(str(len(course.functions)))]
                rows.append([*counted, *(_one(course, t) for t in times)])
    table = Table(_head(times), rows)
    return Subsection(text=(ONE,), tables=(table,))


def compare_failures(
    first: Records, second: Records, methods: Sequence[str], times: Sequence[int]
) -> Subsection:
    """Return a table, a row a suite and method, of what two folders of records have of both.

    Args:
        first: the records of one build.
        second: those of another.
        methods: the methods; all that both have if there are none.
        times: numbers of evaluations; those that no suite of both has are left out.

    Raises:
        RecordError: one of the two holds no such method, or there is no function that both have.
    """
    known = _named(second, methods)
    names = [name for name in _named(first, methods) if name in known]
    times = _reached(times, [first, second])
    others = {suite.name: suite for suite in second.suites}
    rows = []
    for suite in first.suites:
        for name in names:
            ours = suite.courses.get(name)
            theirs = others[suite.name].courses.get(name) if suite.name in others else None
            if ours is None or theirs is None or not paired(ours, theirs)[0]:
                continue
            mine, other = paired(ours, theirs)
            counted = [Cell(suite.name), Cell(name), Cell(str(len(mine)))]
            rows.append([*counted, *(_both(ours, theirs, mine, other, t) for t in times)])
    if not rows:
        raise RecordError(
            "no method has a function in both folders; expected records of one plan, made twice"
        )
    return Subsection(text=(TWO,), tables=(Table(_head(times), rows),))


def _named(records: Records, methods: Sequence[str]) -> list[str]:
    known = [method.name for method in records.methods]
    for name in methods:
        if name not in known:
            raise RecordError(f"method = {name!r}; expected one of {', '.join(known)}")
    return list(methods) or known


def _reached(times: Sequence[int], folders: Sequence[Records]) -> list[int]:
    return [t for t in times if t <= min(records.budget for records in folders)]


def _head(times: Sequence[int]) -> list[str]:
    return ["suite", "method", "functions", *(f"t = {t}" for t in times)]


def _one(course: Course, t: int) -> Cell:
    if course.budget < t:
        return Cell(NONE)
    return Cell(f"{course.failed[:, t - 1].mean():.1f} / {short(course.capped[:, t - 1].mean())}")


def _both(ours: Course, theirs: Course, mine: list[int], other: list[int], t: int) -> Cell:
    if min(ours.budget, theirs.budget) < t:
        return Cell(NONE)
    failed = ours.failed[mine, t - 1], theirs.failed[other, t - 1]
    regret = ours.capped[mine, t - 1], theirs.capped[other, t - 1]
    means = [
        f"{count.mean():.1f} / {short(value.mean())}"
        for count, value in zip(failed, regret, strict=True)
    ]
    return Cell(f"{' : '.join(means)} [{_fold(*failed)}; {_fold(*regret)}]")


def _fold(first: FloatArray, second: FloatArray) -> str:
    """Return the ratio of two means over the same functions, and its interval."""
    ratio = bootstrap_ratio(second, first)
    return f"x{ratio.mean:.2g}, x{ratio.low:.2g} to x{ratio.high:.2g}"


@measure()
@click.argument("records", type=RecordsFolder())
@click.argument("other", type=RecordsFolder(), required=False)
@click.option("--methods", type=Names(), help="These only.  [default: all]")
@click.option(
    "--at",
    type=WholeNumbers(),
    default="10,20,30,60,100,200",
    show_default=True,
    help="Evaluations.",
)
def command(
    records: Path, other: Path | None, methods: tuple[str, ...] | None, at: tuple[int, ...]
) -> list[Subsection]:
    """Count the evaluations that failed, beside the normalised regret, in the folder RECORDS.

    With a second folder OTHER, of the same plan made by another build, a cell holds both, and how
    many times as many evaluations failed there, and as much regret is left, with the 95 % bootstrap
    intervals of these ratios.
    """
    loaded, times = read_records(records), sorted(set(at))
    if other is None:
        return [count_failures(loaded, methods or (), times)]
    return [compare_failures(loaded, read_records(other), methods or (), times)]
