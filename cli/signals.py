"""What signals do to a command."""

from __future__ import annotations

import signal
import threading
from typing import Any

from rnnbbo.evaluation.interrupts import hurry

_IGNORED = 3  # interrupts after the first one that do not end the command at once


class _Process:
    """Whether this process is there for one command alone, and does nothing after it."""

    is_ours = False


_process = _Process()


def own_process() -> None:
    """Say that this process runs one command and nothing else, and prepare its signals."""
    _process.is_ours = True
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        # Whoever ignores it does not learn how a program has ended.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


class RunSignals:
    """Lets SIGTERM and SIGHUP end a run like Ctrl-C does, so that no program is left running.

    One that was ignored from the start stays so. One of them is enough: what comes after it does
    not keep the result from being shown, unless it comes again and again.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self.expect()

    def expect(self) -> None:
        """Interrupt at the next signal."""
        self._ignored = 0
        self._came = False

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # only that one has signals
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._interrupt)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._came and _process.is_ours else handler)

    def _interrupt(self, number: int, frame: object) -> None:
        self._ignored += self._came
        if not self._came or self._ignored > _IGNORED:
            self._came = True
            raise KeyboardInterrupt
        hurry()
