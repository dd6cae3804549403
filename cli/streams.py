"""The standard streams of a command: what is said on the way may be lost, the result may not."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO, cast

from rnnbbo.errors import RnnbboError
from rnnbbo.progress.saying import say

__all__ = ["OutputError", "open_missing", "prepare", "say", "silence_stdout", "write_result"]


class OutputError(RnnbboError):
    """What a command was asked for cannot be written.

    Attributes:
        quiet: whether nobody wants to know: whoever read it has read enough.
    """

    quiet = False


def open_missing() -> None:
    """Open descriptors 0 to 2 where they are closed.

    Otherwise the next file that is opened, a study for instance, is taken for one of them.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # Lower ones are open: this is the one that it gets. To write to 1 stays an error.
            os.open(os.devnull, flags)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def prepare(result: bool) -> None:
    """Let nothing fail because nobody reads standard error, or it is full.

    What an objective prints is not worth its value.

    Args:
        result: whether standard output is for a result, and what cannot be written there an
            OutputError; otherwise it is treated as standard error.
    """
    open_missing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A category may hold bytes that the terminal's encoding lacks.
            stream.reconfigure(errors="backslashreplace")
    sys.stdout = cast(TextIO, _Stream(sys.stdout, _refuse if result else _drop))
    sys.stderr = cast(TextIO, _Stream(sys.stderr, _drop))


class _Stream:
    """A text stream that says what happens to what it cannot write."""

    def __init__(self, stream: Any, fails: Callable[[Exception], None]) -> None:
        self._stream = stream
        self._fails = fails

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except (OSError, ValueError) as error:  # ValueError: it is closed
            self._fails(error)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._fails(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _drop(error: Exception) -> None:
    """Do without it."""


def _refuse(error: Exception) -> None:
    reason = getattr(error, "strerror", None) or error
    refused = OutputError(f"standard output cannot be written ({reason})")
    refused.quiet = isinstance(error, BrokenPipeError)
    raise refused from error


def write_result(text: str) -> None:
    """Write a result to standard output, or else to standard error.

    Raises:
        OutputError: it could not be written to standard output.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except (OutputError, OSError, ValueError) as error:
        silence_stdout()
        say(text)
        raise OutputError(f"{error}; the result is printed on standard error") from error


def silence_stdout() -> None:
    """Let what is still to be written to standard output go nowhere, without a complaint."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
