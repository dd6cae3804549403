"""One small figure of lines, a line a method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.reports.svg import GROUP, INK, MEDIUM, axes, drawing, inline
from rnnbbo.functions.problem import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes


EVALUATIONS = "evaluations"
"""The name of a horizontal axis that counts them."""

_NUMBERS = (1, 3, 10, 30, 100, 300, 1000, 3000)


@dataclass(frozen=True)
class Line:
    """A method's line.

    Attributes:
        method: its name.
        x: (n,) where it is drawn.
        y: (n,) its values; NaN leaves a gap.
        low: (n,) the lower end of its interval, None without one.
        high: (n,) the upper end.
    """

    method: str
    x: FloatArray
    y: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None


@dataclass(frozen=True)
class Frame:
    """What stands round the lines.

    Attributes:
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        xlog: whether the horizontal axis is logarithmic.
        ylog: whether the vertical axis is logarithmic.
        marks: evaluation -> text, vertical lines.
        xlim: limits of the horizontal axis.
        ylim: limits of the vertical axis.
        xticks: where the horizontal axis has its labels, None for anywhere.
        bars: whether intervals are bars at each value instead of a band.
        equal: a value that a horizontal line marks: there two methods are equal.
    """

    x: str
    y: str
    xlog: bool = False
    ylog: bool = False
    marks: Mapping[float, str] | None = None
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    xticks: Sequence[int] | None = None
    bars: bool = False
    equal: float | None = None


@dataclass(frozen=True)
class Panel:
    """A figure.

    Attributes:
        title: its title.
        svg: the SVG element.
        css: the class of the method that it shows, "" if it shows several.
    """

    title: str
    svg: str
    css: str = ""


def panel(
    title: str,
    lines: Sequence[Line],
    styles: Mapping[str, Style],
    frame: Frame,
    salt: str,
    size: tuple[float, float] = MEDIUM,
) -> Panel:
    """Draw lines.

    Args:
        title: of the panel.
        lines: in the order in which they are drawn, the last on top.
        styles: method -> style.
        frame: what stands round the lines.
        salt: unique on the page.
        size: in inches.
    """
    with drawing(salt):
        figure, pair = axes(size)
        draw_lines(pair, lines, styles, frame)
        label = f"{title}: {frame.y} against {frame.x}"
        return Panel(title, inline(figure, label))


def draw_lines(
    pair: "Axes", lines: Sequence[Line], styles: Mapping[str, Style], frame: Frame
) -> None:
    """Draw lines on matplotlib's axes."""
    if frame.xlog:
        pair.set_xscale("log")
    if frame.ylog:
        pair.set_yscale("log")
    for line in lines:
        _line(pair, line, styles[line.method], frame.bars)
    if frame.equal is not None:
        pair.axhline(frame.equal, color=INK, linewidth=0.8)
    for i, (at, text) in enumerate(marks := sorted((frame.marks or {}).items())):
        pair.axvline(at, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        # The last text stands on the right of its line, the others on the left of theirs.
        side, gap = ("left", 2) if i == len(marks) - 1 else ("right", -2)
        place, offset, systems = (at, 1.0), (gap, -2), (("data", "axes fraction"), "offset points")
        pair.annotate(text, place, offset, *systems, va="top", ha=side, fontsize=6.5)
    pair.set_xlabel(frame.x)
    pair.set_ylabel(frame.y)
    if frame.xlim:
        pair.set_xlim(frame.xlim)
    if frame.ylim:
        pair.set_ylim(frame.ylim)
    _ticks(pair, frame)


def _ticks(pair: "Axes", frame: Frame) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    for axis, log in ((pair.xaxis, frame.xlog), (pair.yaxis, frame.ylog)):
        if log:
            low, high = axis.get_view_interval()
            within_two_decades = high < 100 * low
            if within_two_decades:
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(lambda value, _: power(value))
            axis.set_minor_locator(NullLocator())
    if frame.xticks is not None:
        pair.set_xticks(frame.xticks, [str(tick) for tick in frame.xticks])
    elif frame.x == EVALUATIONS:
        low, high = pair.get_xlim()
        ticks = [tick for tick in _NUMBERS if low <= tick <= high]
        pair.set_xticks(ticks, [str(tick) for tick in ticks])


def _line(pair: "Axes", line: Line, style: Style, bars: bool) -> None:
    gid = GROUP + css_class(line.method)
    if line.low is not None and line.high is not None:
        if bars:
            ends = line.x, line.low, line.high
            pair.vlines(*ends, color=style.color, linewidth=0.9, gid=gid, clip_on=False)
        else:
            x, y = np.r_[line.x, line.x[::-1]], np.r_[line.low, line.high[::-1]]
            pair.fill(x, y, color=style.color, alpha=0.13, linewidth=0, gid=gid, clip_on=False)
    pair.plot(
        line.x,
        line.y,
        color=style.color,
        linestyle=style.line,
        linewidth=style.width,
        marker=style.marker,
        markersize=4,
        markevery=max(1, len(line.x) // 4),
        gid=gid,
        clip_on=False,
    )


def css_class(method: str) -> str:
    """Return a class for a method whose name may hold any characters."""
    return "m-" + "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}_" for c in method)


def power(value: float) -> str:
    """Return a number of a logarithmic axis in few characters."""
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    exponent = round(np.log10(value))
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def thinned(count: int, shown: int = 30) -> NDArray[np.int64]:
    """Return which of `count` evaluations to draw on a logarithmic axis, from 0."""
    return np.unique(np.round(np.geomspace(1, count, shown)).astype(np.int64)) - 1
