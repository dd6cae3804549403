"""The loop round ask and tell: several evaluations in flight, told as they finish."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from rnnbbo.direction import Maximize
from rnnbbo.evaluation.evaluator import Evaluator
from rnnbbo.evaluation.interrupts import shielded
from rnnbbo.policy_report import PolicyReport
from rnnbbo.result import OptimizeResult
from rnnbbo.status import Status
from rnnbbo.stopping import NO_RULES, Left, Stopping, StopRules, ToldValue
from rnnbbo.trial import Trial

_SLICE_S = 0.1
_OTHERS_S = 1.0  # how often one looks at what others do


class History(Protocol):
    """Where trials come from and are told to; `n_calls` is the number of evaluations wanted."""

    def begin(self, n_calls: int) -> Trial | None:
        """Return the next trial to evaluate; None where n_calls have been begun."""

    def finish(self, trial: Trial) -> Trial:
        """Take a trial with its outcome, and return it as it was taken: maybe as failed."""

    def give_back(self, trials: Sequence[Trial]) -> None:
        """Take back trials that will not be evaluated."""

    def is_over(self, n_calls: int) -> bool:
        """Return whether n_calls evaluations have been told."""

    @property
    def n_failed(self) -> int:
        """Number of evaluations that failed."""

    def told(self) -> list[Trial]:
        """Return the trials that were told, in that order."""

    def values(self, after: int) -> list[ToldValue]:
        """Return what was told, in that order, after the first `after` trials."""

    def left(self) -> Left:
        """Return what the policy says of going on."""

    def report(self) -> PolicyReport:
        """Return what the policy says of the run; it takes about as long as a tell."""

    def result(self) -> OptimizeResult:
        """Sum up what was told."""


@dataclass(frozen=True)
class Limits:
    """When a run ends.

    Attributes:
        n_calls: number of evaluations.
        timeout: seconds for the whole run; None for any.
        max_failures: number of failed evaluations that is still accepted; None for any.
        rules: what ends it before.
    """

    n_calls: int
    timeout: float | None = None
    max_failures: int | None = None
    rules: StopRules = NO_RULES


def run_trials(
    history: History,
    evaluator: Evaluator,
    limits: Limits,
    *,
    on_trial: Callable[[Trial], Any],
    on_begin: Callable[[Trial], Any] = lambda trial: None,
    on_wait: Callable[[], Any] = lambda: None,
    maximize: Maximize = False,
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
        on_wait: called ten times a second or so, while nothing finishes, too; not within an
            evaluation in this very thread.
        maximize: which values are better, for the rules of the limits.

    Returns:
        How it ended: OK, STOPPED (by on_trial), TIMEOUT, TOO_MANY_FAILURES, or by a rule: TARGET,
        PATIENCE or EXHAUSTED. What was still running then has been ended, and given back.

    Raises:
        ObjectiveError: nothing can be evaluated any more.
        ConfigError: the rules are for another number of objectives than values have.
        BaseException: likewise whatever interrupts it, or `on_trial` raises, after what was
            running has been ended. An interrupt meanwhile only makes that quicker.
    """
    stopping = Stopping(limits.rules, maximize)
    return _Loop(history, evaluator, limits, stopping, on_trial, on_begin, on_wait).run()


class _Loop:
    def __init__(
        self,
        history: History,
        evaluator: Evaluator,
        limits: Limits,
        stopping: Stopping,
        on_trial: Callable[[Trial], Any],
        on_begin: Callable[[Trial], Any],
        on_wait: Callable[[], Any],
    ) -> None:
        self._history = history
        self._evaluator = evaluator
        self._limits = limits
        self._stopping = stopping
        self._on_trial = on_trial
        self._on_begin = on_begin
        self._on_wait = on_wait
        self._running: dict[int, tuple[Trial, float]] = {}  # and when it began
        self._look_again = 0.0
        timeout = limits.timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def run(self) -> Status:
        try:
            while True:
                if self._too_many():
                    return Status.TOO_MANY_FAILURES
                stopped = self._stopped()
                if stopped is not None:
                    return stopped
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
                self._on_wait()
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
            told = self._history.finish(told)
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

    def _stopped(self) -> Status | None:
        """Return what rule ends the run, looked at once for what was told since."""
        rules, stopping = self._limits.rules, self._stopping
        new = self._history.values(stopping.count) if rules else []
        if not new:
            return None
        stopping.add(new)
        status = stopping.status()
        if status is None and rules.exhausted and not self._is_over():
            status = stopping.judge(self._history.left())
        return status

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
