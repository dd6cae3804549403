"""A run on a terminal: two lines at its lower end, drawn again in place, and text above them."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.standing_text import last_line, live_lines
from rnnbbo.progress.tally import Standing

_APART_S = 0.1  # between two drawings, at least
_PATIENCE_S = 5.0  # with a line that somebody else has not ended
_NARROWEST = 10
_WIDTH = 80  # where the terminal does not say

_UP = "\x1b[A"
_ERASE = "\x1b[J"  # to the end of the screen


def is_live(stream: Any) -> bool:
    """Return whether lines can be drawn in place on a stream."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb" and stream.fileno() >= 0
    except (OSError, ValueError, AttributeError):  # closed, or no stream
        return False


class Terminal:
    """Two lines that are drawn again in place, each time by one write.

    While it is open, what this process prints to the terminal comes above them. A terminal that
    nobody reads does not hold up the run: it is written to without waiting.

    Args:
        stream: standard error, on a terminal.
    """

    def __init__(self, stream: Any) -> None:
        self._device = _Device(stream)
        self._lock = threading.RLock()
        self._blocks = _has_blocks(stream)
        self._next = 0.0
        self._drawn: list[str] = []  # what stands there
        self._wanted: list[str] = []  # what is to stand there
        self._midway, self._printed = False, 0.0  # what others print ends in the middle of a line
        self._open = True
        self._replaced = {}
        for name in ("stdout", "stderr"):
            known = getattr(sys, name)
            if is_live(known):
                self._replaced[name] = (known, _Above(known, self))
        for name, (_, above) in self._replaced.items():
            setattr(sys, name, above)

    def is_due(self, now: float) -> bool:
        """Return whether the last drawing was long enough ago."""
        return now >= self._next

    def show(self, standing: Standing, report: PolicyReport | None, now: float) -> None:
        """Draw where the run stands."""
        self._next = now + _APART_S
        with self._lock:
            width = max(self._device.width - 1, _NARROWEST)  # the last column may break the line
            self._wanted = live_lines(standing, report, width, blocks=self._blocks)
            self._draw()

    def line(self, text: str) -> None:
        """Print a line above."""
        with self._lock:
            self._next = 0.0  # where the run stands is another now
            self._draw(f"{text}\n")

    def close(self, end: Standing | None) -> None:
        """Take the lines away, and leave the terminal to others."""
        with self._lock:
            if not self._open:
                return
            self._wanted = []
            self._draw("" if end is None else f"{last_line(end)}\n")
            self._open = False
        for name, (known, above) in self._replaced.items():
            with contextlib.suppress(OSError, ValueError):
                above.flush()
            if getattr(sys, name) is above:
                setattr(sys, name, known)
        self._device.close()

    def let_print(self, write: Callable[[], Any], *, whole: bool) -> None:
        """Take the lines away while somebody else prints.

        Args:
            write: prints a text.
            whole: whether that ends a line, and does not begin another one.
        """
        with self._lock:
            if self._open and self._drawn:
                self._device.write(self._erasing())
                self._drawn = []
            write()
            now = time.monotonic()
            self._midway, before, self._printed = not whole, self._printed, now
            if whole and now - before >= _APART_S:
                self._draw()

    def _draw(self, above: str = "") -> None:
        if not self._open:
            return
        if not self._device.is_ours():
            self._device.write(above)
            return
        text = self._erasing() + above.replace("\n", "\r\n")
        if self._midway:  # a line of somebody else, who may go on with it
            if not above and time.monotonic() - self._printed < _PATIENCE_S:
                return
            text, self._midway = f"\r\n{text}", False
        if self._device.write(text + "\r\n".join(self._wanted)):
            self._drawn = list(self._wanted)

    def _erasing(self) -> str:
        """Return what takes away the lines drawn, of which a narrower terminal has made more."""
        if not self._drawn:
            return ""
        width = max(self._device.width, 1)
        rows = sum(max(-(-len(line) // width), 1) for line in self._drawn)
        return "\r" + _UP * (rows - 1) + _ERASE


class _Above:
    """A stream whose text comes above the lines of a terminal, as soon as it ends a line.

    What is flushed before, as other bars are, comes at once; then the lines come back when its line
    has ended, or some seconds later.

    Args:
        stream: the stream.
        terminal: the terminal.
    """

    def __init__(self, stream: Any, terminal: Terminal) -> None:
        self._stream, self._terminal, self._pid = stream, terminal, os.getpid()
        self._held = ""

    def write(self, text: str) -> int:
        if os.getpid() != self._pid:  # a copy of the process
            return int(self._stream.write(text))
        lines, newline, self._held = (self._held + text).rpartition("\n")
        if newline:
            self._print(f"{lines}\n", whole=True)
        return len(text)

    def flush(self) -> None:
        if os.getpid() == self._pid and self._held:
            text, self._held = self._held, ""
            self._print(text, whole=False)
        self._stream.flush()

    def _print(self, text: str, *, whole: bool) -> None:
        def write() -> None:
            self._stream.write(text)
            self._stream.flush()

        self._terminal.let_print(write, whole=whole)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Device:
    """The terminal behind a stream, written to by a descriptor of its own that does not wait.

    Args:
        stream: a stream on the terminal.
    """

    def __init__(self, stream: Any) -> None:
        self._shared = stream.fileno()
        self._encoding = getattr(stream, "encoding", None) or "ascii"
        self._own: int | None = None
        with contextlib.suppress(OSError):
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
            self._own = os.open(os.ttyname(self._shared), flags)

    @property
    def width(self) -> int:
        """Its columns."""
        try:
            return os.get_terminal_size(self._shared).columns or _WIDTH
        except OSError:
            return _WIDTH

    def is_ours(self) -> bool:
        """Return whether this process is not in the background of a shell."""
        try:
            return os.tcgetpgrp(self._shared) == os.getpgrp()
        except OSError:  # no terminal of this session
            return True

    def write(self, text: str) -> bool:
        """Write a text, and return whether it was taken."""
        data = text.encode(self._encoding, "backslashreplace")
        with contextlib.suppress(OSError):
            if self._own is not None:
                os.write(self._own, data)
                return True
            if select.select([], [self._shared], [], 0.0)[1]:
                os.write(self._shared, data)
                return True
        return False

    def close(self) -> None:
        """Close its descriptor."""
        if self._own is not None:
            os.close(self._own)
            self._own = None


def _has_blocks(stream: Any) -> bool:
    """Return whether the encoding of a stream has the elements of the bar."""
    try:
        "▏█".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
