"""Time per ask."""

from collections.abc import Mapping

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, panel, thinned
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table
from rnnbbo.benchmarks.reports.style import Style, drawn_in_order
from rnnbbo.functions.problem import FloatArray

_TIMES = (1, 10, 30, 100, 200)
"""Numbers of evaluations that the table shows."""

_AROUND = 2
"""A moment of the table is the median over this many evaluations on either side too."""


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on time per ask against the number of evaluations."""
    dims = sorted({dim for suite in records.suites for dim in suite.dims.values()})
    found = {
        dim: {m.name: step_seconds(records, m.name, dim) for m in records.methods} for dim in dims
    }
    panels = [_panel(records, styles, dim, found[dim]) for dim in dims if any(found[dim].values())]
    return Section(
        "speed",
        "Time per ask",
        (
            "Seconds to propose a point and to be told its value, on one thread: the median over "
            "functions, by the number of dimensions.",
        ),
        (Subsection(panels=panels, tables=[_table(records)]),),
        key=True,
    )


def step_seconds(records: Records, method: str, dim: int | None = None) -> Mapping[int, float]:
    """Return seconds of an ask and its tell: evaluation -> median over functions.

    Args:
        records: the records.
        method: the method's name.
        dim: the number of dimensions; None for all.
    """
    rows: list[FloatArray] = []
    for suite in records.suites:
        course = suite.courses.get(method)
        if course is None:
            continue
        steps = np.diff(course.overhead, axis=1, prepend=0.0)
        kept = [dim is None or suite.dims[function] == dim for function in course.functions]
        rows += list(steps[kept])
    longest = max(map(len, rows), default=0)
    return {
        t: float(np.median([row[t - 1] for row in rows if len(row) >= t]))
        for t in range(1, longest + 1)
    }


def median_seconds(records: Records) -> Mapping[str, float]:
    """Return every method's seconds per ask and its tell: the median over its evaluations."""
    found = {}
    for method in records.methods:
        by_time = step_seconds(records, method.name)
        if by_time:
            found[method.name] = float(np.median(list(by_time.values())))
    return found


def duration(value: float) -> str:
    """Return seconds in the unit that reads best."""
    for unit, size in (("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            number = value / size
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    return f"{value * 1e6:.0f} µs"


def _panel(
    records: Records,
    styles: Mapping[str, Style],
    dim: int,
    found: Mapping[str, Mapping[int, float]],
) -> Panel:
    lines = []
    for name in drawn_in_order(records.methods):
        times = np.array(list(found[name]))
        if len(times):
            shown = thinned(len(times))
            values = np.array(list(found[name].values()))[shown]
            lines.append(Line(name, times[shown], np.maximum(values, 1e-6)))
    last = max(line.x[-1] for line in lines)
    frame = Frame(
        EVALUATIONS, "seconds per ask", xlog=True, ylog=True, xlim=(1, max(2.0, float(last)))
    )
    title = f"{dim} dimension{'s' if dim > 1 else ''}"
    return panel(title, lines, styles, frame, f"speed-{dim}")


def _table(records: Records) -> Table:
    times = [t for t in _TIMES if t <= records.budget]
    rows = []
    for method in records.methods:
        found = step_seconds(records, method.name)
        cells = [Cell(method.label)]
        for t in times:
            near = [found[s] for s in range(t - _AROUND, t + _AROUND + 1) if s in found]
            if t == 1:
                near = [found[1]] if found else []
            cells.append(Cell(duration(float(np.median(near)))) if t in found else Cell(NONE))
        rows.append(cells)
    head = ["method", *(f"t = {t}" for t in times)]
    caption = "Median over all functions; the first ask can hold the loading of a library."
    return Table(head, rows, caption)
