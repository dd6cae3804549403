"""The optimizer's state in a file beside a study's, for whoever opens the study next.

It can always be worked out again from the history; here it need not be. The file is no part of the
study: one that is missing, cut, or of another history or version is passed over, and written anew.
By locks on bytes of it, the processes at a study take turns at asking.
"""

from __future__ import annotations

import contextlib
import os
import random
import stat
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from rnnbbo.study.turns import is_remote

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]

STATE_SUFFIX = "-state"
_MAGIC = b"rnnbbo state 1\n"
_FIXED = struct.Struct("<16s16sQQI")  # key, head of the history, place, length, CRC-32
_CONTENT, _ASKS, _NEXT = range(3)  # bytes that are locked
_PAUSE_S = 0.0005
_PATIENCE_S = 2.0
_ALONE_S = 60.0  # without turns once one was waited for in vain


class Saved(NamedTuple):
    """A state that somebody has worked out.

    Attributes:
        place: the place in the history that it follows from.
        head: digest of the history up to there: see `checksums`.
        content: the state.
    """

    place: int
    head: str
    content: bytes


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

    def read(self) -> Saved | None:
        """Return what is saved; None where it is of no use."""
        if not self._open(make=False):
            return None
        with self._locked(_CONTENT) as locked:
            if not locked:
                return None
            assert self._descriptor is not None
            start = len(_MAGIC) + _FIXED.size
            first = os.pread(self._descriptor, start, 0)
            if len(first) < start or not first.startswith(_MAGIC):
                return None
            key, head, place, length, checksum = _FIXED.unpack(first[len(_MAGIC) :])
            if length > os.fstat(self._descriptor).st_size - start:
                return None
            content = os.pread(self._descriptor, length, start)
        if key != self._key or zlib.crc32(content) != checksum or len(content) != length:
            return None
        return Saved(place, head.hex(), content)

    def write(self, saved: Saved) -> None:
        """Save a state; where that is not possible, nothing happens."""
        if not self._open(make=True):
            return
        fixed = _FIXED.pack(
            self._key,
            bytes.fromhex(saved.head),
            saved.place,
            len(saved.content),
            zlib.crc32(saved.content),
        )
        with self._locked(_CONTENT) as locked, contextlib.suppress(OSError):
            if locked:
                assert self._descriptor is not None
                os.pwrite(self._descriptor, _MAGIC + fixed + saved.content, 0)

    @contextlib.contextmanager
    def turn_to_ask(self, meanwhile: Callable[[], object]) -> Iterator[None]:
        """Take a turn at asking, or go on without one where others take too long.

        Args:
            meanwhile: what the next one in the line does while another one asks.
        """
        if time.monotonic() < self._alone_until or not self._open(make=True):
            yield
            return
        with contextlib.ExitStack() as asking:
            with self._locked(_NEXT) as first:
                got = first and asking.enter_context(self._tried(_ASKS))
                end = time.monotonic() + _PATIENCE_S
                while first and not got and time.monotonic() < end:
                    meanwhile()
                    time.sleep(_PAUSE_S)
                    got = asking.enter_context(self._tried(_ASKS))
            if not got:  # somebody was stopped in the midst of it
                self._alone_until = time.monotonic() + _ALONE_S
            yield

    def close(self) -> None:
        """Close the file; one that holds nothing goes."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                if os.fstat(self._descriptor).st_size == 0:
                    self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

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
    def _locked(self, byte: int) -> Iterator[bool]:
        """Lock a byte; false where others keep it too long."""
        end = time.monotonic() + _PATIENCE_S
        with contextlib.ExitStack() as stack:
            got = stack.enter_context(self._tried(byte))
            while not got and time.monotonic() < end:
                time.sleep(_PAUSE_S * (0.5 + random.random()))
                got = stack.enter_context(self._tried(byte))
            yield got

    @contextlib.contextmanager
    def _tried(self, byte: int) -> Iterator[bool]:
        """Lock a byte if nobody else does."""
        got = self._set(fcntl.F_WRLCK, byte)
        try:
            yield got
        finally:
            if got:
                self._set(fcntl.F_UNLCK, byte)

    def _set(self, kind: int, byte: int) -> bool:
        # struct flock (fcntl(2)). The lock belongs to the open file, as flock's, and not to the
        # process: closing another descriptor leaves it, and two threads have one each.
        lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
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
