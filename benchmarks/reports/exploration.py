"""Exploration and exploitation: where methods sample, and how far from the incumbent."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from rnnbbo.benchmarks.reports.data import Records, Suite
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, css_class, panel
from rnnbbo.benchmarks.reports.section import Section, Subsection
from rnnbbo.benchmarks.reports.style import Style, drawn_in_order
from rnnbbo.benchmarks.reports.svg import GROUP, INK, SQUARE, axes, drawing, inline
from rnnbbo.functions.problem import FloatArray

# From early to late: colour and marker say the same.
_STAGES = (
    (10, "#440154", "o"),
    (30, "#31688e", "s"),
    (60, "#35b779", "^"),
    (10**9, "#e0a000", "x"),
)
_MOST = 100
_BINS = 20


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on where methods sample."""
    subsections = []
    example = _example(records)
    if example is not None:
        suite, function = example
        subsections.append(
            Subsection(
                "Where each method samples",
                (
                    f"The first {_MOST} points of the first run on {function} of {suite}. Circles "
                    "are evaluations 1 to 10, squares 11 to 30, triangles 31 to 60, crosses those "
                    "after.",
                ),
                panels=[
                    _scatter(method.name, records.queries[suite, function, method.name])
                    for method in records.methods
                    if (suite, function, method.name) in records.queries
                ],
                columns=7,
            )
        )
    panels = [_distance(records, suite, styles) for suite in records.suites if suite.courses]
    subsections.append(
        Subsection(
            "How far from the incumbent",
            (
                "Distance from a query to the best point before it, in units of the cube's "
                "diagonal: the geometric mean over functions. A line that falls is a method that "
                "narrows down; one that goes on falling no longer explores.",
            ),
            panels=panels,
        )
    )
    text = (
        "A method explores where it samples far from all that it knows, and exploits where it "
        "samples near the best point so far.",
    )
    return Section("exploration", "Exploration and exploitation", text, subsections, key=True)


def _example(records: Records) -> tuple[str, str] | None:
    """Return the function of two dimensions that most methods have; the first of those."""
    count = Counter((suite, function) for suite, function, _ in records.queries)
    order = {suite.name: i for i, suite in enumerate(records.suites)}
    return min(count, key=lambda f: (-count[f], order[f[0]], f[1]), default=None)


def _scatter(method: str, points: FloatArray) -> Panel:
    with drawing(f"where-{method}"):
        figure, pair = axes(SQUARE, (0.28, 0.2))
        start = 0
        for i, (end, colour, marker) in enumerate(_STAGES):
            chosen = points[start : min(end, _MOST)]
            pair.plot(*chosen.T, marker, color=colour, markersize=3.5, gid=f"{GROUP}stage-{i}")
            start = end
        pair.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        pair.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        pair.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
        for spine in pair.spines.values():
            spine.set(visible=True, color=INK)
        return Panel(method, inline(figure, f"Where {method} samples"), css_class(method))


def _distance(records: Records, suite: Suite, styles: Mapping[str, Style]) -> Panel:
    lines = []
    for name in drawn_in_order(records.methods):
        course = suite.courses.get(name)
        if course is None or course.budget < 2:
            continue
        logs = course.distance
        edges = np.unique(np.round(np.geomspace(1, course.budget, _BINS + 1)).astype(int))
        spans = list(pairwise(edges))
        x = np.array([(low + 1 + high) / 2 for low, high in spans])
        blocks = [logs[:, low:high] for low, high in spans]
        y = [np.exp(b[~np.isnan(b)].mean()) if not np.all(np.isnan(b)) else np.nan for b in blocks]
        lines.append(Line(name, x, np.array(y)))
    frame = Frame(EVALUATIONS, "distance to incumbent", xlog=True, ylog=True)
    return panel(suite.name, lines, styles, frame, f"distance-{suite.name}")
