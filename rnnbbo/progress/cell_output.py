"""A run in a notebook: one line of a cell's output, which is written anew and stays.

It is IPython's own display, by an identifier: unlike a widget it needs no package beside the
kernel, and a saved notebook keeps it.
"""

from __future__ import annotations

import sys
from html import escape
from typing import Any

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.standing_text import last_line, log_line
from rnnbbo.progress.tally import Standing

_APART_S = 0.25  # between two texts


def is_notebook() -> bool:
    """Return whether the caller is a cell of a notebook."""
    shell = sys.modules.get("IPython")
    own = None if shell is None else shell.get_ipython()
    return getattr(own, "kernel", None) is not None


class CellOutput:
    """One line of a cell's output.

    Args:
        prints: whether other lines are printed; else they are left out.
    """

    def __init__(self, *, prints: bool) -> None:
        self._prints = prints
        self._next = 0.0
        self._handle: Any = None

    def is_due(self, now: float) -> bool:
        """Return whether the last text was long enough ago."""
        return now >= self._next

    def show(self, standing: Standing, report: PolicyReport | None, now: float) -> None:
        """Show where the run stands."""
        self._next = now + _APART_S
        self._write(log_line(standing, report), standing)

    def line(self, text: str) -> None:
        """Print a line, if that is wanted."""
        if self._prints:
            print(text)

    def close(self, end: Standing | None) -> None:
        """Leave how the run ended."""
        if end is not None:
            self._write(last_line(end), end)

    def _write(self, text: str, now: Standing) -> None:
        bar = f'<progress value="{now.done}" max="{now.total}"></progress>'
        data = {"text/plain": text, "text/html": f"{bar} {escape(text)}"}
        if self._handle is None:
            from IPython.display import display

            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
