"""The picture and the table that stand for a report elsewhere."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rnnbbo.benchmarks.reports.data import ComparedMethod, Course, Records, Suite
from rnnbbo.benchmarks.reports.panel import draw_lines
from rnnbbo.benchmarks.reports.pool import best
from rnnbbo.benchmarks.reports.ranking import REGRET_SCALE
from rnnbbo.benchmarks.reports.regret import count, curve
from rnnbbo.benchmarks.reports.section import NONE, Cell, Table, joined, short
from rnnbbo.benchmarks.reports.shown import left_out, shown
from rnnbbo.benchmarks.reports.speed import duration, median_seconds
from rnnbbo.benchmarks.reports.style import Style, styles
from rnnbbo.benchmarks.reports.svg import INK, RULE, compact, drawing, render
from rnnbbo.errors import RecordError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TIMES = (30, 100)
"""The numbers of evaluations that the table shows."""

_MOST = 6
_COLUMNS = 3


def picture(records: Records) -> str:
    """Return an SVG document of mean regret against evaluations, a panel a suite.

    It draws the methods that figures show at first, and says which others there are.

    It has a white ground and text as outlines, so that it looks the same on every page.

    Raises:
        RecordError: no suite has a method that made two evaluations.
    """
    suites = [suite for suite in records.suites if suite.budget > 1]
    suites = sorted(suites, key=lambda suite: -len(suite.courses))[:_MOST]
    if not suites:
        raise RecordError("no suite has a run of two evaluations; expected one to draw")
    suites = [suite for suite in records.suites if suite in suites]
    chosen = shown(records)
    look = styles(records.methods, chosen)
    methods = [method for method in records.methods if method.name in chosen]
    missing = left_out(records, chosen)
    with drawing("main-picture", text="path"):
        figure = _figure(suites, methods, look, f"not drawn: {missing}" if missing else "")
        return compact(render(figure)).replace(INK, "#1b1f24").replace(RULE, "#d9dce1")


def headline_table(records: Records) -> Table:
    """Return a table: a row a method, mean capped regret by suite, and time per step."""
    suites = [suite for suite in records.suites if suite.courses]
    times = [t for t in _TIMES if any(suite.budget >= t for suite in suites)]
    times = times or [records.budget]
    seconds = median_seconds(records)
    leaders = {(suite.name, t): best(records, suite.name, t) for suite in suites for t in times}
    rows = []
    for method in records.methods:
        if method.name not in seconds:
            continue
        row = [Cell(method.label)]
        for suite in suites:
            parts: list[Cell | str] = []
            for t in times:
                bold = method.name in leaders[suite.name, t]
                parts += [" / ", _mean(suite.courses.get(method.name), t, bold)]
            row.append(joined(*parts[1:]))
        spent = seconds[method.name]
        rows.append([*row, Cell(duration(spent), value=spent)])
    moments = " / ".join(f"t = {t}" for t in times)
    return Table(
        ["method", *(suite.name for suite in suites), "time per step"],
        rows,
        f"Mean capped normalised regret at {moments}: {REGRET_SCALE}. Bold is the least and what "
        "is tied with it, by the 95 % bootstrap interval of the paired difference over functions. "
        "A step is an ask and its tell: the median.",
    )


def _mean(course: Course | None, t: int, bold: bool) -> Cell:
    if course is None or course.budget < t:
        return Cell(NONE)
    value = float(course.capped[:, t - 1].mean())
    return Cell(short(value), "best" if bold else "", value=value)


def _figure(
    suites: Sequence[Suite], methods: Sequence[ComparedMethod], look: Mapping[str, Style], note: str
) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    columns = min(_COLUMNS, len(suites))
    lines = -(-len(suites) // columns)
    figure = Figure(
        figsize=(2.9 * columns + 0.2, 2.2 * lines + 0.6), layout="constrained", facecolor="white"
    )
    grid = figure.subplots(lines, columns, squeeze=False)
    for pair in grid.flat[len(suites) :]:
        pair.set_visible(False)
    for pair, suite in zip(grid.flat, suites, strict=False):
        drawn, frame = curve(suite, methods, "capped")
        draw_lines(pair, drawn, look, frame)
        pair.set_title(f"{suite.name}, {count(suite)}", fontsize=9, loc="left", color=INK)
        pair.set_axisbelow(True)
        if pair not in grid[:, 0]:
            pair.set_ylabel("")
        if pair not in grid.flat[max(0, len(suites) - columns) :]:
            pair.set_xlabel("")
    handles = [
        Line2D(
            [],
            [],
            color=look[m.name].color,
            linestyle=look[m.name].line,
            linewidth=look[m.name].width,
            marker=look[m.name].marker,
            markersize=4,
            label=m.label,
        )
        for m in methods
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=-(-len(handles) // (-(-len(handles) // (2 * columns)))),
        frameon=False,
        handlelength=2.6,
        fontsize=8,
        title=note,
        title_fontsize=7,
    )
    return figure
