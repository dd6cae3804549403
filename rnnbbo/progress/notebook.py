"""A run in a notebook: one line of a cell's output, which is written anew and stays.

It is IPython's own display, by an identifier: unlike a widget it needs no package beside the
kernel, and a saved notebook keeps it.
"""

from __future__ import annotations

import sys
from html import escape
from typing import Any

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.standing_text import log_line
from rnnbbo.progress.tally import Standing

_APART_S = 0.25  # between two texts


def is_notebook() -> bool:
    """Return whether the caller is a cell of a notebook."""
    shell = sys.modules.get("IPython")
    own = None if shell is None else shell.get_ipython()
    return getattr(own, "kernel", None) is not None


class Notebook:
    """One line of a cell's output; other lines are printed."""

    def __init__(self) -> None:
        self._next = 0.0
        self._handle: Any = None
        self._last: Standing | None = None

    def is_due(self, now: float) -> bool:
        """Return whether the last text was long enough ago."""
        return now >= self._next

    def show(self, standing: Standing, report: PolicyReport | None, now: float) -> None:
        """Show where the run stands."""
        self._next, self._last = now + _APART_S, standing
        self._write(log_line(standing, report))

    def line(self, text: str) -> None:
        """Print a line."""
        print(text)

    def close(self, last: str | None) -> None:
        """Leave the last line in place of the others."""
        if last is not None:
            self._write(last)

    def _write(self, text: str) -> None:
        now = self._last
        bar = "" if now is None else f'<progress value="{now.done}" max="{now.total}"></progress> '
        data = {"text/plain": text, "text/html": f"{bar}{escape(text)}"}
        if self._handle is None:
            from IPython.display import display

            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
