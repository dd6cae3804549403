"""An open study file: what was asked and told in it, and who may do what next."""

from __future__ import annotations

import json
import numbers
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo import shipped
from rnnbbo.arguments import as_entropy
from rnnbbo.direction import Maximize, as_arguments, difference
from rnnbbo.errors import RnnbboError, StudyError
from rnnbbo.evaluation.interrupts import shielded
from rnnbbo.goal import USUAL, Asking
from rnnbbo.optimizer import Optimizer
from rnnbbo.space import Space
from rnnbbo.study import database, participants
from rnnbbo.study.database import Database
from rnnbbo.study.description import (
    describe_space,
    is_restorable,
    restore_space,
    space_difference,
)
from rnnbbo.study.follower import Follower
from rnnbbo.study.settings import Settings
from rnnbbo.study.store import Code, TrialStore
from rnnbbo.transfer_data import EarlierValues
from rnnbbo.trial import Trial

_TRIES = 3  # how often a point is worked out anew since others have asked in the meantime


class StudyFile:
    """What this process does with a study's file, one thread at a time.

    Args:
        path: the file.
        space: the space that the study has to be made for; None for any.
        policy: likewise the policy, by name or file.
        rng: likewise the seed.
        maximize: likewise which values are better.
        reference: likewise the reference point of hypervolume.
        again: whether a point may be asked for again.

    Attributes:
        path: the file.
        space: the study's.
        signs: which values are better in it.
        reference: the reference point of hypervolume, if one was given.
        policy_name: name of the study's policy.
        seed: the study's.
        command: what evaluates the study, as JSON; empty where nobody said.

    Raises:
        UnmadeError: there is no study in it yet.
        StudyError: the file is missing, damaged, or was made for something else.
    """

    def __init__(
        self,
        path: Path,
        space: Space | None,
        policy: Any,
        rng: Any,
        maximize: Maximize | None,
        reference: list[float] | None = None,
        asking: Asking = USUAL,
    ) -> None:
        self.path = path
        self._asking = asking
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._database = Database(path)
        try:
            key = self._read_header(space, policy, rng, maximize, reference)
            if self._missing is None:
                count = len(self.signs) if isinstance(self.signs, tuple) else None
                shipped.require_asking(self._policy, asking, count)
        except BaseException:
            self._database.close()
            raise
        self._follower = Follower(path, self._database, self._begin_optimizer, key)
        self._closed = False
        self._participant: int | None = None
        self._given: set[int] = set()  # trials that somebody here knows to be theirs
        self._heartbeat: participants.Heartbeat | None = None

    def _read_header(
        self,
        space: Space | None,
        policy: Any,
        rng: Any,
        maximize: Maximize | None,
        reference: list[float] | None,
    ) -> str:
        """Read what the study was made for, and compare it with what is wanted now.

        Returns:
            A text that is the same for all who work on it by the same means.
        """
        with self._database.reading() as connection:
            described, name, source, weights, seed, settings, self.command = connection.execute(
                "SELECT space, policy, source, weights, seed, settings, command FROM study"
            ).fetchone()
        means = [described, name, weights, seed, settings, _own_version(), np.__version__]
        made_for = f"the study {self.path} was made for another"
        described = json.loads(described)
        other = None if space is None else space_difference(described, describe_space(space))
        if other is not None:
            raise StudyError(f"{made_for} space: {other}")
        try:
            made_with = Settings.read(settings)
            self.signs = made_with.signs
            given = made_with.reference
            self.reference = None if given is None else list(given)
            self._prior = [
                EarlierValues(np.array(one["x"]), np.array(one["y"])) for one in made_with.prior
            ]
        except TypeError:
            raise StudyError(
                f"{self.path}: its settings = {settings:.200}; expected none that this version "
                "does not know: it was made by a later rnnbbo"
            ) from None
        if maximize is not None and maximize != self.signs:
            raise StudyError(
                f"{made_for} direction: {difference(self.signs, maximize)}; its values are not to "
                "be mixed with such"
            )
        if reference is not None and reference != self.reference:
            raise StudyError(
                f"{made_for} reference point: {self.reference}, not {reference}; its policy has "
                "gone by the first"
            )
        self._may_ask = space is not None or is_restorable(described)
        self.space = restore_space(described) if space is None else space
        self._missing: RnnbboError | None = None
        try:
            self._policy = self._find_policy(policy, source, name, weights)
        except RnnbboError as error:
            if not (space is policy is rng is None):
                raise
            self._missing = error  # enough to look at what was told
        if isinstance(rng, numbers.Integral) and as_entropy(rng) != int(seed):
            raise StudyError(f"{made_for} seed: {seed}, not {rng}")
        self.policy_name, self.seed = name, int(seed)
        return "\n".join([*means, platform.machine(), *self._asking.words])

    def _find_policy(self, policy: Any, source: str, name: str, weights: str) -> Any:
        """Return the study's policy: its name, if it is chosen by itself, or a loaded one.

        Raises:
            StudyError: this one is another.
            PolicyError: there is none.
            CheckpointError: its file is missing or damaged.
        """
        if policy is None and not source:
            raise StudyError(
                f"the study {self.path} was made with a policy object, {name}; expected policy= "
                "with it"
            )
        policy = source if policy is None else policy
        policy = policy if policy == shipped.DEFAULT else shipped.load(policy)
        wanted, digest = shipped.digest(policy)
        made_for = f"the study {self.path} was made for another"
        if wanted != name:
            raise StudyError(f"{made_for} policy: {name!r}, not {wanted!r}")
        if digest != weights:
            raise StudyError(f"{made_for} version of the weights of {name!r}")
        return policy

    def _require_policy(self) -> None:
        if self._missing is not None:
            raise self._missing

    def require_taking(self, constraints: Mapping[str, float]) -> None:
        """Make sure that the policy takes constraints, if there are any.

        Raises:
            PolicyError: it does not.
        """
        if constraints and self._missing is None:
            shipped.require_constrained(self._policy)

    def _begin_optimizer(self) -> Optimizer:
        return Optimizer(
            self.space.listed,
            policy=self._policy,
            rng=self.seed,
            prior=self._prior or None,
            **self._asking.arguments,
            **as_arguments(self.signs, self.reference),
        )

    @contextmanager
    def reading(self) -> Iterator[TrialStore]:
        """Read the trials; not within a transaction."""
        self._require_same_process()
        with self._lock, self._database.reading() as connection:
            yield TrialStore(connection)

    @contextmanager
    def transaction(self) -> Iterator[TrialStore]:
        """Change the trials, all or nothing, and keep everybody else away; not within another."""
        with self._changing() as connection:
            yield TrialStore(connection)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self._require_same_process()
        with self._lock, self._database.transaction() as connection:
            yield connection

    def _require_same_process(self) -> None:
        if os.getpid() != self._pid:
            raise StudyError(f"the study {self.path} was opened before a fork; open it again")

    def read_trials(self, *, told: bool) -> list[Trial]:
        """Return trials in user units: all by number, or the told ones in that order."""
        with self.reading() as trials:
            found = trials.trials(told=told)
        return [replace(trial, x=self.space.decode(trial.x)) for trial in found]

    def ask(self, n_calls: int | None, *, new: bool = False) -> Trial | None:
        """Return a trial that waits for somebody, or a new one.

        Args:
            n_calls: number of evaluations beyond which no new one is begun; None for any.
            new: let those wait that do.

        Returns:
            The trial, which is this process's to evaluate; None where n_calls have been begun.
        """
        self._require_policy()
        if not self._may_ask:
            raise StudyError(
                f"the study {self.path} has categories that a file cannot hold; expected "
                "dimensions= beside it"
            )
        with self._lock:
            if self._participant is None:
                with self._changing() as connection:
                    number = participants.register(connection, self.path)
                self._participant = number
                self._heartbeat = participants.Heartbeat(self.path, number)
            trial = self._next(n_calls, new)
            if trial is not None:
                self._given.add(trial.number)
            return trial

    def _next(self, n_calls: int | None, new: bool) -> Trial | None:
        with self._changing() as connection:
            done, trial = self._look(connection, n_calls, new)
        if done:
            return trial
        with self._follower.turn_to_ask():
            for _ in range(_TRIES):
                done, trial = self._ask_new(n_calls, new)
                if done:
                    return trial
            with self._changing() as connection:  # keep the others away this time
                done, trial = self._look(connection, n_calls, new)
                if done:
                    return trial
                trials = TrialStore(connection)
                x = self._follower.follow(trials).optimizer.copy().ask()
                return Trial(self._insert(trials, self.space.encode(x)), x)

    def _ask_new(self, n_calls: int | None, new: bool) -> tuple[bool, Trial | None]:
        """Return a new trial, worked out while others may write.

        Returns:
            Whether that did, and the trial; it did not where others have asked in the meantime.
        """
        known = self._follower.follow_asks()
        optimizer = known.optimizer.copy()
        x = optimizer.ask()
        code = self.space.encode(x)
        with self._changing() as connection:
            done, trial = self._look(connection, n_calls, new)
            if done:
                return True, trial
            trials = TrialStore(connection)
            missed = trials.events(known.place)
            if not all(event.told for event in missed):
                return False, None
            number = self._insert(trials, code)
            asked = trials.events(known.place)
        if not missed:
            self._follower.accept(optimizer, asked)
        return True, Trial(number, x)

    def _look(
        self, connection: sqlite3.Connection, n_calls: int | None, new: bool
    ) -> tuple[bool, Trial | None]:
        """Return whether no new trial has to be made, and one that waits, if any."""
        assert self._participant is not None
        trials = TrialStore(connection)
        for participant in participants.dead(connection, self.path):
            trials.release(participant)
        # An interrupt may have come between a trial and whoever asked for it.
        lost = set(trials.running(self._participant)) - self._given
        trials.release(self._participant, lost)
        waiting = None if new else trials.take(self._participant)
        self._follower.others = participants.has_others(connection, self._participant)
        if waiting is not None:
            number, code = waiting
            return True, Trial(number, self.space.decode(code))
        return n_calls is not None and trials.n_evaluations() >= n_calls, None

    def _insert(self, trials: TrialStore, code: Code) -> int:
        return trials.insert(code, asked=True, participant=self._participant)

    def optimizer(self) -> Optimizer:
        """Return the optimizer, told of everything in the history: the caller's own."""
        self._require_same_process()
        self._require_policy()
        with self._lock:
            return self._follower.follow().optimizer.copy()  # other threads go on with it

    def release(self, numbers: list[int] | None = None) -> None:
        """Let trials wait that this process was to evaluate: some, or all."""
        if self._participant is not None:
            with self.transaction() as trials:
                trials.release(self._participant, numbers)
            self._given.difference_update(self._given if numbers is None else numbers)

    def copy_to(self, target: Path) -> None:
        """Make a study of its own in a new file, of the present state of this one.

        Raises:
            StudyError: there is a file already, or it cannot be written.
        """
        with self._lock:
            self._require_same_process()
            database.copy_study(self._database, target)

    def close(self) -> None:
        """Give back what this process has not told, and close the file; nothing after a fork."""
        if os.getpid() != self._pid:
            return
        with self._lock, shielded():
            if self._closed:
                return
            self._closed = True
            try:
                if self._heartbeat is not None:
                    self._heartbeat.stop()
                self._follower.close()
                self.release()
            finally:
                self._database.close()


def make(
    path: Path, space: Space, policy: Any, rng: Any, settings: Settings, *, resume: bool
) -> None:
    """Make the file; with `resume`, another process may do it first.

    Raises:
        StudyError: there is a file already, or it cannot be written.
    """
    name, weights = shipped.digest(policy)
    source = shipped.DEFAULT if policy is None else policy
    # An object has no name to go by.
    source = str(source) if isinstance(source, (str, Path)) else ""
    if source.endswith(shipped.SUFFIX):
        source = str(Path(source).resolve())
    row = {
        "id": 1,
        "space": json.dumps(describe_space(space)),
        "policy": name,
        "source": source,
        "weights": weights,
        "seed": str(as_entropy(rng)),
        "made_by": f"rnnbbo {_own_version()}",
        "made_at": time.time(),
        "settings": settings.text,
        "command": "",
    }
    try:
        database.create_study(path, row)
    except FileExistsError:
        if not resume:
            raise StudyError(
                f"there is a file {str(path)!r} already; expected a new one, or resume=True "
                "(--resume) to go on with the study in it"
            ) from None


def _own_version() -> str:
    from importlib.metadata import version  # a tenth of the time that importing rnnbbo would take

    return version("rnnbbo")
