"""The file of a study: an SQLite database, its schema, and what can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnnbbo.errors import StudyError

APPLICATION_ID = 0x526E6242  # "RnbB": marks the file as a study of ours
SCHEMA_VERSION = 1
BUSY_S = 120.0  # how long to wait for others that write
MAKING_S = 2.0  # how long an empty database may take to become a study

# `asked` and `told` are places in one history: what a new optimizer is fed in this order makes its
# state. A point that was told without having been asked for has no `asked`.
_SCHEMA = """
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    space TEXT NOT NULL,
    policy TEXT NOT NULL,
    source TEXT NOT NULL,
    weights TEXT NOT NULL,
    seed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at REAL NOT NULL
);
CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    beat REAL NOT NULL
);
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    x TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed')),
    value REAL CHECK ((value IS NOT NULL) = (state = 'ok')),
    error TEXT,
    info TEXT NOT NULL DEFAULT '{}',
    stderr TEXT NOT NULL DEFAULT '',
    seconds REAL,
    asked INTEGER UNIQUE,
    told INTEGER UNIQUE CHECK ((told IS NOT NULL) = (state IN ('ok', 'failed'))),
    worker INTEGER REFERENCES worker (id),
    begun_at REAL,
    told_at REAL
);
CREATE INDEX trial_state ON trial (state);
"""

# From version n to n + 1, each in the transaction of all.
_MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {}

# File systems over a network: SQLite's write-ahead log needs memory that all its users share.
_NETWORK = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "9p", "afs", "fuse.sshfs")


def create_study(path: Path, header: Mapping[str, Any]) -> None:
    """Make a new study, whole or not at all, even where others try to make it at the same time.

    Args:
        path: a file that does not exist, or is empty.
        header: the row of the table `study`.

    Raises:
        StudyError: the file cannot be written.
        FileExistsError: there is a study already.
    """
    with named_errors(path):
        connection = _connect(path)
        try:
            _require_new(connection, path)
            _set_journal(connection, path)
            with transaction(connection):
                _require_new(connection, path)
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute(
                    f"INSERT INTO study ({', '.join(header)}) "
                    f"VALUES ({', '.join('?' * len(header))})",
                    tuple(header.values()),
                )
        finally:
            connection.close()


def _require_new(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "schema_version") != 0:
        raise FileExistsError(path)


def open_study(path: Path) -> sqlite3.Connection:
    """Open a study, checked, and brought to this version of the schema.

    Raises:
        StudyError: there is none, or it is damaged, or of a later version.
    """
    if not path.is_file():
        raise StudyError(f"there is no study {str(path)!r}")
    if path.stat().st_size == 0:
        raise StudyError(f"{path} is empty, and no study")
    with named_errors(path):
        connection = _connect(path)
        try:
            _wait_until_made(connection)
            if _pragma(connection, "application_id") != APPLICATION_ID:
                raise StudyError(f"{path} is no study of rnnbbo")
            _set_journal(connection, path)
            _check(connection, path)
            _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _wait_until_made(connection: sqlite3.Connection) -> None:
    """Give a process that is making the study just now the time to do so."""
    end = time.monotonic() + MAKING_S
    while _pragma(connection, "schema_version") == 0 and time.monotonic() < end:
        time.sleep(0.01)


def _connect(path: Path) -> sqlite3.Connection:
    # Threads take turns by a lock of the study's own.
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _set_journal(connection: sqlite3.Connection, path: Path) -> None:
    mode = "delete" if _file_system(path).startswith(_NETWORK) else "wal"
    end = time.monotonic() + BUSY_S
    while _pragma(connection, "journal_mode") != mode:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError as error:
            # The one statement that fails at once where another process is writing.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _file_system(path: Path) -> str:
    """Return the name of the file system that holds the path; empty where nobody says."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    place, best, found = str(path.resolve()), "", ""
    for line in mounts:
        # ID, parent, device, root, mount point, options, ... - type, source, options (proc(5)).
        fields, _, rest = line.partition(" - ")
        mount = fields.split()[4].replace("\\040", " ")
        if os.path.commonpath([place, mount]) == mount and len(mount) >= len(best):
            best, found = mount, rest.split()[0]
    return found


def _check(connection: sqlite3.Connection, path: Path) -> None:
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise StudyError(f"{path} is damaged: {' '.join(problem.split())}")
    version = _pragma(connection, "user_version")
    if version > SCHEMA_VERSION:
        raise StudyError(
            f"{path}: version of its schema = {version}; expected at most {SCHEMA_VERSION}: "
            "it was made by a later rnnbbo"
        )


def check_history(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that no row is missing.

    Raises:
        StudyError: trials, or places in the history, have gaps.
    """
    with named_errors(path):
        count, last = connection.execute("SELECT COUNT(*), MAX(number) FROM trial").fetchone()
        places, end = connection.execute(
            "SELECT COUNT(asked) + COUNT(told), MAX(COALESCE(MAX(asked), 0), "
            "COALESCE(MAX(told), 0)) FROM trial"
        ).fetchone()
    if count != (0 if last is None else last + 1) or places != (end or 0):
        raise StudyError(f"{path} is damaged: rows are missing")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "user_version") == SCHEMA_VERSION:
        return
    with transaction(connection):
        # Another process may have been first.
        for version in range(_pragma(connection, "user_version"), SCHEMA_VERSION):
            if version not in _MIGRATIONS:
                raise StudyError(
                    f"{path}: version of its schema = {version}; expected "
                    f"at least {min(_MIGRATIONS, default=SCHEMA_VERSION)}: it is too old"
                )
            _MIGRATIONS[version](connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all or nothing; nobody else writes in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, which name the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise StudyError(f"the study {path} cannot be used: {error}") from error


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
