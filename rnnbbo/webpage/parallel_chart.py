"""Parallel coordinates: a line a trial across all parameters and values, which can be brushed."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnbbo.pictures.appearance import heights_of, log_helps, ticks_of
from rnnbbo.webpage.chart import Chart, escaped, label_text, rounded, shown_of, some_of
from rnnbbo.webpage.run_facts import RunFacts

_BELOW = -0.12  # where what has no place on an axis lies: inactive parameters, failed values
_MOST_AXES = 24
_AXIS_WIDTH = 78  # pixels, so that names and ticks do not meet
# Cividis (Nunez et al. 2018), for the colour-blind, from the worst to the best.
_COLORS = ["#FEE838", "#C8B866", "#948E77", "#666970", "#35456C", "#00224E"]
_FAILED = 1.08  # beyond the worst rank


def parallel_chart(facts: RunFacts) -> Chart | None:
    """Return the chart; None where nothing was told.

    `rows` of the layout's meta data has the places of its lines in the order told.
    """
    data = facts.data
    if not data.points:
        return None
    keep = np.zeros(len(data.points), dtype=bool)
    keep[data.front] = True
    if data.best is not None:
        keep[data.best] = True
    shown = some_of(keep)
    ranks = _ranks(facts)[shown]
    axes = _parameter_axes(facts, shown)
    left_out = max(0, len(axes) - _MOST_AXES)
    axes = axes[:_MOST_AXES] + _value_axes(facts, shown)
    trace = {
        "type": "parcoords",
        "dimensions": axes,
        "line": {
            "color": rounded(-ranks),  # the higher ones lie on top
            "colorscale": [[i / (len(_COLORS) - 1), c] for i, c in enumerate(_COLORS)],
            "cmin": -_FAILED,
            "cmax": 0.0,
            "showscale": True,
            "colorbar": {
                "title": {"text": "rank", "side": "top"},
                "tickvals": [0.0, -0.5, -1.0],
                "ticktext": ["best", "median", "worst"],
                "thickness": 10,
                "len": 0.9,
            },
        },
        "labelside": "top",
        "labelangle": -20 if len(axes) > 6 else 0,
        "unselected": {"line": {"color": "#d0d0d0", "opacity": 0.25}},
    }
    notes = [shown_of(len(shown), len(data.points))]
    if left_out:
        notes.append(f"The first {_MOST_AXES} parameters; the table has the other {left_out} too.")
    layout = {
        "margin": {"l": 60, "r": 30, "t": 90 if len(axes) > 6 else 60, "b": 24},
        "meta": {"rows": shown.tolist()},
    }
    return Chart(
        "chart-parallel",
        "A line a trial across all parameters",
        [trace],
        layout,
        height=440,
        least_width=_AXIS_WIDTH * len(axes) + 120,
        note=" ".join(filter(None, notes)),
    )


def _ranks(facts: RunFacts) -> np.ndarray:
    """Return ranks (n,) from 0, the best, to 1; failed trials beyond, not feasible ones last.

    Of several objectives by the mean of the ranks of each.
    """
    data = facts.data
    known = np.flatnonzero(~data.failed)
    ranks = np.full(len(data.points), _FAILED)
    if not len(known):
        return ranks
    each = data.inward[known].argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    height = each.mean(axis=1) + len(known) * ~data.feasible[known]
    order = height.argsort(kind="stable")
    ranks[known[order]] = np.arange(len(known)) / max(len(known) - 1, 1)
    return ranks


def _parameter_axes(facts: RunFacts, shown: np.ndarray) -> list[dict[str, Any]]:
    space, points = facts.view.space, facts.data.points
    found = []
    for position, (name, dim) in enumerate(zip(space.names, space, strict=True)):
        if dim.is_constant:
            continue
        heights = heights_of(space.layout, position, dim, [points[i][position] for i in shown])
        at, labels = ticks_of(space.layout, position, dim)
        labels = [label.replace(r"\$", "$") for label in labels]
        inactive = np.isnan(heights)
        low = 0.0
        if inactive.any():
            at, labels, low = [_BELOW, *at], ["inactive", *labels], _BELOW
        found.append(_axis(name, np.where(inactive, _BELOW, heights), low, at, labels))
    return found


def _axis(
    name: str, heights: np.ndarray, low: float, at: list[float], labels: list[str]
) -> dict[str, Any]:
    # Plotly reads markup in the name of an axis, and none in its ticks.
    return {
        "label": escaped(label_text(name)),
        "values": rounded(heights),
        "range": [low, 1.0],
        "tickvals": at,
        "ticktext": labels,
    }


def _value_axes(facts: RunFacts, shown: np.ndarray) -> list[dict[str, Any]]:
    """Return an axis an objective, logarithmic where that helps, and whether it is feasible."""
    data = facts.data
    found = []
    for which, name in enumerate(facts.value_names):
        values = data.values[shown, which]
        log = log_helps(data.values[:, which])
        heights = np.log10(values) if log else values
        known = np.isfinite(heights)
        if not known.any():
            continue
        low, high = float(heights[known].min()), float(heights[known].max())
        width = high - low or abs(high) or 1.0
        at = np.linspace(low, low + width, 5)
        labels = [f"{10.0**one if log else one:.3g}" for one in at]
        bottom = low
        if not known.all():
            bottom = low + _BELOW * width
            at, labels = np.append(bottom, at), ["failed", *labels]
        heights = np.where(known, heights, bottom)
        own = _axis(name, heights, bottom, rounded(at), labels)  # type: ignore[arg-type]
        found.append({**own, "range": [bottom, low + width]})
    if data.constraints:
        feasible = data.feasible[shown].astype(float)
        found.append(_axis("feasible", feasible, 0.0, [0.0, 1.0], ["no", "yes"]))
    return found
