"""Where the trials of a run come from that no study keeps."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from rnnbbo.direction import OneOrSeveral
from rnnbbo.errors import ObservationError
from rnnbbo.policy_report import PolicyReport, Proposing, report_of
from rnnbbo.result import OptimizeResult
from rnnbbo.stopping import Left, ToldValue
from rnnbbo.trial import Outcome, Trial


class AskTell(Proposing, Protocol):
    """What is needed of `rnnbbo.optimizer.Optimizer`."""

    def ask(self) -> Any:
        """Return the next point."""

    def add_pending(self, x: Any) -> Any:
        """Take note of a point that will be evaluated."""

    def tell(self, x: Any, y: OneOrSeveral, *, constraints: Any = None) -> Any:
        """Take the value at a point, NaN for a failed trial, and its constraints."""

    def result(self) -> OptimizeResult:
        """Sum up what was told."""

    def left(self) -> Left:
        """Return what the policy says of going on."""


class RunHistory:
    """A history that lasts as long as its run.

    Args:
        optimizer: proposes the points.
        points: points to evaluate first.
        known: points with outcomes that it was told before, which are no evaluations.
    """

    def __init__(
        self,
        optimizer: AskTell,
        points: Sequence[list[Any]] = (),
        known: Sequence[tuple[list[Any], Outcome]] = (),
    ) -> None:
        self._optimizer = optimizer
        self._n_known = len(known)
        self._told = [Trial(i, point, outcome) for i, (point, outcome) in enumerate(known)]
        self._begun = 0
        self._failed = 0
        self._waiting: deque[Trial] = deque()
        for point in points:
            optimizer.add_pending(point)
            self._waiting.append(self._number(point))

    @property
    def n_failed(self) -> int:
        """Number of evaluations that failed."""
        return self._failed

    def begin(self, n_calls: int) -> Trial | None:
        """Return a point that waits, or a new one."""
        if self._waiting:
            return self._waiting.popleft()
        return self._number(self._optimizer.ask()) if self._begun < n_calls else None

    def _number(self, point: list[Any]) -> Trial:
        self._begun += 1
        return Trial(self._n_known + self._begun - 1, point)

    def finish(self, trial: Trial) -> Trial:
        """Tell the optimizer; what does not fit to the values before has failed."""
        outcome = trial.outcome
        assert outcome is not None
        try:
            if outcome.constraints:
                self._optimizer.tell(trial.x, outcome.value, constraints=outcome.constraints)
            else:
                self._optimizer.tell(trial.x, outcome.value)
        except ObservationError as error:
            trial = replace(trial, outcome=outcome.refused(error))
            self._optimizer.tell(trial.x, math.nan)
        self._told.append(trial)
        self._failed += trial.failed
        return trial

    def give_back(self, trials: Sequence[Trial]) -> None:
        """Let them wait."""
        self._waiting.extendleft(reversed(trials))

    def is_over(self, n_calls: int) -> bool:
        """Return whether n_calls evaluations have been told."""
        return self._n_evaluations >= n_calls

    @property
    def _n_evaluations(self) -> int:
        return len(self._told) - self._n_known

    def told(self) -> list[Trial]:
        """Return the trials that were told, in that order, known ones first."""
        return list(self._told)

    def values(self, after: int) -> list[ToldValue]:
        """Return what was told after the first `after` trials."""
        trials = enumerate(self._told[after:], after)
        return [ToldValue(one.value, i >= self._n_known, one.constraints) for i, one in trials]

    def left(self) -> Left:
        """Return what the policy says of going on."""
        return self._optimizer.left()

    def report(self) -> PolicyReport:
        """Return what the policy says of the run."""
        return report_of(self._optimizer)

    def result(self) -> OptimizeResult:
        """Sum up what was told."""
        result = self._optimizer.result()
        errors = {
            i: trial.error
            for i, trial in enumerate(self._told)
            if trial.error is not None and i >= self._n_known
        }
        result.update(nfev=self._n_evaluations, errors=errors)
        return result
