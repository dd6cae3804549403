"""Where a run stands, in words: two lines that fit a terminal, or one for a log."""

from __future__ import annotations

from tqdm.std import Bar

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.tally import Standing
from rnnbbo.progress.texts import span_text

_LEAST_BAR = 8
_WIDEST_BAR = 60
_BETWEEN = "  "


def live_lines(
    now: Standing, report: PolicyReport | None, width: int, *, blocks: bool
) -> list[str]:
    """Return two lines of at most `width` characters.

    What has no room is left out, the least important first.

    Args:
        now: where the run stands.
        report: what the policy says of it; None while unknown.
        width: characters of a line.
        blocks: whether the bar may consist of block elements, which ASCII lacks.
    """
    count, passed = f"{now.done}/{now.total}", span_text(now.passed)
    for time in (f"{passed} passed, {_left(now)}", f"{passed}, {_left(now)}", passed, ""):
        room = width - len(count) - len(time) - 4
        if room >= _LEAST_BAR:
            bar = _bar(now, min(room, _WIDEST_BAR), Bar.UTF if blocks else Bar.ASCII)
            return [f"{count} |{bar}| {time}".rstrip(), _fitting(fields(now, report), width)]
        if time and len(count) + 1 + len(time) <= width:
            return [f"{count} {time}", _fitting(fields(now, report), width)]
    return [count[:width], _fitting(fields(now, report), width)]


def log_line(now: Standing, report: PolicyReport | None) -> str:
    """Return one line with all of it."""
    best, *more = fields(now, report)
    count = f"{now.done} of {now.total} evaluations"
    return "; ".join([f"{count}, {best}", *more, f"{span_text(now.passed)} passed, {_left(now)}"])


def last_line(now: Standing) -> str:
    """Return one line for the end of a run."""
    failed = f", {now.failed} failed" if now.failed else ""
    count = f"{now.done} of {now.total} evaluations{failed} in {span_text(now.passed)}"
    return f"{count}; {fields(now, None)[0]}"


def fields(now: Standing, report: PolicyReport | None) -> list[str]:
    """Return what is to be said beside the time, the most important first."""
    said = [_best(now)]
    if now.failed:
        said.append(f"{now.failed} failed")
    if now.running:
        said.append(f"{now.running} running")
    if now.each is not None:
        said.append(f"{span_text(now.each)} each")
    if report is not None and report.noise is not None:
        said.append(f"noise {report.noise:.2g}")
    if report is not None and report.gain_left is not None:
        said.append(f"expected gain {report.gain_left:.2g}")
    return said


def _best(now: Standing) -> str:
    if now.feasible is None:
        return "no value yet"
    if not now.feasible:
        return "no feasible point yet"
    ago = f"({now.since} ago)" if now.since else "(just now)"
    if now.best is None:
        return f"front of {now.front_size} {ago}"
    return f"best {now.best:.6g} {ago}"


def _left(now: Standing) -> str:
    if now.left is None:
        return "time left unknown"
    return f"{'at most' if now.at_most else 'about'} {span_text(now.left)} left"


def _fitting(texts: list[str], width: int) -> str:
    """Return the texts that fit on a line; the first one in any case, cut if it has to be."""
    line = texts[0] if len(texts[0]) <= width else texts[0].partition(" (")[0]
    for text in texts[1:]:
        if len(line) + len(_BETWEEN) + len(text) <= width:
            line += _BETWEEN + text
    return line[:width]


def _bar(now: Standing, width: int, steps: str) -> str:
    """Return a bar of `width` characters."""
    return format(Bar(min(now.done / now.total, 1.0), width, steps))
