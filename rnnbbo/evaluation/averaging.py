"""Evaluate each point several times, and tell the mean."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rnnbbo.direction import OneOrSeveral
from rnnbbo.evaluation.evaluator import Evaluator, is_inline
from rnnbbo.objectives import count_of
from rnnbbo.trial import Outcome, Trial


class Averaging:
    """An evaluator that has another one evaluate each trial `repeat` times, one after the other.

    What is cut short in the midst of them is not told at all.

    Args:
        evaluator: the other one; it gets the trial with the number of the repetition.
        repeat: how many times, at least 2.
    """

    def __init__(self, evaluator: Evaluator, repeat: int) -> None:
        self._evaluator = evaluator
        self._repeat = repeat
        self._outcomes: dict[int, list[Outcome]] = {}  # by number of the trial
        self._waiting: deque[Trial] = deque()  # for its next repetition

    @property
    def inline(self) -> bool:
        """Whether the other one keeps the calling thread."""
        return is_inline(self._evaluator)

    @property
    def free(self) -> int:
        """Number of trials that may be started now, beside those that run."""
        return max(0, self._evaluator.free - len(self._waiting))

    def start(self, trial: Trial) -> None:
        """Begin to evaluate a trial."""
        self._outcomes[trial.number] = []
        self._evaluator.start(trial)

    def wait(self, seconds: float) -> list[Trial]:
        """Return trials that were evaluated for the last time, after at most `seconds`."""
        # One that has run out of time may keep its place, and another one cannot begin yet.
        while self._waiting and self._evaluator.free:
            self._evaluator.start(self._waiting.popleft())
        finished = []
        for one in self._evaluator.wait(seconds):
            outcomes = self._outcomes[one.number]
            assert one.outcome is not None
            outcomes.append(one.outcome)
            trial = replace(one, outcome=None, repetition=len(outcomes))
            if len(outcomes) < self._repeat:
                self._waiting.append(trial)
                continue
            del self._outcomes[one.number]
            finished.append(replace(trial, outcome=average(outcomes), repetition=0))
        return finished

    def stop(self) -> None:
        """End every evaluation that is running."""
        self._evaluator.stop()


def average(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean of the values, failures aside; a failure where all failed.

    Constraints and each of several objectives have means likewise. Its info has the single
    `values`, None for a failed one, and as far as there are any the `errors`, the `infos` and the
    `constraints` of each.
    """
    values = [one.value for one in outcomes if one.error is None]
    seconds = [one.seconds for one in outcomes]
    known = [one for one in seconds if one is not None]
    info: dict[str, Any] = {
        "values": [one.value if one.error is None else None for one in outcomes]
    }
    if len(values) < len(outcomes):
        info["errors"] = [one.error for one in outcomes]
    if any(one.info for one in outcomes):
        info["infos"] = [one.info for one in outcomes]
    if any(one.constraints for one in outcomes):
        info["constraints"] = [one.constraints for one in outcomes]
    outcome = Outcome(
        info=info,
        seconds=math.fsum(known) if len(known) == len(seconds) else None,
        constraints=_mean_constraints([one for one in outcomes if not values or one.error is None]),
    )
    if not values:
        last = outcomes[-1]
        error = f"all {len(outcomes)} evaluations failed; the last one: {last.error}"
        return replace(outcome, error=error, stderr=last.stderr)
    counts = sorted({count_of(value) for value in values})
    if len(counts) > 1:
        numbers = ", ".join(map(str, counts))
        error = f"number of objectives = {numbers} in its evaluations; expected one and the same"
        return replace(outcome, error=error)
    return replace(outcome, value=_mean_value(values))


def partly_failed(trial: Trial) -> str | None:
    """Return how many evaluations of a trial failed, in words; None where none or all did."""
    outcome = trial.outcome
    errors = None if outcome is None or trial.failed else outcome.info.get("errors")
    if not isinstance(errors, list):
        return None
    failed = [error for error in errors if error is not None]
    return (
        f"{len(failed)} of {len(errors)} evaluations failed, and its value is the mean of the "
        f"others: {failed[-1]}"
    )


def _mean_constraints(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the mean of each constraint; NaN, which is not met, where one is not known."""
    names = dict.fromkeys(name for one in outcomes for name in one.constraints)
    return {
        name: _mean([one.constraints.get(name, math.nan) for one in outcomes]) for name in names
    }


def _mean_value(values: Sequence[OneOrSeveral]) -> OneOrSeveral:
    lists = [value if isinstance(value, list) else [value] for value in values]
    means = [_mean(entries) for entries in zip(*lists, strict=True)]
    return means if len(means) > 1 else means[0]


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)
