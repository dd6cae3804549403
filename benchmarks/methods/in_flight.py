"""Several evaluations in flight at once, by a clock of its own.

A run asks and tells in turns. Seen through `InFlight` a method is asked ahead, so that its next
points are chosen while others are being evaluated, as with workers of one's own; which of them ends
first is drawn, and does not depend on the machine.
"""

import heapq
from typing import Any

import numpy as np

from rnnbbo.benchmarks.methods.base import FloatArray

_SPREAD = 0.5
"""Evaluations take 1 - _SPREAD to 1 + _SPREAD of their mean time."""


class InFlight:
    """A method whose points are evaluated by several workers.

    Args:
        method: what is asked, a `ParallelMethod`.
        workers: evaluations in flight.
        budget: number of evaluations that will be made.
        rng: draws how long evaluations take.
    """

    def __init__(self, method: Any, workers: int, budget: int, rng: np.random.Generator) -> None:
        self._method: Any = method
        self._workers = workers
        self._left = budget
        self._rng = rng
        self._now, self._number = 0.0, 0
        self._ends: list[tuple[float, int, FloatArray]] = []

    def ask(self) -> FloatArray:
        """Let every free worker begin with a point, and return the point that is through first."""
        while self._left > 0 and len(self._ends) < self._workers:
            waiting = sorted(self._ends, key=lambda end: end[1])
            x = self._method.ask_beside([point for _, _, point in waiting])
            end = self._now + self._rng.uniform(1 - _SPREAD, 1 + _SPREAD)
            heapq.heappush(self._ends, (end, self._number, x))
            self._number += 1
            self._left -= 1
        self._now, _, x = heapq.heappop(self._ends)
        return x

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._method.tell(x, y)
