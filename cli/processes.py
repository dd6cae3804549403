"""Processes that can be ended together with everything that they started (POSIX)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE_S = 5.0  # between SIGTERM and SIGKILL
_POLL_S = 0.02


def start(
    command: Sequence[str], env: Mapping[str, str] | None = None, **streams: int | None
) -> subprocess.Popen[bytes]:
    """Starts a command, never through a shell, as the leader of a process group of its own.

    Raises:
        OSError: It cannot be started.
    """
    return subprocess.Popen(command, env=env, start_new_session=True, **streams)  # type: ignore[call-overload]


def kill_group(process: subprocess.Popen[bytes], sig: int) -> bool:
    """Signals the whole group; returns False where nothing of it is left."""
    try:
        os.killpg(process.pid, sig)
    except ProcessLookupError:
        return False
    except PermissionError:  # something of it belongs to another user
        return True
    return True


def end_group(process: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> None:
    """Ends the group: SIGTERM, then SIGKILL for what is left `grace_s` seconds later."""
    if not kill_group(process, signal.SIGTERM):
        return
    try:
        _wait_for_end(process, grace_s)
    finally:  # a second interrupt shortens the grace
        kill_group(process, signal.SIGKILL)
        _wait_for_end(process, GRACE_S)


def _wait_for_end(process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        process.poll()  # a leader that nobody has waited for is not gone
        if not _is_alive(process.pid) or time.monotonic() > deadline:
            return
        time.sleep(_POLL_S)


def _is_alive(group: int) -> bool:
    """Whether a process of the group still runs; one that merely waits to be reaped does not.

    In a container whose first process reaps nobody, ended grandchildren stay for ever.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    for path in stats:
        with contextlib.suppress(OSError):
            # Fields after the command in parentheses: state, parent, group, ... (proc(5)).
            state, _, its_group = path.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return not stats  # without /proc, believe the kill above


def describe_exit(code: int) -> str:
    """An exit status in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    return f"exit status {code}"
