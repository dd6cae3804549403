"""Shows a run while it lasts: joins what is told of it to a display."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rnnbbo.arguments import VERBOSITIES
from rnnbbo.errors import StudyError
from rnnbbo.evaluation.averaging import partly_failed
from rnnbbo.optimization import Opened, Watcher
from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.cell_output import CellOutput, is_notebook
from rnnbbo.progress.display import TICK_S, Display
from rnnbbo.progress.journal import Journal, Spacing
from rnnbbo.progress.policy_lines import PolicyLines
from rnnbbo.progress.saying import say
from rnnbbo.progress.tally import Tally
from rnnbbo.progress.terminal import Terminal, is_live
from rnnbbo.progress.texts import point_text, span_text, value_text
from rnnbbo.progress.ticker import Ticker
from rnnbbo.stopping import ToldValue
from rnnbbo.trial import Trial

QUIET, BRIEF, VERBOSE = VERBOSITIES
"""What is shown of a run: nothing; where it stands, and new bests; every trial, too."""

_OTHERS_S = 1.0  # between two looks at what other processes told
_REPORT_S = 1.0  # between two reports of the policy, at least,
_REPORT_SHARE = 50  # and so many times as long as one takes


def display_here(level: int, now: float) -> Display:
    """Return the display for where this process runs.

    Args:
        level: what is shown.
        now: when the run begins.
    """
    if is_notebook():
        return CellOutput(prints=level == VERBOSE)
    return Terminal(sys.stderr) if is_live(sys.stderr) else Journal(say, now)


class RunProgress(Watcher):
    """Shows a run while it lasts. What cannot be shown ends nothing.

    Args:
        names: names of the parameters.
        level: BRIEF or VERBOSE.
        leaves: whether a line about the run stays at its end.
        display_of: makes the display, given the level and when the run begins.
        clock: seconds.
    """

    def __init__(
        self,
        names: Sequence[str],
        level: int,
        *,
        leaves: bool,
        display_of: Callable[[int, float], Display] = display_here,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names, self._level, self._leaves = names, level, leaves
        self._display_of, self._clock = display_of, clock
        self._lock = threading.RLock()
        self._display: Display | None = None
        self._ticker: Ticker | None = None
        self._report: PolicyReport | None = None
        self._last_error: str | None = None
        self._told = False

    def begin(self, opened: Opened) -> None:
        """Take note of the history, and begin to show."""
        now = self._clock()
        self._history = opened.history
        self._shared = opened.study is not None
        self._tally = Tally(opened.limits, opened.maximize, now)
        self._tally.take(opened.history.values(0), None)
        self._spacing = Spacing(now)
        self._next_look = self._next_report = now + _REPORT_S
        self._report = opened.history.report()
        self._policy = PolicyLines(self._report)
        with contextlib.suppress(Exception):
            self._display = self._display_of(self._level, now)
        if opened.inline:
            self._ticker = Ticker(lambda: self._safely(self._show), TICK_S)

    def begun(self, trial: Trial) -> None:
        """Count a trial that is about to be evaluated."""
        self._safely(self._begun, trial)

    def add(self, trial: Trial) -> None:
        """Show a trial that was told."""
        self._safely(self._add, trial)

    def wait(self) -> None:
        """Let the clock go on, and look at what other processes told."""
        self._safely(self._wait)

    def close(self) -> None:
        """Show no more."""
        if self._ticker is not None:
            self._ticker.stop()
        self._safely(self._close)

    def _safely(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Show something, where something is shown; show no more where that fails."""
        with self._lock:
            display = self._display
            if display is None:
                return
            try:
                action(display, *arguments)
            except Exception:
                self._display = None
                with contextlib.suppress(Exception):
                    display.close(None)

    def _begun(self, display: Display, trial: Trial) -> None:
        self._told = False
        self._tally.begun(trial, self._clock())
        self._show(display)

    def _add(self, display: Display, trial: Trial) -> None:
        now = self._clock()
        self._tally.ended(trial)
        better = self._look(now)
        own = [one for one in better if _is_of(one, trial)]
        for line in self._lines(trial, bool(own), now):
            display.line(line)
        self._others(display, [one for one in better if one not in own], now)
        self._ask(display, now)
        self._told = True

    def _wait(self, display: Display) -> None:
        if self._told:  # the next evaluation is about to begin, and shows both
            self._told = False
            return
        now = self._clock()
        if self._shared and now >= self._next_look:
            self._others(display, self._look(now), now)
        self._show(display)

    def _close(self, display: Display) -> None:
        self._display = None
        standing = self._tally.standing(self._clock())
        display.close(standing if self._leaves else None)

    def _look(self, now: float) -> list[ToldValue]:
        """Take what was told since, and return what is better than everything before."""
        self._next_look = now + _OTHERS_S
        try:
            return self._tally.take(self._history.values(self._tally.count), now)
        except StudyError:  # which ends the run where the run needs it
            return []

    def _show(self, display: Display) -> None:
        now = self._clock()
        if display.is_due(now):
            display.show(self._tally.standing(now), self._report, now)

    def _ask(self, display: Display, now: float) -> None:
        """Ask the policy for its report, where that takes little of the time."""
        if now < self._next_report:
            return
        self._report = self._history.report()
        then = self._clock()
        self._next_report = then + max(_REPORT_S, _REPORT_SHARE * (then - now))
        if self._level == VERBOSE:
            for line in self._policy.new(self._report):
                display.line(line)

    def _lines(self, trial: Trial, new: bool, now: float) -> Iterator[str]:
        """Yield what is said of a trial that was told here, maybe a new best."""
        changed = trial.failed and trial.error != self._last_error
        # Often all trials fail alike; then one line says it.
        self._last_error = trial.error if trial.failed else self._last_error
        partly = partly_failed(trial)
        if self._level == VERBOSE:
            yield self._trial_line(trial, new)
        elif not (new or changed or partly) or not self._spacing.allows(now):
            return
        elif new or changed:
            yield self._trial_line(trial, False)
        if partly is not None:
            yield f"trial {trial.number}: {partly}"

    def _trial_line(self, trial: Trial, new: bool) -> str:
        """Return a trial on a line."""
        begin = f"trial {trial.number}"
        if trial.value is None:
            begin = f"{begin} failed: {trial.error}"
            if self._level < VERBOSE:
                return begin
        else:
            begin = f"{begin}: {value_text(trial.value)}"
            begin += "" if trial.feasible else ", not feasible"
            begin += ", the best so far" if new else ""
        line = f"{begin}  {point_text(self._names, trial.x)}"
        seconds = None if trial.outcome is None else trial.outcome.seconds
        if self._level < VERBOSE or seconds is None:
            return line
        return f"{line}  ({span_text(seconds)})"

    def _others(self, display: Display, better: Sequence[ToldValue], now: float) -> None:
        """Say the best value that another process told."""
        if better and self._spacing.allows(now):
            assert better[-1].value is not None
            display.line(f"{value_text(better[-1].value)} by another process of this study")


def _is_of(told: ToldValue, trial: Trial) -> bool:
    return told.value == trial.value and told.constraints == trial.constraints
