"""What went wrong, and how the records were made."""

from collections.abc import Mapping
from typing import Any

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table
from rnnbbo.benchmarks.reports.style import Style


def failures(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on runs that ended early and evaluations without a value."""
    subsections = []
    if records.lost:
        rows = [
            [Cell(lost.run), Cell(lost.status), Cell(str(lost.t)), Cell(lost.message)]
            for lost in records.lost
        ]
        head = ["suite/function/method/seed", "status", "at t", "message"]
        subsections.append(Subsection("Runs that ended early", tables=(Table(head, rows),)))
    if records.failed:
        rows = [
            [Cell(suite), Cell(method), Cell(str(count))]
            for (suite, method), count in sorted(records.failed.items())
        ]
        head = ["suite", "method", "evaluations"]
        subsections.append(Subsection("Evaluations without a value", tables=(Table(head, rows),)))
    text = [
        f"{records.runs} runs with {records.evaluations} evaluations are recorded. "
        f"{len(records.lost) or 'None'} of the runs ended early"
        + (
            ": the method raised, took too long, or its process died. Their functions do not "
            "count for the method."
            if records.lost
            else "."
        ),
        f"{sum(records.failed.values()) or 'No'} evaluations gave no value.",
    ]
    if records.beaten:
        text.append(
            "Where a minimum is estimated, it can be beaten; regret then counts as 0. That was "
            f"so on {', '.join(records.beaten)}."
        )
    return Section("failures", "What went wrong", text, subsections)


def origin(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on how it was made."""
    methods = Table(
        ["method", "what it is", "trained to"],
        [
            [Cell(m.label), Cell(m.about), Cell(str(m.horizon) if m.horizon else NONE)]
            for m in records.methods
        ],
    )
    suites = Table(
        ["suite", "what it holds", "functions"],
        [[Cell(s.name), Cell(s.about), Cell(str(len(s.dims)))] for s in records.suites],
    )
    starts = [
        Subsection(
            f"Started {header.get('started', '')}",
            items=[(name, _plain(header[key])) for name, key in _SAID if key in header],
            tables=_plan(header.get("plan", {})),
            folded=header is not records.headers[-1],
        )
        for header in records.headers
    ]
    what = Subsection("Methods and suites", tables=(methods, suites))
    return Section("origin", "How it was made", (), (what, *starts))


def _plan(plan: Mapping[str, Any]) -> tuple[Table, ...]:
    """Make a table of the comparisons of a plan."""
    rows = [
        [Cell(_plain(comparison.get(key))) for key in _COMPARED]
        for comparison in plan.get("compare", [])
        if isinstance(comparison, Mapping)
    ]
    about, split = plan.get("about", ""), plan.get("split", "")
    caption = f"The plan: {about}." if about else "The plan."
    if split:
        caption += f" Functions of the split {split}."
    return (Table(list(_COMPARED), rows, caption),) if rows else ()


_COMPARED = ("suites", "methods", "budget", "functions", "seeds")

_SAID = (
    ("command", "command"),
    ("rnnbbo", "rnnbbo"),
    ("commit", "commit"),
    ("Python", "python"),
    ("platform", "platform"),
    ("processor", "cpu"),
    ("cores", "cores"),
    ("threads a process", "threads"),
    ("run on", "where"),
    ("load at the start", "load"),
    ("compiled core", "core"),
    ("packages", "packages"),
)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return NONE if value is None else str(value)
