"""The trials of a study as rows. Whoever changes them does so inside of a transaction."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

from rnnbbo.errors import TrialError
from rnnbbo.trial import Outcome, Trial

Code = list[Any]
"""A point in numbers alone: see `rnnbbo.space.Space.encode`."""

_LAST = "SELECT MAX(COALESCE(MAX(asked), 0), COALESCE(MAX(told), 0)) FROM trial"


class Rows:
    """Reads and writes trials.

    Their states: "waiting" for somebody to evaluate them, "running", "ok", "failed".

    Args:
        connection: To the study's file.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, code: Code, *, asked: bool, worker: int | None = None) -> int:
        """Add a trial, running if there is a worker, and return its number.

        Args:
            code: Its point.
            asked: Whether the optimizer is to take note of the point as pending.
            worker: Who evaluates it.
        """
        (number,) = self._one("SELECT COALESCE(MAX(number) + 1, 0) FROM trial")
        self._connection.execute(
            "INSERT INTO trial (number, x, state, asked) VALUES (?, ?, 'waiting', ?)",
            (number, json.dumps(code), self.last() + 1 if asked else None),
        )
        if worker is not None:
            self._run(number, worker)
        return number

    def take(self, worker: int) -> tuple[int, Code] | None:
        """Let a worker evaluate the first trial that waits, if any: its number and point."""
        found = self._one(
            "SELECT number, x FROM trial WHERE state = 'waiting' ORDER BY number LIMIT 1"
        )
        if found is None:
            return None
        self._run(found[0], worker)
        return found[0], json.loads(found[1])

    def _run(self, number: int, worker: int) -> None:
        self._connection.execute(
            "UPDATE trial SET state = 'running', worker = ?, begun_at = ? WHERE number = ?",
            (worker, time.time(), number),
        )

    def release(self, worker: int, numbers: Iterable[int] | None = None) -> None:
        """Let trials wait that a worker was evaluating: some, or all."""
        running = "UPDATE trial SET state = 'waiting', worker = NULL WHERE worker = ?"
        running += " AND state = 'running'"
        if numbers is None:
            self._connection.execute(running, (worker,))
        else:
            self._connection.executemany(
                running + " AND number = ?", [(worker, number) for number in numbers]
            )

    def tell(self, number: int, outcome: Outcome) -> None:
        """Write down what came of a trial.

        Raises:
            TrialError: There is no such trial, or it was told before. Nothing has changed.
        """
        row = self._one("SELECT state, value, error FROM trial WHERE number = ?", number)
        if row is None:
            (count,) = self._one("SELECT COUNT(*) FROM trial")
            raise TrialError(f"trial = {number}; expected one of the study's {count}, from 0")
        state, value, error = row
        if state in ("ok", "failed"):
            known = f"value {value!r}" if error is None else f"failure {error!r}"
            raise TrialError(f"trial {number} was told before, with the {known}")
        failed = outcome.error is not None
        self._connection.execute(
            "UPDATE trial SET state = ?, value = ?, error = ?, info = ?, stderr = ?, seconds = ?, "
            "told = ?, told_at = ? WHERE number = ?",
            (
                "failed" if failed else "ok",
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
        """The last place in the history of asks and tells; 0 before the first."""
        return self._one(_LAST)[0]

    def events(self, after: int) -> list[tuple[int, Code, float | None, bool]]:
        """What happened after a place in the history: place, point, value, whether it was told."""
        rows = self._connection.execute(
            "SELECT asked AS place, x, NULL, 0 FROM trial WHERE asked > ? UNION ALL "
            "SELECT told, x, value, 1 FROM trial WHERE told > ? ORDER BY place",
            (after, after),
        )
        return [(place, json.loads(x), value, bool(told)) for place, x, value, told in rows]

    def count(self, *, told: bool = False, failed: bool = False) -> int:
        """Number of evaluations: all, those told, or those that failed.

        A value that was told without having been asked for is none.
        """
        which = " AND told IS NOT NULL" * told + " AND state = 'failed'" * failed
        return self._one("SELECT COUNT(*) FROM trial WHERE asked IS NOT NULL" + which)[0]

    def read(self, *, told: bool) -> list[Trial]:
        """Trials, their points encoded: all by number, or the told ones in that order."""
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
    if state in ("ok", "failed"):
        known = math.nan if value is None else value
        outcome = Outcome(known, error, json.loads(info), stderr, seconds)
    return Trial(number, json.loads(code), outcome, waiting=state == "waiting")
