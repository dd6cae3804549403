"""The trials of an Optuna study as what an optimizer was asked and told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from rnnbbo.integrations.optuna.distributions import ProposedTogether

# Under this key a running trial says what it will evaluate, before Optuna knows its parameters.
PROPOSED = "rnnbbo:proposed"

# What happened to an optimizer: it proposed a point (point,), or was told one (point, value).
Events = list[tuple[Any, ...]]


def all_trials(study: Study) -> list[FrozenTrial]:
    """Return all trials: what HyperbandPruner passes shows those of one bracket only."""
    return Study.get_trials(study, deepcopy=False)


def events_of(
    trials: Sequence[FrozenTrial], points: Mapping[int, list[Any]], sign: float
) -> Events:
    """Return how the trials began and ended, in order of time (of numbers, by a coarse clock)."""
    events: list[tuple[datetime, int, int, tuple[Any, ...]]] = []
    for trial in trials:
        point, number = points.get(trial.number), trial.number
        if point is None:
            continue
        if trial.datetime_start is not None:
            events.append((trial.datetime_start, number, 0, (point,)))
        if trial.state.is_finished() and trial.datetime_complete is not None:
            events.append((trial.datetime_complete, number, 1, (point, _value(trial, sign))))
    return [event for *_, event in sorted(events, key=lambda e: e[:3])]


def _value(trial: FrozenTrial, sign: float) -> float | None:
    """Return the value to minimize; None for a failed trial."""
    value = None
    if trial.state == TrialState.COMPLETE:
        value = trial.value
    elif trial.state == TrialState.PRUNED and trial.last_step is not None:
        value = trial.intermediate_values[trial.last_step]
    return sign * value if value is not None and math.isfinite(value) else None


def points_of(
    trials: Sequence[FrozenTrial], besides: int, parameters: ProposedTogether
) -> dict[int, list[Any]]:
    """Return the points of the other trials, by their numbers, as far as they are known."""
    points: dict[int, list[Any]] = {}
    for trial in trials:
        if trial.number != besides:
            # What a trial was given counts more than what was proposed (enqueued trials).
            point = parameters.point({**trial.system_attrs.get(PROPOSED, {}), **trial.params})
            if point is not None:
                points[trial.number] = point
    return points


def any_complete_before(study: Study, trial: FrozenTrial) -> bool:
    """Return whether a trial was complete before this one began."""
    start = trial.datetime_start
    complete = [t for t in all_trials(study) if t.state == TrialState.COMPLETE]
    ends = [t.datetime_complete for t in complete if t.datetime_complete is not None]
    return start is not None and bool(ends) and min(ends) < start
