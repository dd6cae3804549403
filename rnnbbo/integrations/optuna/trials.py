"""The trials of an Optuna study as what an optimizer was asked and told."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from rnnbbo.direction import OneOrSeveral
from rnnbbo.integrations.optuna.constraints import constraint_matrix, stand_ins
from rnnbbo.integrations.optuna.distributions import ProposedTogether

# Under this key a running trial says what it will evaluate, before Optuna knows its parameters.
PROPOSED = "rnnbbo:proposed"

# What happened to an optimizer: it proposed a point (point,), or was told one (point, value),
# perhaps with constraints.
Events = list[tuple[Any, ...]]


class CommonSpace:
    """What all completed trials have in common, as `intersection_search_space`, each read once."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        # The trials themselves are kept, too, so that no other object gets the identity of one.
        self._read: dict[int, FrozenTrial] = {}
        self._common: dict[str, BaseDistribution] | None = None

    def of(self, trials: Sequence[FrozenTrial]) -> dict[str, BaseDistribution]:
        """Return the parameters, by name, that all completed trials have with the same range."""
        complete = {id(trial): trial for trial in trials if trial.state == TrialState.COMPLETE}
        if not self._read.keys() <= complete.keys():  # of another study
            self._forget()
        for identity, trial in complete.items():
            if identity in self._read:
                continue
            own = trial.distributions
            if self._common is None:
                self._common = dict(own)
            else:
                self._common = {n: d for n, d in self._common.items() if own.get(n) == d}
        self._read = complete
        return dict(sorted((self._common or {}).items()))


@dataclass(frozen=True)
class Known:
    """A trial whose point is known.

    Attributes:
        number: the trial's.
        point: its point.
        value: value to minimize, a list of several objectives; None where it failed, or has not
            ended.
        constraints: by name, at most 0 where they are met.
        asked: when it was proposed or began, and the event; None where nobody had to ask.
        told: when it ended, and the event; None as long as it runs.
    """

    number: int
    point: list[Any]
    value: OneOrSeveral | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    asked: tuple[float, tuple[Any, ...]] | None = None
    told: tuple[float, tuple[Any, ...]] | None = None


def all_trials(study: Study) -> list[FrozenTrial]:
    """Return all trials: what HyperbandPruner passes shows those of one bracket only."""
    return Study.get_trials(study, deepcopy=False)


def note_of(parameters: ProposedTogether, params: Mapping[str, Any]) -> str:
    """Return what a trial keeps under PROPOSED: text, as data frames want it, and when it was."""
    return json.dumps({"at": time.time(), "params": parameters.internal(params)})


class Reader:
    """Reads the trials of a study; those that have ended, which nothing changes, only once.

    Args:
        parameters: what is proposed together.
        maximize: of each objective whether larger values are better.
    """

    def __init__(self, parameters: ProposedTogether, maximize: tuple[bool, ...]) -> None:
        self._parameters = parameters
        self._maximize = maximize
        # The trials themselves are kept, too, so that no other object gets the identity of one.
        self._ended: dict[int, tuple[FrozenTrial, Known | None]] = {}

    def reads(self, parameters: ProposedTogether, maximize: tuple[bool, ...]) -> bool:
        """Return whether it was made for these arguments."""
        mine = self._parameters
        same = mine.distributions == parameters.distributions
        return self._maximize == maximize and same and mine.conditions == parameters.conditions

    def read(self, trials: Sequence[FrozenTrial], besides: int) -> list[Known]:
        """Return the trials, but for the one of number `besides`, as far as points are known."""
        ended: dict[int, tuple[FrozenTrial, Known | None]] = {}
        known = []
        for trial in trials:
            if trial.number == besides:
                continue
            entry = self._ended.get(id(trial))
            if entry is None:
                entry = (trial, self._known(trial))
            if trial.state.is_finished():
                ended[id(trial)] = entry
            if entry[1] is not None:
                known.append(entry[1])
        self._ended = ended
        return known

    def _known(self, trial: FrozenTrial) -> Known | None:
        asked_at, proposed = self._note(trial)
        # What a trial was given counts more than what was proposed (enqueued trials).
        point = self._parameters.point(self._parameters.merge(proposed, trial.params))
        if point is None:
            return None
        # Timestamps: a study may hold times with a time zone beside those without.
        start, end = trial.datetime_start, trial.datetime_complete
        if asked_at is None and start is not None:
            asked_at = start.timestamp()
        asked = told = value = None
        if asked_at is not None and start != end:  # what took no time was added as known
            asked = (asked_at, (point,))
        if trial.state.is_finished() and end is not None:
            value = _value(trial, self._maximize)
            told = (end.timestamp(), (point, value))
        return Known(trial.number, point, value, _constraints(trial), asked, told)

    def _note(self, trial: FrozenTrial) -> tuple[float | None, Mapping[str, Any]]:
        """Return when a trial was proposed, if it is known, and what was."""
        note = trial.system_attrs.get(PROPOSED, {})
        if isinstance(note, str):
            content = json.loads(note)
            return content["at"], self._parameters.external(content["params"])
        return None, note  # as older versions wrote it


