"""The least value observed against evaluations, as papers on learned optimizers draw it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnbbo.benchmarks.reports.data import ComparedMethod, Course, Records, Suite
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, panel, thinned
from rnnbbo.benchmarks.reports.regret import marks, ordered
from rnnbbo.benchmarks.reports.section import Section, Subsection
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.statistics import bootstrap_mean

MOST_KINDS = 6
"""Experiments of a suite that are drawn; a suite of more is one of many kinds of functions."""

_FIRST = 5  # evaluation that is drawn: the values before are high, and flatten all others

_WHOLE = 10  # evaluation from which lines lie within the axis: one wild start flattens the rest

_MARGIN = 0.05  # of the axis, above and below

_DRAWN = re.compile(r"-\d+$")  # what a name ends with where the function was drawn by a seed


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on the least value observed."""
    subsections = []
    for suite in records.suites:
        groups = experiments(suite)
        if suite.courses and len(groups) <= MOST_KINDS:
            panels = [
                _panel(suite, records.methods, styles, name, functions)
                for name, functions in groups.items()
            ]
            subsections.append(Subsection(suite.name, panels=panels))
    text = (
        f"The least value so far, from evaluation {_FIRST} on, without noise and in the function's "
        "own units, averaged over the functions of a kind; with several of them the bands are 95 % "
        "bootstrap intervals. The axis ends where the highest line is after "
        f"{_WHOLE} evaluations; what is above is cut off. A vertical line marks the longest run "
        "that a policy was trained on. Functions of one kind are those that were drawn alike; "
        f"suites of more than {MOST_KINDS} kinds are left out.",
    )
    return Section("least", "Least value observed", text, subsections, key=True)


def experiments(suite: Suite) -> dict[str, list[str]]:
    """Return the functions of a suite by kind: their names without the seeds that drew them."""
    found: dict[str, list[str]] = {}
    for function in suite.dims:
        found.setdefault(_DRAWN.sub("", function), []).append(function)
    return found


def _panel(
    suite: Suite,
    methods: Sequence[ComparedMethod],
    styles: Mapping[str, Style],
    name: str,
    functions: Sequence[str],
) -> Panel:
    lines = []
    for method, course in ordered(suite, methods):
        rows = [i for i, function in enumerate(course.functions) if function in functions]
        if rows:
            lines.append(_line(method, course, rows))
    limits = _limits(lines)
    if limits:
        lines = [_cut(line, limits[1]) for line in lines]
    frame = Frame(
        EVALUATIONS,
        "least value",
        marks=marks(suite, methods),
        xlim=(0, max(2, suite.budget)),
        ylim=limits,
        xticks=np.unique(np.linspace(0, suite.budget, 6).round().astype(int)).tolist(),
    )
    title = f"{name}, {len(functions)} function{'s' if len(functions) > 1 else ''}"
    return panel(title, lines, styles, frame, f"least-{suite.name}-{name}")


def _cut(line: Line, top: float) -> Line:
    """Return a line and its band without what is above: figures do not clip them."""
    if line.low is None or line.high is None:
        return replace(line, y=np.where(line.y > top, np.nan, line.y))
    return replace(
        line,
        y=np.where(line.y > top, np.nan, line.y),
        low=np.minimum(line.low, top),
        high=np.minimum(line.high, top),
    )


def _limits(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the ends of the vertical axis, None where nothing is to be seen of one."""
    late = [line.y[line.x >= min(_WHOLE, line.x[-1])] for line in lines]
    ends = [line.y if line.low is None else line.low for line in lines]
    above = [float(np.max(y[np.isfinite(y)])) for y in late if np.isfinite(y).any()]
    below = [float(np.min(y[np.isfinite(y)])) for y in ends if np.isfinite(y).any()]
    if not above:
        return None
    low, high = min(below), max(above)
    margin = _MARGIN * (high - low)
    return (low - margin, high + margin) if margin > 0 else None


def _line(method: str, course: Course, rows: Sequence[int]) -> Line:
    shown = thinned(course.budget)
    shown = shown[shown + 1 >= min(_FIRST, course.budget)]
    values = course.least[rows][:, shown]
    x = (shown + 1).astype(float)
    if len(rows) == 1:
        return Line(method, x, values[0])
    estimate = bootstrap_mean(values)
    return Line(method, x, estimate.mean, estimate.low, estimate.high)
