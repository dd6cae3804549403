"""A study's file as it is at one moment, read without a lock and without a trace.

Who looks at a study while others work on it is not to keep them waiting. SQLite's own readers do:
nobody writes while one reads. The file is therefore read as bytes between two looks at what every
transaction changes, its counter and its journal; if these are as before, so was the file.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rnnbbo.errors import StudyError
from rnnbbo.study.database import named_errors
from rnnbbo.study.shared_state import STATE_SUFFIX

_COUNTER = slice(24, 28)  # of transactions, in the file's header ("Database File Format" of SQLite)
_HEADER = 100
_PATIENCE_S = 0.5  # for a moment without a transaction
_PAUSE_S = 0.002
_TRIES = 1000  # while the file changes faster than it is read
_LOGS = ("-journal", "-wal")


class Mark(NamedTuple):
    """What every transaction changes of a file.

    Attributes:
        inode: which file it is.
        changes: the counter of transactions in its header.
        logged: sizes of the logs beside it.
    """

    inode: int
    changes: int
    logged: tuple[int, ...]


class Snapshot(NamedTuple):
    """A file at one moment.

    Attributes:
        mark: what tells it from a later one.
        database: its content.
        logs: what lay beside it, by suffix: not empty where a transaction was under way, or was cut
            off, which SQLite takes back when a copy is opened.
    """

    mark: Mark
    database: bytes
    logs: dict[str, bytes]

    @property
    def settled(self) -> bool:
        """Whether the content alone is the study."""
        return not any(self.logs.values())


def take_mark(path: Path) -> Mark:
    """Return what the next transaction changes.

    Raises:
        StudyError: there is no such file, or it cannot be read.
    """
    _require_file(path)
    with named_errors(path):
        return _mark(path)


def take_snapshot(path: Path) -> Snapshot:
    """Return a file as it is at one moment.

    Raises:
        StudyError: there is no such file, it cannot be read, or it changes all the time.
    """
    _require_file(path)
    end = time.monotonic() + _PATIENCE_S
    with named_errors(path):
        for _ in range(_TRIES):
            before = _mark(path)
            database = path.read_bytes()
            # After the database: a page is in the journal before it is changed.
            logs = {suffix: _content(path, suffix) for suffix in _LOGS}
            found = Snapshot(before, database, logs)
            if _mark(path) == before and (found.settled or time.monotonic() > end):
                return found
            time.sleep(_PAUSE_S)
    raise StudyError(f"the study {path} cannot be read: it changes without a pause")


@contextlib.contextmanager
def copied_study(path: Path) -> Iterator[Path]:
    """Give a copy of a study, of one moment, in a folder that is gone afterwards.

    The copy has what was worked out beside the study, too, so that nobody has to do so again. It
    may be opened, written to, and brought to another version.

    Raises:
        StudyError: as for `take_snapshot`.
    """
    snapshot = take_snapshot(path)
    with tempfile.TemporaryDirectory(prefix="rnnbbo-") as folder:
        target = Path(folder) / "study.db"
        write_copy(snapshot, target)
        with contextlib.suppress(OSError):  # it can be worked out again
            Path(f"{target}{STATE_SUFFIX}").write_bytes(_content(path, STATE_SUFFIX))
        yield target


def write_copy(snapshot: Snapshot, target: Path) -> None:
    """Write a snapshot to a new file, its logs beside it."""
    target.write_bytes(snapshot.database)
    for suffix, content in snapshot.logs.items():
        if content:
            Path(f"{target}{suffix}").write_bytes(content)


def _require_file(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        if path.is_file():
            return
    raise StudyError(f"there is no study {str(path)!r}")


def _mark(path: Path) -> Mark:
    with path.open("rb") as file:
        header = file.read(_HEADER)
    sizes = tuple(_size(path, suffix) for suffix in _LOGS)
    return Mark(path.stat().st_ino, int.from_bytes(header[_COUNTER]), sizes)


def _size(path: Path, suffix: str) -> int:
    try:
        return Path(f"{path}{suffix}").stat().st_size
    except OSError:
        return 0


def _content(path: Path, suffix: str) -> bytes:
    try:
        return Path(f"{path}{suffix}").read_bytes()
    except FileNotFoundError:
        return b""
