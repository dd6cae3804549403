"""Looking at processes, for tests of what must not be left of them."""

import time


def alive(pid):
    """Whether a process runs; one that merely waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def until(condition):
    """Wait for a condition, and fail if it never comes."""
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
