"""A study as the loop knows it: where trials come from, and are told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rnnbbo.errors import ObservationError, TrialError
from rnnbbo.policy_report import PolicyReport, report_of
from rnnbbo.result import OptimizeResult
from rnnbbo.stopping import Left, ToldValue
from rnnbbo.study.study import Study
from rnnbbo.trial import Outcome, Trial


class StudyHistory:
    """The trials of a study, given out one after the other: a `rnnbbo.loop.History`.

    `n_calls` counts the evaluations of the whole study, by whomever they were made.

    Args:
        study: an open study.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._file = study._file  # the loop needs what users do not

    def begin_with(
        self, points: Sequence[list[Any]], known: Sequence[tuple[list[Any], Outcome]]
    ) -> None:
        """Begin an empty study with known values, and with points to evaluate first."""
        told = [(self._file.space.encode(point), outcome) for point, outcome in known]
        for _, outcome in known:
            self._file.require_taking(outcome.constraints)
        codes = [self._file.space.encode(point) for point in points]
        with self._file.transaction() as trials:
            if trials.n_trials():
                return
            trials.add(told)
            for code in codes:
                trials.insert(code, asked=True)

    def begin(self, n_calls: int) -> Trial | None:
        """Return the next trial to evaluate; None where n_calls have been begun."""
        return self._file.ask(n_calls)

    def finish(self, trial: Trial) -> Trial:
        """Take a trial with its outcome; a second value of a trial is kept as one more point.

        One that does not fit to the values before has failed.
        """
        outcome = trial.outcome
        assert outcome is not None
        self._file.require_taking(outcome.constraints)
        with self._file.transaction() as trials:
            number = trial.number
            for _ in range(3):
                try:
                    trials.tell(number, outcome)
                    break
                except TrialError:  # this process was slow to answer, and another one took over
                    number = trials.insert(self._file.space.encode(trial.x), asked=False)
                except ObservationError as error:
                    outcome = outcome.refused(error)
        return replace(trial, outcome=outcome)

    def give_back(self, trials: Sequence[Trial]) -> None:
        """Let trials of this process wait for somebody to evaluate them."""
        if trials:
            self._file.release([trial.number for trial in trials])

    def is_over(self, n_calls: int) -> bool:
        """Return whether n_calls evaluations have been told."""
        return self.n_evaluations >= n_calls

    @property
    def n_evaluations(self) -> int:
        """Number of evaluations that were told; known values that were added are none."""
        with self._file.reading() as trials:
            return trials.n_evaluations(told=True)

    @property
    def n_failed(self) -> int:
        """Number of evaluations that failed."""
        with self._file.reading() as trials:
            return trials.n_evaluations(failed=True)

    def values(self, after: int) -> list[ToldValue]:
        """Return what was told, by whomever, after the first `after` trials."""
        with self._file.reading() as trials:
            return [ToldValue(*one) for one in trials.values(after)]

    def left(self) -> Left:
        """Return what the policy says of going on."""
        return self._file.optimizer().left()

    def report(self) -> PolicyReport:
        """Return what the policy says of the run."""
        return report_of(self._file.optimizer())

    def told(self) -> list[Trial]:
        """Return the trials that were told, in that order, by whomever."""
        return self._study.told()

    def result(self) -> OptimizeResult:
        """Sum up what was told."""
        return self._study.result()
