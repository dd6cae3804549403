"""Regret against evaluations and against wall clock."""

from collections.abc import Mapping, Sequence

import numpy as np

from rnnbbo.benchmarks.reports.data import ComparedMethod, Course, Records, Suite
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, panel, thinned
from rnnbbo.benchmarks.reports.pool import best
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table, Tone, short
from rnnbbo.benchmarks.reports.style import Style, drawn_in_order
from rnnbbo.benchmarks.reports.svg import SMALL
from rnnbbo.benchmarks.reports.timed import CALLS
from rnnbbo.benchmarks.statistics import CAP, REGRET_FLOOR, bootstrap_mean

_TIMES = (10, 20, 30, 50, 100, 200)
"""Numbers of evaluations that tables show."""

_MOMENTS = 20
_LEAST = 1e-4  # of a mean on a logarithmic axis: the geometric mean shows what is below


def regret_curves(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on regret against evaluations."""
    suites = [suite for suite in records.suites if suite.courses]
    means = [_curve(suite, records.methods, styles, "capped") for suite in suites]
    geometric = [_curve(suite, records.methods, styles, "log") for suite in suites]
    tables = [
        Subsection(f"{suite.name}: table", _about(suite), (), (), (_table(records, suite),), True)
        for suite in suites
    ]
    return Section(
        "regret",
        "Regret against evaluations",
        (
            "Regret is the noise-free value at a method's best point less the minimum, over what "
            "random search has left after 10 evaluations: 0 is the optimum, 1 is that search. "
            "Bands are 95 % bootstrap intervals over functions. A vertical line marks the longest "
            "run that a policy was trained on.",
        ),
        (
            Subsection(
                "Mean regret", (f"Capped at {CAP:g}, so that no lost run rules.",), (), means
            ),
            Subsection(
                "Geometric mean regret",
                (f"Floored at {REGRET_FLOOR:g}: how many digits a method finds.",),
                (),
                geometric,
            ),
            *tables,
        ),
        key=True,
    )


def clock(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on regret against wall clock."""
    subsections = [
        Subsection(
            suite.name,
            panels=[
                _clock_panel(suite, records.methods, styles, name, call)
                for name, call in CALLS.items()
            ],
            columns=4,
        )
        for suite in records.suites
        if suite.courses
    ]
    return Section(
        "clock",
        "Regret against wall clock",
        (
            "Mean capped regret against time, if a call takes 1 ms, 100 ms, 10 s or 10 min: the "
            "calls, and what the method itself takes to ask and to be told. A line ends with the "
            "method's last evaluation.",
        ),
        subsections,
        key=True,
    )


def ordered(suite: Suite, methods: Sequence[ComparedMethod]) -> list[tuple[str, Course]]:
    """Return the courses of a suite in the order in which they are drawn."""
    names = drawn_in_order(methods)
    return [(name, suite.courses[name]) for name in names if name in suite.courses]


def marks(suite: Suite, methods: Sequence[ComparedMethod]) -> dict[float, str]:
    """Return the training horizons that lie inside a suite's runs."""
    horizons = {
        method.horizon
        for method in methods
        if method.horizon and method.name in suite.courses and method.horizon < suite.budget
    }
    return {float(horizon): f"trained to {horizon}" for horizon in sorted(horizons)}


def _about(suite: Suite) -> tuple[str, ...]:
    return (f"{suite.about[:1].upper()}{suite.about[1:]}.",) if suite.about else ()


def count(suite: Suite) -> str:
    """Return the number of functions as a phrase."""
    most = max(len(course.functions) for course in suite.courses.values())
    return f"{most} function{'s' if most > 1 else ''}"


def curve(suite: Suite, methods: Sequence[ComparedMethod], kind: str) -> tuple[list[Line], Frame]:
    """Return the methods' regret on a suite with its intervals, and what stands round it.

    Args:
        suite: the suite.
        methods: the methods to draw.
        kind: `capped` for the mean, `log` for the geometric mean.
    """
    lines = []
    for name, course in ordered(suite, methods):
        shown = thinned(course.budget)
        estimate = bootstrap_mean(getattr(course, kind)[:, shown])
        ends = estimate.mean, estimate.low, estimate.high
        mean, low, high = (np.exp(e) if kind == "log" else np.maximum(e, _LEAST) for e in ends)
        lines.append(Line(name, (shown + 1).astype(float), mean, low, high))
    frame = Frame(
        EVALUATIONS,
        "mean regret" if kind == "capped" else "geometric mean regret",
        xlog=True,
        ylog=True,
        marks=marks(suite, methods),
        xlim=(1, max(2, suite.budget)),
    )
    return lines, frame


def _curve(
    suite: Suite, methods: Sequence[ComparedMethod], styles: Mapping[str, Style], kind: str
) -> Panel:
    lines, frame = curve(suite, methods, kind)
    title = f"{suite.name}, {count(suite)}"
    return panel(title, lines, styles, frame, f"curve-{kind}-{suite.name}")


def _clock_panel(
    suite: Suite,
    methods: Sequence[ComparedMethod],
    styles: Mapping[str, Style],
    name: str,
    call: float,
) -> Panel:
    lines = []
    for method, course in ordered(suite, methods):
        clocks = course.overhead + call * np.arange(1, course.budget + 1)
        # All functions have their first evaluation by the one, and their last by the other.
        start, end = float(clocks[:, 0].max()), float(clocks[:, -1].min())
        if end <= start:
            continue
        moments = np.geomspace(start, end, _MOMENTS)
        done = [np.searchsorted(row, moments * (1 + 1e-9), side="right") - 1 for row in clocks]
        regret = [row[index] for row, index in zip(course.capped, done, strict=True)]
        lines.append(Line(method, moments, np.maximum(np.mean(regret, axis=0), _LEAST)))
    frame = Frame("seconds", "mean regret", xlog=True, ylog=True)
    return panel(f"a call takes {name}", lines, styles, frame, f"clock-{name}-{suite.name}", SMALL)


def _table(records: Records, suite: Suite) -> Table:
    times = [t for t in _TIMES if t <= suite.budget] or [suite.budget]
    rows = []
    leaders = {t: best(records, suite.name, t) for t in times}
    for method in records.methods:
        course = suite.courses.get(method.name)
        if course is None:
            continue
        cells = []
        for t in times:
            if course.budget < t:
                cells.append(Cell(NONE, "faint"))
                continue
            mean = bootstrap_mean(course.capped[:, t - 1])
            geometric = float(np.exp(course.log[:, t - 1].mean()))
            low, high = short(float(mean.low)), short(float(mean.high))
            text = f"{short(float(mean.mean))} [{low}, {high}]"
            tone: Tone = "best" if method.name in leaders[t] else ""
            cells.append(Cell(text, tone, short(geometric)))
        many = Cell(str(len(course.functions)), note=f"{course.runs} runs")
        rows.append([Cell(method.label), *cells, many])
    return Table(
        ["method", *(f"t = {t}" for t in times), "functions"],
        rows,
        "Mean capped regret [95 % interval], and below it the geometric mean. Bold is the least "
        "mean of a column and what is tied with it, on the functions that the methods share.",
    )
