"""Rows of a study's file as trials. Whoever changes them does so inside of a transaction."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

from rnnbbo.errors import TrialError
from rnnbbo.status import TrialState
from rnnbbo.trial import Outcome, Trial

Code = list[Any]
"""A point in numbers alone: see `rnnbbo.space.Space.encode`."""

_TOLD = (TrialState.OK, TrialState.FAILED)
_LAST = "SELECT MAX(COALESCE(MAX(asked), 0), COALESCE(MAX(told), 0)) FROM trial"


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
        self._connection.execute(
            "INSERT INTO trial (number, x, state, asked) VALUES (?, ?, ?, ?)",
            (number, json.dumps(code), TrialState.WAITING, self.last() + 1 if asked else None),
        )
        if participant is not None:
            self._start(number, participant)
        return number

    def take(self, participant: int) -> tuple[int, Code] | None:
        """Let a participant evaluate the first trial that waits, if any: its number and point."""
        found = self._one(
            "SELECT number, x FROM trial WHERE state = ? ORDER BY number LIMIT 1",
            TrialState.WAITING,
        )
        if found is None:
            return None
        self._start(found[0], participant)
        return found[0], json.loads(found[1])

    def _start(self, number: int, participant: int) -> None:
        self._connection.execute(
            "UPDATE trial SET state = ?, worker = ?, begun_at = ? WHERE number = ?",
            (TrialState.RUNNING, participant, time.time(), number),
        )

    def release(self, participant: int, numbers: Iterable[int] | None = None) -> None:
        """Let trials wait that a participant was evaluating: some, or all."""
        update = "UPDATE trial SET state = ?, worker = NULL WHERE worker = ? AND state = ?"
        values = (TrialState.WAITING, participant, TrialState.RUNNING)
        if numbers is None:
            self._connection.execute(update, values)
        else:
            self._connection.executemany(
                update + " AND number = ?", [(*values, number) for number in numbers]
            )

    def tell(self, number: int, outcome: Outcome) -> None:
        """Write down what came of a trial.

        Raises:
            TrialError: there is no such trial, or it was told before. Nothing has changed.
        """
        row = self._one("SELECT state, value, error FROM trial WHERE number = ?", number)
        if row is None:
            (count,) = self._one("SELECT COUNT(*) FROM trial")
            raise TrialError(f"trial = {number}; expected one of the study's {count}, from 0")
        state, value, error = row
        if state in _TOLD:
            known = f"value {value!r}" if error is None else f"failure {error!r}"
            raise TrialError(f"trial {number} was told before, with the {known}")
        failed = outcome.error is not None
        self._connection.execute(
            "UPDATE trial SET state = ?, value = ?, error = ?, info = ?, stderr = ?, seconds = ?, "
            "told = ?, told_at = ? WHERE number = ?",
            (
                TrialState.FAILED if failed else TrialState.OK,
                None if failed else outcome.value,
                outcome.error,
                json.dumps(outcome.info),
                outcome.stderr,
                outcome.seconds,
                self.last() + 1,
                time.time(),
                number,
            ),
        )

    def last(self) -> int:
        """Return the last place in the history of asks and tells; 0 before the first."""
        return self._one(_LAST)[0]

    def events(self, after: int) -> list[tuple[int, Code, float | None, bool]]:
        """Return what happened after a place in the history.

        Returns:
            Of each ask and tell, in order: place, point, value, whether it was told.
        """
        rows = self._connection.execute(
            "SELECT asked AS place, x, NULL, 0 FROM trial WHERE asked > ? UNION ALL "
            "SELECT told, x, value, 1 FROM trial WHERE told > ? ORDER BY place",
            (after, after),
        )
        return [(place, json.loads(x), value, bool(told)) for place, x, value, told in rows]

    def n_trials(self) -> int:
        """Return the number of trials, known values included."""
        return self._one("SELECT COUNT(*) FROM trial")[0]

    def n_evaluations(self, *, told: bool = False, failed: bool = False) -> int:
        """Return the number of evaluations: all, those told, or those that failed.

        A value that was told without having been asked for is none.
        """
        query = "SELECT COUNT(*) FROM trial WHERE asked IS NOT NULL"
        query += " AND told IS NOT NULL" if told else ""
        if failed:
            return self._one(query + " AND state = ?", TrialState.FAILED)[0]
        return self._one(query)[0]

    def trials(self, *, told: bool) -> list[Trial]:
        """Return trials, their points encoded: all by number, or the told ones in that order."""
        order = "WHERE told IS NOT NULL ORDER BY told" if told else "ORDER BY number"
        rows = self._connection.execute(
            f"SELECT state, number, x, value, error, info, stderr, seconds FROM trial {order}"
        )
        return [_trial(*row) for row in rows]

    def _one(self, query: str, *values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()


def _trial(
    state: str,
    number: int,
    code: str,
    value: float | None,
    error: str | None,
    info: str,
    stderr: str,
    seconds: float | None,
) -> Trial:
    outcome = None
    if state in _TOLD:
        known = math.nan if value is None else value
        outcome = Outcome(known, error, json.loads(info), stderr, seconds)
    return Trial(number, json.loads(code), outcome, waiting=state == TrialState.WAITING)
