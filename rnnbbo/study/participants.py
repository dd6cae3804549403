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
from pathlib import Path

from rnnbbo.status import TrialState

BEAT_S = 5.0
MISSED_S = 60.0  # without a heartbeat for so long, a process counts as dead


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
        """End it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, timeout=BEAT_S, isolation_level=None)
        with contextlib.closing(connection):
            while not self._stop.wait(BEAT_S):
                # One beat may be missed; where the file is lost, asks and tells say so.
                with contextlib.suppress(sqlite3.Error):
                    connection.execute(
                        "UPDATE worker SET beat = ? WHERE id = ?", (time.time(), self._participant)
                    )


def register(connection: sqlite3.Connection) -> int:
    """Enter this process, inside of a transaction, and return its number."""
    pid = os.getpid()
    cursor = connection.execute(
        "INSERT INTO worker (machine, pid, born, beat) VALUES (?, ?, ?, ?)",
        (_machine(), pid, _born(pid), time.time()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def dead(connection: sqlite3.Connection) -> list[int]:
    """Return the numbers of those with running trials that do not live any more.

    Of this machine's processes one can see whether they are there; of others, the last heartbeat.
    """
    rows = connection.execute(
        "SELECT id, machine, pid, born, beat FROM worker "
        "WHERE id IN (SELECT worker FROM trial WHERE state = ?)",
        (TrialState.RUNNING,),
    ).fetchall()
    here, now = _machine(), time.time()
    gone = []
    for participant, machine, pid, born, beat in rows:
        alive = _born(pid) == born if machine == here else abs(now - beat) < MISSED_S
        if not alive:
            gone.append(participant)
    return gone


def _machine() -> str:
    """Return where process numbers mean one thing: a machine since its start, a container."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with contextlib.suppress(OSError):
        parts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return " ".join(parts)


def _born(pid: int) -> str:
    """Return what tells a process from a later one of its number; empty where there is none."""
    try:
        # The 22nd field, ticks since the machine's start; the state is the third (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except OSError:
        pass
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
