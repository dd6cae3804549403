"""Looking at a study while others work on it: see `rnnbbo.study.snapshot`."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from rnnbbo.direction import Maximize
from rnnbbo.errors import StudyError
from rnnbbo.space import Space
from rnnbbo.study import schema
from rnnbbo.study.database import named_errors, pragma
from rnnbbo.study.snapshot import Mark, Snapshot, take_mark, take_snapshot, write_copy
from rnnbbo.study.store import Span, TrialStore
from rnnbbo.study.study import Study
from rnnbbo.trial import Trial

_WITH_JOURNAL = b"\1\1"  # of the header's bytes 18 and 19: no write-ahead log
_HEADER = "SELECT space, seed, made_at, command FROM study"


class Participant(NamedTuple):
    """A process that has worked on a study.

    Attributes:
        number: in the study.
        machine: the name of its machine.
        pid: its number there.
        beat: when it was last heard of, in seconds since 1970.
    """

    number: int
    machine: str
    pid: int
    beat: float


@dataclass(frozen=True)
class StudyView:
    """A study as it is at one moment.

    Attributes:
        path: its file.
        space: the search space.
        signs: which values are better: see `Study.signs`.
        reference: reference point of the hypervolume, if one was given.
        policy: name of the policy.
        seed: the study's.
        command: what evaluates it, as its file has it; empty where nobody said.
        made_at: when it was made, in seconds since 1970.
        told: trials in the order told.
        open: trials that are not told, by number.
        spans: when and by whom trials were evaluated, by number.
        participants: who works, or has worked, on it.
    """

    path: Path
    space: Space
    signs: Maximize
    reference: list[float] | None
    policy: str
    seed: int
    command: str
    made_at: float
    told: Sequence[Trial]
    open: Sequence[Trial]
    spans: Mapping[int, Span]
    participants: Sequence[Participant]


class StudyObserver:
    """Keeps up with a study that others change, without a lock, and without writing to it.

    Not for several threads at once.

    Args:
        path: the study's file.

    Raises:
        StudyError: it is missing, damaged, no study, or of a later version.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._mark: Mark | None = None
        self._place = 0  # in the history, up to which trials are known
        self._told: list[Trial] = []
        self._spans: dict[int, Span] = {}
        with self._copy(take_snapshot(self._path)) as copy, Study(copy, resume=True) as study:
            self._space, self._signs, self._reference = study.space, study.signs, study.reference
            self._policy, self._seed = study.policy_name, study.seed
        self._made_for: tuple[Any, ...] | None = None

    def changed(self) -> bool:
        """Return whether the file is another one than `look` has seen last.

        Raises:
            StudyError: it is gone.
        """
        return take_mark(self._path) != self._mark

    def look(self) -> StudyView:
        """Return the study as it is now; what is known of it already is not read again.

        Raises:
            StudyError: the file is gone, or holds another study now.
        """
        snapshot = take_snapshot(self._path)
        with named_errors(self._path), self._reading(snapshot) as connection:
            *made_for, made_at, command = connection.execute(_HEADER).fetchone()
            if self._made_for not in (None, (*made_for, made_at)):
                raise StudyError(f"the study {self._path} was replaced by another one")
            self._made_for = (*made_for, made_at)
            store = TrialStore(connection)
            changed = [(self._named(trial), span) for trial, span in store.changed(self._place)]
            self._place = store.last()
            participants = [_participant(*row) for row in connection.execute(_PARTICIPANTS)]
        self._told += [trial for trial, _ in changed if trial.outcome is not None]
        self._spans.update({trial.number: span for trial, span in changed})
        self._mark = snapshot.mark
        return StudyView(
            self._path,
            self._space,
            self._signs,
            self._reference,
            self._policy,
            self._seed,
            command,
            made_at,
            tuple(self._told),
            tuple(trial for trial, _ in changed if trial.outcome is None),
            dict(self._spans),
            participants,
        )

    def _named(self, trial: Trial) -> Trial:
        x = self._space.decode(trial.x)
        return replace(trial, x=x, params=self._space.as_mapping(x))

    @contextlib.contextmanager
    def _reading(self, snapshot: Snapshot) -> Iterator[sqlite3.Connection]:
        """Open a snapshot in memory: a study of this version, at rest."""
        content = snapshot.database
        if not snapshot.settled or content[18:20] != _WITH_JOURNAL:
            content = self._brought_up_to_date(snapshot)
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(content)
            if pragma(connection, "user_version") == schema.SCHEMA_VERSION:
                yield connection
                return
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(self._brought_up_to_date(snapshot))
            yield connection

    def _brought_up_to_date(self, snapshot: Snapshot) -> bytes:
        """Return a study's content at rest, and of this version: opening a copy makes it so."""
        with self._copy(snapshot) as copy:
            Study(copy, resume=True).close()
            return copy.read_bytes()

    @contextlib.contextmanager
    def _copy(self, snapshot: Snapshot) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="rnnbbo-") as folder:
            copy = Path(folder) / self._path.name
            write_copy(snapshot, copy)
            try:
                yield copy
            except StudyError as error:  # which names the copy
                raise StudyError(str(error).replace(str(copy), str(self._path))) from None


_PARTICIPANTS = "SELECT id, machine, pid, beat FROM worker ORDER BY id"


def _participant(number: int, place: str, pid: int, beat: float) -> Participant:
    return Participant(number, place.partition(" ")[0], pid, beat)
