"""The probability that everything that has to be at most 0 is, and its gradient.

Of each quantity there is a view of its own; quantities are independent (Gardner et al. 2014,
section 3.2), and logarithms are averaged over a view's hypotheses, as those of expected improvement
are.
"""

from typing import NamedTuple

import numpy as np

from rnnbbo.policies.gp.improvement import log_cdf_and_ratio
from rnnbbo.policies.kernel import posterior
from rnnbbo.policies.kernel.posterior import Posterior
from rnnbbo.policies.kernel.view import View
from rnnbbo.policies.ops import Array, Namespace

_AVERSION = 2.0  # power of the probability that an evaluation does not fail: that teaches no value


class Feasibility(NamedTuple):
    """How probable it is that points are feasible, and do not fail.

    Attributes:
        constraints: views, one a constraint, of hypotheses without `noise`.
        crashes: likewise of the label of a failure; None where none is known.
    """

    constraints: tuple[View, ...]
    crashes: View | None = None

    def log_chance(self, points: np.ndarray, aversion: float = _AVERSION) -> np.ndarray:
        """Return the log probability (C,) of points (C, D), averaged over hypotheses.

        Args:
            points: the points.
            aversion: power of the probability that an evaluation does not fail.
        """
        total = np.zeros(len(points))
        for view in self.constraints:
            total += _log_chance(view, points)
        if self.crashes is not None:
            total += aversion * _log_chance(self.crashes, points)
        return total

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `log_chance` (S,) of points (S, D) and its gradient (S, D)."""
        total, slope = np.zeros(len(points)), np.zeros_like(points)
        for view in self.constraints:
            value, gradient = _climbed(view, points)
            total += value
            slope += gradient
        if self.crashes is None:
            return total, slope
        value, gradient = _climbed(self.crashes, points)
        return total + _AVERSION * value, slope + _AVERSION * gradient


def _log_chance(view: View, points: np.ndarray) -> np.ndarray:
    predictor = view.compiled
    if predictor is not None:
        return predictor.log_chance(points)
    mean, deviation = view.predict(points)
    chance: np.ndarray = view.weight @ log_cdf_and_ratio(np, -mean / deviation)[0]
    return chance


def _climbed(view: View, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predictor = view.compiled
    if predictor is not None:
        return predictor.log_chance_climbed(points)
    value, gradient = log_chance_and_gradient(
        np, view.posterior, view.lengthscales, points - view.incumbent, view.features(points)
    )
    return view.average(value), view.average(gradient)


def log_chance_and_gradient(
    xp: Namespace,
    p: Posterior,
    lengthscales: Array,
    points: Array,
    features: Array | None = None,
) -> tuple[Array, Array]:
    """Return log Phi(-mean / s) (..., C) and its gradient (..., C, D).

    Args:
        xp: array namespace.
        p: hypotheses (...), without `noise`: s is the deviation of the quantity itself.
        lengthscales: (..., 1, D).
        points: (..., C, D) or a shape that broadcasts to it; not scaled, from the same origin as
            the rows.
        features: (C, 2 D) `trend_features` of the points, where there are trends.
    """
    keys = points / lengthscales
    mean, deviation, slopes = posterior.predict_with_slopes(xp, p, keys, features)
    z = -mean / deviation
    value, ratio = log_cdf_and_ratio(xp, z)
    d_mean = -ratio / deviation
    d_variance = -0.5 * ratio * z / (deviation * deviation)
    gradient = posterior.gradient_by(
        xp, p, lengthscales, keys, features, slopes, d_mean, d_variance
    )
    return value, gradient
