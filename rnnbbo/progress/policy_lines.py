"""Why a policy does what it does, a line each time that it says something else."""

from __future__ import annotations

import re

from rnnbbo.policy_report import PolicyReport

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


class PolicyLines:
    """The lines of reports that say more than those before.

    Args:
        known: a report that was shown already.
    """

    def __init__(self, known: PolicyReport) -> None:
        self._who = (known.name, known.why)
        self._seen: set[str] = set()

    def new(self, report: PolicyReport) -> list[str]:
        """Return what is new in a report; a sentence with other numbers is not."""
        lines = []
        if (report.name, report.why) != self._who:
            self._who = (report.name, report.why)
            lines.append(f"policy {report.name}" + (f": {report.why}" if report.why else ""))
        kinds = {_NUMBER.sub("", text): text for text in report.seen}
        lines += [f"seen in the values: {kinds[one]}" for one in kinds if one not in self._seen]
        self._seen = set(kinds)
        return lines
