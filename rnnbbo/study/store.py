"""Rows of a study's file as trials. Whoever changes them does so inside of a transaction."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rnnbbo.direction import OneOrSeveral
from rnnbbo.errors import TrialError
from rnnbbo.objectives import agreed_count, listed_values
from rnnbbo.status import TrialState
from rnnbbo.study import checksums, schema
from rnnbbo.study.settings import Settings
from rnnbbo.trial import Outcome, Trial
from rnnbbo.violations import agreed

Code = list[Any]
"""A point in numbers alone: see `rnnbbo.space.Space.encode`."""

_TOLD = (TrialState.OK, TrialState.FAILED)
_LAST = "SELECT MAX(COALESCE(MAX(asked), 0), COALESCE(MAX(told), 0)) FROM trial"
_MOST = 2**63 - 1  # that a column can hold
_COLUMNS = ", ".join(schema.COLUMNS["trial"])
_HEADER = ", ".join(schema.COLUMNS["study"])


class Event(NamedTuple):
    """An ask or a tell.

    Attributes:
        place: its place in the history, from 1.
        number: of the trial.
        code: the trial's point, as the file has it.
        value: None for an ask, or a failed trial; with several objectives as the file has them.
        told: whether it is a tell.
        constraints: as the file has them; None where there are none.
    """

    place: int
    number: int
    code: str
    value: float | str | None
    told: int
    constraints: str | None = None


class Span(NamedTuple):
    """When a trial was evaluated, and by whom, as far as the file says.

    Attributes:
        participant: the number of who evaluates, or evaluated, it; None of nobody.
        begun_at: seconds since 1970; None where nobody began it.
        told_at: likewise; None until it is told.
    """

    participant: int | None
    begun_at: float | None
    told_at: float | None


@dataclass(frozen=True)
class _Row:
    """A row of the table `trial`, in the order of `schema.COLUMNS`."""

    number: int
    x: str
    state: str = TrialState.WAITING
    value: float | None = None
    objectives: str | None = None
    constraints: str | None = None
    error: str | None = None
    info: str = "{}"
    stderr: str = ""
    seconds: float | None = None
    asked: int | None = None
    told: int | None = None
    worker: int | None = None
    begun_at: float | None = None
    told_at: float | None = None


class TrialStore:
    """The trials in a study's file.

    Args:
        connection: to the study's file.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, code: Code, *, asked: bool, participant: int | None = None) -> int:
        """Add a trial, running if there is a participant, and return its number.

        Args:
            code: its point.
            asked: whether the optimizer is to take note of the point as pending.
            participant: who evaluates it.
        """
        (number,) = self._one("SELECT COALESCE(MAX(number) + 1, 0) FROM trial")
        row = _Row(number, json.dumps(code))
        if participant is not None:
            row = _begun(row, participant)
        if asked:
            row = replace(row, asked=self._append(number, row.x, None, told=False))
        self._write(row)
        return int(number)

    def take(self, participant: int) -> tuple[int, Code] | None:
        """Let a participant evaluate the first trial that waits, if any: its number and point."""
        for row in self._rows("WHERE state = ? ORDER BY number LIMIT 1", TrialState.WAITING):
            self._write(_begun(row, participant))
            return row.number, json.loads(row.x)
        return None

    def add(self, known: Iterable[tuple[Code, Outcome]]) -> None:
        """Add trials that were told without having been asked for."""
        for code, outcome in known:
            self.tell(self.insert(code, asked=False), outcome)

    def running(self, participant: int) -> list[int]:
        """Return the numbers of the trials that a participant evaluates."""
        query = "SELECT number FROM trial WHERE worker = ? AND state = ?"
        rows = self._connection.execute(query, (participant, TrialState.RUNNING))
        return [number for (number,) in rows]

    def release(self, participant: int, numbers: Iterable[int] | None = None) -> None:
        """Let trials wait that a participant was evaluating: some, or all."""
        wanted = None if numbers is None else set(numbers)
        running = "WHERE worker = ? AND state = ?"
        for row in list(self._rows(running, participant, TrialState.RUNNING)):
            if wanted is None or row.number in wanted:
                self._write(replace(row, state=TrialState.WAITING, worker=None))

    def release_all(self) -> None:
        """Let all trials wait that are running."""
        for row in list(self._rows("WHERE state = ?", TrialState.RUNNING)):
            self._write(replace(row, state=TrialState.WAITING, worker=None))

    def tell(self, number: int, outcome: Outcome) -> None:
        """Write down what came of a trial.

        Raises:
            TrialError: there is no such trial, or it was told before. Nothing has changed.
            ObservationError: its constraints, or the number of its objectives, are not those of the
                values before; likewise.
        """
        row = next(self._rows("WHERE number = ?", min(number, _MOST)), None)
        if row is None:
            (count,) = self._one("SELECT COUNT(*) FROM trial")
            raise TrialError(f"trial = {number}; expected one of the study's {count}, from 0")
        if row.state in _TOLD:
            value = restored_value(row.value if row.objectives is None else row.objectives)
            known = f"value {value!r}" if row.error is None else f"failure {row.error!r}"
            raise TrialError(f"trial {number} was told before, with the {known}")
        failed = outcome.error is not None
        agreed(self._names(), outcome.constraints, failed)
        if not failed:
            agreed_count(self.n_objectives(), listed_values(outcome.value))
        constraints = constraints_text(outcome.constraints)
        value, objectives = (None, None) if failed else _value_columns(outcome.value)
        self._write(
            replace(
                row,
                state=TrialState.FAILED if failed else TrialState.OK,
                value=value,
                objectives=objectives,
                constraints=constraints,
                error=None if outcome.error is None else _as_text(outcome.error),
                info=json.dumps(outcome.info),
                stderr=_as_text(outcome.stderr),
                seconds=_as_seconds(outcome.seconds),
                told=self._append(
                    number, row.x, objectives if value is None else value, constraints, told=True
                ),
                told_at=time.time(),
            )
        )

    def last(self) -> int:
        """Return the last place in the history of asks and tells; 0 before the first."""
        return int(self._one(_LAST)[0])

    def head(self) -> str:
        """Return the digest of the history: see `checksums`."""
        return str(self._one("SELECT head FROM study")[0])

    def events(self, after: int) -> list[Event]:
        """Return what happened after a place in the history, in order."""
        return [Event(*row) for row in self._connection.execute(schema.EVENTS, (after, after))]

    def n_trials(self) -> int:
        """Return the number of trials, known values included."""
        return int(self._one("SELECT COUNT(*) FROM trial")[0])

    def n_evaluations(self, *, told: bool = False, failed: bool = False) -> int:
        """Return the number of evaluations: all, those told, or those that failed.

        A value that was told without having been asked for is none.
        """
        query = "SELECT COUNT(*) FROM trial WHERE asked IS NOT NULL"
        query += " AND told IS NOT NULL" if told else ""
        if failed:
            return int(self._one(query + " AND state = ?", TrialState.FAILED)[0])
        return int(self._one(query)[0])

    def trials(self, *, told: bool) -> list[Trial]:
        """Return trials, their points encoded: all by number, or the told ones in that order."""
        order = "WHERE told IS NOT NULL ORDER BY told" if told else "ORDER BY number"
        return [_trial(row) for row in self._rows(order)]

    def changed(self, after: int) -> list[tuple[Trial, Span]]:
        """Return what may be another one than it was at a place in the history.

        Those told after it in that order, then those not told yet, their points encoded.
        """
        rows = self._rows("WHERE told > ? OR told IS NULL ORDER BY told IS NULL, told", after)
        return [(_trial(row), Span(row.worker, row.begun_at, row.told_at)) for row in rows]

    def values(self, after: int) -> list[tuple[OneOrSeveral | None, bool, dict[str, float]]]:
        """Return what was told after the first `after` trials, in that order.

        Returns:
            The value, None of a failure, whether it was asked for, and its constraints.
        """
        rows = self._connection.execute(
            "SELECT COALESCE(value, objectives), asked IS NOT NULL, constraints FROM trial "
            "WHERE told IS NOT NULL ORDER BY told LIMIT -1 OFFSET ?",
            (after,),
        )
        return [
            (restored_value(value), bool(asked), read_constraints(text))
            for value, asked, text in rows
        ]

    def n_objectives(self) -> int | None:
        """Return the number of objectives: of the values told, else as it was said; None before."""
        query = f"SELECT objectives FROM trial WHERE state = '{TrialState.OK}' LIMIT 1"
        for (text,) in self._connection.execute(query):
            return 1 if text is None else len(json.loads(text))
        return Settings.read(self._one("SELECT settings FROM study")[0]).n_objectives

    def set_command(self, command: str) -> None:
        """Write down what the study is evaluated by."""
        self._write_header(command=command)

    def _names(self) -> Sequence[str] | None:
        """Return the names of the constraints; None before the first value."""
        query = "SELECT constraints FROM trial WHERE {} LIMIT 1"
        for which in ("constraints IS NOT NULL", f"state = '{TrialState.OK}'"):
            for (text,) in self._connection.execute(query.format(which)):
                return tuple(read_constraints(text))
        return None

    def _append(
        self,
        number: int,
        code: str,
        value: float | str | None,
        constraints: str | None = None,
        *,
        told: bool,
    ) -> int:
        """Chain one more event to the history, and return its place."""
        event = Event(self.last() + 1, number, code, value, int(told), constraints)
        self._write_header(head=checksums.chain(self.head(), [event])[-1])
        return event.place

    def _write_header(self, **changed: str) -> None:
        names = schema.COLUMNS["study"]
        row = dict(zip(names, self._one(f"SELECT {_HEADER} FROM study"), strict=True)) | changed
        schema.write_row(self._connection, "study", [row[name] for name in names])

    def _write(self, row: _Row) -> None:
        values = [getattr(row, name) for name in schema.COLUMNS["trial"]]
        schema.write_row(self._connection, "trial", values)

    def _rows(self, which: str, *values: Any) -> Any:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM trial {which}", values)
        return (_Row(*row) for row in rows)

    def _one(self, query: str, *values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()


def constraints_text(constraints: Mapping[str, float]) -> str | None:
    """Return constraints as the file has them; None where there are none."""
    if not constraints:
        return None
    known = {
        _as_text(name): None if math.isnan(value) else value for name, value in constraints.items()
    }
    return json.dumps(known)


def read_constraints(text: str | None) -> dict[str, float]:
    """Return what `constraints_text` has made a text of."""
    known = {} if text is None else json.loads(text)
    return {name: math.nan if value is None else value for name, value in known.items()}


def restored_value(value: float | str | None) -> OneOrSeveral | None:
    """Return a value of which the file has a number, or the text of a list of several."""
    if isinstance(value, str):
        return [float(one) for one in json.loads(value)]
    return value


def _value_columns(value: OneOrSeveral) -> tuple[float | None, str | None]:
    """Return a value as the file has it: a number, or the text of several."""
    if isinstance(value, list):
        return None, json.dumps([float(one) + 0.0 for one in value])
    return float(value) + 0.0, None  # SQLite has no -0.0


def _begun(row: _Row, participant: int) -> _Row:
    return replace(row, state=TrialState.RUNNING, worker=participant, begun_at=time.time())


def _as_text(text: str) -> str:
    """Return a text that a file can hold: half of a pair of surrogates is not in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _as_seconds(seconds: float | None) -> float | None:
    return None if seconds is None or math.isnan(seconds) else float(seconds) + 0.0


def _trial(row: _Row) -> Trial:
    outcome = None
    if row.state in _TOLD:
        value = restored_value(row.value if row.objectives is None else row.objectives)
        outcome = Outcome(
            math.nan if value is None else value,
            row.error,
            json.loads(row.info),
            row.stderr,
            row.seconds,
            read_constraints(row.constraints),
        )
    return Trial(row.number, json.loads(row.x), outcome, waiting=row.state == TrialState.WAITING)
