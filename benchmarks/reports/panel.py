"""One small figure of lines, a line a method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.reports.svg import GROUP, INK, axes, drawing, inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


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
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None


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
        steps: whether a value holds until the next one.
    """

    x: str
    y: str
    xlog: bool = False
    ylog: bool = False
    marks: Mapping[float, str] | None = None
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    steps: bool = False


@dataclass(frozen=True)
class Panel:
    """A figure: its title, and the SVG element."""

    title: str
    svg: str


def panel(
    title: str, lines: Sequence[Line], styles: Mapping[str, Style], frame: Frame, salt: str
) -> Panel:
    """Draw lines.

    Args:
        title: of the panel.
        lines: those of rnnbbo last, so that they lie on top.
        styles: method -> style.
        frame: what stands round the lines.
        salt: unique on the page.
    """
    with drawing(salt):
        figure, pair = axes()
        draw(pair, lines, styles, frame)
        label = f"{title}: {frame.y} against {frame.x}"
        return Panel(title, inline(figure, label))


def draw(pair: "Axes", lines: Sequence[Line], styles: Mapping[str, Style], frame: Frame) -> None:
    """Draw lines on matplotlib's axes."""
    if frame.xlog:
        pair.set_xscale("log")
    if frame.ylog:
        pair.set_yscale("log")
    for line in lines:
        style = styles[line.method]
        gid = GROUP + css_class(line.method)
        if line.low is not None and line.high is not None:
            band = pair.fill_between(
                line.x, line.low, line.high, color=style.color, alpha=0.13, linewidth=0
            )
            band.set_gid(gid)
        drawn = pair.plot(
            line.x,
            line.y,
            color=style.color,
            linestyle=style.line,
            linewidth=style.width,
            marker=style.marker,
            markersize=4,
            markevery=max(1, len(line.x) // 6),
            drawstyle="steps-post" if frame.steps else "default",
        )
        drawn[0].set_gid(gid)
    for at, text in sorted((frame.marks or {}).items()):
        pair.axvline(at, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        pair.annotate(
            text,
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, -2),
            textcoords="offset points",
            va="top",
            fontsize=6.5,
        )
    pair.set_xlabel(frame.x)
    pair.set_ylabel(frame.y)
    if frame.xlim:
        pair.set_xlim(frame.xlim)
    if frame.ylim:
        pair.set_ylim(frame.ylim)
    for axis, log in ((pair.xaxis, frame.xlog), (pair.yaxis, frame.ylog)):
        if log:
            axis.set_major_formatter(lambda value, _: power(value))
            axis.set_minor_formatter(lambda value, _: "")


def css_class(method: str) -> str:
    """Return a class for a method whose name may hold any characters."""
    return "m-" + "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}_" for c in method)


def power(value: float) -> str:
    """Return a number of a logarithmic axis in few characters."""
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    exponent = round(np.log10(value))
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def thinned(count: int, shown: int = 40) -> NDArray[np.int64]:
    """Return which of `count` evaluations to draw: all of the first, the last, and some between."""
    if count <= shown:
        return np.arange(count)
    first = shown // 3
    rest = np.linspace(first, count - 1, shown - first)
    return np.unique(np.concatenate([np.arange(first), np.round(rest)]).astype(np.int64))
