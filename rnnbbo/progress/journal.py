"""A run in a log: a line now and then, the more rarely the longer it goes on."""

from __future__ import annotations

from collections.abc import Callable

from rnnbbo.policy_report import PolicyReport
from rnnbbo.progress.standing_text import last_line, log_line
from rnnbbo.progress.tally import Standing

_FIRST_S, _LAST_S = 10.0, 600.0
_SHARE = 0.1  # of the time passed, between two lines

_FREE = 20  # lines that need not wait
_LEAST_S, _MOST_S = 1.0, 300.0
_SHARE_OF_LINES = 0.02


class Spacing:
    """Keeps what may come often from filling a log: an hour has some 300 lines at most.

    The first 20 come at once; later ones are a fiftieth of the time passed apart, one to
    300 seconds.

    Args:
        now: when the run begins.
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._free = _FREE
        self._next = now

    def allows(self, now: float) -> bool:
        """Return whether a line may come now, and count it."""
        if self._free > 0:
            self._free -= 1
        elif now < self._next:
            return False
        wait = _SHARE_OF_LINES * (now - self._began)
        self._next = now + min(max(wait, _LEAST_S), _MOST_S)
        return True


class Journal:
    """Lines of a log, where nothing is drawn in place.

    Where the run stands is said after 10 seconds without a line, later after a tenth of the time
    passed, and at least every ten minutes.

    Args:
        say: writes a line, if it can.
        now: when the run begins.
    """

    def __init__(self, say: Callable[[str], None], now: float) -> None:
        self._say = say
        self._began = self._last = now
        self._new = False  # whether a line has come since

    def is_due(self, now: float) -> bool:
        """Return whether nothing was said for long."""
        if self._new:
            self._new, self._last = False, now
        wait = min(max(_SHARE * (now - self._began), _FIRST_S), _LAST_S)
        return now - self._last >= wait

    def show(self, standing: Standing, report: PolicyReport | None, now: float) -> None:
        """Say where the run stands."""
        self._last = now
        self._say(log_line(standing, report))

    def line(self, text: str) -> None:
        """Say a line."""
        self._new = True
        self._say(text)

    def close(self, end: Standing | None) -> None:
        """Say how the run ended, if that is given."""
        if end is not None:
            self._say(last_line(end))
