"""Find everything that a run has started, and end it, also once the run's own process is gone.

What a run starts carries a mark in its environment, `RNNBBO_RUN`, and hands it on to what it starts
itself: so it is found in /proc (Linux) whatever session and parent it has by then. A process that
drops the variable and leaves its session is a daemon on purpose, and is left alone.

Run as a program, this file is the guard of a run: it waits, outside of the run's session, until the
run ends. It starts in some milliseconds, and imports nothing that it can do without.
"""

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Collection

MARK = "RNNBBO_RUN"
_PASSES = 50  # of looking for processes that are born while others are being stopped
_WATCH_S = 0.1  # how often one looks for the run where the system does not tell of its end
_SWEEP_S = 5.0


def find_kin(leaders: Collection[int], marks: Collection[str]) -> set[int]:
    """Return the numbers of the processes that belong together; none where there is no /proc.

    One that waits to be reaped does not count: in a container whose first process reaps nobody,
    ended grandchildren stay for ever.

    Args:
        leaders: leaders of process groups, which are meant as a whole.
        marks: what has one of these marks in its environment is meant, too, whatever its group. So
            are copies of a process that have executed nothing: they have its environment.
    """
    try:
        names = os.listdir("/proc")
    except OSError:
        return set()
    looked_for = [mark.encode() for mark in marks]
    children: dict[int, list[int]] = {}
    environments: dict[int, bytes] = {}
    found = []
    for name in names:
        # Fields after the command in parentheses: state, parent, group, ... (proc(5)).
        fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split() if name.isdigit() else []
        if not fields or fields[0] in b"ZX":
            continue
        pid, parent, group = int(name), int(fields[1]), int(fields[2])
        if looked_for:
            environments[pid] = _read(f"/proc/{name}/environ")
            children.setdefault(parent, []).append(pid)
        if group in leaders or _is_marked(environments.get(pid, b""), looked_for):
            found.append(pid)
    together: set[int] = set()
    while found:
        pid = found.pop()
        if pid not in together:
            together.add(pid)
            found += [
                child for child in children.get(pid, []) if environments[child] == environments[pid]
            ]
    return together - {os.getpid()}


def kill_kin(leaders: Collection[int], marks: Collection[str]) -> None:
    """Kill the processes that belong together, also those that are being born meanwhile."""
    stopped: set[int] = set()
    for _ in range(_PASSES):
        # What stands still has no more children, and keeps its place in the tree.
        born = find_kin(leaders, marks) - stopped
        if not born:
            break
        stopped |= born
        send(born, signal.SIGSTOP)
    for leader in leaders:
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)
    send(stopped, signal.SIGKILL)


def send(pids: Collection[int], number: int) -> None:
    """Signal those processes that are still there, and may be signalled."""
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def _is_marked(environment: bytes, marks: Collection[bytes]) -> bool:
    said = (b"\0" + environment).partition(f"\0{MARK}=".encode())[2].partition(b"\0")[0]
    return any(mark in said for mark in marks)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _main(run: int, mark: str, folders: str) -> None:
    """Wait for the end of a run, and end what it leaves; one that leaves nothing ends the guard.

    Its temporary folders, `rnnbbo-MARK...` in `folders`, are removed, too.

    Standard input brings a line for each leader of a group that has been started, `+PID`, or has
    ended, `-PID`.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the run
    try:
        watched = [0, os.pidfd_open(run)]
        seconds = None
    except (AttributeError, OSError):  # not Linux, or it is gone
        watched, seconds = [0], _WATCH_S
    leaders: set[int] = set()
    rest, over = b"", False
    while not over:
        over = os.getppid() != run  # looked at first: what it said last is still to be read
        ready = select.select(watched, [], [], 0.0 if over else seconds)[0]
        if 0 in ready:
            said = os.read(0, 65536)
            *lines, rest = (rest + said).split(b"\n")
            for line in lines:
                (leaders.add if line[:1] == b"+" else leaders.discard)(int(line[1:]))
            over = not said
    deadline = time.monotonic() + _SWEEP_S
    kill_kin(leaders, [mark])
    while time.monotonic() < deadline and find_kin(leaders, [mark]):
        kill_kin(leaders, [mark])
        time.sleep(0.01)
    import shutil

    for folder in os.listdir(folders):
        if folder.startswith(f"rnnbbo-{mark}."):
            shutil.rmtree(os.path.join(folders, folder), ignore_errors=True)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
