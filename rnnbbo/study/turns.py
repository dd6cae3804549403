"""Turns at a file: processes of one machine that wait for each other.

SQLite locks a file by POSIX locks, which a process loses as soon as it closes any descriptor of the
file, such as one by which it made a copy. `flock` locks belong to a descriptor alone. They are
those of the file itself, not of its name: a file that is mounted twice has one turn.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rnnbbo.errors import StudyError

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]

# File systems over a network: there `flock` and POSIX locks are the same, and would wait for each
# other. SQLite's own locks have to do.
_NETWORK = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "9p", "afs", "fuse.sshfs")
_SHORT_S, _LONG_S = 0.0002, 0.002
_mine = threading.local()


class Turns:
    """A process's turns at a file, which has to exist.

    Args:
        path: the file.
        patience_s: how long to wait for a turn.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s
        self._descriptor: int | None = os.open(path, os.O_RDONLY)
        self._locks = fcntl is not None and sys.platform == "linux" and not is_remote(path)

    @contextlib.contextmanager
    def take(
        self, *, alone: bool, interrupted: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Take a turn; not within another one.

        Args:
            alone: keep everybody else away, not only those that want to be alone.
            interrupted: whether to wait no longer.

        Raises:
            StudyError: the file was closed, or is not the one that was opened any more, or another
                process keeps its turn too long.
            KeyboardInterrupt: it was interrupted while it waited.
        """
        descriptor = self._descriptor
        if descriptor is None:
            raise StudyError(f"the study {self._path} was closed; expected an open one")
        depth = depth_of_thread()
        try:
            _mine.depth = depth + 1
            if self._locks:
                self._wait(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, interrupted)
            self._require_same(descriptor)
            yield
        finally:
            _mine.depth = depth
            # Closed, the number may be another file's by now.
            if self._locks and self._descriptor is not None:
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def n_changes(self) -> int:
        """Return the counter of transactions in the file's header."""
        assert self._descriptor is not None, "closed"
        return int.from_bytes(os.pread(self._descriptor, 4, 24))

    def close(self) -> None:
        """Close the descriptor, if it is open."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _wait(self, descriptor: int, kind: int, interrupted: Callable[[], bool]) -> None:
        end = time.monotonic() + self._patience_s
        pause = _SHORT_S
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                pass
            if interrupted():
                raise KeyboardInterrupt
            if time.monotonic() > end:
                raise StudyError(
                    f"the study {self._path} cannot be used: another process has kept it for "
                    f"{self._patience_s:g} s; is one of its workers stopped?"
                )
            # Whoever has waited longer looks no less often: nobody starves.
            time.sleep(pause * (0.5 + random.random()))
            pause = min(2.0 * pause, _LONG_S)

    def _require_same(self, descriptor: int) -> None:
        mine = os.fstat(descriptor)
        try:
            there = os.stat(self._path)
        except OSError as error:
            raise StudyError(f"the study {self._path} is gone: {error.strerror}") from error
        if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
            raise StudyError(
                f"the study {self._path} was replaced by another file while it was in use; "
                "open it again"
            )


def depth_of_thread() -> int:
    """Return how many turns this thread has now, at whatever files."""
    return int(getattr(_mine, "depth", 0))


def is_remote(path: Path) -> bool:
    """Return whether a file lies on a file system of a network, as far as the system says."""
    return _file_system(path).startswith(_NETWORK)


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
