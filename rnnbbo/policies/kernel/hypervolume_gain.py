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
from rnnbbo.policies.kernel.decomposition import decompose, ranks_of
from rnnbbo.policies.kernel.hypotheses import unwarp

MOST_BOXED = 3
"""Objectives up to which there are boxes."""
_ROUNDING = 1e-12  # of the volume within the reference point: what rounding makes of a gain
_BLURRED = 1e-9  # of that volume: below, differences of integrals have few digits
_TINY = 1e-300
_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)


class GainSlopes(NamedTuple):
    """The log of the expected gain, and its slopes.

    Attributes:
        value: (H, C) of C points.
        by_mean: (H, C, K) by the means of the objectives.
        by_deviation: (H, C, K) by their standard deviations.
    """

    value: np.ndarray
    by_mean: np.ndarray
    by_deviation: np.ndarray


class Target(Protocol):
    """What a value is to add to, by H hypotheses of each objective."""

    def log_gain(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain (H, C) of predictions (H, C, K), warped values."""

    def log_bound(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return at least that, in less time, and about that where it is not far from the best."""

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return it with its slopes."""


class Boxes(NamedTuple):
    """What a front does not dominate within a reference point, as boxes, for K <= 3.

    A box reaches, in objective j, from coordinate lower_j to upper_j; -1 is minus infinity. It is
    the same values that are on the front by all H hypotheses, in the same order; where they lie
    depends on the warp.

    Attributes:
        w: K times (H, m + 1) coordinates of the m values of the front, ascending, and of the
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
            w: (H, m, K) its values, warped, all better than the reference point.
            reference: (H, K) warped.
            log_warp: (H, K) log c of each objective.
        """
        rising = np.sort(w, axis=1)
        coordinates = [
            np.column_stack([rising[:, :, j], reference[:, j]]) for j in range(w.shape[2])
        ]
        slopes = [_log_slopes(one, log_warp[:, j]) for j, one in enumerate(coordinates)]
        return cls(tuple(coordinates), tuple(slopes), *decompose(ranks_of(w[0])))

    def log_gain(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain; see `Target`."""
        near = self._near(mean, deviation)
        value = np.log(near.gain)
        for h, far in enumerate(near.blurred):
            if far.any():
                sides = self._one(h)._log_sides(mean[h, far], deviation[h, far])
                value[h, far] = log_sum(np.sum(sides, axis=0))
        return value

    def log_bound(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return at least the log of the expected gain, and no less than rounding makes of it."""
        near = self._near(mean, deviation)
        return np.log(near.gain + _ROUNDING * near.whole)

    def _one(self, h: int) -> "_OneOf":
        return _OneOf(tuple(w[h] for w in self.w), tuple(one[h] for one in self.log_slope), self)

    def _near(self, mean: np.ndarray, deviation: np.ndarray) -> "_Near":
        """Return the expected gain as far as differences of integrals have digits."""
        dim = mean.shape[-1]
        up_to = [self._up_to(j, mean[..., j], deviation[..., j]) for j in range(dim)]
        sides = [
            one[..., self.upper[:, j]] - one[..., self.lower[:, j]] for j, one in enumerate(up_to)
        ]
        gain = np.prod(sides, axis=0).sum(axis=-1)
        whole = np.prod([one[..., -2] for one in up_to], axis=0)
        blurred = gain < _BLURRED * whole + _TINY
        return _Near(sides, np.maximum(gain, _TINY), whole, blurred)

    def _up_to(self, j: int, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the integral of P(Y_j < t) up to each coordinate, and to minus infinity, last."""
        h = np.exp(log_h(np, (self.w[j][:, None] - mean[..., None]) / deviation[..., None]))
        h[..., 1:] = np.diff(h, axis=-1) * np.exp(self.log_slope[j][:, None, 1:])
        up_to = np.zeros((*mean.shape, h.shape[-1] + 1))
        np.cumsum(h, axis=-1, out=up_to[..., :-1])
        up_to *= deviation[..., None]
        return up_to

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return the log of the expected gain and its slopes; see `Target`."""
        near = self._near(mean, deviation)
        value = np.log(near.gain)
        by_mean, by_deviation = np.zeros_like(mean), np.zeros_like(mean)
        for j in range(mean.shape[-1]):
            others = np.prod([one for i, one in enumerate(near.sides) if i != j], axis=0)
            share = (others / near.gain[..., None]) @ self.steps_within(j)
            share = share * np.exp(self.log_slope[j][:, None])
            z = (self.w[j][:, None] - mean[..., j, None]) / deviation[..., j, None]
            cdf, density = np.exp(log_cdf_and_ratio(np, z)[0]), np.exp(_log_density(z))
            # A step's integral changes by -(Phi - Phi before), and by phi - phi before with s.
            by_mean[..., j] = -np.vecdot(share, np.diff(cdf, axis=-1, prepend=0.0))
            by_deviation[..., j] = np.vecdot(share, np.diff(density, axis=-1, prepend=0.0))
        for h, far in enumerate(near.blurred):
            if far.any():
                value[h, far], by_mean[h, far], by_deviation[h, far] = self._one(h).climbed(
                    mean[h, far], deviation[h, far]
                )
        return GainSlopes(value, by_mean, by_deviation)

    def steps_within(self, j: int) -> np.ndarray:
        """Return 1 where a box holds the step to a coordinate from the one before, (B, m + 1)."""
        step = np.arange(self.w[j].shape[1])
        within = (self.lower[:, j, None] < step) & (step <= self.upper[:, j, None])
        return within.astype(np.float64)


class _OneOf(NamedTuple):
    """Boxes by one hypothesis, where a gain is so small that differences have no digits.

    Attributes:
        w: K times (m + 1,); see `Boxes`.
        log_slope: likewise.
        boxes: of all.
    """

    w: tuple[np.ndarray, ...]
    log_slope: tuple[np.ndarray, ...]
    boxes: Boxes

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
        lower, upper = self.boxes.lower[:, j], self.boxes.upper[:, j]
        return _log_difference(up_to[:, upper], up_to[:, lower])

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return the log of the expected gain (C,) of predictions (C, K), and its slopes."""
        count, dim = mean.shape
        sides = self._log_sides(mean, deviation)
        total = np.sum(sides, axis=0)
        value = log_sum(total)
        share = np.exp(total - value[:, None])  # of each box, (C, B)
        by_mean, by_deviation = np.zeros((count, dim)), np.zeros((count, dim))
        for j in range(dim):
            z = (self.w[j] - mean[:, j, None]) / deviation[:, j, None]
            base = self.log_slope[j] - sides[j][:, :, None]
            share_within = share[:, :, None] * self.boxes.steps_within(j)
            by_mean[:, j] = -_steps(share_within, base, log_cdf_and_ratio(np, z)[0])
            by_deviation[:, j] = _steps(share_within, base, _log_density(z))
        return GainSlopes(value, by_mean, by_deviation)


class _Near(NamedTuple):
    """The expected gain from differences of integrals.

    Attributes:
        sides: K times (H, C, B) the integral of P(Y_j < t_j) over each box.
        gain: (H, C) the sum of their products.
        whole: (H, C) what it would be without a front.
        blurred: (H, C) where it is so small that differences have few digits.
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


def _log_slopes(w: np.ndarray, log_warp: np.ndarray) -> np.ndarray:
    """Return `Boxes.log_slope` of coordinates (H, n), of log c (H,)."""
    apart = np.diff(w)
    values = np.diff(unwarp(w, log_warp[:, None]))
    slopes = np.ones_like(w)
    slopes[:, 1:] = np.where(apart > 0.0, values, 0.0) / np.where(apart > 0.0, apart, 1.0)
    with np.errstate(divide="ignore"):
        return np.log(slopes)


def _log_difference(more: np.ndarray, less: np.ndarray) -> np.ndarray:
    """Return log(exp(more) - exp(less)); minus infinity where they are the same."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = more + np.log(-np.expm1(np.minimum(less - more, 0.0)))
    return np.where(np.isneginf(more), -np.inf, found)


def log_sum(values: np.ndarray) -> np.ndarray:
    """Return the log of the sum of exponentials (...) of values (..., B)."""
    largest = np.maximum(values.max(axis=-1), -np.finfo(np.float64).max)
    total: np.ndarray = largest + np.log(np.exp(values - largest[..., None]).sum(axis=-1))
    return total
