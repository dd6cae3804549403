"""The gap of each policy of rnnbbo to each peer, inside and past its training horizon."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnnbbo.benchmarks.reports.data import ComparedMethod, Records
from rnnbbo.benchmarks.reports.panel import EVALUATIONS, Frame, Line, Panel, panel
from rnnbbo.benchmarks.reports.pool import FEWEST_FUNCTIONS, at, shared
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.reports.svg import WIDE
from rnnbbo.benchmarks.statistics import Estimate, bootstrap_mean

_TIMES = (10, 20, 30, 50, 100, 200)
"""Numbers of evaluations at which the gap is given."""

_GAP = Frame(EVALUATIONS, "gap in mean regret", xlog=True, bars=True, equal=0.0)
_RATIO = Frame(EVALUATIONS, "ratio of geometric means", xlog=True, ylog=True, bars=True, equal=1.0)

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
    panels = []
    for method in shown:
        ratios = {
            peer: {t: (_exponential(estimate), n) for t, (estimate, n) in by_time.items()}
            for peer, by_time in gaps(records, method.name, peers, "log").items()
        }
        panels += [
            _panel(method, found[method.name], styles, _GAP),
            _panel(method, ratios, styles, _RATIO),
        ]
    tables = [
        Subsection(f"{method.name}: table", tables=(_table(found[method.name]),), folded=True)
        for method in shown
    ]
    return Section(
        "horizon",
        title,
        (
            "How far a policy is from each peer, over all functions of all suites that both were "
            "run on, with 95 % bootstrap intervals. The first figure of a pair has its mean capped "
            "regret less the peer's: below 0 the policy is ahead. The second has the ratio of "
            "their geometric means, in which small regrets count too: below 1 the policy is ahead. "
            "An interval that holds 0, or 1, is a tie. A vertical line marks the longest run that "
            "the policy was trained on.",
        ),
        (Subsection(panels=panels, columns=2), *tables),
        key=True,
    )


def gaps(records: Records, method: str, peers: list[str], name: str = "capped") -> Gaps:
    """Return the gap of a method to each peer, where both have values.

    Args:
        records: the records.
        method: the method's name.
        peers: the peers' names.
        name: `capped` for regret, `log` for its logarithm.
    """
    found: dict[str, dict[int, tuple[Estimate, int]]] = {}
    for peer in peers:
        found[peer] = {}
        for t in _TIMES:
            functions, mine, other = shared(records, method, peer, at(t, name))
            if functions:
                found[peer][t] = bootstrap_mean(mine - other), len(functions)
    return found


def _exponential(estimate: Estimate) -> Estimate:
    return Estimate(np.exp(estimate.mean), np.exp(estimate.low), np.exp(estimate.high))


def _panel(method: ComparedMethod, found: Gaps, styles: Mapping[str, Style], frame: Frame) -> Panel:
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
    frame = replace(frame, xticks=ticks, marks=marks)
    salt = f"horizon-{frame.y}-{method.name}"
    return panel(f"{method.name} against each peer", lines, styles, frame, salt, WIDE)


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
        f" or fewer than {FEWEST_FUNCTIONS} functions.",
    )


def _cell(gap: Estimate, functions: int) -> Cell:
    text = _signed(gap.mean)
    note = f"[{_signed(gap.low)}, {_signed(gap.high)}]"
    if functions >= FEWEST_FUNCTIONS and gap.high < 0:
        return Cell(f"✓ {text}", "good", note)
    if functions >= FEWEST_FUNCTIONS and gap.low > 0:
        return Cell(f"✗ {text}", "bad", note)
    return Cell(text, note=note)


def _signed(number: object) -> str:
    return f"{number:+.3f}".replace("-", "\N{MINUS SIGN}")
