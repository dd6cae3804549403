"""The loop of `rnnbbo minimize`: several evaluations in flight, told as they finish."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

from rnnbbo.cli.outcome import Outcome


class Optimizer(Protocol):
    """What is needed of `rnnbbo.optimizer.Optimizer`."""

    def ask(self) -> Any:
        """The next point."""

    def tell(self, x: Any, y: float) -> Any:
        """Takes the value at a point; NaN for a failed trial."""


class Evaluator(Protocol):
    """Something that evaluates points."""

    def evaluate(self, trial: int, point: Any) -> Outcome:
        """Evaluates one point."""

    def stop(self) -> None:
        """Ends all evaluations that are running."""


@dataclass(frozen=True)
class Trial:
    """One finished evaluation.

    Attributes:
        number: Its place in the order in which evaluations were started, from 0.
        point: The point, in user units.
        outcome: The value, or why there is none.
        seconds: How long the evaluation took.
    """

    number: int
    point: list[Any]
    outcome: Outcome
    seconds: float


@dataclass(frozen=True)
class Limits:
    """When a run ends.

    Attributes:
        n_calls: Number of evaluations.
        timeout: Seconds for the whole run; None for any.
        max_failures: Number of failed evaluations that is still accepted; None for any.
    """

    n_calls: int
    timeout: float | None = None
    max_failures: int | None = None


def run_trials(
    optimizer: Optimizer,
    evaluator: Evaluator,
    limits: Limits,
    *,
    jobs: int,
    on_trial: Callable[[Trial], None],
) -> str:
    """Asks, evaluates and tells until a limit is reached.

    Args:
        optimizer: Proposes the points.
        evaluator: Evaluates them.
        limits: When to end.
        jobs: Number of evaluations in flight; a point is asked for as soon as one has finished.
            With 0, the evaluations run in the calling thread, one at a time, and the timeout
            does not cut one short.
        on_trial: Called with each finished evaluation after it has been told.

    Returns:
        Why it ended: "ok", "timeout" or "too_many_failures". What was still running then has
        been ended, and is not told.

    Raises:
        KeyboardInterrupt: Likewise, after what was running has been ended.
    """
    loop = _Loop(optimizer, evaluator, limits, on_trial)
    return loop.run_pooled(jobs) if jobs else loop.run_inline()


_SLICE_S = 0.1


class _Loop:
    def __init__(
        self,
        optimizer: Optimizer,
        evaluator: Evaluator,
        limits: Limits,
        on_trial: Callable[[Trial], None],
    ) -> None:
        self._optimizer = optimizer
        self._evaluator = evaluator
        self._limits = limits
        self._on_trial = on_trial
        self._started = 0
        self._failures = 0
        timeout = limits.timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def run_inline(self) -> str:
        while self._started < self._limits.n_calls:
            if self._remaining() == 0.0:
                return "timeout"
            self._finish(self._evaluate(*self._next()))
            if self._too_many():
                return "too_many_failures"
        return "ok"

    def run_pooled(self, jobs: int) -> str:
        running: set[Future[Trial]] = set()
        with ThreadPoolExecutor(jobs) as pool:
            try:
                while True:
                    while len(running) < jobs and self._started < self._limits.n_calls:
                        running.add(pool.submit(self._evaluate, *self._next()))
                    if not running:
                        return "ok"
                    # In slices: the system may hand a signal to another thread, and this one,
                    # which has to act on it, does not notice while it waits.
                    done, running = wait(running, self._slice(), FIRST_COMPLETED)
                    for trial in sorted((future.result() for future in done), key=_number):
                        self._finish(trial)
                    if self._too_many():
                        return "too_many_failures"
                    unfinished = running or self._started < self._limits.n_calls
                    if unfinished and self._remaining() == 0.0:
                        return "timeout"
            finally:
                self._evaluator.stop()

    def _next(self) -> tuple[int, list[Any]]:
        number = self._started
        self._started += 1
        return number, self._optimizer.ask()

    def _evaluate(self, number: int, point: list[Any]) -> Trial:
        start = time.monotonic()
        outcome = self._evaluator.evaluate(number, point)
        return Trial(number, point, outcome, time.monotonic() - start)

    def _finish(self, trial: Trial) -> None:
        self._optimizer.tell(trial.point, trial.outcome.value)
        self._failures += trial.outcome.error is not None
        self._on_trial(trial)

    def _too_many(self) -> bool:
        allowed = self._limits.max_failures
        return allowed is not None and self._failures > allowed

    def _slice(self) -> float:
        remaining = self._remaining()
        return _SLICE_S if remaining is None else min(remaining, _SLICE_S)

    def _remaining(self) -> float | None:
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)


def _number(trial: Trial) -> int:
    return trial.number
