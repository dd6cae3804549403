"""Problems of several objectives: what is sought is the front, and its hypervolume the measure.

Everything is minimised. The hypervolume of a set of values is the measure of what it dominates
within a reference point (Zitzler & Thiele 1998).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem

_Objectives = Callable[[FloatArray], FloatArray]
"""From points `(..., dim)` to values `(..., K)`."""


@dataclass(frozen=True)
class Alone:
    """Minus the hypervolume of a point alone: the best single point is a compromise of the front.

    Attributes:
        objectives: maps `(..., dim)` to `(..., K)`.
        reference_point: K numbers.
    """

    objectives: _Objectives
    reference_point: tuple[float, ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return alone(self.objectives(x), self.reference_point)


def alone(values: FloatArray, reference_point: tuple[float, ...]) -> FloatArray:
    """Return minus the hypervolume `(...)` of each value `(..., K)` alone."""
    inside: FloatArray = np.maximum(np.asarray(reference_point) - values, 0.0)
    product: FloatArray = 0.0 - inside.prod(axis=-1)
    return product


def make_several(
    name: str,
    bounds: tuple[tuple[float, float], ...],
    objectives: _Objectives,
    reference_point: tuple[float, ...],
    hypervolume: float,
) -> Problem:
    """Return a problem of several objectives.

    Args:
        name: a short name.
        bounds: one `(low, high)` a dimension.
        objectives: maps `(..., dim)` to `(..., K)`, in the units of `bounds`.
        reference_point: K numbers, beyond the front in every objective.
        hypervolume: that of the true front.

    Raises:
        ConfigError: there are fewer than two objectives, or the hypervolume is not positive.
    """
    if len(reference_point) < 2 or not np.isfinite(reference_point).all():
        raise ConfigError(
            f"{name}: reference_point = {reference_point!r}; expected at least two finite numbers"
        )
    if not 0.0 < hypervolume < np.inf:
        raise ConfigError(f"{name}: hypervolume = {hypervolume!r}; expected a number > 0")
    func = Alone(objectives, reference_point)
    return Problem(
        name,
        bounds,
        func,
        -hypervolume,
        (),
        objectives=objectives,
        reference_point=reference_point,
    )
