"""The processes that work on a study, and whether they still live.

The file calls them workers, as users do; here a worker is a process that evaluates (`evaluation`).
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import threading
import time
from functools import cache
from pathlib import Path

from rnnbbo.errors import StudyError
from rnnbbo.status import TrialState
from rnnbbo.study import schema
from rnnbbo.study.database import Database

BEAT_S = 5.0
_JOIN_S = 1.0
MISSED_S = 60.0  # without a heartbeat for so long, a process counts as dead

_COLUMNS = ", ".join(schema.COLUMNS["worker"])


class Heartbeat:
    """A thread that tells the others, every few seconds, that this process lives.

    Args:
        path: the study's file.
        participant: number of this process in the study.
    """

    def __init__(self, path: Path, participant: int) -> None:
        self._path = path
        self._participant = participant
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rnnbbo-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; a beat that waits for the file is left behind."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stop.wait(BEAT_S):
            # One beat may be missed; where the file is lost, asks and tells say so.
            with contextlib.suppress(StudyError):
                self._beat()

    def _beat(self) -> None:
        database = Database(self._path, checked=False)  # another one may be using its connection
        with contextlib.closing(database), database.transaction() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM worker WHERE id = ?", (self._participant,)
            ).fetchone()
            if row is not None:
                schema.write_row(connection, "worker", (*row[:-1], time.time()))


def register(connection: sqlite3.Connection, path: Path) -> int:
    """Enter this process, inside of a transaction, and return its number.

    Args:
        connection: to the study's file.
        path: the file.
    """
    pid = os.getpid()
    (number,) = connection.execute("SELECT COALESCE(MAX(id) + 1, 1) FROM worker").fetchone()
    row = (number, _place(path), pid, _born(pid), time.time())
    schema.write_row(connection, "worker", row)
    return int(number)


def dead(connection: sqlite3.Connection, path: Path) -> list[int]:
    """Return the numbers of those with running trials that do not live any more.

    Of processes that work on this very file on this machine one can see whether they are there;
    of others, and of one that is stopped, the last heartbeat.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM worker WHERE id IN (SELECT worker FROM trial WHERE state = ?)",
        (TrialState.RUNNING,),
    ).fetchall()
    here, now = _place(path), time.time()
    gone = []
    for participant, place, pid, born, beat in rows:
        beats = abs(now - beat) < MISSED_S
        alive = beats
        if place == here:
            alive = _born(pid) == born and (beats or not _is_stopped(pid))
        if not alive:
            gone.append(participant)
    return gone


def has_others(connection: sqlite3.Connection, participant: int) -> bool:
    """Return whether others than a participant have sent a heartbeat of late."""
    query = "SELECT EXISTS (SELECT * FROM worker WHERE id != ? AND beat > ?)"
    since = time.time() - 2.0 * BEAT_S
    return bool(connection.execute(query, (participant, since)).fetchone()[0])


def _place(path: Path) -> str:
    """Return where process numbers mean one thing, and by which file they are at work.

    A machine since its start, a container; a copy of a study is another file, whose trials nobody
    evaluates.
    """
    try:
        there = path.stat()
    except OSError:
        return _machine()
    return f"{_machine()} {there.st_dev}:{there.st_ino}"


@cache
def _machine() -> str:
    """Return a machine since its start, or a container."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with contextlib.suppress(OSError):
        parts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return " ".join(parts)


def _born(pid: int) -> str:
    """Return what tells a process from a later one of its number; empty where there is none."""
    fields = _stat(pid)
    if fields:
        return "" if fields[0] in "ZX" else fields[19]
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"


def _is_stopped(pid: int) -> bool:
    """Return whether a process was stopped, by a signal or a debugger, as far as one can see."""
    fields = _stat(pid)
    return bool(fields) and fields[0] in "Tt"


def _stat(pid: int) -> list[str]:
    """Return the state of a process, and what follows it; empty where nobody says."""
    try:
        # The 22nd field, ticks since the machine's start; the state is the third (proc(5)).
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return text.rpartition(")")[2].split()
    except OSError:
        return []
