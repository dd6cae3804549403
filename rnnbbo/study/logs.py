"""Logs that SQLite left beside a file, and whether they are that file's.

After a crash SQLite finds the log by its name alone. Beside a file that was restored from a backup
it may be the log of the file before, which would be mixed into it.
"""

from __future__ import annotations

from pathlib import Path

from rnnbbo.errors import StudyError
from rnnbbo.study.shared_state import STATE_SUFFIX

# Places in the first page of a database, and in a journal (the "Database File Format" of SQLite).
_VERSIONS = slice(18, 20)  # of the format for writing and reading: 1 with a journal, 2 with a WAL
_COUNTER = slice(24, 28)  # counts the transactions
_USER_VERSION = slice(60, 64)
_HEADER = 100
_MAGIC = bytes.fromhex("d9d505f920a163d7")
_EVERY_RECORD = 0xFFFFFFFF
_BESIDE = ("-journal", "-wal", "-shm", STATE_SUFFIX)


def require_own(path: Path, *, first_with_journal: int) -> None:
    """Make sure that what SQLite would take for the log of a study is its own.

    Args:
        path: the study's file.
        first_with_journal: the first version of the schema whose files have no write-ahead log.

    Raises:
        StudyError: it is another file's; nothing has changed.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER:
        return
    version = int.from_bytes(header[_USER_VERSION])
    log = Path(f"{path}-wal")
    if header[_VERSIONS] == b"\1\1" and version >= first_with_journal and _size(log):
        raise StudyError(_refused(path, log))
    journal = Path(f"{path}-journal")
    before = _counter_before(journal) if _size(journal) else None
    # The file is as it was when the transaction began, or was being changed by it.
    if before is not None and int.from_bytes(header[_COUNTER]) not in (before, before + 1):
        raise StudyError(_refused(path, journal))


def require_name(path: Path) -> None:
    """Make sure that a new study is not called like what lies beside another one.

    Raises:
        StudyError: it is; SQLite, or we, would write over it.
    """
    for suffix in _BESIDE:
        if path.name.endswith(suffix):
            raise StudyError(
                f"study = {str(path)!r}; expected another name: so is a file called that belongs "
                f"to a study {path.name.removesuffix(suffix)!r}"
            )


def exist(path: Path) -> bool:
    """Return whether a log lies beside a file."""
    return any(_size(Path(f"{path}{suffix}")) for suffix in ("-wal", "-journal"))


def _refused(path: Path, log: Path) -> str:
    return (
        f"the study {path} cannot be used: {log} beside it is the log of another file, or of "
        "another state of it; expected none, if the study was restored from a copy: move it away"
    )


def _counter_before(journal: Path) -> int | None:
    """Return the number of transactions before the one that a journal takes back, if it has one."""
    with journal.open("rb") as file:
        head = file.read(28)
        if len(head) < 28 or not head.startswith(_MAGIC):  # ended, and not to be used
            return None
        count, _, _, sector, page = (int.from_bytes(head[i : i + 4]) for i in range(8, 28, 4))
        if not 512 <= page <= 65536:
            return None
        record = 4 + page + 4  # number of the page, its content before, checksum
        count = min(count, _size(journal) // record) if count != _EVERY_RECORD else 1 << 16
        for i in range(count):
            file.seek(sector + i * record)
            found = file.read(4 + _HEADER)
            if len(found) < 4 + _HEADER:
                return None
            if int.from_bytes(found[:4]) == 1:
                return int.from_bytes(found[4:][_COUNTER])
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
