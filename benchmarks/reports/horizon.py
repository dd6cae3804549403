"""The gap of each policy of rnnbbo to each peer, inside and past its training horizon."""

from collections.abc import Mapping

import numpy as np

from rnnbbo.benchmarks.reports.data import Method, Records
from rnnbbo.benchmarks.reports.panel import Frame, Line, Panel, panel
from rnnbbo.benchmarks.reports.pool import FEWEST, at, shared
from rnnbbo.benchmarks.reports.section import NONE, Cell, Group, Section, Table
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.statistics import Estimate, bootstrap_mean

TIMES = (10, 20, 30, 50, 100, 200)
"""Numbers of evaluations at which the gap is given."""

Gaps = Mapping[str, Mapping[int, tuple[Estimate, int]]]
"""Peer -> evaluations -> the gap, and the number of functions."""


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on the gap to each peer."""
    ours = [method for method in records.methods if method.ours]
    peers = [method.name for method in records.methods if not method.ours]
    text = (
        "Mean capped regret of a policy less that of a peer, over all functions of all suites "
        "that both were run on, with a 95 % bootstrap interval: below 0 the policy is ahead. An "
        "interval that holds 0 is a tie. A vertical line marks the longest run that the policy "
        "was trained on.",
    )
    if not ours or not peers:
        text = ("This needs at least one policy of rnnbbo and one peer.",)
    groups = []
    for method in ours if peers else []:
        found = gaps(records, method.name, peers)
        if any(found.values()):
            trained = f", trained to t = {method.horizon}" if method.horizon else ""
            groups.append(
                Group(
                    f"{method.name}{trained}",
                    panels=[_panel(method, found, styles)],
                    tables=[_table(found)],
                )
            )
    return Section("horizon", "Past the training horizon", text, groups, key=bool(groups))


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
            x = np.array(list(by_time), dtype=float) * 1.012 ** (i - len(found) / 2)
            gap = [estimate for estimate, _ in by_time.values()]
            mean, low, high = (
                np.array([getattr(g, name) for g in gap], dtype=float)
                for name in ("mean", "low", "high")
            )
            lines.append(Line(peer, x, mean, low, high))
    ticks = sorted({t for by_time in found.values() for t in by_time})
    trained = method.horizon and ticks[0] <= method.horizon <= ticks[-1]
    frame = Frame(
        "evaluations",
        "gap in mean regret",
        xlog=True,
        xticks=ticks,
        bars=True,
        marks={float(method.horizon): f"trained to {method.horizon}"}
        if method.horizon and trained
        else None,
        level=0.0,
    )
    title = f"{method.name} less each peer"
    return panel(title, lines, styles, frame, f"horizon-{method.name}", wide=True)


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
    text = f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]".replace("-", "\N{MINUS SIGN}")
    if functions >= FEWEST and gap.high < 0:
        return Cell(f"✓ {text}", "good")
    if functions >= FEWEST and gap.low > 0:
        return Cell(f"✗ {text}", "bad")
    return Cell(text)
