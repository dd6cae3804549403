"""A sampler for Optuna: its storages, pruners, dashboard and workers with our policies."""

from __future__ import annotations

import math
import threading
import warnings
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.optimizer import DEFAULT_POLICY, Optimizer

try:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler, RandomSampler
    from optuna.search_space import intersection_search_space
    from optuna.study import Study, StudyDirection
    from optuna.trial import FrozenTrial, TrialState
except ImportError as error:
    raise MissingExtraError(
        "rnnbbo.integrations.optuna needs Optuna: pip install 'optuna>=4'"
    ) from error

# Imported once it is known that Optuna is there.
from rnnbbo.integrations.distributions import Parameters

__all__ = ["RnnSampler"]

# Under this key a running trial says what it will evaluate, before Optuna knows its parameters.
PROPOSED = "rnnbbo:proposed"
ROUNDS = 16  # of proposing anew when another worker was quicker with the same point
SNAPSHOTS = 8  # optimizers kept, so that a result that comes late costs no full replay

# What happened to an optimizer: it proposed a point (point,), or was told one (point, value).
History = list[tuple[Any, ...]]


class RnnSampler(BaseSampler):
    """Proposes a study's parameters with a policy of rnnbbo.

    It is stateless: every proposal follows from the seed and the trials in the storage, so that
    studies can be resumed and shared between any number of processes. The trials are replayed in
    the order in which they began and ended, and a proposal is that of a `rnnbbo.Optimizer` with
    the same seed, asked and told so. Trials that run elsewhere are its pending evaluations, which
    the policy keeps away from, and no two workers get the same point.

    The value of a pruned trial is its last intermediate value, whatever the pruner. A failed trial,
    and one whose value is infinite, is as bad as the worst one so far.

    The parameters that all completed trials have in common are proposed together. Others (of the
    first trial, conditional ones, those whose range changes) are drawn independently at random;
    from the second trial on a warning says so once.

    Args:
        policy: Name of a policy or path of a `.safetensors` file, as for `rnnbbo.Optimizer`; None
            for the default one.
        seed: An integer, or None for a random one. Workers may share it.
        search_space: Name to distribution, if known beforehand: then even the first trial is
            proposed by the policy.

    Raises:
        PolicyError: There is no such policy.
        CheckpointError: The weights file is missing or damaged.
        ConfigError: The seed is no integer of at least 0; while a study runs, that it has several
            objectives.
    """

    def __init__(
        self,
        policy: str | None = None,
        seed: int | None = None,
        *,
        search_space: Mapping[str, BaseDistribution] | None = None,
    ) -> None:
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(2, np.uint64)[0])
        self._policy = DEFAULT_POLICY if policy is None else policy
        self._seed = seed
        self._search_space = None if search_space is None else dict(search_space)
        # Wrong arguments are refused now, and not in the first trial.
        Optimizer([(0.0, 1.0)], policy=self._policy, rng=seed)
        self._warned = False
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._snapshots: list[tuple[dict[str, BaseDistribution], History, Optimizer]] = []

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_snapshots")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def reseed_rng(self) -> None:
        """Does nothing: what is random follows from the seed and the trial, in every worker."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters that are proposed together."""
        if len(study.directions) > 1:
            raise ConfigError(
                f"the study has {len(study.directions)} objectives; RnnSampler expects one"
            )
        space = self._search_space
        if space is None:
            space = intersection_search_space(_trials(study))
        return {name: d for name, d in space.items() if not d.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Proposes the parameters of `search_space`."""
        if not search_space:
            return {}
        parameters = Parameters(search_space)
        sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        # One at a time within a process, so that the history that is replayed only grows.
        with self._lock:
            trials = _trials(study)
            tries = 1
            for _ in range(ROUNDS):
                points = _points(trials, {trial.number}, parameters)
                optimizer = self._replay(parameters, _history(trials, points, sign))
                point = optimizer.ask(n_points=tries)[-1]
                params = parameters.params(point)
                # Samplers of Optuna leave notes on their trials in this way.
                study._storage.set_trial_system_attr(trial._trial_id, PROPOSED, params)
                # Whoever writes first and then looks finds the point of one that did the same:
                # of two workers with one point, at least one sees it.
                settled = {t.number for t in trials if t.state.is_finished()} | {trial.number}
                trials = _trials(study)
                now = _points(trials, settled, parameters)
                same = [n for n, p in now.items() if p == point and points.get(n) != point]
                if not same:
                    break
                # If both see it, they should not meet again: the later trial goes one further.
                tries = 1 + sum(n < trial.number for n in same)
        return params

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draws a parameter at random."""
        if not self._warned and (self._search_space is not None or _informed(study, trial)):
            self._warned = True
            warnings.warn(
                f"the parameter {param_name!r} of trial {trial.number} is not in all completed "
                "trials with the same range, or not in the search space given: it, and others "
                "like it, are drawn independently at random, not proposed by the policy",
                stacklevel=2,
            )
        words = (self._seed, trial.number, zlib.crc32(param_name.encode()))
        seed = int(np.random.SeedSequence(words).generate_state(1)[0])
        return RandomSampler(seed).sample_independent(study, trial, param_name, param_distribution)

    def _replay(self, parameters: Parameters, history: History) -> Optimizer:
        """An optimizer of the caller's own with this history.

        One that has a beginning of it already goes on from there.
        """
        start, optimizer = 0, None
        for distributions, old, snapshot in self._snapshots:
            known = distributions == parameters.distributions and history[: len(old)] == old
            if known and len(old) >= start:
                start, optimizer = len(old), snapshot
        if optimizer is None:
            optimizer = Optimizer(parameters.space, policy=self._policy, rng=self._seed)
        optimizer = optimizer.copy()
        for event in history[start:]:
            if len(event) == 1:
                optimizer.add_pending(*event)
            else:
                optimizer.tell(*event)
        if start < len(history):
            new = (parameters.distributions, history, optimizer.copy())
            self._snapshots = [*self._snapshots[1 - SNAPSHOTS :], new]
        return optimizer


def _trials(study: Study) -> list[FrozenTrial]:
    """All trials: what HyperbandPruner passes shows those of one bracket only."""
    return Study.get_trials(study, deepcopy=False)


def _history(
    trials: Sequence[FrozenTrial], points: Mapping[int, list[Any]], sign: float
) -> History:
    """How the trials began and ended, in order of time; and of numbers, if a clock is coarse."""
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
    """The value to minimise; None for a failed trial."""
    value = None
    if trial.state == TrialState.COMPLETE:
        value = trial.value
    elif trial.state == TrialState.PRUNED and trial.last_step is not None:
        value = trial.intermediate_values[trial.last_step]
    return sign * value if value is not None and math.isfinite(value) else None


def _points(
    trials: Sequence[FrozenTrial], besides: set[int], parameters: Parameters
) -> dict[int, list[Any]]:
    """The points of the other trials, by their numbers, as far as they are known."""
    points: dict[int, list[Any]] = {}
    for trial in trials:
        if trial.number not in besides:
            # What a trial was given counts more than what was proposed (enqueued trials).
            point = parameters.point({**trial.system_attrs.get(PROPOSED, {}), **trial.params})
            if point is not None:
                points[trial.number] = point
    return points


def _informed(study: Study, trial: FrozenTrial) -> bool:
    """Whether a trial was complete before this one began."""
    start = trial.datetime_start
    complete = [t for t in _trials(study) if t.state == TrialState.COMPLETE]
    ends = [t.datetime_complete for t in complete if t.datetime_complete is not None]
    return start is not None and bool(ends) and min(ends) < start
