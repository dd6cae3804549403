"""The front of a run's values, and its hypervolume after each of them."""

from collections.abc import Sequence

import numpy as np

from rnnbbo import pareto
from rnnbbo.functions.problem import FloatArray


class FrontSoFar:
    """What the values told until now dominate within a reference point.

    Args:
        reference_point: K numbers.
    """

    def __init__(self, reference_point: Sequence[float]) -> None:
        self._reference_point = np.array(reference_point, dtype=float)
        self._values = np.empty((0, len(reference_point)))
        self.hypervolume = 0.0

    def add(self, values: FloatArray) -> None:
        """Take the values (K,) of an evaluation; those that are not finite add nothing."""
        if not (values < self._reference_point).all() or not np.isfinite(values).all():
            return
        together = np.vstack([self._values, values])
        self._values = together[pareto.front(together)]
        self.hypervolume = pareto.hypervolume(self._values, self._reference_point)


def hypervolumes_so_far(values: FloatArray, reference_point: Sequence[float]) -> FloatArray:
    """Return the hypervolume (T,) after each of values (T, K), in order of evaluation."""
    front, found = FrontSoFar(reference_point), []
    for row in values:
        front.add(row)
        found.append(front.hypervolume)
    return np.array(found)
