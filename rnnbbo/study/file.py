"""An open study file: what was asked and told in it, and the optimizer that follows from that."""

from __future__ import annotations

import json
import numbers
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rnnbbo import shipped
from rnnbbo.arguments import as_entropy
from rnnbbo.errors import StudyError
from rnnbbo.optimizer import Optimizer
from rnnbbo.space import Space
from rnnbbo.study import database, participants
from rnnbbo.study.description import (
    describe_space,
    is_restorable,
    restore_space,
    space_difference,
)
from rnnbbo.study.store import TrialStore
from rnnbbo.trial import Trial


class StudyFile:
    """What this process does with a study's file, one thread at a time.

    Args:
        path: the file.
        space: the space that the study has to be made for; None for any.
        policy: likewise the policy, by name or file.
        rng: likewise the seed.

    Attributes:
        path: the file.
        space: the study's.
        policy_name: name of the study's policy.
        seed: the study's.
        trials: its trials, to be read within `reading`, and changed within `transaction`.

    Raises:
        StudyError: the file is missing, damaged, or was made for something else.
    """

    def __init__(self, path: Path, space: Space | None, policy: Any, rng: Any) -> None:
        self.path = path
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._connection = database.open_study(path)
        self.trials = TrialStore(self._connection)
        try:
            database.check_history(self._connection, path)
            self._read_header(space, policy, rng)
        except BaseException:
            self._connection.close()
            raise
        self._closed = False
        self._participant: int | None = None
        self._heartbeat: participants.Heartbeat | None = None
        self._optimizer: Optimizer | None = None
        self._fed = 0  # place in the history up to which the optimizer knows it

    def _read_header(self, space: Space | None, policy: Any, rng: Any) -> None:
        """Read what the study was made for, and compare it with what is wanted now."""
        with database.named_errors(self.path):
            described, name, source, weights, seed = self._connection.execute(
                "SELECT space, policy, source, weights, seed FROM study"
            ).fetchone()
        made_for = f"the study {self.path} was made for another"
        described = json.loads(described)
        other = None if space is None else space_difference(described, describe_space(space))
        if other is not None:
            raise StudyError(f"{made_for} space: {other}")
        self._may_ask = space is not None or is_restorable(described)
        self.space = restore_space(described) if space is None else space
        if policy is None and not source:
            raise StudyError(
                f"the study {self.path} was made with a policy object, {name}; expected policy= "
                "with it"
            )
        asked_for = source if policy is None else policy
        self._policy = asked_for if asked_for == shipped.DEFAULT else shipped.load(asked_for)
        wanted, digest = shipped.digest(self._policy)
        if wanted != name:
            raise StudyError(f"{made_for} policy: {name!r}, not {wanted!r}")
        if digest != weights:
            raise StudyError(f"{made_for} version of the weights of {name!r}")
        if isinstance(rng, numbers.Integral) and as_entropy(rng) != int(seed):
            raise StudyError(f"{made_for} seed: {seed}, not {rng}")
        self.policy_name, self.seed = name, int(seed)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Keep this process's other threads away, and name SQLite's errors."""
        if os.getpid() != self._pid:
            raise StudyError(f"the study {self.path} was opened before a fork; open it again")
        with self._lock, database.named_errors(self.path):
            yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all or nothing, and keep everybody else away; part of one that has begun."""
        with self.reading() as connection:
            if connection.in_transaction:
                yield connection
                return
            with database.transaction(connection):
                yield connection

    def read_trials(self, *, told: bool) -> list[Trial]:
        """Return trials in user units: all by number, or the told ones in that order."""
        with self.reading():
            trials = self.trials.trials(told=told)
        return [replace(trial, x=self.space.decode(trial.x)) for trial in trials]

    def ask(self, n_calls: int | None) -> Trial | None:
        """Return a trial that waits for somebody, or a new one.

        Args:
            n_calls: number of evaluations beyond which no new one is begun; None for any.

        Returns:
            The trial, which is this process's to evaluate; None where n_calls have been begun.
        """
        if not self._may_ask:
            raise StudyError(
                f"the study {self.path} has categories that a file cannot hold; expected "
                "dimensions= beside it"
            )
        with self._lock:
            self.optimizer()  # most of the work, while others may write
            try:
                with self.transaction() as connection:
                    return self._begin(connection, n_calls)
            except BaseException:
                self._optimizer = None  # it may have proposed a point that the history lacks
                raise

    def _begin(self, connection: sqlite3.Connection, n_calls: int | None) -> Trial | None:
        if self._participant is None:
            self._participant = participants.register(connection)
            self._heartbeat = participants.Heartbeat(self.path, self._participant)
        for participant in participants.dead(connection):
            self.trials.release(participant)
        waiting = self.trials.take(self._participant)
        if waiting is not None:
            number, code = waiting
            return Trial(number, self.space.decode(code))
        if n_calls is not None and self.trials.n_evaluations() >= n_calls:
            return None
        x = self.optimizer().ask()
        code = self.space.encode(x)
        number = self.trials.insert(code, asked=True, participant=self._participant)
        self._fed = self.trials.last()
        return Trial(number, x)

    def optimizer(self) -> Optimizer:
        """Return the optimizer, told of everything in the history."""
        with self._lock:
            if self._optimizer is None:
                self._optimizer = Optimizer(self.space, policy=self._policy, rng=self.seed)
                self._fed = 0
            with self.reading():
                events = self.trials.events(self._fed)
            for place, code, value, told in events:
                x = self.space.decode(code)
                self._optimizer.replay([(x, value) if told else (x,)])
                self._fed = place
            return self._optimizer

    def release(self, numbers: list[int] | None = None) -> None:
        """Let trials wait that this process was to evaluate: some, or all."""
        if self._participant is not None:
            with self.transaction():
                self.trials.release(self._participant, numbers)

    def close(self) -> None:
        """Give back what this process has not told, and close the file; nothing after a fork."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._heartbeat is not None:
                self._heartbeat.stop()
            try:
                self.release()
            finally:
                self._connection.close()


def make(path: Path, space: Space, policy: Any, rng: Any, resume: bool) -> None:
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
        "made_by": f"rnnbbo {version('rnnbbo')}",
        "made_at": time.time(),
    }
    try:
        database.create_study(path, row)
    except FileExistsError:
        if not resume:
            raise StudyError(
                f"there is a file {str(path)!r} already; expected a new one, or resume=True "
                "(--resume) to go on with the study in it"
            ) from None
