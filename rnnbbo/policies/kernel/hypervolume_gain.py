"""How much hypervolume a value of several objectives is expected to add to a front.

Values Y_j of K objectives are independent, Gaussian in warped values. What Y adds is the measure of
what it dominates, within a reference point, and the front does not: its mean is the integral over
these t of prod_j P(Y_j < t_j) (Emmerich et al. 2006). Up to three objectives they are a sum of
boxes, in which the integral is a product; beyond, lines from the reference point stand for them,
each a Chebyshev scalarisation (Golovin & Zhang 2020). Everything is in logarithms: far from any
improvement the mean underflows, its logarithm does not (Ament et al. 2023).
"""

from typing import NamedTuple, Protocol, Self

import numpy as np

from rnnbbo.policies.gp.improvement import log_cdf_and_ratio, log_h
from rnnbbo.policies.kernel.hypotheses import unwarp, warp_at

MOST_BOXED = 3
"""Objectives up to which there are boxes."""
_LINES = 8  # from the reference point, of each hypothesis
_STEPS = np.linspace(0.0, 1.0, 13) ** 2  # of a line's way from the front
_BEYOND = 1.0  # how far it goes beyond the best of an objective, in widths of the front
_ROUNDING = (
    1e-12  # of the volume within the reference point: gains below are worked out by logarithms
)
_BLURRED = 1e-9  # of that volume: below, differences of integrals have few digits
_TINY = 1e-300
_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)

# From and to a rank of objective 1, up to one of objective 2, since a level of objective 3.
_Strip = tuple[int, int, int, int]


class GainSlopes(NamedTuple):
    """The log of the expected gain, and its slopes.

    Attributes:
        value: (C,) of C points.
        by_mean: (C, K) by the means of the objectives.
        by_deviation: (C, K) by their standard deviations.
    """

    value: np.ndarray
    by_mean: np.ndarray
    by_deviation: np.ndarray


