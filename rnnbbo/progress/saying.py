"""Lines on standard error, which may be lost: a run does not wait for their reader."""

from __future__ import annotations

import contextlib
import io
import select
import sys

_PATIENCE_S = 0.5  # with somebody who reads slowly what is said on the way


class _Reader:
    """Whoever reads standard error: a pipe that is full, and nobody empties, holds up a run."""

    patience_s = _PATIENCE_S

    def is_ready(self) -> bool:
        """Return whether there is room for a line; after a long wait in vain, look only."""
        try:
            ready = bool(select.select([], [sys.stderr.fileno()], [], self.patience_s)[1])
        except io.UnsupportedOperation:  # no file
            return True
        self.patience_s = _PATIENCE_S if ready else 0.0
        return ready


_reader = _Reader()


def say(text: str) -> None:
    """Write a line to standard error, if somebody takes it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if _reader.is_ready():
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
