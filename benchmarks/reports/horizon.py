"""The gap of each policy of rnnbbo to each peer, inside and past its training horizon."""

from collections.abc import Mapping

import numpy as np

from rnnbbo.benchmarks.reports.data import Method, Records
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, panel
from rnnbbo.benchmarks.reports.pool import FEWEST, at, shared
from rnnbbo.benchmarks.reports.section import NONE, Cell, Group, Section, Table
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.reports.svg import WIDE
from rnnbbo.benchmarks.statistics import Estimate, bootstrap_mean

TIMES = (10, 20, 30, 50, 100, 200)
"""Numbers of evaluations at which the gap is given."""

Gaps = Mapping[str, Mapping[int, tuple[Estimate, int]]]
"""Peer -> evaluations -> the gap, and the number of functions."""


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on the gap to each peer."""
    title = "Past the training horizon"
    ours = [method for method in records.methods if method.ours]
    peers = [method.name for method in records.methods if not method.ours]
    found = {method.name: gaps(records, method.name, peers) for method in ours}
    shown = [method for method in ours if any(found[method.name].values())]
    if not shown:
        return Section("horizon", title, ("This needs a policy of rnnbbo and a peer.",))
    tables = [
        Group(f"{method.name}: table", tables=(_table(found[method.name]),), folded=True)
        for method in shown
    ]
    return Section(
        "horizon",
        title,
        (
            "Mean capped regret of a policy less that of a peer, over all functions of all suites "
            "that both were run on, with a 95 % bootstrap interval: below 0 the policy is ahead, "
            "and an interval that holds 0 is a tie. A vertical line marks the longest run that the "
            "policy was trained on.",
        ),
        (Group(panels=[_panel(m, found[m.name], styles) for m in shown], columns=2), *tables),
        key=True,
    )


def gaps(records: Records, method: str, peers: list[str]) -> Gaps:
    """Return the gap of a method to each peer, where both have values."""
    found: dict[str, dict[int, tuple[Estimate, int]]] = {}
    for peer in peers:
        found[peer] = {}
        for t in TIMES:
            functions, mine, other = shared(records, method, peer, at(t))
            if functions:
                found[peer][t] = bootstrap_mean(mine - other), len(functions)
    return found


def _panel(method: Method, found: Gaps, styles: Mapping[str, Style]) -> Panel:
    lines = []
    for i, (peer, by_time) in enumerate(found.items()):
        if by_time:
            # A little apart, so that the bars do not hide each other.
            x = np.array(list(by_time), dtype=float) * 1.012 ** (i - len(found) / 2)
            estimates = [estimate for estimate, _ in by_time.values()]
            mean, low, high = (
                np.array([getattr(estimate, name) for estimate in estimates], dtype=float)
                for name in ("mean", "low", "high")
            )
            lines.append(Line(peer, x, mean, low, high))
    ticks = sorted({t for by_time in found.values() for t in by_time})
    marks = None
    if method.horizon and ticks[0] <= method.horizon <= ticks[-1]:
        marks = {float(method.horizon): f"trained to {method.horizon}"}
    frame = Frame(
        EVALUATIONS,
        "gap in mean regret",
        xlog=True,
        xticks=ticks,
        bars=True,
        marks=marks,
        level=0.0,
    )
    salt = f"horizon-{method.name}"
    return panel(f"{method.name} less each peer", lines, styles, frame, salt, WIDE)


def _table(found: Gaps) -> Table:
    times = sorted({t for by_time in found.values() for t in by_time})
    rows = []
    for peer, by_time in found.items():
        if by_time:
            counts = {count for _, count in by_time.values()}
            cells = [_cell(*by_time[t]) if t in by_time else Cell(NONE, "faint") for t in times]
            many = " to ".join(map(str, sorted({min(counts), max(counts)})))
            rows.append([Cell(peer), *cells, Cell(many)])
    return Table(
        ["peer", *(f"t = {t}" for t in times), "functions"],
        rows,
        "Gap [95 % interval]: ✓ ahead of the peer, ✗ behind it, no sign a tie"
        f" or fewer than {FEWEST} functions.",
    )


def _cell(gap: Estimate, functions: int) -> Cell:
    text = _signed(gap.mean)
    note = f"[{_signed(gap.low)}, {_signed(gap.high)}]"
    if functions >= FEWEST and gap.high < 0:
        return Cell(f"✓ {text}", "good", note)
    if functions >= FEWEST and gap.low > 0:
        return Cell(f"✗ {text}", "bad", note)
    return Cell(text, note=note)


def _signed(number: object) -> str:
    return f"{number:+.3f}".replace("-", "\N{MINUS SIGN}")
