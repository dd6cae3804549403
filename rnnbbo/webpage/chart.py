"""A chart of a page, in Plotly's form, and what charts have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from rnnbbo.escaping import as_line, repr_of
from rnnbbo.pictures.appearance import BEST_COLOR, FAILED_COLOR, MARKED_COLOR

# Each has a marker of its own, too; grey and orange are darker than in pictures, for contrast.
BLUE, RED, GREEN = BEST_COLOR, FAILED_COLOR, MARKED_COLOR
GREY, ORANGE = "#767676", "#B87A00"
DARK, _RULE = "#1b1f24", "#d9dce1"

MOST_POINTS = 2000
"""Points of a chart; of more trials a part is shown, and said to be one."""

_LABEL = 24  # characters of a name or category beside an axis
_DIGITS = 7  # of numbers of a chart, more than a screen shows


@dataclass(frozen=True)
class Chart:
    """What Plotly draws.

    Attributes:
        id: of the element.
        title: what it shows, in some words.
        data: traces.
        layout: more of the layout than `base_layout` has.
        height: in pixels.
        note: what there is to know beside it; may be empty.
        log: whether the vertical axis may be logarithmic: a switch turns it.
        wide: whether it takes a line of its own.
        least_width: in pixels; in a narrower window it scrolls.
    """

    id: str
    title: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    height: int = 360
    note: str = ""
    log: bool = False
    wide: bool = True
    least_width: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """It as the page's script takes it."""
        return {**asdict(self), "layout": {**base_layout(), **self.layout}}


@dataclass(frozen=True)
class PagePart:
    """A part of the page under one heading.

    Attributes:
        id: of the element.
        title: the heading.
        text: paragraphs before the charts.
        charts: what is drawn.
    """

    id: str
    title: str
    text: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        """It as the page's script takes it."""
        return {
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "charts": [chart.document for chart in self.charts],
        }


def base_layout() -> dict[str, Any]:
    """Return what all charts have in common."""
    return {
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": DARK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 60, "r": 16, "t": 16, "b": 48},
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "uirevision": "kept",  # zooms and brushes stay when values come in
    }


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis; its title is a text, not markup."""
    log = more.get("type") == "log"
    numbers = {"exponentformat": "power"} if log else {"exponentformat": "e", "minexponent": 5}
    return {
        "title": {"text": escaped(title)},
        "gridcolor": _RULE,
        "linecolor": _RULE,
        "zeroline": False,
        "automargin": True,
        **numbers,
        **more,
    }


def count_axis(title: str) -> dict[str, Any]:
    """Return an axis of whole numbers from 0."""
    return axis(title, rangemode="tozero", tickformat=",d")


BORDER_MARK = 0.03
"""Height at which failures are marked, of the chart's, on `border_axis`."""


def border_axis() -> dict[str, Any]:
    """Return a second vertical axis from 0 to 1, over the first: for marks at the border."""
    return {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}


def escaped(text: str) -> str:
    """Return a text that Plotly, which reads some markup, shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def label_text(value: Any) -> str:
    """Return a name or a value of a parameter as a label, which is not escaped yet."""
    text = plain_text(value)
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"


def plain_text(value: Any) -> str:
    """Return a value of a parameter in one line, as people read it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return as_line(value if isinstance(value, str) else repr_of(value))


def rounded(values: Iterable[float]) -> list[float | None]:
    """Return numbers as JSON has them, of a few digits; None for what is not finite."""
    return [float(f"{one:.{_DIGITS}g}") if math.isfinite(one) else None for one in values]


def hover_text(number: int, values: Sequence[tuple[str, str]]) -> str:
    """Return what is shown where a trial is pointed at: its number, then names and values."""
    lines = [f"{escaped(label_text(name))}: {escaped(label_text(value))}" for name, value in values]
    return "<br>".join([f"<b>trial {number}</b>", *lines])


def some_of(keep: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Return indices of n points to show: those to keep, and of the others some, evenly.

    Args:
        keep: (n,) bool, which are shown in any case.
        most: how many are shown, those to keep apart.
    """
    others = np.flatnonzero(~keep)
    if len(others) > most:
        others = others[np.linspace(0, len(others) - 1, most).round().astype(int)]
    return np.union1d(np.flatnonzero(keep), others)


def shown_of(shown: int, count: int) -> str:
    """Return that not all trials are shown; empty where all are."""
    return "" if shown >= count else f"{shown:,} of {count:,} trials are drawn."
