"""Interrupts while something is cleaned up: they only make it quicker."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Hurry:
    """Whether to hurry: a plain value, as a handler that came into a lock would wait for itself."""

    wanted = False


_hurry = _Hurry()


def hurry() -> None:
    """Take the patience away from the cleaning up that goes on, or is about to begin."""
    _hurry.wanted = True


def hurried() -> bool:
    """Return whether another interrupt has come."""
    return _hurry.wanted


@contextlib.contextmanager
def shielded(interrupted: bool = False) -> Iterator[Callable[[], bool]]:
    """Keep signals that would raise out of what must not be left half done.

    They are handled afterwards. In the main thread, which alone has signals; elsewhere nothing can
    interrupt.

    Args:
        interrupted: whether an interrupt is being seen to already; then another one says no more.

    Yields:
        What tells whether one has come, for whoever waits within.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came: dict[signal.Signals, None] = {}

    def note(number: int, frame: object) -> None:
        came[signal.Signals(number)] = None
        _hurry.wanted = True

    before: dict[signal.Signals, Any] = {}
    try:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
                signal.signal(number, note)
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _hurry.wanted = False
        for number in () if interrupted else came:
            before[number](number, None)
