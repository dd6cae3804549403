"""The loop round ask and tell: several evaluations in flight, told as they finish."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from rnnbbo.errors import ObservationError
from rnnbbo.evaluation.evaluator import Evaluator
from rnnbbo.evaluation.interrupts import shielded
from rnnbbo.result import OptimizeResult
from rnnbbo.status import Status
from rnnbbo.trial import Trial

_SLICE_S = 0.1
_OTHERS_S = 1.0  # how often one looks at what others do


class AskTell(Protocol):
    """What is needed of `rnnbbo.optimizer.Optimizer`."""

    def ask(self) -> Any:
        """Return the next point."""

    def add_pending(self, x: Any) -> Any:
        """Take note of a point that will be evaluated."""

    def tell(self, x: Any, y: float, *, constraints: Any = None) -> Any:
        """Take the value at a point, NaN for a failed trial, and its constraints."""

    def result(self) -> OptimizeResult:
        """Sum up what was told."""


class History(Protocol):
    """Where trials come from and are told to; `n_calls` is the number of evaluations wanted."""

    def begin(self, n_calls: int) -> Trial | None:
        """Return the next trial to evaluate; None where n_calls have been begun."""

    def finish(self, trial: Trial) -> None:
        """Take a trial with its outcome."""

    def give_back(self, trials: Sequence[Trial]) -> None:
        """Take back trials that will not be evaluated."""

    def is_over(self, n_calls: int) -> bool:
        """Return whether n_calls evaluations have been told."""

    @property
    def n_failed(self) -> int:
        """Number of evaluations that failed."""

    def told(self) -> list[Trial]:
        """Return the trials that were told, in that order."""

    def result(self) -> OptimizeResult:
        """Sum up what was told."""


class RunHistory:
    """A history that lasts as long as its run.

    Args:
        optimizer: proposes the points.
        points: points to evaluate first.
        n_known: number of values that it was told before, which are no evaluations.
    """

    def __init__(
        self, optimizer: AskTell, points: Sequence[list[Any]] = (), n_known: int = 0
    ) -> None:
        self._optimizer = optimizer
        self._known = n_known
        self._begun = 0
        self._told: list[Trial] = []
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
        return Trial(self._begun - 1, point)

    def finish(self, trial: Trial) -> None:
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

    def give_back(self, trials: Sequence[Trial]) -> None:
        """Let them wait."""
        self._waiting.extendleft(reversed(trials))

    def is_over(self, n_calls: int) -> bool:
        """Return whether n_calls evaluations have been told."""
        return len(self._told) >= n_calls

    def told(self) -> list[Trial]:
        """Return the trials that were evaluated, in the order told."""
        return list(self._told)

    def result(self) -> OptimizeResult:
        """Sum up what was told."""
        result = self._optimizer.result()
        errors = {
            self._known + i: trial.error
            for i, trial in enumerate(self._told)
            if trial.error is not None
        }
        result.update(nfev=len(self._told), errors=errors)
        return result


@dataclass(frozen=True)
class Limits:
    """When a run ends.

    Attributes:
        n_calls: number of evaluations.
        timeout: seconds for the whole run; None for any.
        max_failures: number of failed evaluations that is still accepted; None for any.
    """

    n_calls: int
    timeout: float | None = None
    max_failures: int | None = None


def run_trials(
    history: History,
    evaluator: Evaluator,
    limits: Limits,
    *,
    on_trial: Callable[[Trial], Any],
    on_begin: Callable[[Trial], Any] = lambda trial: None,
) -> Status:
    """Ask, evaluate and tell until a limit is reached.

    A point is asked for as soon as one has finished. Where others work on the same history, the
    run also waits for their last evaluations, and makes those that they give up.

    Args:
        history: gives out the trials.
        evaluator: evaluates them; it is stopped at the end.
        limits: when to end. An evaluation in this very thread is not cut short.
        on_trial: called with each finished trial after it has been told; if it returns true, the
            run ends.
        on_begin: called with each trial before it is evaluated.

    Returns:
        How it ended: OK, STOPPED (by on_trial), TIMEOUT or TOO_MANY_FAILURES. What was still
        running then has been ended, and given back.

    Raises:
        ObjectiveError: nothing can be evaluated any more.
        BaseException: likewise whatever interrupts it, or `on_trial` raises, after what was
            running has been ended. An interrupt meanwhile only makes that quicker.
    """
    return _Loop(history, evaluator, limits, on_trial, on_begin).run()


class _Loop:
    def __init__(
        self,
        history: History,
        evaluator: Evaluator,
        limits: Limits,
        on_trial: Callable[[Trial], Any],
        on_begin: Callable[[Trial], Any],
    ) -> None:
        self._history = history
        self._evaluator = evaluator
        self._limits = limits
        self._on_trial = on_trial
        self._on_begin = on_begin
        self._running: dict[int, tuple[Trial, float]] = {}  # and when it began
        self._look_again = 0.0
        timeout = limits.timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def run(self) -> Status:
        try:
            while True:
                if self._too_many():
                    return Status.TOO_MANY_FAILURES
                self._fill()
                if not self._running and self._history.is_over(self._limits.n_calls):
                    return Status.OK
                if self._running or not self._evaluator.free:
                    # In slices: the system may hand a signal to another thread, and this one,
                    # which has to act on it, does not notice while it waits.
                    if self._take(self._evaluator.wait(self._slice())):
                        return Status.STOPPED
                else:  # for others
                    time.sleep(self._slice())
                if self._remaining() == 0.0 and not self._is_over():
                    return Status.TIMEOUT
        finally:
            with shielded():
                try:
                    self._evaluator.stop()
                finally:
                    self._history.give_back([trial for trial, _ in self._running.values()])

    def _fill(self) -> None:
        """Begin as many evaluations as there is room for."""
        while self._evaluator.free and time.monotonic() >= self._look_again:
            trial = self._history.begin(self._limits.n_calls)
            if trial is None:
                self._look_again = time.monotonic() + _OTHERS_S
                return
            self._running[trial.number] = (trial, time.monotonic())
            self._on_begin(trial)
            self._evaluator.start(trial)

    def _take(self, finished: Sequence[Trial]) -> bool:
        """Tell what has finished, and return whether to stop.

        What has finished together is told, too, where `on_trial` raises for one of it.
        """
        stop = False
        failure: BaseException | None = None
        for trial in finished:
            begun = self._running[trial.number][1]
            told = _timed(trial, time.monotonic() - begun)
            self._history.finish(told)
            del self._running[trial.number]
            if failure is None:
                try:
                    stop = bool(self._on_trial(told)) or stop
                except BaseException as error:
                    failure = error
        if failure is not None:
            raise failure
        return stop

    def _is_over(self) -> bool:
        return not self._running and self._history.is_over(self._limits.n_calls)

    def _too_many(self) -> bool:
        allowed = self._limits.max_failures
        return allowed is not None and self._history.n_failed > allowed

    def _slice(self) -> float:
        remaining = self._remaining()
        return _SLICE_S if remaining is None else min(remaining, _SLICE_S)

    def _remaining(self) -> float | None:
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)


def _timed(trial: Trial, seconds: float) -> Trial:
    """Return the trial, with the time as seen from here if the evaluator did not take it."""
    outcome = trial.outcome
    assert outcome is not None
    if outcome.seconds is not None:
        return trial
    return replace(trial, outcome=replace(outcome, seconds=seconds))
