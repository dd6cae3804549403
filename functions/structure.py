"""What makes a Gaussian process more than one stationary kernel of the distance."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import torch
from torch import Tensor

from rnnbbo.functions.batched import Batched, Randomness
from rnnbbo.functions.stationary import additive_correlation, stationary_correlation
from rnnbbo.functions.trends import QuadraticTrend, Ripples, draw_ripples, draw_trend
from rnnbbo.functions.warping import Bends, Steps, draw_bends, draw_rotation, draw_steps

STRUCTURE_PARTS = ("sums", "trends", "ripples", "additive", "rotated", "bent", "stepped")

RATIO = (0.15, 0.6)  # of the second kernel's length-scales to the first's
FIRST = (0.5, 0.95)  # the first kernel's share of the variance of a sum
_POINTS = 256  # of the cube, over which a trend's variance is averaged


@dataclass(frozen=True)
class Second(Batched):
    """A second stationary kernel, of shorter length-scales.

    Attributes:
        kernel: `(B,)`, integer indices into `KERNELS`.
        ratio: `(B,)`, its length-scales over those of the first.
        share: `(B,)`, its share of the stationary part's variance; 0 where there is none.
    """

    kernel: Tensor
    ratio: Tensor
    share: Tensor

    @cached_property
    def rows(self) -> Tensor:
        """Indices of the functions that have one."""
        return self.share.nonzero()[:, 0]


@dataclass(frozen=True)
class WarpedPoints:
    """Points of B functions as the parts of a structure see them.

    Attributes:
        u: `(B, n, D)`, in the unit cube, after steps and bends.
        r: `(B, n, D)`, moved to the cube's centre and rotated; a side of the cube has length 1.
    """

    u: Tensor
    r: Tensor


@dataclass(frozen=True)
class Structure(Batched):
    """The parts that the functions of a batch have beside a stationary kernel.

    A field is None where no function of the batch has the part. Variances are relative to
    amplitude^2, and their mean over the cube is 1.

    Attributes:
        stationary: `(B,)`, the variance of the stationary part.
        second: a second stationary kernel.
        trend: a polynomial of degree two.
        ripples: periodic waves.
        additive: `(B,)`, boolean: the stationary kernels are means of one-dimensional ones.
        rotation: `(B, D, D)`, of the inputs of kernels and parabolas, round the cube's centre.
        bends: of all inputs, after the steps.
        steps: of all inputs.
    """

    stationary: Tensor
    second: Second | None = None
    trend: QuadraticTrend | None = None
    ripples: Ripples | None = None
    additive: Tensor | None = None
    rotation: Tensor | None = None
    bends: Bends | None = None
    steps: Steps | None = None

    def inputs(self, x: Tensor) -> WarpedPoints:
        """Map points `(B, n, D)`, or `(1, n, D)` for the same points in every function."""
        return _inputs(x, self.steps, self.bends, self.rotation)

    def covariance(self, kernel: Tensor, lengthscale: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """Return the covariance of f between two sets of points, relative to amplitude^2.

        Args:
            kernel: `(B,)`, of the first stationary kernel.
            lengthscale: `(B, D)`, likewise.
            a: `(B, n, D)`.
            b: `(B, m, D)`.

        Returns:
            `(B, n, m)`.
        """
        left = self.inputs(a)
        right = left if b is a else self.inputs(b)
        weight = self.stationary[:, None, None]
        scale = lengthscale[:, None, :]
        total = _correlation(kernel, left.r / scale, right.r / scale, self._groups)
        if self.second is None:
            total = weight * total
        else:
            second, rows = self.second, self.second.rows
            scale = (second.ratio[:, None] * lengthscale)[rows][:, None, :]
            other = _correlation(
                second.kernel[rows],
                left.r[rows] / scale,
                right.r[rows] / scale,
                self._second_groups,
            )
            share = second.share[:, None, None]
            total = (weight * (1.0 - share)) * total
            total = total.index_add(0, rows, (weight * share)[rows] * other)
        phi = self.features(left)
        psi = phi if right is left else self.features(right)
        if phi is None or psi is None:
            return total
        return torch.baddbmm(total, phi, psi.transpose(1, 2))

    def variance(self, x: Tensor) -> Tensor:
        """Return the variance `(B, n)` of f at points `(B, n, D)`, relative to amplitude^2."""
        stationary = self.stationary[:, None].expand(-1, x.shape[1])
        phi = self.features(self.inputs(x))
        return stationary if phi is None else stationary + phi.square().sum(-1)

    @property
    def count(self) -> int:
        """F, how many features trends and ripples have."""
        dim = 0 if self.trend is None else 2 * self.trend.slope.shape[1] + 1
        return dim if self.ripples is None else dim + 2 * self.ripples.frequency.shape[1]

    def features(self, inputs: WarpedPoints) -> Tensor | None:
        """Return `(B, n, F)`, what the normal weights of trends and ripples multiply, or None."""
        found = []
        if self.trend is not None:
            found.append(self.trend.features(2.0 * inputs.u - 1.0, 2.0 * inputs.r))
        if self.ripples is not None:
            found.append(self.ripples.features(inputs.u))
        return torch.cat(found, dim=2) if found else None

    def mean(self, inputs: WarpedPoints) -> Tensor | None:
        """Return the mean function `(B, n)`, relative to the amplitude; None where it is zero."""
        return None if self.trend is None else self.trend.mean(2.0 * inputs.r)

    @cached_property
    def _groups(self) -> "_Groups | None":
        return None if self.additive is None else _group(self.additive)

    @cached_property
    def _second_groups(self) -> "_Groups | None":
        if self.additive is None or self.second is None:
            return None
        return _group(self.additive[self.second.rows])


def draw_structure(
    shares: Mapping[str, float], kernels: Tensor, source: Randomness
) -> Structure | None:
    """Draw the parts of a batch of functions, each part independently of the others.

    Args:
        shares: the probability of every one of `STRUCTURE_PARTS`; one of 0 draws no random number.
        kernels: indices into `KERNELS` that a second kernel may have, equally likely.
        source: randomness.

    Returns:
        None where no function has any part.
    """
    steps = draw_steps(source, shares["stepped"]) if shares["stepped"] else None
    bends = draw_bends(source, shares["bent"]) if shares["bent"] else None
    rotation = draw_rotation(source, shares["rotated"]) if shares["rotated"] else None
    additive = source.chance(shares["additive"]) if shares["additive"] else None
    if additive is not None and not bool(additive.any()):
        additive = None
    second = _draw_second(source, shares["sums"], kernels) if shares["sums"] else None
    total = torch.ones(source.batch, dtype=torch.float64, device=source.generator.device)
    trend = ripples = None
    if shares["trends"]:
        # Unscrambled Sobol points lie on the lower ends of cells: this moves them to the middle.
        cube = torch.quasirandom.SobolEngine(source.dim).draw(_POINTS, dtype=torch.float64)
        cube = (cube + 0.5 / _POINTS).to(total).expand(source.batch, -1, -1)
        seen = _inputs(cube, steps, bends, rotation)
        trend = draw_trend(source, shares["trends"], 2 * seen.u - 1, 2 * seen.r, rotation)
    if shares["ripples"]:
        ripples = draw_ripples(source, shares["ripples"])
    for part in (trend, ripples):
        total = total if part is None else total + part[1]
    structure = Structure(
        stationary=1.0 / total,
        second=second,
        trend=None if trend is None else trend[0].scaled(total.rsqrt()),
        ripples=None if ripples is None else ripples[0].scaled(total.rsqrt()),
        additive=additive,
        rotation=rotation,
        bends=bends,
        steps=steps,
    )
    parts = [getattr(structure, field.name) for field in fields(structure)]
    return None if all(part is None for part in parts[1:]) else structure


def _draw_second(source: Randomness, share: float, kernels: Tensor) -> Second | None:
    has = source.chance(share)
    kernel = kernels[source.integer(len(kernels))]
    ratio = source.log_uniform(*RATIO)
    second = Second(kernel, ratio, (1.0 - source.uniform(*FIRST)) * has)
    return second if bool(has.any()) else None


def _inputs(
    x: Tensor, steps: Steps | None, bends: Bends | None, rotation: Tensor | None
) -> WarpedPoints:
    u = x if steps is None else steps(x)
    u = u if bends is None else bends(u)
    r = u - 0.5
    return WarpedPoints(u, r if rotation is None else r @ rotation.transpose(1, 2))


@dataclass(frozen=True)
class _Groups:
    """Indices of joint and of additive functions, and what puts the two in a row in order."""

    joint: Tensor
    additive: Tensor
    order: Tensor


def _group(additive: Tensor) -> _Groups:
    joint, rest = (~additive).nonzero()[:, 0], additive.nonzero()[:, 0]
    return _Groups(joint, rest, torch.cat([joint, rest]).argsort())


def _correlation(kernel: Tensor, a: Tensor, b: Tensor, groups: _Groups | None) -> Tensor:
    """Return `stationary_correlation`; of additive functions, the one-dimensional ones' mean."""
    if groups is None:
        return stationary_correlation(kernel, a, b)
    joint, additive = groups.joint, groups.additive
    together = stationary_correlation(kernel[joint], a[joint], b[joint])
    # Only additive functions pay for D kernels.
    summed = additive_correlation(kernel[additive], a[additive], b[additive])
    return torch.cat([together, summed])[groups.order]
