"""The optimizer's state in a file beside a study's, for whoever opens the study next.

It can always be worked out again from the history; here it need not be. The file is no part of the
study: one that is missing, cut, or of another history or version is passed over, and written anew.
By locks on bytes of it, the processes at a study take turns at asking.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from rnnbbo.study.turns import is_remote

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]

STATE_SUFFIX = "-state"
_MAGIC = b"rnnbbo state 2\n"
_FIXED = struct.Struct("<16s16sQQI")  # key, head of the history, place, length, CRC-32
# Bytes that are locked: the content, and places in a line. Who waits locks the last of these that
# is free, and goes on to the one before as soon as that is free: they come to its front in order.
_CONTENT, *_LINE = range(32)
_PAUSE_S, _LONG_PAUSE_S = 0.001, 0.005
_PATIENCE_S = 2.0
_ALONE_S = 60.0  # without turns once one was waited for in vain


class Saved(NamedTuple):
    """A state that somebody has worked out.

    Attributes:
        place: the place in the history that it follows from.
        head: digest of the history up to there: see `checksums`.
        content: the state, in parts.
    """

    place: int
    head: str
    content: Sequence[bytes | memoryview]


class SharedState:
    """The state beside a study.

    Args:
        study: the study's file.
        key: a text that is the same for all whose states are.
    """

    def __init__(self, study: Path, key: str) -> None:
        self._path = Path(f"{study}{STATE_SUFFIX}")
        self._key = blake2b(key.encode(), digest_size=16).digest()
        self._descriptor: int | None = None
        self._alone_until = 0.0
        self._usable = sys.platform == "linux" and sys.maxsize > 2**32 and not is_remote(study)

    def read(self, after: int, until: int) -> Saved | None:
        """Return what is saved; None where it is of no use.

        Args:
            after: the place in the history up to which a state is known already.
            until: the last place of the history.
        """
        if not self._open(make=False):
            return None
        with self._locked() as locked:
            if not locked:
                return None
            assert self._descriptor is not None
            start = len(_MAGIC) + _FIXED.size
            data = os.pread(self._descriptor, start, 0)
            if len(data) < start or not data.startswith(_MAGIC):
                return None
            key, head, place, length, checksum = _FIXED.unpack(data[len(_MAGIC) :])
            if key != self._key or not after < place <= until:
                return None
            content = os.pread(self._descriptor, min(length, self._size()), start)
        if zlib.crc32(content) != checksum or len(content) != length:
            return None
        return Saved(place, head.hex(), [content])

    def write(self, saved: Saved) -> None:
        """Save a state; where that is not possible, nothing happens."""
        if not self._open(make=True):
            return
        length = checksum = 0
        for part in saved.content:
            length, checksum = length + len(part), zlib.crc32(part, checksum)
        head = bytes.fromhex(saved.head)
        fixed = _FIXED.pack(self._key, head, saved.place, length, checksum)
        with self._locked() as locked, contextlib.suppress(OSError):
            if locked:
                assert self._descriptor is not None
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                with os.fdopen(self._descriptor, "wb", closefd=False) as file:
                    file.writelines((_MAGIC, fixed, *saved.content))

    @contextlib.contextmanager
    def turn_to_ask(self, meanwhile: Callable[[], object]) -> Iterator[None]:
        """Wait in the line for a turn at asking, or go on without where others take too long.

        Args:
            meanwhile: what the next one in the line does while another one asks.
        """
        if time.monotonic() < self._alone_until or not self._open(make=True):
            yield
            return
        place = None
        try:
            for wanted in reversed(_LINE):  # from the end of the line to its front
                pause_s = _PAUSE_S if wanted == _LINE[0] else _LONG_PAUSE_S
                if not self._wait(wanted, pause_s, meanwhile if place == _LINE[1] else None):
                    self._alone_until = time.monotonic() + _ALONE_S  # somebody was stopped
                    break
                if place is not None:
                    self._unlock(place)
                place = wanted
            yield
        finally:
            self._set(fcntl.F_UNLCK, _LINE[0], len(_LINE))  # whatever an interrupt has left

    def is_waited_for(self) -> bool:
        """Return whether somebody waits for a turn."""
        if self._descriptor is None:
            return False
        for place in _LINE[1:]:
            if not self._set(fcntl.F_WRLCK, place):
                return True
            self._unlock(place)
        return False

    def close(self) -> None:
        """Close the file; one that holds nothing goes."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                if self._size() == 0:
                    self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def _size(self) -> int:
        assert self._descriptor is not None
        return os.fstat(self._descriptor).st_size

    def _open(self, *, make: bool) -> bool:
        """Return whether the file is there, and open."""
        if self._descriptor is None and self._usable:
            flags = os.O_RDWR | (os.O_CREAT if make else 0)
            with contextlib.suppress(OSError):
                descriptor = os.open(self._path, flags, 0o666)
                if _is_ours(descriptor):
                    self._descriptor = descriptor
                else:  # somebody's own
                    os.close(descriptor)
        return self._descriptor is not None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[bool]:
        """Keep others from the content; false where they keep it too long."""
        got = self._wait(_CONTENT, _PAUSE_S)
        try:
            yield got
        finally:
            if got:
                self._unlock(_CONTENT)

    def _wait(
        self, byte: int, pause_s: float, meanwhile: Callable[[], object] | None = None
    ) -> bool:
        """Lock a byte; false where others keep it too long."""
        end = time.monotonic() + _PATIENCE_S
        while not self._set(fcntl.F_WRLCK, byte):
            if time.monotonic() > end:
                return False
            if meanwhile is not None:
                meanwhile()
            time.sleep(pause_s)
        return True

    def _unlock(self, byte: int) -> None:
        self._set(fcntl.F_UNLCK, byte)

    def _set(self, kind: int, byte: int, count: int = 1) -> bool:
        # struct flock (fcntl(2)). The lock belongs to the open file, as flock's, and not to the
        # process: closing another descriptor leaves it, and two threads have one each.
        lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, count, 0)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, lock)  # type: ignore[arg-type]
        except OSError:
            return False
        return True


def _is_ours(descriptor: int) -> bool:
    """Return whether a file may be written over: it holds a state of any version, or nothing."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return False
    known = _MAGIC.split(b" ")[0]
    with contextlib.suppress(OSError):
        return os.pread(descriptor, len(known), 0) in (b"", known)
    return False
