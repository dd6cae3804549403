"""Parts of a Gaussian process that are linear in a few normal weights: trends and ripples.

Their covariance is phi(x) . phi(x'), with weights of unit variance and features phi(x)
(Rasmussen & Williams 2006, section 2.1.2).
"""

import math
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from rnnbbo.functions.batched import Batched, Randomness

TREND = (0.3, 5.0)  # standard deviation over the cube, relative to the stationary part's
CENTRE = 0.8  # a parabola's centre is at most so far from the cube's, whose half-width is 1
COEFFICIENTS = (0.01, 1.0)  # of the coefficients of one function's dimensions
BOWLS = 0.5  # share of the trends that bend upwards
BOWL = (0.5, 0.95)  # share of such a trend's variance that is known, the mean function's
CONSTANT = 0.1  # share of the rest that is the same everywhere

RIPPLE = (0.05, 0.7)  # standard deviation, relative to the stationary part's
CYCLES = (1.5, 6.0)  # over the cube


@dataclass(frozen=True)
class QuadraticTrend(Batched):
    """constant + sum_d a_d z_d + b_d ((r_d - centre_d)^2 - level_d), with z = 2 u - 1 in [-1, 1].

    r is z, rotated. The constant and a are normal with mean zero, b is normal with mean `bowl`.
    All are zero for the functions of a batch that have no trend.

    Attributes:
        constant: `(B,)`, the constant's standard deviation.
        slope: `(B, D)`, standard deviation of a.
        curvature: `(B, D)`, standard deviation of b.
        bowl: `(B, D)`, mean of b, not negative.
        centre: `(B, D)`, in the coordinates of r.
        level: `(B, D)`, the mean of (r_d - centre_d)^2 over the cube.
    """

    constant: Tensor
    slope: Tensor
    curvature: Tensor
    bowl: Tensor
    centre: Tensor
    level: Tensor

    def features(self, z: Tensor, r: Tensor) -> Tensor:
        """Return `(B, n, 2 D + 1)` at inputs z and r `(B, n, D)`."""
        linear = z * self.slope[:, None, :]
        quadratic = self._parabolas(r) * self.curvature[:, None, :]
        constant = self.constant[:, None, None].expand(-1, z.shape[1], 1)
        return torch.cat([linear, quadratic, constant], dim=2)

    def mean(self, r: Tensor) -> Tensor:
        """Return the mean function `(B, n)` at inputs r `(B, n, D)`."""
        return (self._parabolas(r) @ self.bowl[:, :, None])[:, :, 0]

    def scaled(self, factor: Tensor) -> Self:
        """Return the trend times a factor `(B,)`."""
        column = factor[:, None]
        return replace(
            self,
            constant=self.constant * factor,
            slope=self.slope * column,
            curvature=self.curvature * column,
            bowl=self.bowl * column,
        )

    def _parabolas(self, r: Tensor) -> Tensor:
        return (r - self.centre[:, None, :]).square() - self.level[:, None, :]


def draw_trend(
    source: Randomness, share: float, z: Tensor, r: Tensor, rotation: Tensor | None
) -> tuple[QuadraticTrend, Tensor] | None:
    """Draw trends for a share of the batch.

    Args:
        source: randomness.
        share: the probability of a trend.
        z: `(B, P, D)`, inputs of points that fill the cube evenly.
        r: `(B, P, D)`, the same, rotated.
        rotation: `(B, D, D)`, what rotated them.

    Returns:
        The trends, and their variance `(B,)`, averaged over the points; None if there is none.
    """
    dim = source.dim
    has = source.chance(share)
    variance = source.log_uniform(*TREND).square() * has
    centre = source.uniform(-CENTRE, CENTRE, dim)
    slope, curvature = source.log_uniform(*COEFFICIENTS, 2, dim).unbind(dim=1)
    known = source.uniform(*BOWL) * source.chance(BOWLS)
    linear = source.uniform(0.0, 1.0)
    if not bool(has.any()):
        return None
    if rotation is not None:  # the centre lies in the cube, whichever way the axes point
        centre = (rotation @ centre[:, :, None])[:, :, 0]
    parabolas = (r - centre[:, None, :]).square()
    level = parabolas.mean(dim=1)
    parabolas = (parabolas - level[:, None, :]) * curvature[:, None, :]
    left = variance * (1.0 - known)

    def factor(wanted: Tensor, there: Tensor) -> Tensor:
        return (wanted / there.clamp_min(1e-12)).sqrt()[:, None]

    lines = (z * slope[:, None, :]).square().sum(-1).mean(1)
    trend = QuadraticTrend(
        constant=(CONSTANT * left).sqrt(),
        slope=slope * factor((1.0 - CONSTANT) * linear * left, lines),
        curvature=curvature
        * factor((1.0 - CONSTANT) * (1.0 - linear) * left, parabolas.square().sum(-1).mean(1)),
        bowl=curvature * factor(known * variance, parabolas.sum(-1).square().mean(1)),
        centre=centre,
        level=level,
    )
    return trend, variance


@dataclass(frozen=True)
class Ripples(Batched):
    """A wave in each dimension, of random height and phase: sum_d std^2 cos(2 pi nu_d (u - u')).

    Attributes:
        frequency: `(B, D)`, nu, in cycles over the cube.
        std: `(B,)`, of one dimension's wave; zero for functions without ripples.
    """

    frequency: Tensor
    std: Tensor

    def features(self, u: Tensor) -> Tensor:
        """Return `(B, n, 2 D)` at inputs u `(B, n, D)` in the unit cube."""
        angle = 2.0 * math.pi * u * self.frequency[:, None, :]
        return torch.cat([angle.cos(), angle.sin()], dim=2) * self.std[:, None, None]

    def scaled(self, factor: Tensor) -> Self:
        """Return the ripples times a factor `(B,)`."""
        return replace(self, std=self.std * factor)


def draw_ripples(source: Randomness, share: float) -> tuple[Ripples, Tensor] | None:
    """Draw ripples for a share of the batch; half of them are equal in all dimensions.

    Returns:
        The ripples, and their variance `(B,)`, the same everywhere; None if there is none.
    """
    has = source.chance(share)
    variance = source.log_uniform(*RIPPLE).square() * has
    frequency = source.uniform(*CYCLES, source.dim)
    equal = source.chance(0.5)[:, None]
    frequency = torch.where(equal, frequency[:, :1], frequency)
    ripples = Ripples(frequency, (variance / source.dim).sqrt())
    return (ripples, variance) if bool(has.any()) else None
