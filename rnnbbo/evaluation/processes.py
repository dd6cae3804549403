"""Processes that can be ended together with everything that they started (POSIX)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

GRACE_S = 5.0  # between SIGTERM and SIGKILL
_POLL_S = 0.02


class Process(Protocol):
    """What is needed of `subprocess.Popen`, of a process that leads a group."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, minus the signal's number if one ended it; None while it runs."""


def start_group(
    command: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a command, never through a shell, as the leader of a process group of its own.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(command, env=env, start_new_session=True, **options)


def kill_group(process: Process, sig: int) -> bool:
    """Signal the whole group, and return False where nothing of it is left."""
    try:
        os.killpg(process.pid, sig)
    except ProcessLookupError:
        return False
    except PermissionError:  # something of it belongs to another user
        return True
    return True


def end_groups(group_leaders: Sequence[Process], grace_s: float = GRACE_S) -> None:
    """End groups: SIGTERM, then SIGKILL for what is left `grace_s` seconds later."""
    left = [process for process in group_leaders if kill_group(process, signal.SIGTERM)]
    try:
        _wait_for_end(left, grace_s)
    finally:  # a second interrupt shortens the grace
        for process in left:
            kill_group(process, signal.SIGKILL)
        _wait_for_end(left, GRACE_S)


def _wait_for_end(group_leaders: Sequence[Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    left = list(group_leaders)
    while True:
        # A leader that nobody has waited for is not gone.
        left = [process for process in left if process.poll() is None or _is_alive(process.pid)]
        if not left or time.monotonic() > deadline:
            return
        time.sleep(_POLL_S)


def _is_alive(group: int) -> bool:
    """Return whether a process of the group still runs; one that waits to be reaped does not.

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
    """Return an exit status in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    return f"exit status {code}"