def events_of(known: Sequence[Known]) -> Events:
    """Return how trials were proposed and ended, in order of time (of numbers, by a coarse clock).

    Where there are constraints, with stand-ins for the values; several objectives have theirs, and
    the constraints beside them.
    """
    ended = sorted((k for k in known if k.told is not None), key=_end)
    told = {k.number: k.told[1] for k in ended if k.told is not None}
    if any(k.constraints for k in ended):
        succeeded = [k for k in ended if k.value is not None]
        c = constraint_matrix([k.constraints for k in succeeded])
        if any(isinstance(k.value, list) for k in succeeded):
            for k, row in zip(succeeded, np.nan_to_num(c, nan=0.0).tolist(), strict=True):
                told[k.number] = (k.point, k.value, {str(i): one for i, one in enumerate(row)})
        else:
            values = np.array([k.value for k in succeeded], dtype=np.float64)
            for k, value in zip(succeeded, stand_ins(values, c).tolist(), strict=True):
                told[k.number] = (k.point, value)
    events = [(k.asked[0], k.number, 0, k.asked[1]) for k in known if k.asked is not None]
    events += [(k.told[0], k.number, 1, told[k.number]) for k in ended if k.told is not None]
    return [event for *_, event in sorted(events, key=lambda e: e[:3])]


def _end(known: Known) -> tuple[float, int]:
    assert known.told is not None
    return known.told[0], known.number


def _value(trial: FrozenTrial, maximize: tuple[bool, ...]) -> OneOrSeveral | None:
    """Return the value to minimize, of several objectives a list; None for a failed trial."""
    values = None
    if trial.state == TrialState.COMPLETE:
        values = trial.values
    elif trial.state == TrialState.PRUNED and trial.last_step is not None:
        values = [trial.intermediate_values[trial.last_step]]
    if values is None or len(values) != len(maximize) or not all(map(math.isfinite, values)):
        return None
    turned = [-one if flag else one for one, flag in zip(values, maximize, strict=True)]
    return turned if len(turned) > 1 else turned[0]


def _constraints(trial: FrozenTrial) -> Mapping[str, float]:
    """Return a trial's constraints; before Optuna 5 a sampler's, a list under this key."""
    found = getattr(trial, "constraints", None)
    if found is None:
        found = dict(enumerate(trial.system_attrs.get("constraints") or ()))
    return {str(name): float(value) for name, value in found.items() if not math.isnan(value)}


def any_complete_before(study: Study, trial: FrozenTrial) -> bool:
    """Return whether a trial was complete before this one began."""
    start = trial.datetime_start
    complete = [t for t in all_trials(study) if t.state == TrialState.COMPLETE]
    ends = [t.datetime_complete for t in complete if t.datetime_complete is not None]
    return start is not None and any(end.timestamp() < start.timestamp() for end in ends)