class Target(Protocol):
    """What a value is to add to, by one hypothesis of each objective."""

    def log_gain(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain (C,) of predictions (C, K), in warped values."""

    def log_bound(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return at least that, in less time, and about that where it is not far from the best."""

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return it with its slopes."""


class Boxes(NamedTuple):
    """What a front does not dominate within a reference point, as boxes, for K <= 3.

    A box reaches, in objective j, from coordinate lower_j to upper_j; -1 is minus infinity.

    Attributes:
        w: K times (m + 1,) coordinates of the m values of the front, ascending, and of the
            reference point; warped.
        log_slope: likewise, the log of how much a value changes with a warped one on the way to
            each coordinate from the one before: 0, that is as much, on the way to the first.
        lower: (B, K) integers.
        upper: (B, K) integers.
    """

    w: tuple[np.ndarray, ...]
    log_slope: tuple[np.ndarray, ...]
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def of(cls, w: np.ndarray, reference: np.ndarray, log_warp: np.ndarray) -> Self:
        """Return the boxes of a front.

        Args:
            w: (m, K) its values, warped, all better than the reference point.
            reference: (K,) warped.
            log_warp: (K,) log c of each objective.
        """
        order = np.argsort(w, axis=0, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(len(w))[:, None], axis=0)
        coordinates = [np.append(np.sort(w[:, j]), reference[j]) for j in range(w.shape[1])]
        slopes = [_log_slopes(one, c) for one, c in zip(coordinates, log_warp, strict=True)]
        return cls(tuple(coordinates), tuple(slopes), *decompose(rank))

    def log_gain(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain; see `Target`."""
        near = self._near(mean, deviation)
        value = np.log(near.gain)
        if near.blurred.any():
            sides = self._log_sides(mean[near.blurred], deviation[near.blurred])
            value[near.blurred] = _log_sum(np.sum(sides, axis=0))
        return value

    def log_bound(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return at least the log of the expected gain, and no less than rounding makes of it."""
        near = self._near(mean, deviation)
        return np.log(near.gain + _ROUNDING * near.whole)

    def _near(self, mean: np.ndarray, deviation: np.ndarray) -> "_Near":
        """Return the expected gain as far as differences of integrals have digits."""
        dim = mean.shape[1]
        up_to = [self._up_to(j, mean[:, j], deviation[:, j]) for j in range(dim)]
        sides = [one[:, self.upper[:, j]] - one[:, self.lower[:, j]] for j, one in enumerate(up_to)]
        gain = np.prod(sides, axis=0).sum(axis=1)
        whole = np.prod([one[:, -2] for one in up_to], axis=0)
        blurred = gain < _BLURRED * whole + _TINY
        return _Near(sides, np.maximum(gain, _TINY), whole, blurred)

    def _up_to(self, j: int, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the integral of P(Y_j < t) up to each coordinate, and to minus infinity, last."""
        h = np.exp(log_h(np, (self.w[j] - mean[:, None]) / deviation[:, None]))
        h[:, 1:] = np.diff(h, axis=1) * np.exp(self.log_slope[j][1:])
        up_to = np.zeros((len(mean), h.shape[1] + 1))
        np.cumsum(h, axis=1, out=up_to[:, :-1])
        up_to *= deviation[:, None]
        return up_to

    def _log_sides(self, mean: np.ndarray, deviation: np.ndarray) -> list[np.ndarray]:
        """Return, for each objective, log integrals of P(Y_j < t_j) over boxes, (C, B)."""
        return [self._log_side(j, mean[:, j], deviation[:, j]) for j in range(mean.shape[1])]

    def _log_side(self, j: int, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        at = log_h(np, (self.w[j] - mean[:, None]) / deviation[:, None])
        # h grows with z: of the integral up to a coordinate, what is new since the one before.
        new = at.copy()
        new[:, 1:] = _log_difference(at[:, 1:], at[:, :-1])
        new += self.log_slope[j] + np.log(deviation)[:, None]
        up_to = np.logaddexp.accumulate(new, axis=1)
        none = np.full((len(mean), 1), -np.inf)  # -1 is minus infinity
        up_to = np.concatenate([up_to, none], axis=1)
        lower, upper = self.lower[:, j], self.upper[:, j]
        return _log_difference(up_to[:, upper], up_to[:, lower])

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return the log of the expected gain and its slopes; see `Target`."""
        near = self._near(mean, deviation)
        value = np.log(near.gain)
        by_mean, by_deviation = np.zeros_like(mean), np.zeros_like(mean)
        for j in range(mean.shape[1]):
            others = np.prod([one for i, one in enumerate(near.sides) if i != j], axis=0)
            share = (others / near.gain[:, None]) @ self._steps_within(j)
            share = share * np.exp(self.log_slope[j])
            z = (self.w[j] - mean[:, j, None]) / deviation[:, j, None]
            cdf, density = np.exp(log_cdf_and_ratio(np, z)[0]), np.exp(_log_density(z))
            # A step's integral changes by -(Phi - Phi before), and by phi - phi before with s.
            by_mean[:, j] = -np.vecdot(share, np.diff(cdf, axis=1, prepend=0.0))
            by_deviation[:, j] = np.vecdot(share, np.diff(density, axis=1, prepend=0.0))
        far = near.blurred
        if far.any():
            value[far], by_mean[far], by_deviation[far] = self._climbed_far(
                mean[far], deviation[far]
            )
        return GainSlopes(value, by_mean, by_deviation)

    def _steps_within(self, j: int) -> np.ndarray:
        """Return 1 where a box holds the step to a coordinate from the one before, (B, m + 1)."""
        step = np.arange(len(self.w[j]))
        within = (self.lower[:, j, None] < step) & (step <= self.upper[:, j, None])
        return within.astype(np.float64)

    def _climbed_far(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return the same where it is so small that differences of integrals have no digits."""
        count, dim = mean.shape
        sides = self._log_sides(mean, deviation)
        total = np.sum(sides, axis=0)
        value = _log_sum(total)
        share = np.exp(total - value[:, None])  # of each box, (C, B)
        by_mean, by_deviation = np.zeros((count, dim)), np.zeros((count, dim))
        for j in range(dim):
            z = (self.w[j] - mean[:, j, None]) / deviation[:, j, None]
            base = self.log_slope[j] - sides[j][:, :, None]
            share_within = share[:, :, None] * self._steps_within(j)
            by_mean[:, j] = -_steps(share_within, base, log_cdf_and_ratio(np, z)[0])
            by_deviation[:, j] = _steps(share_within, base, _log_density(z))
        return GainSlopes(value, by_mean, by_deviation)


class _Near(NamedTuple):
    """The expected gain from differences of integrals.

    Attributes:
        sides: K times (C, B) the integral of P(Y_j < t_j) over each box.
        gain: (C,) the sum of their products.
        whole: (C,) what it would be without a front.
        blurred: (C,) where it is so small that differences have few digits.
    """

    sides: list[np.ndarray]
    gain: np.ndarray
    whole: np.ndarray
    blurred: np.ndarray


def _log_density(z: np.ndarray) -> np.ndarray:
    return -0.5 * z * z - _LOG_SQRT_2PI


def _steps(weight: np.ndarray, base: np.ndarray, log_f: np.ndarray) -> np.ndarray:
    """Return the sum of weight exp(base) (f - f before), (C,); arrays (C, B, n), log_f (C, n)."""
    with np.errstate(over="ignore", invalid="ignore"):
        here = np.exp(base + log_f[:, None, :])
        before = np.exp(base[:, :, 1:] + log_f[:, None, :-1])
        here[:, :, 1:] -= before
        terms = np.where(weight > 0.0, weight * here, 0.0)
    return np.where(np.isfinite(terms), terms, 0.0).sum(axis=(1, 2))


def _log_slopes(w: np.ndarray, log_warp: float) -> np.ndarray:
    """Return `Boxes.log_slope` of coordinates (n,)."""
    apart = np.diff(w)
    values = np.diff(unwarp(w, log_warp))
    slopes = np.ones(len(w))
    slopes[1:] = np.where(apart > 0.0, values, 0.0) / np.where(apart > 0.0, apart, 1.0)
    with np.errstate(divide="ignore"):
        return np.log(slopes)


def _log_difference(more: np.ndarray, less: np.ndarray) -> np.ndarray:
    """Return log(exp(more) - exp(less)); minus infinity where they are the same."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = more + np.log(-np.expm1(np.minimum(less - more, 0.0)))
    return np.where(np.isneginf(more), -np.inf, found)


def _log_sum(values: np.ndarray) -> np.ndarray:
    """Return the log of the sum of exponentials (C,) of values (C, B)."""
    largest = np.maximum(values.max(axis=1), -np.finfo(np.float64).max)
    return largest + np.log(np.exp(values - largest[:, None]).sum(axis=1))


def decompose(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes of what a front of m values does not dominate, lower and upper (B, K).

    Coordinates are ranks from 0, m that of the reference point and -1 minus infinity. A sweep along
    the last objective; with two objectives there is but one level (Yang et al. 2019, section 3.2).

    Args:
        rank: (m, K) of each value among the front's values of each objective, K 2 or 3.
    """
    m, dim = rank.shape
    level = np.argsort(rank[:, 2]) if dim == 3 else np.arange(m)
    strips: list[_Strip] = [(-1, m, m, -1)]
    boxes = []
    for index in level:
        first, second = int(rank[index, 0]), int(rank[index, 1])
        now = int(rank[index, 2]) if dim == 3 else -1
        kept: list[_Strip] = []
        cut: list[_Strip] = []
        for strip in strips:
            (cut if strip[1] > first and strip[2] > second else kept).append(strip)
        for begin, end, height, since in cut:
            if since < now:
                boxes.append((begin, end, height, since, now))
            if begin < first:
                kept.append((begin, first, height, now))
        if cut:
            kept.append((first, max(end for _, end, _, _ in cut), second, now))
        strips = kept
    boxes += [(begin, end, height, since, m) for begin, end, height, since in strips]
    table = np.array(sorted(boxes))
    lower = np.column_stack([table[:, 0], np.full(len(table), -1), table[:, 3]])
    upper = np.column_stack([table[:, 1], table[:, 2], table[:, 4]])
    return lower[:, :dim], upper[:, :dim]


class Lines(NamedTuple):
    """Lines from the reference point towards better values, for any number of objectives.

    Attributes:
        w: (L, K) warped coordinates of L points on lines that the front does not dominate.
        log_weight: (L,) how much of the volume each stands for.
    """

    w: np.ndarray
    log_weight: np.ndarray

    @classmethod
    def of(
        cls,
        rng: np.random.Generator,
        w: np.ndarray,
        reference: np.ndarray,
        log_warp: np.ndarray,
    ) -> Self:
        """Draw lines; arguments as for `Boxes.of`."""
        dim = len(reference)
        values = np.column_stack([unwarp(w[:, j], log_warp[j]) for j in range(dim)])
        corner = np.array([unwarp(reference[j], log_warp[j]) for j in range(dim)])
        width = corner - (values.min(axis=0) if len(values) else corner - 1.0)
        ways = np.abs(rng.standard_normal((_LINES, dim))) * width
        ways /= np.sqrt(np.square(ways / width).sum(axis=1, keepdims=True))
        begin = np.zeros(_LINES)
        if len(values):
            begin = ((corner - values)[:, None] / ways).min(axis=2).max(axis=0)
        end = np.maximum(((1.0 + _BEYOND) * width / ways).min(axis=1), 2.0 * begin)
        along = begin[:, None] + (end - begin)[:, None] * _STEPS
        # A line's part of the volume is the integral of t^(K - 1), by the rule of trapezoids.
        step = np.diff(along, axis=1)
        weight = np.pad(step, ((0, 0), (0, 1))) + np.pad(step, ((0, 0), (1, 0)))
        weight = weight * (along + 1e-9 * end[:, None]) ** (dim - 1)
        points = corner - along[:, :, None] * ways[:, None, :]
        warped = [warp_at(points[..., j], log_warp[j]).ravel() for j in range(dim)]
        return cls(np.column_stack(warped), np.log(weight).ravel())

    def log_gain(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain; see `Target`."""
        total = np.tile(self.log_weight, (len(mean), 1))
        for j in range(mean.shape[1]):
            total += log_cdf_and_ratio(np, self._z(j, mean, deviation))[0]
        return _log_sum(total)

    def log_bound(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the same; see `Target`."""
        return self.log_gain(mean, deviation)

    def _z(self, j: int, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        return (self.w[:, j] - mean[:, j, None]) / deviation[:, j, None]

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return the log of the expected gain and its slopes; see `Target`."""
        zs = [self._z(j, mean, deviation) for j in range(mean.shape[1])]
        parts = [log_cdf_and_ratio(np, z) for z in zs]
        total = self.log_weight + np.sum([log_cdf for log_cdf, _ in parts], axis=0)
        value = _log_sum(total)
        share = np.exp(total - value[:, None])
        slopes = [(share * ratio).sum(axis=1) for _, ratio in parts]
        bends = [(share * ratio * z).sum(axis=1) for (_, ratio), z in zip(parts, zs, strict=True)]
        return GainSlopes(
            value, -np.column_stack(slopes) / deviation, -np.column_stack(bends) / deviation
        )
