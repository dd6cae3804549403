"""The sampler: the proposals of an optimizer that is fed the trials of a study."""

from __future__ import annotations

import threading
import warnings
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from rnnbbo.integrations.optuna.constraints import constraint_matrix, step_inside
from rnnbbo.integrations.optuna.distributions import ProposedTogether
from rnnbbo.integrations.optuna.trial_tree import TreeReader
from rnnbbo.integrations.optuna.trials import (
    PROPOSED,
    Events,
    Known,
    Reader,
    all_trials,
    any_complete_before,
    events_of,
    note_of,
)
from rnnbbo.optimizer import Optimizer

ROUNDS = 32  # of choosing again when another worker chose the same point
SNAPSHOTS = 8  # optimizers kept, so that a result that comes late costs no full replay


class RnnSampler(BaseSampler):
    """A sampler that proposes a study's parameters with a policy of rnnbbo.

    It is stateless: every proposal follows from the seed and the trials in the storage, so that
    studies can be resumed and shared between any number of processes. The trials are replayed in
    the order in which they were proposed and ended, and a proposal is that of a `rnnbbo.Optimizer`
    with the same seed, asked and told so. Trials that run elsewhere are its pending evaluations,
    which the policy keeps away from, and no two workers get the same point while a discrete space
    has more left than there are workers.

    Constraints that trials set (`Trial.set_constraint` of Optuna 5), each at most 0 where it is
    met, count from the first trial on that has one. The policy is then told a value that is least
    at the best feasible point (see `rnnbbo.integrations.optuna.constraints`), or, as long as no
    trial is feasible, how much they are violated. In a space of real numbers alone, what is
    proposed close to the border is moved to its feasible side.

    A study may have several objectives, each with its direction. Constraints are told beside their
    values then, which "kernel" and the default model; other policies raise a `PolicyError`.

    The value of a pruned trial is its last intermediate value, whatever the pruner. A failed trial,
    and one whose value is infinite, is as bad as the worst one so far.

    The parameters that all completed trials have in common are proposed together, and with them
    those that are absent from some, where values of choices or whole numbers decide: such a
    parameter is inactive there (see `rnnbbo.integrations.optuna.trial_tree`). Others are drawn
    independently at random: those that no completed trial has, those whose range changes, and those
    that come and go without a reason that the trials show; a warning says so once of the latter
    two.

    Args:
        policy: name of a policy or path of a `.safetensors` file, as for `rnnbbo.Optimizer`; None
            for the default one.
        seed: an integer, or None for a random one. Workers may share it.
        search_space: name to distribution, if known beforehand: then even the first trial is
            proposed by the policy.

    Raises:
        PolicyError: there is no such policy.
        CheckpointError: the weights file is missing or damaged.
        ConfigError: the seed is no integer of at least 0.
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
        self._policy = policy
        self._seed = seed
        self._search_space = None if search_space is None else dict(search_space)
        # Wrong arguments are refused now, and not in the first trial.
        Optimizer([(0.0, 1.0)], policy=self._policy, rng=seed)
        self._warned = False
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._snapshots: list[tuple[Any, Events, Optimizer]] = []
        self._reader: Reader | None = None
        self._trees = TreeReader()

    def __getstate__(self) -> dict[str, Any]:
        worked_out = ("_lock", "_snapshots", "_reader", "_trees")
        return {k: v for k, v in self.__dict__.items() if k not in worked_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def reseed_rng(self) -> None:
        """Do nothing: what is random follows from the seed and the trial, in every worker."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that are proposed together."""
        space = self._search_space
        if space is None:
            with self._lock:
                space = self._trees.of(all_trials(study)).distributions
        return {name: d for name, d in space.items() if not d.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose the parameters of `search_space`."""
        if not search_space:
            return {}
        parameters = self._parameters(study, search_space)
        if not parameters.distributions:
            return {}
        maximize = tuple(one == StudyDirection.MAXIMIZE for one in study.directions)
        # One at a time within a process, so that the history that is replayed only grows.
        with self._lock:
            return self._propose(study, trial, parameters, maximize)

    def _parameters(
        self, study: Study, search_space: dict[str, BaseDistribution]
    ) -> ProposedTogether:
        """Return what is proposed together: those of a search space whose conditions are known."""
        if self._search_space is not None:
            return ProposedTogether(search_space)
        with self._lock:
            tree = self._trees.of(all_trials(study)).within(list(search_space))
        same = {n: d for n, d in search_space.items() if tree.distributions.get(n) == d}
        return ProposedTogether(same, tree.within(list(same)).conditions)

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        parameters: ProposedTogether,
        maximize: tuple[bool, ...],
    ) -> dict[str, Any]:
        """Return parameters that no other trial has, unless fewer are left than there are workers.

        Every worker first writes what it proposes, then looks what the others wrote. Of two with
        the same point, whoever wrote last sees the other's: no two are content with one point.
        Both may see it, and choose again at random, so that they part even over the last points.
        """
        rng = np.random.default_rng((self._seed, trial.number))
        if self._reader is None or not self._reader.reads(parameters, maximize):
            self._reader = Reader(parameters, maximize)
        known = self._reader.read(all_trials(study), trial.number)
        point = None
        for _ in range(ROUNDS):
            taken = [other.point for other in known]
            optimizer = self._replay(parameters, events_of(known), len(maximize))
            if point is None:
                point = optimizer.ask()
                point = point if len(maximize) > 1 else _inside(parameters, known, point)
                point = parameters.settle(point, taken)
                exhausted = point in taken
            else:
                more = [parameters.settle(x, taken) for x in optimizer.ask(n_points=3)]
                options = [point, *(x for x in more if x not in taken)]
                point = options[rng.integers(len(options))]
            params = parameters.params(point)
            # Samplers of Optuna leave notes on their trials in this way.
            note = note_of(parameters, params)
            study._storage.set_trial_system_attr(trial._trial_id, PROPOSED, note)
            known = self._reader.read(all_trials(study), trial.number)
            if exhausted or all(point != other.point for other in known):
                break
        return params

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a parameter at random."""
        if not self._warned and (
            self._search_space is not None
            or (self._trees.has_seen(param_name) and any_complete_before(study, trial))
        ):
            self._warned = True
            warnings.warn(
                f"the parameter {param_name!r} of trial {trial.number} is not in all completed "
                "trials with the same range, nor do values of other parameters decide when it is, "
                "or it is not in the search space given: it, and others like it, are drawn "
                "independently at random, not proposed by the policy",
                stacklevel=2,
            )
        words = (self._seed, trial.number, zlib.crc32(param_name.encode()))
        seed = int(np.random.SeedSequence(words).generate_state(1)[0])
        return RandomSampler(seed).sample_independent(study, trial, param_name, param_distribution)

    def _replay(self, parameters: ProposedTogether, events: Events, count: int) -> Optimizer:
        """Return an optimizer of the caller's own, of so many objectives, asked and told so.

        One that was in the beginning already goes on from there.
        """
        start, optimizer = 0, None
        for distributions, old, snapshot in self._snapshots:
            same = distributions == (parameters.distributions, parameters.conditions, count)
            known = same and events[: len(old)] == old
            if known and len(old) >= start:
                start, optimizer = len(old), snapshot
        if optimizer is None:
            several: dict[str, Any] = {"directions": ["minimize"] * count} if count > 1 else {}
            optimizer = Optimizer(parameters.space, policy=self._policy, rng=self._seed, **several)
        optimizer = optimizer.copy()
        optimizer.replay(events[start:])
        if start < len(events):
            _ = optimizer.state  # worked out before it is copied, and not once more in every copy
            made_for = (parameters.distributions, parameters.conditions, count)
            new = (made_for, events, optimizer.copy())
            self._snapshots = [*self._snapshots[1 - SNAPSHOTS :], new]
        return optimizer


def _inside(parameters: ProposedTogether, known: Sequence[Known], point: list[Any]) -> list[Any]:
    """Return the point, moved to the feasible side where constraints have their border close by."""
    ended = [other for other in known if other.value is not None]
    space = parameters.space
    if space.discrete or not any(other.constraints for other in ended):
        return point
    places = np.array([space.place(other.point) for other in ended])
    c = constraint_matrix([other.constraints for other in ended])
    place = space.place(point)
    moved = step_inside(place, places, c)
    return point if moved is place else space.from_cube(moved)
