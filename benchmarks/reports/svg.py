"""Figures as compact SVG to stand inside a page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from rnnbbo.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand-ins which the page's own colours replace, so that a figure follows light and dark.
INK, RULE = "#010203", "#040506"
_THEME = {INK: "currentColor", RULE: "var(--rule)"}

GROUP = "method--"
"""What the gid of a method's artists begins with; see `inline`."""

WIDE, MEDIUM, SMALL, SQUARE = (4.6, 2.7), (3.5, 2.5), (2.7, 2.15), (1.9, 1.9)
"""Sizes of a figure in inches, for two, three, four and seven side by side."""

_HEX = r"#(?!010203|040506)[0-9a-f]{6}"

_OTHER_MARGINS = (0.08, 0.05)

# What matplotlib writes and nobody needs: metadata, line breaks, ids that nothing refers to.
_SHORTER = (
    (r"<metadata>.*?</metadata>", ""),
    (r"<!--.*?-->", ""),
    (r"<!DOCTYPE.*?>", ""),
    (r'<g id="[^"]*"/>', ""),
    (rf'<g id="(?!{GROUP})[^"]*">', "<g>"),
    (r"\s*\n\s*", " "),
    (r"> <", "><"),
    (r" (?=[LMCQ] )", ""),
    (r"(?<=[LMCQ]) ", ""),
    (r'(?<= d=")([^"]*?) (?=")', r"\1"),
    (r"<g></g>", ""),
)

# What a page sets by itself: the font, and the looks of texts, grid lines, and of a method's line,
# bars, band and markers, by the classes rule, l, i, b and by `use`.
_STYLED = (
    (r"<defs>\s*<style.*?</style>\s*</defs>", ""),
    (rf'<g id="{GROUP}([^"]*)">', r'<g class="m \1">'),
    (r" font-family: [^;\"]*;", ""),
    (r' transform="rotate\(-0 [^"]*"', ""),
    (r"xlink:href=", "href="),
    (r'<path d="[^"]*" style="fill: none"/>', ""),
    (rf' (?:clip-path="[^"]*" )?style="fill: none; stroke: {RULE};[^"]*"', ' class="rule"'),
    (rf' style="fill: none; stroke: {_HEX}; stroke-width: 0.9"', ' class="i"'),
    (rf' style="fill: none; [^"]*stroke: {_HEX}[^"]*"', ' class="l"'),
    (rf' style="fill: {_HEX}; opacity: [^"]*"', ' class="b"'),
    (r'(<use [^>]*?) style="[^"]*"', r"\1"),
    (r'(<defs><path id="[^"]*" d="[^"]*") style="[^"]*"', r"\1"),
    (rf' style="font-size: 8px; text-anchor: (\w+); fill: {INK}"', r' class="\1"'),
    (r"<g>(<(?:text|path) [^>]*>[^<]*(?:</text>)?)</g>", r"\1"),
    (r"<g></g>", ""),
)


@contextmanager
def drawing(salt: str, *, text: str = "none") -> Iterator[None]:
    """Set matplotlib's parameters for a figure, and put the caller's back.

    Args:
        salt: makes the ids inside the figure its own, and the same each time.
        text: matplotlib's `svg.fonttype`.

    Raises:
        MissingExtraError: matplotlib, of the extra `bench`, is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise MissingExtraError(
            "a report needs matplotlib: pip install -c constraints.txt '.[bench]'"
        ) from error
    mine: dict[Any, Any] = {
        "svg.hashsalt": salt,
        "svg.fonttype": text,
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.6,
        "axes.grid": True,
        "grid.color": RULE,
        "grid.linewidth": 0.5,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "path.simplify": True,
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(mine)
        yield


def axes(
    size: tuple[float, float] = MEDIUM, margins: tuple[float, float] = (0.58, 0.4)
) -> "tuple[Figure, Axes]":
    """Return a transparent figure with one pair of axes.

    Args:
        size: of the figure, in inches.
        margins: left of the axes and below them, in inches.
    """
    from matplotlib.figure import Figure

    (width, height), (left, below), (right, above) = size, margins, _OTHER_MARGINS
    figure = Figure(figsize=size, facecolor="none")
    box = (
        left / width,
        below / height,
        1 - (left + right) / width,
        1 - (below + above) / height,
    )
    pair = figure.add_axes(box, facecolor="none")
    pair.set_axisbelow(True)
    return figure, pair


def render(figure: "Figure") -> str:
    """Return a figure as an SVG document without a date."""
    stream = StringIO()
    figure.savefig(
        stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    return stream.getvalue()


def compact(text: str) -> str:
    """Return an SVG document in fewer characters; coordinates keep a tenth of a point."""
    text = _replaced(text, _SHORTER)
    return re.sub(r'(?: (?:d|x|y|width|height)="|translate\()[^")]*', _rounded, text)


def inline(figure: "Figure", label: str) -> str:
    """Return a figure as an SVG element for a page.

    Every group whose gid is `GROUP` and a method's class becomes a group of that class, whose looks
    are the page's matter.

    Args:
        figure: the figure.
        label: what it shows, for those who do not see it.
    """
    text = compact(render(figure))
    text = _replaced(text[text.index("<svg") :], _STYLED)
    for stand_in, colour in _THEME.items():
        text = text.replace(stand_in, colour)
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None
    head = f'<svg class="figure" role="img" aria-label="{escape(label)}" {box[0]}>'
    return re.sub(r"^<svg[^>]*>", lambda _: head, text, count=1)


def _replaced(text: str, patterns: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in patterns:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return text


def _rounded(coordinates: re.Match[str]) -> str:
    return re.sub(r"-?\d+\.\d{2,}", _one_decimal, coordinates[0])


def _one_decimal(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
