"""Counts a run: what was told, what is being evaluated, and how long the rest may take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from rnnbbo.direction import Maximize, OneOrSeveral
from rnnbbo.incumbents import BestSoFar
from rnnbbo.loop import Limits
from rnnbbo.stopping import ToldValue
from rnnbbo.trial import Trial
from rnnbbo.violations import is_feasible

_RECENT = 20
"""Evaluations whose time says how long the next ones take."""
_ROUNDS = 2
"""Evaluations in each place, from which on their pace is known."""


@dataclass(frozen=True)
class Standing:
    """Where a run stands.

    Attributes:
        done: evaluations told, failed ones too; in a study by whomever.
        total: evaluations wanted.
        running: evaluations that this process has begun and not told.
        failed: evaluations that failed.
        passed: seconds since the run began.
        best: the best value; of several objectives None; None while there is none.
        front_size: number of values of the front, of several objectives.
        feasible: whether a feasible point is known; None while there is no value.
        since: evaluations since the last better value; None while there is none.
        each: seconds that an evaluation takes, of the last ones here; None while unknown.
        left: seconds that the rest takes; None while unknown.
        at_most: whether the run may end before.
    """

    done: int
    total: int
    running: int = 0
    failed: int = 0
    passed: float = 0.0
    best: float | None = None
    front_size: int = 0
    feasible: bool | None = None
    since: int | None = None
    each: float | None = None
    left: float | None = None
    at_most: bool = False


class Tally:
    """Counts a run.

    Times are those of one clock, in seconds, and are passed in.

    Args:
        limits: when the run ends.
        maximize: which values are better.
        now: when it begins.
    """

    def __init__(self, limits: Limits, maximize: Maximize, now: float) -> None:
        self._limits = limits
        self._incumbents = BestSoFar(maximize)
        self._began = now
        self._done = self._failed = 0
        self._best: tuple[OneOrSeveral, bool] | None = None  # and whether it is feasible
        self._best_at = 0
        self._running: dict[int, float] = {}  # number of a trial: when it began
        self._places = 0  # evaluations that ran at once
        self._seconds: deque[float] = deque(maxlen=_RECENT)
        self._pace: deque[tuple[float, int]] = deque(maxlen=_RECENT + 1)  # when so many were done
        self.count = 0
        """Number of values taken, known ones too."""

    def begun(self, trial: Trial, now: float) -> None:
        """Take note that an evaluation begins."""
        self._running[trial.number] = now
        self._places = max(self._places, len(self._running))

    def ended(self, trial: Trial) -> None:
        """Take note that an evaluation has ended here."""
        self._running.pop(trial.number, None)
        if trial.outcome is not None and trial.outcome.seconds is not None:
            self._seconds.append(trial.outcome.seconds)

    def take(self, told: Iterable[ToldValue], now: float | None) -> list[ToldValue]:
        """Take what was told since, and return what was better than everything before.

        Args:
            told: the values.
            now: when they came; None for those that were there before the run, which are
                taken first.
        """
        better = []
        before = self._done
        for one in told:
            self.count += 1
            self._done += one.evaluated
            self._failed += one.evaluated and one.value is None
            if one.value is not None and self._incumbents.add(one.value, one.constraints):
                self._best = (one.value, is_feasible(one.constraints))
                self._best_at = self._done
                better.append(one)
        if now is None:
            self._pace.append((self._began, self._done))
        elif self._done > before:
            self._pace.append((now, self._done))
        return better

    def standing(self, now: float) -> Standing:
        """Return where the run stands."""
        best, feasible = (None, None) if self._best is None else self._best
        left, rules = self._left(now), self._limits.rules
        return Standing(
            done=self._done,
            total=self._limits.n_calls,
            running=len(self._running),
            failed=self._failed,
            passed=now - self._began,
            best=None if isinstance(best, list) else best,
            front_size=self._incumbents.front_size,
            feasible=feasible,
            since=None if self._best is None else self._done - self._best_at,
            each=self._each,
            left=left,
            at_most=bool(rules) or (left is not None and left == self._until_timeout(now)),
        )

    @property
    def _each(self) -> float | None:
        return sum(self._seconds) / len(self._seconds) if self._seconds else None

    def _left(self, now: float) -> float | None:
        """Return the seconds that the rest takes, or until the timeout; None while unknown."""
        known = [one for one in (self._work(now), self._until_timeout(now)) if one is not None]
        return min(known, default=None)

    def _until_timeout(self, now: float) -> float | None:
        timeout = self._limits.timeout
        return None if timeout is None else max(self._began + timeout - now, 0.0)

    def _work(self, now: float) -> float | None:
        """Return the seconds that the evaluations which are left take; None while unknown.

        At the pace of the last ones, asking and other processes of the study included; before that
        is known, by the time of one and the number at once.
        """
        rest = self._limits.n_calls - self._done
        if rest <= 0:
            return 0.0
        pace, each = self._seconds_between, self._each
        if pace is None and each is not None:
            pace = each / max(self._places, 1)
        if pace is None:
            return None
        last = self._pace[-1][0]
        left = max(rest * pace - (now - last), (rest - 1) * pace)
        if each is not None and self._running:  # the last one begun ends no sooner
            left = max(left, each - (now - max(self._running.values())))
        return left if left > 0.0 else None  # the last one takes longer than those before

    @property
    def _seconds_between(self) -> float | None:
        """Seconds from one evaluation's end to the next one's; None while too few have ended."""
        (first, before), (last, done) = self._pace[0], self._pace[-1]
        if done - before < _ROUNDS * max(self._places, 1):
            return None
        return (last - first) / (done - before)
