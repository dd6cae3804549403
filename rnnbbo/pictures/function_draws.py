"""Functions drawn from what hypotheses believe: at any number of points, in user units.

Pathwise conditioning (Wilson et al. 2020, "Efficiently sampling functions from Gaussian process
posteriors", eq. 9): a function of the prior, made of random features, plus what the observations
add to it,

    f(x) = mean + p(x) + k(x, X) K^-1 (w - mean - p(X) - noise),

with p the prior's function. The letters are those of `rnnbbo.policies.kernel`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rnnbbo.pictures.surrogate import Modelled
from rnnbbo.policies.kernel import covariance
from rnnbbo.policies.kernel.hypotheses import Hypotheses

_FEATURES = 512  # random features of a prior's function
_MATERN = 5.0  # degrees of freedom of the spectrum of Matern-5/2: twice its 5/2

Drawn = Callable[[np.ndarray], np.ndarray]


def draw_function(rng: np.random.Generator, modelled: Modelled) -> Drawn:
    """Return a function drawn from the belief: of places (C, D) its values (C,), in user units."""
    view = modelled.view
    pick = np.array([rng.choice(len(view.weight), p=view.weight)])
    h, inverse = view.hypotheses.take(pick), view.inverse[pick[0]]
    amplitude = float(view.amplitude[pick[0], 0])
    prior = _draw_prior(rng, h, view.points.shape[1])
    nugget = h.nuggets(modelled.belief.out)[0]
    noise = np.sqrt(nugget) * rng.standard_normal(len(view.points))
    drawn = prior(view.points) + noise
    alpha = view.alpha[pick[0]] - amplitude * (inverse.T @ (inverse @ drawn))
    mean, log_warp = float(view.mean[pick[0], 0]), float(h.log_warp[0])

    def value(places: np.ndarray) -> np.ndarray:
        k = covariance.correlations(h, places - view.incumbent, view.points - view.incumbent)[0]
        if h.curved.any():
            k = k + covariance.trend_covariances(h, places, view.points)[0]
        return modelled.to_user(mean + amplitude * prior(places) + k @ alpha, log_warp)

    return value


def _draw_prior(rng: np.random.Generator, h: Hypotheses, dim: int) -> Drawn:
    """Return a function of the prior of one hypothesis, in units of the amplitude, of mean 0.

    Random features (Rahimi & Recht 2007): frequencies are drawn from the kernel's spectrum. That of
    Matern-5/2 is Student's t distribution of 5 degrees of freedom (Rasmussen & Williams 2006,
    section 4.2); the rational quadratic with alpha = 1 mixes squared exponentials, of precisions
    that are exponentially distributed (eq. 4.19).
    """
    lengthscale, share = np.exp(h.log_lengthscale[0]), float(h.share[0])
    frequency = rng.standard_normal((_FEATURES, dim))
    if not h.rbf[0]:
        frequency *= np.sqrt(_MATERN / rng.chisquare(_MATERN, (_FEATURES, 1)))
    frequency /= lengthscale
    phase = rng.random(_FEATURES) * (2.0 * math.pi)
    weight = rng.standard_normal(_FEATURES) * math.sqrt(2.0 * (1.0 - share) / _FEATURES)
    single, offset, along = _draw_single(rng, lengthscale, share, dim)
    slope = rng.standard_normal(2 * dim) * math.sqrt(float(h.bend[0]))

    def value(places: np.ndarray) -> np.ndarray:
        drawn: np.ndarray = np.cos(places @ frequency.T + phase) @ weight
        if share:
            for d in range(dim):
                drawn = drawn + np.cos(places[:, d, None] * single[d] + offset[d]) @ along[d]
        if h.curved[0]:
            drawn = drawn + covariance.trend_features(np, places) @ slope
        return drawn

    return value


def _draw_single(
    rng: np.random.Generator, lengthscale: np.ndarray, share: float, dim: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frequencies, phases and weights (D, F) of the additive part, F features each."""
    count = _FEATURES // 4
    precision = rng.standard_exponential((dim, count))
    frequency = np.sqrt(precision) * rng.standard_normal((dim, count))
    frequency *= math.sqrt(dim) / lengthscale[:, None]
    weight = rng.standard_normal((dim, count)) * math.sqrt(2.0 * share / (dim * count))
    return frequency, rng.random((dim, count)) * (2.0 * math.pi), weight
