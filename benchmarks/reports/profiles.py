"""Data profiles: the share of targets that a method has reached."""

from collections.abc import Mapping

import numpy as np

from rnnbbo.benchmarks.reports.data import TARGETS, Records, Suite
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, panel, thinned
from rnnbbo.benchmarks.reports.section import Section, Subsection
from rnnbbo.benchmarks.reports.style import Style, drawn_in_order


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section of data profiles."""
    panels = [_panel(records, suite, styles) for suite in records.suites if suite.courses]
    return Section(
        "profiles",
        "Data profiles",
        (
            f"The share of pairs of a function and a target that a method has reached, as in Moré "
            f"and Wild (2009) and in COCO: {len(TARGETS)} targets of normalised regret, from 1 to "
            f"{TARGETS[-1]:.0e}, evenly in its logarithm. Higher is better, and a steep "
            "line is a method that finds digits quickly.",
        ),
        (Subsection(panels=panels),),
        key=True,
    )


def _panel(records: Records, suite: Suite, styles: Mapping[str, Style]) -> Panel:
    lines = []
    for name in drawn_in_order(records.methods):
        course = suite.courses.get(name)
        if course is not None:
            shown = thinned(course.budget)
            lines.append(
                Line(name, (shown + 1).astype(float), np.mean(course.reached[:, shown], axis=0))
            )
    frame = Frame(
        EVALUATIONS,
        "share of targets",
        xlog=True,
        xlim=(1, max(2, suite.budget)),
        ylim=(0, 1),
    )
    return panel(suite.name, lines, styles, frame, f"profile-{suite.name}")
