"""What a display of a run can do."""

from __future__ import annotations

from typing import Protocol

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.tally import Standing

TICK_S = 1.0
"""Seconds after which a clock that is shown goes on."""


class Display(Protocol):
    """Shows a run. None of its methods raises because something cannot be written."""

    def is_due(self, now: float) -> bool:
        """Return whether it is time to show where the run stands once more."""

    def show(self, standing: Standing, report: PolicyReport | None, now: float) -> None:
        """Show where the run stands."""

    def line(self, text: str) -> None:
        """Show a line that stays."""

    def close(self, end: Standing | None) -> None:
        """Take away what does not stay, and leave a line of how the run ended, if that is given."""
