"""Trials: points that are, or were, evaluated."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from rnnbbo.direction import Maximize, OneOrSeveral
from rnnbbo.escaping import as_line, as_plain, end_of, one_line, repr_of
from rnnbbo.incumbents import best_index, front_indices
from rnnbbo.status import TrialState
from rnnbbo.violations import as_constraints, is_feasible

_LONGEST_STDERR = 64 * 1024


@dataclass(frozen=True)
class Outcome:
    """The value of one evaluation, or why there is none.

    Its texts come from objectives and programs, and are made safe here, for whatever shows or keeps
    them: see `rnnbbo.escaping`.

    Attributes:
        value: the objective's value, or a list of those of several objectives; NaN if the
            evaluation failed.
        error: why it failed, in one line; None if it did not. An exception becomes its text.
        info: what the objective told beside the value, in the types that JSON has; something else
            than a mapping is kept under the key "info".
        stderr: the end of what a failed program wrote to stderr.
        seconds: how long the evaluation took, as far as it is known.
        constraints: what has to be at most 0, by name: `{"mem": used - 8}`; NaN where one is not a
            finite number, which is not met.

    Raises:
        ObservationError: the constraints are no mapping of names to numbers.
    """

    value: OneOrSeveral = math.nan
    error: str | None = None
    info: dict[str, Any] = field(default_factory=dict)
    stderr: str = ""
    seconds: float | None = None
    constraints: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if type(self.constraints) is not dict or self.constraints:
            object.__setattr__(self, "constraints", as_constraints(self.constraints))
        if self.error is not None:
            object.__setattr__(self, "error", _reason(self.error))
        if type(self.info) is not dict or self.info:
            info = {} if self.info is None else as_plain(self.info)
            info = info if isinstance(info, dict) else {"info": info}
            object.__setattr__(self, "info", info)
        if self.stderr:
            object.__setattr__(self, "stderr", end_of(self.stderr, _LONGEST_STDERR))

    def refused(self, why: Exception) -> Outcome:
        """Return it as failed, since its value is none of the run's."""
        return replace(self, value=math.nan, error=one_line(why), constraints={})


def _reason(error: Any) -> str:
    if isinstance(error, BaseException):
        return one_line(error)
    return as_line(error) if isinstance(error, str) else repr_of(error)


@dataclass(frozen=True)
class Trial:
    """A point, and what came of it.

    Attributes:
        number: its place in the order in which points were asked for or told, from 0.
        x: the point, n_dims values in user units.
        outcome: the value, or why there is none; None until it is told.
        waiting: whether it is not told, and nobody evaluates it now.
        repetition: how often it was evaluated before, where it is evaluated several times.
        params: the point by name, without what is inactive; None where nobody has asked for it.
    """

    number: int
    x: list[Any]
    outcome: Outcome | None = None
    waiting: bool = False
    repetition: int = 0
    params: dict[str, Any] | None = None

    @property
    def state(self) -> TrialState:
        """One of "waiting", "running", "ok" and "failed"."""
        if self.outcome is None:
            return TrialState.WAITING if self.waiting else TrialState.RUNNING
        return TrialState.FAILED if self.failed else TrialState.OK

    @property
    def failed(self) -> bool:
        """Whether the evaluation failed; False until it is told."""
        return self.outcome is not None and self.outcome.error is not None

    @property
    def value(self) -> OneOrSeveral | None:
        """The value, a list with several objectives; None until told, and for a failed trial."""
        return None if self.outcome is None or self.failed else self.outcome.value

    @property
    def error(self) -> str | None:
        """Why the evaluation failed."""
        return None if self.outcome is None else self.outcome.error

    @property
    def constraints(self) -> dict[str, float]:
        """What has to be at most 0, by name; none until it is told."""
        return {} if self.outcome is None else self.outcome.constraints

    @property
    def feasible(self) -> bool:
        """Whether it has a value and all constraints are at most 0."""
        return self.value is not None and is_feasible(self.constraints)


def best_of(trials: Iterable[Trial], *, maximize: Maximize) -> Trial | None:
    """Return the first of the trials with the best value, or None where none succeeded.

    Among feasible ones; with several objectives, of the front the one that is nowhere far from the
    best. Where none is feasible, the one that violates the constraints least.
    """
    known = [trial for trial in trials if trial.value is not None]
    best = best_index([_known(one) for one in known], [one.constraints for one in known], maximize)
    return None if best is None else known[best]


def front_of(trials: Iterable[Trial], *, maximize: Maximize) -> list[Trial]:
    """Return the trials of the front, the best in the first objective first.

    None where there is a single objective, or nothing is feasible.
    """
    known = [trial for trial in trials if isinstance(trial.value, list)]
    values, constraints = [_known(one) for one in known], [one.constraints for one in known]
    return [known[i] for i in front_indices(values, constraints, maximize)]


def _known(trial: Trial) -> OneOrSeveral:
    assert trial.value is not None
    return trial.value
