"""Charts of values: convergence, constraints, the front."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnbbo import pareto
from rnnbbo.pictures.appearance import fenced, log_helps
from rnnbbo.webpage.chart import (
    BLUE,
    BORDER_MARK,
    GREEN,
    GREY,
    ORANGE,
    RED,
    Chart,
    axis,
    border_axis,
    count_axis,
    label_text,
    rounded,
    shown_of,
    some_of,
)
from rnnbbo.webpage.run_facts import RunFacts

_CHECKPOINTS = 60  # at which the hypervolume is worked out
_MOST_OBJECTIVES = 3  # of which that is quick


def markers(
    facts: RunFacts,
    index: np.ndarray,
    x: Any,
    y: np.ndarray,
    *,
    name: str,
    color: str,
    symbol: str,
    size: int = 7,
    **more: Any,
) -> dict[str, Any]:
    """Return a trace of trials.

    Args:
        facts: the study.
        index: m places in the order told.
        x: (m,) where they lie, or texts.
        y: (m,) likewise.
        name: in the legend.
        color: of the markers.
        symbol: their form, by which they are told apart without colours.
        size: their size.
        **more: of the trace.
    """
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": rounded(x),
        "y": rounded(y),
        "text": [facts.hovers[i] for i in index.tolist()],
        "hoverinfo": "text",
        "marker": {"color": color, "symbol": symbol, "size": size},
        **more,
    }


def convergence_chart(facts: RunFacts) -> Chart:
    """Return every value and the best so far, over the evaluations; of several their front's."""
    if facts.data.n_objectives > 1:
        return _hypervolume_chart(facts)
    data = facts.data
    values, running = data.values[:, 0], data.running_best
    count = len(values)
    better = np.append(True, running[1:] != running[:-1]) if count else np.zeros(0, dtype=bool)
    keep = better & data.feasible
    shown = np.zeros(count, dtype=bool)
    shown[some_of(keep)] = True
    at = np.arange(1, count + 1)
    traces = []
    kinds = (
        (data.feasible, "trial", GREY, "circle", values),
        (~data.failed & ~data.feasible, "not feasible", ORANGE, "diamond-open", values),
    )
    for which, name, color, symbol, heights in kinds:
        index = np.flatnonzero(which & shown)
        if len(index):
            trace = markers(
                facts, index, at[index], heights[index], name=name, color=color, symbol=symbol
            )
            traces.append(trace)
    failed = np.flatnonzero(data.failed & shown)
    if len(failed):
        low = np.full(len(failed), BORDER_MARK)
        trace = markers(
            facts, failed, at[failed], low, name="failed", color=RED, symbol="x", yaxis="y2"
        )
        traces.append(trace)
    steps = np.flatnonzero(keep)
    if len(steps):
        ends = np.append(steps, count - 1)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "best so far",
                "x": rounded(at[ends]),
                "y": rounded(running[ends]),
                "line": {"shape": "hv", "color": BLUE, "width": 2.5},
                "hoverinfo": "skip",
            }
        )
    if data.best is not None and data.feasible[data.best]:
        index = np.array([data.best])
        trace = markers(
            facts, index, at[index], values[index], name="best", color=BLUE, symbol="star", size=15
        )
        traces.append(trace)
    log = log_helps(values)
    notes = [shown_of(int(shown.sum()), count)]
    vertical = axis("value", type="log" if log else "linear")
    end = None if log else fenced(values, data.maximize[0])
    if end is not None:
        beyond = int(np.nansum(values < end if data.maximize[0] else values > end))
        inside = values[np.isfinite(values)]
        best = float(inside.max() if data.maximize[0] else inside.min())
        room = 0.05 * abs(best - end)
        vertical["range"] = rounded([end, best + room] if data.maximize[0] else [best - room, end])
        word = "below" if data.maximize[0] else "above"
        notes.append(
            f"{beyond} values far {word} the others are outside; a double click shows all."
        )
    positive = values[np.isfinite(values)]
    layout = {
        "xaxis": count_axis("evaluations"),
        "yaxis": vertical,
        "yaxis2": border_axis(),
    }
    return Chart(
        "chart-convergence",
        "Every value, and the best so far",
        traces,
        layout,
        note=" ".join(filter(None, notes)),
        log=bool(len(positive)) and bool((positive > 0.0).all()),
    )


