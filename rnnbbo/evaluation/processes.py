"""Processes that can be ended together with everything that they started (POSIX)."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rnnbbo.errors import ConfigError
from rnnbbo.evaluation import kin
from rnnbbo.evaluation.interrupts import hurried
from rnnbbo.evaluation.kin import MARK, find_kin

GRACE_S = 5.0  # between SIGTERM and SIGKILL
UNKNOWN_EXIT = 1 << 16
"""The exit code of a process that somebody else has waited for."""
_POLL_S = 0.02
_RETRY_S = 1.0
PASSING = (errno.ETXTBSY, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""Why a process cannot be started that may be over in a moment."""
_OPEN_FILES = 12  # that this process opens now and then, beside those of its evaluations


class Process(Protocol):
    """What is needed of `subprocess.Popen`, of a process that leads a group."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, minus the signal's number if one ended it; None while it runs."""


def start_group(
    command: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a command, never through a shell, as the leader of a process group of its own.

    What may be over in a moment, such as a file that is still being written, is tried again.

    Raises:
        OSError: it cannot be started.
    """
    deadline = time.monotonic() + _RETRY_S
    while True:
        try:
            return subprocess.Popen(command, env=env, start_new_session=True, **options)
        except OSError as error:
            if error.errno not in PASSING or time.monotonic() > deadline:
                raise
        time.sleep(_POLL_S)


class Guard:
    """A process beside this one that ends what a run has started, if this one is killed.

    The operating system does not do so: what has a session of its own, and a function that never
    lets go of the interpreter, would run on.
    """

    def __init__(self) -> None:
        self._run = os.urandom(8).hex()
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        # Without one everything works but for the case that it is for.
        with contextlib.suppress(OSError, TypeError):
            folders = os.path.abspath(tempfile.gettempdir())
            self._process = start_group(
                [sys.executable, "-I", "-S", kin.__file__, str(os.getpid()), self._run, folders],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)  # it may have been stopped

    def new_mark(self) -> str:
        """Return a mark for what is to be ended together."""
        return _mark(self._run, next(self._numbers))

    def add(self, process: Process) -> None:
        """Take note of a process that was started."""
        self._say(f"+{process.pid}")

    def remove(self, process: Process) -> None:
        """Forget a process that has ended."""
        self._say(f"-{process.pid}")

    def close(self) -> None:
        """End it: the run has cleaned up."""
        if self._process is not None and self._process.stdin is not None:
            self._process.kill()
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _say(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # somebody has killed it
                os.write(self._process.stdin.fileno(), f"{line}\n".encode())


def new_mark() -> str:
    """Return a mark that no guard knows."""
    return _mark(os.urandom(8).hex(), 0)


def _mark(run: str, number: int) -> str:
    return f"{run}.{number:09d}"  # none is a part of another one


def marked(mark: str) -> dict[str, str]:
    """Return what the environment of a process with this mark has more.

    A run inside of a run is marked for both.
    """
    return {MARK: f"{os.environ.get(MARK, '')} {mark}".strip()}


def kill_group(process: Process, sig: int) -> bool:
    """Signal the whole group, and return False where nothing of it is left."""
    try:
        os.killpg(process.pid, sig)
    except ProcessLookupError:
        return False
    except PermissionError:  # something of it belongs to another user
        return True
    return True


def end_groups(
    group_leaders: Sequence[Process], grace_s: float = GRACE_S, marks: Sequence[str] = ()
) -> None:
    """End groups: SIGTERM, then SIGKILL for what is left `grace_s` seconds later.

    Args:
        group_leaders: their leaders.
        grace_s: seconds between the signals; an interrupt takes the rest of them away.
        marks: what has one of these marks is ended, too, whatever its group, and so are copies.
    """
    left = [process for process in group_leaders if kill_group(process, signal.SIGTERM)]
    if not left and not marks:
        return
    pids = [process.pid for process in left]
    try:
        for process in left:
            kill_group(process, signal.SIGCONT)  # what is stopped cannot end by itself
        kin.send(find_kin(pids, marks), signal.SIGTERM)
        _wait_for_end(left, marks, grace_s, in_a_hurry=hurried)
    finally:
        kin.kill_kin(pids, marks)
        _wait_for_end(left, marks, GRACE_S)


def _wait_for_end(
    group_leaders: Sequence[Process],
    marks: Sequence[str],
    seconds: float,
    in_a_hurry: Any = lambda: False,
) -> None:
    deadline = time.monotonic() + seconds
    left = list(group_leaders)
    while True:
        # A leader that nobody has waited for is not gone.
        left = [process for process in left if process.poll() is None or _has_group(process)]
        if not left and not (marks and find_kin((), marks)):
            return
        if time.monotonic() > deadline or in_a_hurry():
            return
        time.sleep(_POLL_S)


def _has_group(process: Process) -> bool:
    """Return whether something of a group still runs, though its leader has ended."""
    if not kill_group(process, 0):
        return False
    # Without /proc, believe that; with it, one that waits to be reaped does not count.
    return not os.path.exists("/proc/self/stat") or bool(find_kin([process.pid], ()))


def check_open_files(what: str, count: int, each: int) -> None:
    """Make sure that so many evaluations at once have the open files that they need.

    Args:
        what: name of the setting that says how many.
        count: how many.
        each: open files of one.

    Raises:
        ConfigError: they do not.
    """
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return
    with contextlib.suppress(OSError):
        room = limit - len(os.listdir("/dev/fd")) - _OPEN_FILES
        if count * each > room:
            raise ConfigError(
                f"{what} = {count}, with at most {limit} open files (ulimit -n); expected at most "
                f"{max(room // each, 0)}, or a higher limit"
            )


def describe_exit(code: int) -> str:
    """Return an exit status in words."""
    if code == UNKNOWN_EXIT:
        return "exit status unknown"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    return f"exit status {code}"
