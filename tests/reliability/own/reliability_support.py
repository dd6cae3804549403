"""What the tests of reliability share."""

import time

import pytest

BOX = [(-1.0, 1.0)] * 6


def slow(*values):
    """A case that only the long version has."""
    return pytest.param(*values, marks=pytest.mark.slow)


def bowl(x):
    """An objective."""
    return float(sum(v * v for v in x))


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
