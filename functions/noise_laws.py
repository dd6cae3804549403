"""Noise of evaluations: what is added to a value, by its distribution.

A law is called as (generator, point of the unit cube, height of the value above the minimum), and
returns an error. Both height and error are in units of the noise's scale, a share of the spread
of the function's values. It draws the same numbers from the generator wherever the point is, so
that runs with equally seeded generators have paired noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnbbo.functions.problem import FloatArray

NoiseLaw = Callable[[np.random.Generator, FloatArray, float], float]


@dataclass(frozen=True)
class Gaussian:
    """The normal distribution, whose standard deviation is the scale."""

    def __call__(self, rng: np.random.Generator, u: FloatArray, height: float) -> float:
        """Return an error in units of the scale."""
        return float(rng.standard_normal())


@dataclass(frozen=True)
class StudentT:
    """Student's t distribution.

    Attributes:
        degrees: of freedom; the variance is infinite at 2 and below.
    """

    degrees: float

    def __call__(self, rng: np.random.Generator, u: FloatArray, height: float) -> float:
        """Return an error in units of the scale."""
        return float(rng.standard_t(self.degrees))


@dataclass(frozen=True)
class GrowingWithHeight:
    """A normal distribution, whose deviation grows with the height above the minimum.

    Attributes:
        floor: deviation at the minimum, in units of the scale.
        slope: deviation for each unit of height.
    """

    floor: float
    slope: float

    def __call__(self, rng: np.random.Generator, u: FloatArray, height: float) -> float:
        """Return an error in units of the scale."""
        return float(rng.standard_normal()) * (self.floor + self.slope * max(height, 0.0))


@dataclass(frozen=True)
class VaryingByPlace:
    """A normal distribution, whose log deviation is linear along a direction of the cube.

    Attributes:
        normal: `(dim,)`, the direction, of length 1.
        decades: tenfold changes of the deviation from one end of the cube to the other.
    """

    normal: tuple[float, ...]
    decades: float

    def __call__(self, rng: np.random.Generator, u: FloatArray, height: float) -> float:
        """Return an error in units of the scale, which is the deviation at the centre."""
        normal = np.array(self.normal)
        along = float((u - 0.5) @ normal) / float(np.sum(np.abs(normal)))
        return float(rng.standard_normal()) * 10.0 ** (self.decades * along)
