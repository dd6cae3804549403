"""Which method to take: regret after the same number of evaluations, whatever they cost."""

from collections.abc import Mapping, Sequence

import numpy as np

from rnnbbo.benchmarks.reports import ranking, worst
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.parts import PARTS
from rnnbbo.benchmarks.reports.pool import FEWEST_FUNCTIONS, names
from rnnbbo.benchmarks.reports.ranking import Column, columns, excess, extent
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table, short
from rnnbbo.benchmarks.reports.style import Style

_TIMES = (10, 30, 60, 100, 200, 500, 1000, 2000, 5000)
"""Numbers of evaluations after which methods are compared."""

_NAMED = 4
_ALL = "all suites together"


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the verdict."""
    title = "Which optimizer to take"
    found = columns(records, [t for t in _TIMES if t <= records.budget] or [records.budget])
    if not found:
        nothing = "No two methods have complete runs on the same function: nothing to compare yet."
        return Section("verdict", title, (nothing,))
    parts = {name: columns(records, [c.t for c in found], keep) for name, keep in PARTS.items()}
    parts = {name: part for name, part in parts.items() if part}
    shown = {_ALL: found, **parts} if len(parts) > 1 else {_ALL: found}
    subsections = [_subsection(records, _ALL, found)]
    if len(shown) > 1:
        subsections.append(Subsection("Part by part", tables=(_glance(shown),)))
        subsections += [
            _subsection(records, name, part, folded=True) for name, part in parts.items()
        ]
    return Section("verdict", title, (_summary(records, found, parts), _READING), subsections)


_READING = (
    "Methods are ranked by their regret after the same number of evaluations: first by how often "
    "one is behind the least mean by the interval, then by how far it is above it on average. What "
    "asking costs is a question of its own, which “Where a method's own time counts” answers. Two "
    "methods are tied where the 95 % bootstrap interval over functions of their paired difference "
    f"holds 0. Regret is normalised: {ranking.REGRET_SCALE}."
)


def _subsection(
    records: Records, title: str, found: Sequence[Column], folded: bool = False
) -> Subsection:
    tables = (
        ranking.intervals(records, found),
        ranking.intervals(records, found, geometric=True),
        worst.worst_table(records, found),
    )
    text = [f"Compared on {extent(records, found)}."]
    missing = [
        method.name
        for method in records.methods
        if not all(method.name in column.means.values for column in found)
    ]
    if missing:
        text.append(
            "Not compared at every number, since they stopped before it or lack functions: "
            f"{names(missing)}."
        )
    return Subsection(
        title[:1].upper() + title[1:], (" ".join(text),), tables=tables, folded=folded
    )


def _summary(
    records: Records, found: Sequence[Column], parts: Mapping[str, Sequence[Column]]
) -> str:
    sure = [column for column in found if len(column.means.functions) >= FEWEST_FUNCTIONS]
    if not sure:
        return (
            f"Fewer than {FEWEST_FUNCTIONS} functions are shared by the methods: too few to tell "
            "any two apart. What follows is the order of their means."
        )
    compared = [
        name
        for name in ranking.ranked(records, sure)
        if all(name in column.means.values for column in sure)
    ]
    best, *others = compared
    count = {name: sum(name in column.means.leaders for column in sure) for name in compared}
    text = (
        f"By evaluations, over all suites together, take {records.labels[best]}: its mean regret "
        f"is the least or tied with the least {_times(sure, best)}, and on average "
        f"{short(excess(sure, best))} above the least."
    )
    if others:
        then = names(
            [f"{n} ({short(excess(sure, n))} above, {count[n]} of {len(sure)})" for n in others[:3]]
        )
        text += f" Next, of those compared at all these numbers, come {then}."
    if records.default in compared:
        text += _behind(records.default, {_ALL: found, **parts})
    return text


def _times(found: Sequence[Column], method: str) -> str:
    led = [str(column.t) for column in found if method in column.means.leaders]
    if not led:
        return "after none of these numbers of evaluations"
    return f"after {names(led)} evaluations"


def _behind(default: str, shown: Mapping[str, Sequence[Column]]) -> str:
    """Say where the default is behind another method, by the interval."""
    places = []
    for part, found in shown.items():
        for column in found:
            pool = column.means
            if default in pool.values and default not in pool.leaders:
                best = pool.ranking[0]
                ours, theirs = (short(float(np.mean(pool.values[n]))) for n in (default, best))
                places.append(f"{part}, after {column.t}: {ours}, {best} {theirs}")
    if not places:
        return f" Nowhere in the tables of means below is {default} behind the least."
    return f" {default[:1].upper()}{default[1:]} is behind the least here: {'; '.join(places)}."


def _glance(shown: Mapping[str, Sequence[Column]]) -> Table:
    times = sorted({column.t for found in shown.values() for column in found})
    rows = []
    for name, found in shown.items():
        cells = {column.t: _leaders(column) for column in found}
        rows.append([Cell(name), *(cells.get(t, Cell(NONE, "faint")) for t in times)])
    return Table(
        ["functions", *(f"t = {t}" for t in times)],
        rows,
        "The method of the least mean capped regret, and that regret; below it, after =, the "
        "methods that are tied with it. A method that is ahead of all others is bold.",
    )


def _leaders(column: Column) -> Cell:
    first, *others = column.means.leaders
    text = f"{first} {short(float(np.mean(column.means.values[first])))}"
    if len(column.means.functions) < FEWEST_FUNCTIONS:
        return Cell(text, "faint", "too few functions")
    return Cell(text, "" if others else "best", tied(others))


def tied(others: Sequence[str]) -> str:
    """Return the methods that are tied with another in few words, "" for none."""
    named = others if len(others) <= _NAMED else [*others[:3], f"{len(others) - 3} more"]
    return f"= {', '.join(named)}" if others else ""
