"""What the tests of reliability share."""

import pytest

BOX = [(-1.0, 1.0)] * 6
POLICIES = ["kernel", "dnc", "lstm", "dnc-direct", "lstm-direct"]


def slow(*values):
    """A case that only the long version has."""
    return pytest.param(*values, marks=pytest.mark.slow)


def bowl(x):
    """An objective."""
    return float(sum(v * v for v in x))
