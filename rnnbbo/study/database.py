"""The file of a study: an SQLite database, how it is opened, and what can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rnnbbo.errors import StudyError
from rnnbbo.evaluation.interrupts import shielded
from rnnbbo.study import checksums, logs, schema
from rnnbbo.study.turns import Turns

BUSY_S = 120.0  # how long to wait for others that write


class UnmadeError(Exception):
    """There is a file, and no study in it yet."""


class Database:
    """The database in a study's file, open.

    Not for several threads at once.

    Args:
        path: the file.
        checked: make sure first that it is whole, and of this version.

    Attributes:
        path: the file.
        read_only: whether this process may not write to it; it is a copy of what was there then.

    Raises:
        UnmadeError: the file is empty, or was being made when its process ended.
        StudyError: there is no such file, or it is damaged, foreign, or of a later version.
    """

    def __init__(self, path: Path, *, checked: bool = True) -> None:
        self.path = path
        self._checked = checked
        if not os.path.isfile(path):  # also of a name that is too long
            raise StudyError(f"there is no study {str(path)!r}")
        with named_errors(path):
            self.read_only = not _is_writable(path)
            self._turns = Turns(path, BUSY_S)
            try:
                with self._turns.take(alone=not self.read_only):
                    logs.require_own(path, first_with_journal=2)
                    self._connection = _copy(path) if self.read_only else _connect(path)
                    try:
                        if checked:
                            self._check()
                    except BaseException:
                        self._connection.close()
                        raise
            except BaseException:
                self._turns.close()
                raise

    def _check(self) -> None:
        if pragma(self._connection, "schema_version") == 0:
            raise UnmadeError
        if pragma(self._connection, "application_id") != schema.APPLICATION_ID:
            raise StudyError(f"{self.path} is no study of rnnbbo")
        _require_known_version(self._connection, self.path)
        _require_intact_pages(self._connection, self.path)
        _migrate(self._connection, self.path)
        if not self.read_only:
            _set_journal(self._connection)
        _require_intact_rows(self._connection, self.path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read one state of the file; not within a transaction."""
        with self._turn(alone=False):
            yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all or nothing, and keep everybody else away; not within another one.

        Raises:
            StudyError: the file may not be written to.
        """
        if self.read_only:
            raise StudyError(f"the study {self.path} cannot be written to: it is read-only")
        with self._turn(alone=True), transaction(self._connection):
            yield self._connection

    @contextmanager
    def _turn(self, *, alone: bool) -> Iterator[None]:
        # An interrupt that comes into the midst of leaving a context leaves it when its traceback
        # goes, which a notebook keeps: until then nobody else could take a turn.
        with (
            named_errors(self.path),
            shielded() as interrupted,
            self._turns.take(alone=alone, interrupted=interrupted),
        ):
            yield

    def n_changes(self) -> int:
        """Return a number that every transaction of anybody makes another one."""
        return self._turns.n_changes()

    def close(self) -> None:
        """Close it."""
        try:
            if self._checked and not self.read_only:
                with suppress(StudyError, sqlite3.Error), self._turns.take(alone=True):
                    # Leaves no empty journal behind.
                    self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.close()
        finally:
            self._turns.close()


def copy_study(database: Database, target: Path) -> None:
    """Make a study of its own in a new file: of a state of another one, whole or not at all.

    Its trials that are being evaluated wait, in the copy, for somebody to evaluate them.

    Args:
        database: the study.
        target: a file that does not exist.

    Raises:
        StudyError: it exists, or cannot be written.
    """
    from rnnbbo.study.store import TrialStore

    logs.require_name(target)
    with named_errors(target):
        if target.exists():
            raise StudyError(f"there is a file {str(target)!r} already; expected a new one")
        made = tempfile.TemporaryDirectory(prefix=".rnnbbo-", dir=target.resolve().parent)
        with made as folder:
            copy = _connect(Path(folder) / target.name)
            try:
                with database.reading() as connection:
                    connection.backup(copy)
                with transaction(copy):
                    TrialStore(copy).release_all()
            finally:
                copy.close()
            try:
                os.link(Path(folder) / target.name, target)
            except FileExistsError:
                raise StudyError(f"there is a file {str(target)!r} already") from None


def create_study(path: Path, header: Mapping[str, Any]) -> None:
    """Make a new study, whole or not at all, even where others try to make it at the same time.

    Args:
        path: a file that does not exist, or has no study in it yet.
        header: the row of the table `study`, without `head`.

    Raises:
        StudyError: the file cannot be written.
        FileExistsError: there is a study already, or another file.
    """
    logs.require_name(path)
    with named_errors(path):
        if os.path.exists(path) and not os.path.isfile(path):
            raise StudyError(f"{path} cannot be a study: it is no file")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o666))
        turns = Turns(path, BUSY_S)
        try:
            with turns.take(alone=True):
                connection = _connect(path)
                try:
                    _create(connection, path, header)
                finally:
                    connection.close()
        finally:
            turns.close()


def _create(connection: sqlite3.Connection, path: Path, header: Mapping[str, Any]) -> None:
    _require_new(connection, path)
    _set_journal(connection)
    # Killed in the midst, it is taken back by whoever opens the file next.
    with transaction(connection):
        _require_new(connection, path)
        schema.create(connection)
        row = {**header, "head": checksums.START}
        schema.write_row(connection, "study", [row[name] for name in schema.COLUMNS["study"]])


def _require_new(connection: sqlite3.Connection, path: Path) -> None:
    if pragma(connection, "schema_version") != 0:
        raise FileExistsError(path)


def _is_writable(path: Path) -> bool:
    # A journal is made beside the file.
    return os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)


def _connect(path: Path) -> sqlite3.Connection:
    # Threads take turns by a lock of the study's own.
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _copy(path: Path) -> sqlite3.Connection:
    """Return a copy in memory of a file that cannot be written to."""
    # A write-ahead log wants files beside it, unless nobody is said to change anything.
    mode = "mode=ro" if logs.exist(path) else "immutable=1"
    source = sqlite3.connect(f"file:{quote(str(path.resolve()))}?{mode}", uri=True, timeout=BUSY_S)
    try:
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        source.backup(copy)
    finally:
        source.close()
    return copy


def _set_journal(connection: sqlite3.Connection) -> None:
    """Keep a journal that takes back, and no write-ahead log.

    A log's tells are not in the file yet: they are missing from a copy of it, and belong to a name
    of the file, of which it may have several. The state after a crash costs a millisecond a tell.
    """
    end = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            return
        except sqlite3.OperationalError as error:
            # The one statement that fails at once where another process is at work.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _require_known_version(connection: sqlite3.Connection, path: Path) -> None:
    version = pragma(connection, "user_version")
    if version > schema.SCHEMA_VERSION:
        raise StudyError(
            f"{path}: version of its schema = {version}; expected at most {schema.SCHEMA_VERSION}: "
            "it was made by a later rnnbbo"
        )
    if version < min(schema.MIGRATIONS):
        raise StudyError(
            f"{path}: version of its schema = {version}; expected at least "
            f"{min(schema.MIGRATIONS)}: it is too old"
        )


def _require_intact_pages(connection: sqlite3.Connection, path: Path) -> None:
    problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise StudyError(f"{path} is damaged: {' '.join(str(problem).split())}")


def _require_intact_rows(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that every row is as it was written, and that none is missing.

    Raises:
        StudyError: it is not so.
    """
    if not schema.has_its_tables(connection):
        raise StudyError(f"{path} is damaged: its tables are not those of a study")
    count = 0
    for table, columns in schema.COLUMNS.items():
        query = f"SELECT {', '.join(columns)}, crc FROM {table} ORDER BY {columns[0]}"
        for *row, crc in connection.execute(query):
            if not checksums.row_is_intact(row, crc):
                raise _damaged_row(path, table)
            if table == "trial":
                if row[0] != count:
                    raise StudyError(f"{path} is damaged: trial {count} is missing")
                count += 1
    head = connection.execute("SELECT head FROM study").fetchone()
    events = connection.execute(schema.EVENTS, (0, 0)).fetchall()
    if head is None or checksums.chain(checksums.START, events)[-1] != head[0]:
        raise StudyError(f"{path} is damaged: its history is not the one that was written")


def _damaged_row(path: Path, table: str) -> StudyError:
    return StudyError(f"{path} is damaged: a row of its table {table} has changed")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if pragma(connection, "user_version") == schema.SCHEMA_VERSION:
        return
    with transaction(connection):
        version = pragma(connection, "user_version")
        if version == schema.SCHEMA_VERSION:  # another process has been first
            return
        try:
            schema.MIGRATIONS[version](connection)
        except schema.DamagedRow as table:
            raise _damaged_row(path, str(table)) from None
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all or nothing; nobody else writes in between."""
    try:
        if connection.in_transaction:  # one that two interrupts in a row have cut off
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors, and the system's, into ours, which name the file."""
    try:
        yield
    except FileExistsError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise StudyError(f"the study {path} cannot be used: {error}") from error
    except UnicodeDecodeError as error:  # SQLite's message has a part of the file in it
        raise StudyError(f"{path} is damaged: a text in it is none") from error


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    """Return a pragma's value."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
