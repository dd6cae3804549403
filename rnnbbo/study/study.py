"""Ask and tell with a memory on disk."""

from __future__ import annotations

import contextlib
import json
import math
import numbers
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo import auto, checkpoint
from rnnbbo.arguments import as_count, as_entropy, as_value
from rnnbbo.checkpoint import Checkpoint
from rnnbbo.errors import StudyError, TrialError
from rnnbbo.optimizer import DEFAULT_POLICY, Optimizer, load_policy
from rnnbbo.result import OptimizeResult, make_result
from rnnbbo.space import Space
from rnnbbo.study import database, workers
from rnnbbo.study.description import describe_space, difference, is_readable, read_space
from rnnbbo.study.rows import Rows
from rnnbbo.trial import Outcome, Trial


class Study:
    """An optimizer whose history is kept in a file, and survives whatever ends the process.

    Every ask and every tell is a transaction of its own, on disk when it returns. The optimizer's
    state follows from the history: a study that is opened again proposes, bit for bit, what one
    that was never closed would; on another kind of processor, the same but for rounding. Several
    processes, of several machines that share a file system, may work on one study; none gets a
    point that another one evaluates. A trial whose worker has died is given out again: at once on
    the same machine, otherwise after a minute without a heartbeat.

    A study may be used from several threads. It cannot be carried over a fork: open it anew there.

    Args:
        path: The file, an SQLite database.
        dimensions: The search space, as for `rnnbbo.Optimizer`; None for the one that the study
            was made for.
        policy: Name or file of a policy; None for the study's, or "auto".
        rng: A seed or a generator; None for the study's, or a random one.
        resume: Go on with the study if the file exists, instead of refusing it.

    Attributes:
        path: The file.
        space: The `Space`.
        policy_name: Name of the policy.
        seed: Seed of the study.

    Raises:
        StudyError: The file exists (without `resume`), is damaged, or was made for another space,
            policy or seed.
        SpaceError: The space is malformed.
        PolicyError: There is no such policy.
        ConfigError: `rng` is not of the form expected.
    """

    _open = False

    def __init__(
        self,
        path: str | Path,
        dimensions: Any = None,
        *,
        policy: str | Path | None = None,
        rng: int | np.random.Generator | None = None,
        resume: bool = False,
    ) -> None:
        self.path = Path(path)
        space = None
        if dimensions is not None:
            space = dimensions if isinstance(dimensions, Space) else Space(dimensions)
        if space is not None and not (resume and _is_there(self.path)):
            _make(self.path, space, policy, rng, resume)
        elif not resume:
            raise StudyError(f"study {str(path)!r} without dimensions; expected a space to make it")
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._connection = database.open_study(self.path)
        self._rows = Rows(self._connection)
        try:
            database.check_history(self._connection, self.path)
            self._read_header(space, policy, rng)
        except BaseException:
            self._connection.close()
            raise
        self._open = True
        self._worker: int | None = None
        self._heartbeat: workers.Heartbeat | None = None
        self._optimizer: Optimizer | None = None
        self._fed = 0  # place in the history up to which the optimizer knows it

    def _read_header(self, space: Space | None, policy: Any, rng: Any) -> None:
        """Reads what the study was made for, and compares it with what is wanted now."""
        with database.named_errors(self.path):
            described, name, source, weights, seed = self._connection.execute(
                "SELECT space, policy, source, weights, seed FROM study"
            ).fetchone()
        made_for = f"the study {self.path} was made for another"
        described = json.loads(described)
        other = None if space is None else difference(described, describe_space(space))
        if other is not None:
            raise StudyError(f"{made_for} space: {other}")
        self._is_readable = space is not None or is_readable(described)
        self.space = read_space(described) if space is None else space
        wanted, digest, self._policy = _policy_of(source if policy is None else policy)
        if wanted != name:
            raise StudyError(f"{made_for} policy: {name!r}, not {wanted!r}")
        if digest != weights:
            raise StudyError(f"{made_for} version of the weights of {name!r}")
        if isinstance(rng, numbers.Integral) and as_entropy(rng) != int(seed):
            raise StudyError(f"{made_for} seed: {seed}, not {rng}")
        self.policy_name, self.seed = name, int(seed)

    def ask(self) -> Trial:
        """The next trial to evaluate: one that its worker gave up, or a new one.

        Returns:
            The trial: `number`, and the point `x`, n_dims values in user units.

        Raises:
            StudyError: The file cannot be written; nothing has changed.
        """
        trial = self._ask(None)
        assert trial is not None
        return trial

    def tell(
        self,
        trial: Trial | int,
        y: Any,
        *,
        error: str | None = None,
        info: dict[str, Any] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Take the value of a trial that was asked for.

        Args:
            trial: The trial, or its number.
            y: Its value, lower being better; NaN, infinity or None is a failed trial.
            error: Why it failed.
            info: What else is worth keeping; JSON has to have a form for it.
            seconds: How long the evaluation took.

        Raises:
            TrialError: There is no such trial, or it was told before; the message has its value.
            ObservationError: y is not a number.
            StudyError: The file cannot be written; nothing has changed.
        """
        outcome = replace(_outcome(y, error), info=dict(info or {}), seconds=seconds)
        number = trial.number if isinstance(trial, Trial) else as_count("trial", trial, least=0)
        with self._transaction():
            self._rows.tell(number, outcome)

    def add(self, x: Any, y: Any) -> None:
        """Take a value that is known without having been asked for.

        Args:
            x: A point in user units.
            y: Its value; NaN, infinity or None is a failed trial.

        Raises:
            PointError: The point is not in the space.
            ObservationError: y is not a number.
            StudyError: The file cannot be written; nothing has changed.
        """
        outcome = _outcome(y, None)
        code = self.space.encode(x)
        with self._transaction():
            self._rows.tell(self._rows.insert(code, asked=False), outcome)

    def trials(self) -> list[Trial]:
        """All trials in the order of their numbers; one that is not told has no outcome."""
        return self._read(told=False)

    def told(self) -> list[Trial]:
        """The trials that were told, in that order."""
        return self._read(told=True)

    def _read(self, *, told: bool) -> list[Trial]:
        with self._reading():
            trials = self._rows.read(told=told)
        return [replace(trial, x=self.space.decode(trial.x)) for trial in trials]

    def recommend(self) -> list[Any] | None:
        """The point to take, as by `rnnbbo.Optimizer.recommend`."""
        with self._lock:
            return self._feed().recommend()

    def result(self) -> OptimizeResult:
        """Sum up what was told, as `rnnbbo.minimize` does."""
        with self._reading():
            told, nfev = self.told(), self._rows.count(told=True)
        result = make_result(
            self.space,
            [trial.x for trial in told],
            [math.nan if trial.value is None else trial.value for trial in told],
            policy=self.policy_name,
            recommended=self.recommend(),
            random_state=self.seed,
        )
        errors = {i: trial.error for i, trial in enumerate(told) if trial.error is not None}
        result.update(nfev=nfev, errors=errors)
        return result

    def close(self) -> None:
        """Give back what this process has not told, and close the file."""
        if not self._open or os.getpid() != self._pid:
            return
        with self._lock:
            self._open = False
            if self._heartbeat is not None:
                self._heartbeat.stop()
            try:
                if self._worker is not None:
                    with self._transaction():
                        self._rows.release(self._worker)
            finally:
                self._connection.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # A notebook's cell that is run again: its trials are free for the next one.
        with contextlib.suppress(Exception):
            self.close()

    # What the loop needs, `rnnbbo.loop.History`: `n_calls` counts the whole study's evaluations.

    def begin_with(self, points: Sequence[list[Any]], values: Sequence[Any]) -> None:
        """Begin an empty study with points that are to be evaluated first, or known values."""
        with self._transaction():
            if self._rows.read(told=False):
                return
            if values:
                for point, y in zip(points, values, strict=True):
                    self.add(point, y)
                return
            for point in points:
                self._rows.insert(self.space.encode(point), asked=True)

    def begin(self, n_calls: int) -> Trial | None:
        """Return the next trial to evaluate; None where n_calls have been begun."""
        return self._ask(n_calls)

    def finish(self, trial: Trial) -> None:
        """Take a trial with its outcome; a second value of a trial is kept as one more point."""
        assert trial.outcome is not None
        with self._transaction():
            try:
                self._rows.tell(trial.number, trial.outcome)
            except TrialError:  # this process was slow to answer, and another one took over
                again = self._rows.insert(self.space.encode(trial.x), asked=False)
                self._rows.tell(again, trial.outcome)

    def give_back(self, trials: Sequence[Trial]) -> None:
        """Let trials of this process wait for somebody to evaluate them."""
        if trials and self._worker is not None:
            with self._transaction():
                self._rows.release(self._worker, [trial.number for trial in trials])

    def is_over(self, n_calls: int) -> bool:
        """Whether n_calls evaluations have been told."""
        with self._reading():
            return self._rows.count(told=True) >= n_calls

    @property
    def n_failed(self) -> int:
        """Number of evaluations that failed."""
        with self._reading():
            return self._rows.count(failed=True)

    def _ask(self, n_calls: int | None) -> Trial | None:
        if not self._is_readable:
            raise StudyError(
                f"the study {self.path} has categories that a file cannot hold; expected "
                "dimensions= beside it"
            )
        with self._lock:
            self._feed()  # most of the work, while others may write
            try:
                with self._transaction() as connection:
                    return self._begin(connection, n_calls)
            except BaseException:
                self._optimizer = None  # it may have proposed a point that the history lacks
                raise

    def _begin(self, connection: sqlite3.Connection, n_calls: int | None) -> Trial | None:
        if self._worker is None:
            self._worker = workers.register(connection)
            self._heartbeat = workers.Heartbeat(self.path, self._worker)
        for worker in workers.dead(connection):
            self._rows.release(worker)
        waiting = self._rows.take(self._worker)
        if waiting is not None:
            number, code = waiting
            return Trial(number, self.space.decode(code))
        if n_calls is not None and self._rows.count() >= n_calls:
            return None
        x = self._feed().ask()
        number = self._rows.insert(self.space.encode(x), asked=True, worker=self._worker)
        self._fed = self._rows.last()
        return Trial(number, x)

    def _feed(self) -> Optimizer:
        """The optimizer, told of everything in the history."""
        if self._optimizer is None:
            self._optimizer = Optimizer(self.space, policy=self._policy, rng=self.seed)
            self._fed = 0
        with self._reading():
            events = self._rows.events(self._fed)
        for place, code, value, told in events:
            x = self.space.decode(code)
            self._optimizer.replay([(x, value) if told else (x,)])
            self._fed = place
        return self._optimizer

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._pid:
            raise StudyError(f"the study {self.path} was opened before a fork; open it anew")
        with self._lock, database.named_errors(self.path):
            yield self._connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            if connection.in_transaction:
                yield connection  # part of one that has begun
                return
            with database.transaction(connection):
                yield connection


def _policy_of(source: Any) -> tuple[str, str, str | Checkpoint]:
    """A policy's name, the digest of its weights, and what `Optimizer` takes for it."""
    if source != auto.NAME:
        loaded = load_policy(source)
        return loaded.name, checkpoint.digest_of(loaded.params), loaded
    # A study is of any length: the plan for one whose length nobody knows.
    names = {name for stage in auto.plan() for name in stage.policies}
    params = {
        f"{name}/{key}": value
        for name in sorted(names)
        for key, value in load_policy(name).params.items()
    }
    return auto.NAME, checkpoint.digest_of(params), auto.NAME


def _make(path: Path, space: Space, policy: Any, rng: Any, resume: bool) -> None:
    """Makes the file; with `resume`, another process may do it first."""
    source = DEFAULT_POLICY if policy is None else str(policy)
    name, weights, _ = _policy_of(source)
    if source.endswith(checkpoint.SUFFIX):
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
        database.create(path, row)
    except FileExistsError:
        if not resume:
            raise StudyError(
                f"there is a file {str(path)!r} already; expected a new one, or resume=True "
                "(--resume) to go on with the study in it"
            ) from None


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _outcome(y: Any, error: str | None) -> Outcome:
    """What was told.

    Raises:
        ObservationError: y is not a number.
    """
    value = as_value(y)
    if math.isnan(value) and error is None:
        error = f"its value is {y!r}; expected a finite number"
    return Outcome(value) if error is None else Outcome(error=error)