def _hypervolume_chart(facts: RunFacts) -> Chart:
    """Return how much the front dominates, over the evaluations."""
    data = facts.data
    traces: list[dict[str, Any]] = []
    note = ""
    if len(data.front) and data.n_objectives <= _MOST_OBJECTIVES:
        final = data.inward[data.front]
        sign = np.where(np.array(data.maximize), -1.0, 1.0)
        given = facts.view.reference
        reference = pareto.derived_reference(final) if given is None else sign * np.array(given)
        inward = np.where(data.feasible[:, None], data.inward, np.nan)
        ends = np.unique(np.linspace(1, len(inward), _CHECKPOINTS).round().astype(int))
        front, done, heights = inward[:0], 0, []
        for end in ends.tolist():
            known = np.concatenate([front, inward[done:end]])
            front, done = known[pareto.front(known)], end
            heights.append(pareto.hypervolume(front, reference))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "hypervolume",
                "x": ends.tolist(),
                "y": rounded(heights),
                "line": {"shape": "hv", "color": BLUE, "width": 2.5},
            }
        )
        words = ", ".join(f"{one:.4g}" for one in sign * reference)
        note = f"Within the reference point {words}."
    failed = np.flatnonzero(data.failed)
    if len(failed):
        low = np.full(len(failed), BORDER_MARK)
        trace = markers(
            facts, failed, failed + 1, low, name="failed", color=RED, symbol="x", yaxis="y2"
        )
        traces.append(trace)
    layout = {
        "xaxis": count_axis("evaluations"),
        "yaxis": axis("hypervolume of the front"),
        "yaxis2": border_axis(),
    }
    return Chart("chart-convergence", "How much the front dominates", traces, layout, note=note)


def front_charts(facts: RunFacts) -> list[Chart]:
    """Return each objective after the first over the first one; none of a single objective."""
    data = facts.data
    names = data.value_names()
    keep = np.zeros(len(data.values), dtype=bool)
    keep[data.front] = True
    shown = np.zeros(len(keep), dtype=bool)
    shown[some_of(keep)] = True
    kinds = (
        (np.flatnonzero(data.feasible & ~keep & shown), "trial", GREY, "circle"),
        (
            np.flatnonzero(~data.failed & ~data.feasible & shown),
            "not feasible",
            ORANGE,
            "diamond-open",
        ),
        (data.front, "front", BLUE, "square"),
    )
    found = []
    for other in range(1, data.n_objectives):
        traces = []
        for index, name, color, symbol in kinds:
            if len(index):
                x, y = data.values[index, 0], data.values[index, other]
                trace = markers(facts, index, x, y, name=name, color=color, symbol=symbol)
                if name == "front" and data.n_objectives == 2:
                    trace |= {"mode": "markers+lines", "line": {"color": BLUE, "width": 1.5}}
                traces.append(trace)
        if data.best is not None and data.feasible[data.best]:
            index = np.array([data.best])
            x, y = data.values[index, 0], data.values[index, other]
            trace = markers(
                facts, index, x, y, name="compromise", color=BLUE, symbol="star", size=15
            )
            traces.append(trace)
        layout = {"xaxis": axis(names[0]), "yaxis": axis(names[other])}
        chart = Chart(
            f"chart-front-{other}",
            f"{facts.value_names[other]} over {facts.value_names[0]}",
            traces,
            layout,
            note=shown_of(int(shown.sum()), len(shown)),
            height=420,
            wide=data.n_objectives == 2,
        )
        found.append(chart)
    return found


def constraint_charts(facts: RunFacts) -> list[Chart]:
    """Return what each constraint came to, over the evaluations; it is met at most at 0."""
    data = facts.data
    at = np.arange(1, len(data.points) + 1)
    found = []
    for place, (name, values) in enumerate(data.constraints.items()):
        known = np.isfinite(values)
        shown = np.zeros(len(values), dtype=bool)
        shown[some_of(np.zeros(len(values), dtype=bool))] = True
        met = np.flatnonzero(known & (values <= 0.0) & shown)
        unmet = np.flatnonzero(known & (values > 0.0) & shown)
        traces = []
        for index, word, color, symbol in (
            (met, "met", GREEN, "circle"),
            (unmet, "not met", ORANGE, "diamond-open"),
        ):
            if len(index):
                trace = markers(
                    facts, index, at[index], values[index], name=word, color=color, symbol=symbol
                )
                traces.append(trace)
        line = {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": 0,
            "y1": 0,
            "line": {"color": RED, "dash": "dash", "width": 1.5},
        }
        vertical = axis(label_text(name))
        end = fenced(values, False)
        if end is not None and end > 0.0:
            low = float(values[known].min())
            vertical["range"] = rounded([low - 0.05 * (end - low), end])
        layout = {"xaxis": count_axis("evaluations"), "yaxis": vertical, "shapes": [line]}
        note = f"{int(np.nansum(values > 0.0))} of {int(known.sum())} values are above 0."
        chart = Chart(
            f"chart-constraint-{place}",
            f"Constraint {label_text(name)}, met at 0 or below",
            traces,
            layout,
            note=note,
            height=280,
            wide=len(data.constraints) == 1,
        )
        found.append(chart)
    return found
