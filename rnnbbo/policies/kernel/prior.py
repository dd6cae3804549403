"""What hypotheses are like before any value is known."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from rnnbbo.core.belief import PriorNumbers
from rnnbbo.policies.kernel.hypotheses import LOUD, Hypotheses


class Prior(NamedTuple):
    """Hyper-parameters of the distribution that hypotheses are drawn from.

    Lengths are those of the unit cube; spreads are standard deviations of logarithms.

    Attributes:
        lengthscale: log of the median length-scale in one dimension.
        growth: it grows with this power of the dimension.
        common_spread: of all length-scales of a hypothesis together.
        own_spread: of each of them for itself.
        rbf: probability of the squared-exponential kernel, else Matern-5/2.
        noisy: probability of noise.
        noise: log of its median standard deviation, in units of the amplitude.
        noise_spread: its spread.
        warp: log of the median c of `hypotheses.warp`, in standard deviations of the values.
        warp_spread: its spread.
        least_warp: log of the least c.
        curved: probability of a quadratic trend (`covariance`).
        trend: log of its median standard deviation, in units of the amplitude.
        trend_spread: its spread.
        separable: probability of an additive kernel (`covariance`) in three dimensions and more; in
            two there is little to win by one.
        glitchy: probability that outliers (`rnnbbo.policies.outliers`) say nothing of their places;
            else they are signs of bad ones.
        glitch: minus the log density of such an outlier, in the unit of the warped values.
    """

    lengthscale: float = math.log(0.225)
    growth: float = 0.5
    common_spread: float = 0.7
    own_spread: float = 0.3
    rbf: float = 0.5
    noisy: float = 0.2
    noise: float = math.log(0.1)
    noise_spread: float = 1.0
    warp: float = math.log(3.0)
    warp_spread: float = 2.0
    least_warp: float = -math.inf
    curved: float = 0.3
    trend: float = 0.0
    trend_spread: float = 1.0
    separable: float = 0.1
    glitchy: float = 0.5
    glitch: float = 2.0

    def centre(self, dim: int) -> float:
        """Return the mean of the log length-scales in `dim` dimensions."""
        return self.lengthscale + self.growth * math.log(dim)

    def additive(self, dim: int) -> float:
        """Return the probability of an additive kernel in `dim` dimensions."""
        return self.separable if dim > 2 else 0.0


DEFAULT_PRIOR = Prior()
"""Set by hand, and kept: docs/experiments.md has what was tried in its place."""


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0.0 else -math.inf


@cache
def numbers(prior: Prior, dim: int) -> PriorNumbers:
    """Return the prior in `dim` dimensions as the compiled functions take it."""
    switches = (prior.rbf, prior.noisy, prior.curved, prior.additive(dim), prior.glitchy)
    return PriorNumbers(
        prior.centre(dim),
        prior.common_spread**2,
        prior.own_spread**2,
        prior.noise,
        prior.noise_spread,
        prior.warp,
        prior.warp_spread,
        prior.least_warp,
        prior.trend,
        prior.trend_spread,
        tuple(_log(one) for one in switches),
        tuple(_log(1.0 - one) for one in switches),
        0.5 * math.log(LOUD) - prior.glitch,
    )


def draw_hypotheses(rng: np.random.Generator, prior: Prior, count: int, dim: int) -> Hypotheses:
    """Draw hypotheses."""
    normal = rng.standard_normal((count, dim + 4))
    u = rng.random((5, count))
    return Hypotheses(
        prior.centre(dim)
        + prior.common_spread * normal[:, -1:]
        + prior.own_spread * normal[:, :dim],
        (u[0] < prior.rbf).astype(float),
        (u[1] < prior.noisy).astype(float),
        prior.noise + prior.noise_spread * normal[:, -2],
        np.maximum(prior.warp + prior.warp_spread * normal[:, -3], prior.least_warp),
        (u[2] < prior.curved).astype(float),
        prior.trend + prior.trend_spread * normal[:, -4],
        (u[3] < prior.additive(dim)).astype(float),
        (u[4] < prior.glitchy).astype(float),
    )


def glitches_log_density(prior: Prior, h: Hypotheses, outliers: int) -> np.ndarray:
    """Return what is to be added for so many outliers, (N,), where they say nothing.

    Their density in the evidence is that of their variance, and should be that of any outlier.
    """
    return h.glitchy * (outliers * (0.5 * math.log(LOUD) - prior.glitch))


def prior_log_density(prior: Prior, h: Hypotheses) -> np.ndarray:
    """Return the log density (N,) of `draw_hypotheses`, up to a constant."""
    dim = h.log_lengthscale.shape[1]
    z = h.log_lengthscale - prior.centre(dim)
    # The covariance is OWN^2 I + COMMON^2 1 1^T: Sherman and Morrison invert it.
    own, common = prior.own_spread**2, prior.common_spread**2
    total = z.sum(axis=1)
    quadratic = (np.square(z).sum(axis=1) - common / (own + dim * common) * total**2) / own
    for value, centre, spread in (
        (h.log_noise, prior.noise, prior.noise_spread),
        (h.log_warp, prior.warp, prior.warp_spread),
        (h.log_trend, prior.trend, prior.trend_spread),
    ):
        quadratic = quadratic + np.square((value - centre) / spread)
    density = np.where(h.log_warp < prior.least_warp, -math.inf, -0.5 * quadratic)
    for flag, probability in (
        (h.rbf, prior.rbf),
        (h.noisy, prior.noisy),
        (h.curved, prior.curved),
        (h.separable, prior.additive(dim)),
        (h.glitchy, prior.glitchy),
    ):
        density += np.where(flag > 0, _log(probability), _log(1.0 - probability))
    return density
