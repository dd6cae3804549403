"""Processes that can be ended together with everything that they started (POSIX)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

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
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(process: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> None:
    """Ends the group: SIGTERM, then SIGKILL for what is left `grace_s` seconds later."""
    deadline = time.monotonic() + grace_s
    try:
        kill_group(process, signal.SIGTERM)
        while time.monotonic() < deadline:
            process.poll()  # a leader that nobody has waited for still counts as alive
            if not kill_group(process, 0):
                break
            time.sleep(_POLL_S)
    finally:  # a second interrupt shortens the grace
        kill_group(process, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_S)


def describe_exit(code: int) -> str:
    """An exit status in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
        return f"killed by signal {-code}"
    return f"exit status {code}"
