"""The tables of a study's file, their versions, and the way from an older version to this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from rnnbbo.study import checksums

APPLICATION_ID = 0x526E6242  # "RnbB": marks the file as a study of ours
SCHEMA_VERSION = 4

# `asked` and `told` are places in one history: what a new optimizer is fed in this order makes its
# state. A point that was told without having been asked for has no `asked`. `head` is the chained
# digest of this history, and `crc` a checksum of the other columns: see `checksums`. A trial has a
# value, or a list of those of several objectives in JSON.
STATEMENTS = {
    "study": """CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    space TEXT NOT NULL,
    policy TEXT NOT NULL,
    source TEXT NOT NULL,
    weights TEXT NOT NULL,
    seed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at REAL NOT NULL,
    settings TEXT NOT NULL,
    command TEXT NOT NULL,
    head TEXT NOT NULL,
    crc INTEGER NOT NULL
)""",
    "worker": """CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    beat REAL NOT NULL,
    crc INTEGER NOT NULL
)""",
    "trial": """CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    x TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed')),
    value REAL,
    objectives TEXT,
    constraints TEXT,
    error TEXT,
    info TEXT NOT NULL,
    stderr TEXT NOT NULL,
    seconds REAL,
    asked INTEGER UNIQUE,
    told INTEGER UNIQUE CHECK ((told IS NOT NULL) = (state IN ('ok', 'failed'))),
    worker INTEGER REFERENCES worker (id),
    begun_at REAL,
    told_at REAL,
    crc INTEGER NOT NULL,
    CHECK (((value IS NOT NULL) + (objectives IS NOT NULL)) = (state = 'ok'))
)""",
}
_INDEX = "CREATE INDEX trial_state ON trial (state)"

COLUMNS = {
    "study": (
        *("id", "space", "policy", "source", "weights", "seed", "made_by", "made_at"),
        *("settings", "command", "head"),
    ),
    "worker": ("id", "machine", "pid", "born", "beat"),
    "trial": (
        *("number", "x", "state", "value", "objectives", "constraints", "error", "info"),
        *("stderr", "seconds", "asked", "told", "worker", "begun_at", "told_at"),
    ),
}
"""Columns of each table, its key first, without the checksum."""

_FIRST_STUDY = COLUMNS["study"][:-3]
"""What the first version of the schema had of the table `study`."""
_SECOND_STUDY = (*_FIRST_STUDY, "command", "head")
"""Likewise the second one."""
_THIRD_TRIAL = tuple(column for column in COLUMNS["trial"] if column != "objectives")
"""What the third version had of the table `trial`."""
_SECOND_TRIAL = tuple(column for column in _THIRD_TRIAL if column != "constraints")
"""What versions before the third had of it."""
_NO_SETTINGS = "{}"
_VALUE = COLUMNS["trial"].index("value") + 1


class DamagedRow(Exception):
    """A row of an older version is not as it was written; its text is the table's name."""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, inside of a transaction."""
    for statement in (*STATEMENTS.values(), _INDEX):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def has_its_tables(connection: sqlite3.Connection) -> bool:
    """Return whether the file has these tables, to the letter, and no others."""
    there = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return sorted(sql for (sql,) in there) == sorted((*STATEMENTS.values(), _INDEX))


def write_row(connection: sqlite3.Connection, table: str, row: Sequence[object]) -> None:
    """Write a whole row with its checksum, in place of one of the same key.

    Args:
        connection: inside of a transaction.
        table: one of `COLUMNS`.
        row: its values, of each column.
    """
    key, *others = (*COLUMNS[table], "crc")
    marks = ", ".join("?" * (len(others) + 1))
    taken = ", ".join(f"{column} = excluded.{column}" for column in others)
    connection.execute(
        f"INSERT INTO {table} ({key}, {', '.join(others)}) VALUES ({marks}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {taken}",
        (*row, checksums.row_checksum(row)),
    )


def _from_first(connection: sqlite3.Connection) -> None:
    """Bring version 1 to this one: all that it lacks."""
    older = {**COLUMNS, "study": _FIRST_STUDY, "trial": _SECOND_TRIAL}
    rows = {
        table: connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        for table, columns in older.items()
    }
    for name in ("trial", "worker", "study"):
        connection.execute(f"DROP TABLE {name}")
    create(connection)
    for row in rows["worker"]:
        write_row(connection, "worker", row)
    for row in rows["trial"]:
        write_row(connection, "trial", (*row[:_VALUE], None, None, *row[_VALUE:]))
    events = connection.execute(EVENTS, (0, 0)).fetchall()
    (header,) = rows["study"]
    head = checksums.chain(checksums.START, events)[-1]
    write_row(connection, "study", (*header, _NO_SETTINGS, "", head))


def _from_second(connection: sqlite3.Connection) -> None:
    """Bring version 2 to this one: settings of the study, constraints and several objectives."""
    older = {"study": _SECOND_STUDY, "trial": _SECOND_TRIAL}
    rows = {table: _intact_rows(connection, table, columns) for table, columns in older.items()}
    for table in ("trial", "study"):
        connection.execute(f"DROP TABLE {table}")
    for statement in (STATEMENTS["study"], STATEMENTS["trial"], _INDEX):
        connection.execute(statement)
    for *header, command, head in rows["study"]:
        write_row(connection, "study", (*header, _NO_SETTINGS, command, head))
    for row in rows["trial"]:
        write_row(connection, "trial", (*row[:_VALUE], None, None, *row[_VALUE:]))


def _from_third(connection: sqlite3.Connection) -> None:
    """Bring version 3 to this one: values of several objectives."""
    rows = _intact_rows(connection, "trial", _THIRD_TRIAL)
    connection.execute("DROP TABLE trial")
    for statement in (STATEMENTS["trial"], _INDEX):
        connection.execute(statement)
    for row in rows:
        write_row(connection, "trial", (*row[:_VALUE], None, *row[_VALUE:]))


def _intact_rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str]
) -> list[list[object]]:
    """Return rows of an older version as they were written: a new checksum would hide a change."""
    rows = []
    for *row, crc in connection.execute(f"SELECT {', '.join(columns)}, crc FROM {table}"):
        if not checksums.row_is_intact(row, crc):
            raise DamagedRow(table)
        rows.append(row)
    return rows


EVENTS = (
    "SELECT asked AS place, number, x, NULL AS value, 0 AS told, NULL AS constraints "
    "FROM trial WHERE asked > ? UNION ALL "
    "SELECT told, number, x, COALESCE(value, objectives), 1, constraints FROM trial "
    "WHERE told > ? ORDER BY place"
)
"""Asks and tells after a place in the history, which is given twice."""

MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _from_first,
    2: _from_second,
    3: _from_third,
}
"""From version n to this one, inside of a transaction; they raise DamagedRow."""
