"""Charts of what a model believes: slices through a point, importance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnbbo.pictures.appearance import log_helps
from rnnbbo.pictures.importance import Importance
from rnnbbo.pictures.run_data import RunData
from rnnbbo.pictures.slices import Slice
from rnnbbo.webpage.chart import (
    BLUE,
    BORDER_MARK,
    DARK,
    GREEN,
    GREY,
    RED,
    Chart,
    axis,
    border_axis,
    escaped,
    label_text,
    rounded,
)

_MOST_SLICES = 12
_MOST_BARS = 30
_MOST_TOLD = 400  # values beside the curve
_MOST_FAILED = 100
_BAND = "rgba(0, 114, 178, 0.18)"


def slice_charts(
    data: RunData, found: Sequence[Slice], order: Sequence[str], value_name: str
) -> list[Chart]:
    """Return a chart a parameter, the most important ones first, all with one vertical axis.

    Args:
        data: the run.
        found: the slices.
        order: names of the parameters, the most important first.
        value_name: what the objective is called.
    """
    ranked = {name: place for place, name in enumerate(order)}
    shown = sorted(found, key=lambda one: ranked.get(one.name, len(ranked)))[:_MOST_SLICES]
    if not shown:
        return []
    low = min(float(np.nanmin(one.low)) for one in shown)
    high = max(float(np.nanmax(one.high)) for one in shown)
    log = log_helps(data.values[:, 0]) and low > 0.0
    ends = np.log10([low, high]) if log else np.array([low, high])
    room = 0.05 * float(ends[1] - ends[0]) or 1.0
    limits = rounded([ends[0] - room, ends[1] + room])
    vertical = axis(value_name, range=limits, type="log" if log else "linear")
    return [_slice_chart(data, one, place, vertical) for place, one in enumerate(shown)]


def _slice_chart(data: RunData, one: Slice, place: int, vertical: dict[str, Any]) -> Chart:
    x = _along(one, one.values)
    told = _along(one, [point[one.position] for point in data.points])
    inside = np.flatnonzero(np.isfinite(told) & ~data.failed)[-_MOST_TOLD:]
    failed = np.flatnonzero(np.isfinite(told) & data.failed)[-_MOST_FAILED:]
    traces: list[dict[str, Any]] = [
        _line(told[inside], data.values[inside, 0], "trials", GREY, "circle")
    ]
    if one.categorical:
        spread = {
            "type": "data",
            "symmetric": False,
            "array": rounded(one.high - one.median),
            "arrayminus": rounded(one.median - one.low),
            "color": BLUE,
        }
        bars = _line(x, one.median, "model", BLUE, "square", size=9)
        traces.append({**bars, "error_y": spread})
    else:
        back = rounded([*x, *x[::-1]])
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "95 %",
                "x": back,
                "y": rounded([*one.high, *one.low[::-1]]),
                "fill": "toself",
                "fillcolor": _BAND,
                "line": {"width": 0},
                "hoverinfo": "skip",
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "model",
                "x": rounded(x),
                "y": rounded(one.median),
                "line": {"color": BLUE, "width": 2.5},
                "hoverinfo": "x+y",
            }
        )
    if len(failed):
        low = np.full(len(failed), BORDER_MARK)
        traces.append({**_line(told[failed], low, "failed", RED, "x", size=5), "yaxis": "y2"})
    own = rounded(_along(one, [one.at]))[0]
    mark = {
        "type": "line",
        "x0": own,
        "x1": own,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": GREEN, "dash": "dash", "width": 2},
    }
    horizontal = axis(label_text(one.name), type="log" if one.log else "linear")
    if not _is_numeric(one):
        horizontal |= {
            "type": "linear",
            "tickvals": rounded(x),
            "ticktext": [escaped(label_text(value)) for value in one.values],
            "range": [-0.5, len(one.values) - 0.5],
        }
    layout = {
        "xaxis": horizontal,
        "yaxis": vertical,
        "yaxis2": border_axis(),
        "shapes": [mark],
        "showlegend": False,
    }
    title = f"{label_text(one.name)}, with {label_text(one.at)} at the point"
    return Chart(f"chart-slice-{place}", title, traces, layout, height=260, wide=False)


def _line(
    x: np.ndarray, y: np.ndarray, name: str, color: str, symbol: str, size: int = 6
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": rounded(x),
        "y": rounded(y),
        "marker": {"color": color, "symbol": symbol, "size": size, "opacity": 0.75},
        "hoverinfo": "x+y" if name == "model" else "y",
    }


def _is_numeric(one: Slice) -> bool:
    return not one.categorical and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in one.values
    )


def _along(one: Slice, values: Sequence[Any]) -> np.ndarray:
    """Return where values lie along a slice's axis, (n,), NaN for what it does not show."""
    if _is_numeric(one):
        return np.array([np.nan if value is None else float(value) for value in values])
    places = {(type(value), value): float(i) for i, value in enumerate(one.values)}
    return np.array([places.get((type(value), value), np.nan) for value in values])


def importance_chart(found: Sequence[Importance]) -> Chart:
    """Return bars of the parameters' shares, the largest on top, with their intervals."""
    shown = list(found)[:_MOST_BARS]
    names = [escaped(label_text(one.name)) for one in shown]
    totals = [one.total for one in shown]
    rows = list(range(len(shown)))
    spread = {
        "type": "data",
        "symmetric": False,
        "array": rounded(one.high - one.total for one in shown),
        "arrayminus": rounded(one.total - one.low for one in shown),
        "color": DARK,
    }
    common = {"type": "bar", "orientation": "h", "y": rows, "hoverinfo": "x+name"}
    traces: list[dict[str, Any]] = [
        {
            **common,
            "name": "with all others",
            "x": rounded(totals),
            "marker": {"color": "#9ECAE1", "pattern": {"shape": "/", "fgcolor": BLUE, "size": 5}},
            "error_x": spread,
        },
        {
            **common,
            "name": "alone",
            "x": rounded(one.alone for one in shown),
            "marker": {"color": BLUE},
        },
    ]
    layout = {
        "barmode": "overlay",
        "bargap": 0.35,
        "xaxis": axis("share of the variance", range=[0, max(1.0, *(o.high for o in shown))]),
        "yaxis": axis(
            "",
            tickvals=rows,
            ticktext=names,
            range=[len(shown) - 0.4, -0.6],
            showgrid=False,
        ),
    }
    left_out = len(found) - len(shown)
    note = f"The {left_out} least important parameters are left out." if left_out else ""
    height = 130 + 28 * len(shown)
    return Chart(
        "chart-importance", "How much goes with each parameter", traces, layout, height, note
    )
