"""Lines from the reference point, along which hypervolume is gained, for any number of objectives.

A line is a Chebyshev scalarisation: how far along it a value dominates is the least, over the
objectives, of its distance from the reference point in units of the line's way. Hypervolume is the
mean, over lines in all directions, of that length to the power of K (Golovin & Zhang 2020).
"""

from typing import NamedTuple, Self

import numpy as np

from rnnbbo.policies.gp.improvement import log_cdf_and_ratio
from rnnbbo.policies.kernel.hypervolume_gain import GainSlopes, log_sum
from rnnbbo.policies.kernel.hypotheses import unwarp, warp_at

_LINES = 8  # from the reference point, of each hypothesis
_STEPS = np.linspace(0.0, 1.0, 13) ** 2  # of a line's way from the front
_BEYOND = 1.0  # how far it goes beyond the best of an objective, in widths of the front


class Lines(NamedTuple):
    """Lines from the reference point towards better values, for any number of objectives.

    Attributes:
        w: (H, L, K) warped coordinates of L points on lines that the front does not dominate.
        log_weight: (H, L) how much of the volume each stands for.
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
        """Draw lines, others for each hypothesis; arguments as for `Boxes.of`."""
        drawn = [_lines(rng, *one) for one in zip(w, reference, log_warp, strict=True)]
        return cls(np.stack([points for points, _ in drawn]), np.stack([one for _, one in drawn]))

    def log_gain(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain; see `Target`."""
        total = np.zeros((*mean.shape[:2], self.w.shape[1])) + self.log_weight[:, None]
        for j in range(mean.shape[-1]):
            total += log_cdf_and_ratio(np, self._z(j, mean, deviation))[0]
        return log_sum(total)

    def log_bound(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the same; see `Target`."""
        return self.log_gain(mean, deviation)

    def _z(self, j: int, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        z: np.ndarray = (self.w[:, None, :, j] - mean[..., j, None]) / deviation[..., j, None]
        return z

    def climbed(self, mean: np.ndarray, deviation: np.ndarray) -> GainSlopes:
        """Return the log of the expected gain and its slopes; see `Target`."""
        zs = [self._z(j, mean, deviation) for j in range(mean.shape[-1])]
        parts = [log_cdf_and_ratio(np, z) for z in zs]
        total = self.log_weight[:, None] + np.sum([log_cdf for log_cdf, _ in parts], axis=0)
        value = log_sum(total)
        share = np.exp(total - value[..., None])
        slopes = [(share * ratio).sum(axis=-1) for _, ratio in parts]
        bends = [(share * ratio * z).sum(axis=-1) for (_, ratio), z in zip(parts, zs, strict=True)]
        return GainSlopes(
            value, -np.stack(slopes, axis=-1) / deviation, -np.stack(bends, axis=-1) / deviation
        )


def _lines(
    rng: np.random.Generator, w: np.ndarray, reference: np.ndarray, log_warp: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return points (L, K) and log weights (L,) by one hypothesis, of a front w (m, K)."""
    dim = len(reference)
    values, corner = unwarp(w, log_warp), unwarp(reference, log_warp)
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
    return warp_at(points, log_warp).reshape(-1, dim), np.log(weight).ravel()
