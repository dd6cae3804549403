"""Regret of a folder of records over all suites: the default beside its peers, and their time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, RecordsFolder, WholeNumbers
from rnnbbo.benchmarks.reports import stored
from rnnbbo.benchmarks.reports.all_suites import all_suites_table
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.reports.speed import duration, median_seconds
from rnnbbo.errors import RecordError


def overall(
    records: Records,
    times: Sequence[int],
    *,
    methods: Collection[str] = (),
    geometric: bool = True,
    seconds: bool = True,
    latency: Sequence[Subsection] = (),
) -> Subsection:
    """Return a table of regret over all suites, a row a method, the default marked.

    Args:
        records: the records.
        times: numbers of evaluations.
        methods: the methods that are compared; all if there are none.
        geometric: whether there is a geometric mean beside the mean.
        seconds: whether a last column has the time of a step.
        latency: what the measure of that name found: the times of the methods that it has are
            taken from there, at the largest of `times` that it has for most of them.

    Raises:
        RecordError: the records hold no such method, or no two methods share a function; or
            `latency` has none of the times.
    """
    known = [method.name for method in records.methods]
    for name in methods:
        if name not in known:
            raise RecordError(f"method = {name!r}; expected some of {', '.join(known)}")
    if methods:
        kept = tuple(method for method in records.methods if method.name in methods)
        records = replace(records, methods=kept)
    table = all_suites_table(records, times, geometric)
    if seconds:
        idle = latencies(latency, times, {m.name for m in records.methods}) if latency else (0, {})
        table = _with_seconds(table, records, *idle)
    return Subsection(tables=(table,))


def default_and_peers(records: Records) -> list[str]:
    """Return the default policy and the methods that are not rnnbbo's."""
    return [method.name for method in records.methods if method.default or not method.ours]


def latencies(
    latency: Sequence[Subsection], times: Sequence[int], wanted: Collection[str]
) -> tuple[int, dict[str, float]]:
    """Return the largest of the times that most of the methods have, and their seconds at it."""
    tables = [table for subsection in latency for table in subsection.tables]
    found = {
        t: {
            row[0].text: cell.value
            for table in tables
            for row in table.rows
            for name, cell in zip(table.head, row, strict=True)
            if name == f"t = {t}" and cell.value is not None
        }
        for t in times
    }
    most = max(found, key=lambda t: (len(found[t].keys() & wanted), t))
    if found[most]:
        return most, found[most]
    heads = sorted({name for table in tables for name in table.head[1:]})
    raise RecordError(
        f"latency = {heads}; expected a table of the times at one of "
        f"{', '.join(map(str, times))} evaluations"
    )


def _with_seconds(table: Table, records: Records, t: int, idle: Mapping[str, float]) -> Table:
    """Add the time of a step: on one core after t evaluations, or in the records."""
    recorded = median_seconds(records)
    names = {label: name for name, label in records.labels.items()}
    rows, marked = [], False
    for row in table.rows:
        name = names[row[0].text]
        value = idle.get(name, recorded[name])
        mark = "≈" if idle and name not in idle else ""
        marked = marked or bool(mark)
        rows.append([*row, Cell(f"{mark}{duration(value)}", value=value)])
    said = "A step is an ask and its tell: the median"
    if idle:
        said += f" on one core after {t} evaluations"
    if marked:
        said += "; after ≈, in the runs compared here, beside other work"
    return Table([*table.head, "time per step"], rows, f"{table.caption} {said}.")


@measure()
@click.argument("records", type=RecordsFolder())
@click.option(
    "--at",
    type=WholeNumbers("10,30,100"),
    default="10,30,100,200",
    show_default=True,
    help="Evaluations.",
)
@click.option(
    "--methods", type=Names(), help="Compare these only.  [default: the default and all peers]"
)
@click.option(
    "--latency",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="What `measure latency --out` wrote, to take times from it.",
)
def command(
    records: Path, at: tuple[int, ...], methods: tuple[str, ...] | None, latency: Path | None
) -> list[Subsection]:
    """Measure regret over all suites of the folder RECORDS, and the time of a step.

    A cell holds mean capped / geometric mean regret on the functions that all methods have.
    """
    times = [] if latency is None else stored.read_tables(latency)
    loaded = read_records(records)
    chosen = methods or default_and_peers(loaded)
    return [overall(loaded, sorted(set(at)), methods=chosen, latency=times)]
