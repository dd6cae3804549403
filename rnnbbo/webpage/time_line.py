"""Who evaluated what, and when: a line a worker, with failures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rnnbbo.study.observer import Participant
from rnnbbo.trial import Trial
from rnnbbo.webpage.chart import BLUE, GREY, RED, Chart, axis, escaped, hover_text, rounded
from rnnbbo.webpage.run_facts import RunFacts

_UNITS = (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
ALIVE_S = 15.0
"""Since the last heartbeat, of which there is one every five seconds."""
_MOST_LANES = 64
_MOST_HOVERS = 2000
_LEAST_SHARE = 1 / 800  # of the time shown, so that a short evaluation is seen


@dataclass(frozen=True)
class _Bar:
    """An evaluation: its trial, its begin and end in seconds since 1970, and who made it."""

    trial: Trial
    begin: float
    end: float
    participant: int


def time_line_chart(facts: RunFacts, now: float) -> Chart | None:
    """Return the chart; None where nobody is known to have evaluated anything.

    Args:
        facts: the study.
        now: seconds since 1970.
    """
    bars = _bars(facts, now)
    if not bars:
        return None
    lanes = _lanes(bars)
    labels = _labels(list(lanes), facts.view.participants)
    left_out = max(0, len(lanes) - _MOST_LANES)
    kept = list(lanes)[:_MOST_LANES]
    begin = min(bar.begin for bar in bars)
    end = max(bar.end for bar in bars)
    unit, seconds = next((one for one in _UNITS if end - begin >= 2.0 * one[1]), _UNITS[-1])
    least = _LEAST_SHARE * (end - begin)
    kinds = (
        ("evaluated", BLUE, "circle", lambda trial: trial.outcome is not None and not trial.failed),
        ("failed", RED, "x", lambda trial: trial.failed),
        ("running", GREY, "circle-open", lambda trial: trial.outcome is None),
    )
    traces = []
    hovers = sum(len(lanes[lane]) for lane in kept) <= _MOST_HOVERS
    for name, color, symbol, belongs in kinds:
        x: list[float | None] = []
        y: list[int | None] = []
        text: list[str] = []
        for row, lane in enumerate(kept):
            for bar in lanes[lane]:
                if belongs(bar.trial):
                    first = (bar.begin - begin) / seconds
                    last = max(bar.end - begin, bar.begin - begin + least) / seconds
                    x += [*rounded([first, 0.5 * (first + last), last]), None]
                    y += [row, row, row, None]
                    text += [_hover(bar) if hovers else ""] * 3 + [""]
        if not x:
            continue
        failed = name == "failed"
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if failed or hovers else "lines",
                "name": name,
                "x": x,
                "y": y,
                "text": text,
                "hoverinfo": "text" if hovers else "skip",
                "line": {"color": color, "width": 9},
                "marker": {
                    "symbol": symbol,
                    "size": 10 if failed else 9,
                    "color": color,
                    "opacity": 1.0 if failed else 0.0,
                    "line": {"color": "#ffffff", "width": 1 if failed else 0},
                },
                "connectgaps": False,
            }
        )
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(begin))
    layout = {
        "xaxis": axis(f"{unit} since {at}"),
        "yaxis": axis(
            "",
            tickvals=list(range(len(kept))),
            ticktext=[escaped(labels[lane]) for lane in kept],
            range=[len(kept) - 0.4, -0.6],
            showgrid=False,
        ),
    }
    note = f"{_MOST_LANES} of {len(lanes)} lines are drawn." if left_out else ""
    height = 140 + 22 * len(kept)
    return Chart(
        "chart-workers", "Who evaluated what, and when", traces, layout, height=height, note=note
    )


def _bars(facts: RunFacts, now: float) -> list[_Bar]:
    """Return the evaluations that are known to have been begun, by their begins."""
    view = facts.view
    found = []
    heard = {one.number: one.beat for one in view.participants}
    for trial in (*view.told, *view.open):
        span = view.spans[trial.number]
        if span.participant is None or span.begun_at is None:
            continue
        end = span.told_at
        if end is None:  # as long as its process is known to live
            beat = heard.get(span.participant, now)
            end = now if now - beat < ALIVE_S else beat
        seconds = None if trial.outcome is None else trial.outcome.seconds
        begin = span.begun_at if seconds is None else max(span.begun_at, end - seconds)
        found.append(_Bar(trial, begin, max(end, begin), span.participant))
    return sorted(found, key=lambda bar: bar.begin)


def _lanes(bars: Sequence[_Bar]) -> dict[tuple[int, int], list[_Bar]]:
    """Return the evaluations by participant and lane: a process may make several at once."""
    ends: dict[int, list[float]] = {}
    found: dict[tuple[int, int], list[_Bar]] = {}
    for bar in bars:
        free = ends.setdefault(bar.participant, [])
        lane = next((i for i, end in enumerate(free) if end <= bar.begin), len(free))
        free[lane : lane + 1] = [bar.end]
        found.setdefault((bar.participant, lane), []).append(bar)
    return dict(sorted(found.items()))


def _labels(
    lanes: Sequence[tuple[int, int]], participants: Sequence[Participant]
) -> dict[tuple[int, int], str]:
    known = {one.number: one for one in participants}
    machines = {one.machine for one in participants}
    found = {}
    for number, lane in lanes:
        one = known.get(number)
        name = f"worker {number}" if one is None else f"process {one.pid}"
        if one is not None and len(machines) > 1:
            name = f"{one.machine[:16]} {one.pid}"
        several = sum(other == number for other, _ in lanes) > 1
        found[number, lane] = f"{name}, {lane + 1}" if several else name
    return found


def _hover(bar: _Bar) -> str:
    trial = bar.trial
    lines = [("seconds", f"{bar.end - bar.begin:.4g}"), ("state", str(trial.state))]
    if trial.error is not None:
        lines.append(("error", trial.error))
    return hover_text(trial.number, lines)
