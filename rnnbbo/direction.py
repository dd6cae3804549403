"""Which values are better: smaller ones, or, to maximize, larger ones."""

from __future__ import annotations

import math


def turned(value: float, maximize: bool) -> float:
    """Return a value as the other side of the border has it: its sign turned to maximize.

    Policies, and all that they stand on, minimize; users' values are turned on their way in and
    out, and nowhere else. A zero stays without a sign.
    """
    return 0.0 - value if maximize else value


def worst_value(maximize: bool) -> float:
    """Return what no value is worse than, as a failed trial counts in a result."""
    return turned(math.inf, maximize)
