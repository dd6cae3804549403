"""Quadratic trends: a kernel of polynomials that a hypothesis may add to its stationary one.

A bowl, a valley or a slope along the axes is then known everywhere from a few values, and the
stationary kernel has what is left to explain. With a = (2 x - 1) / sqrt(D), so that |a| <= 1 on the
unit cube, and features phi(x) = [a, sqrt(D) a^2], the covariance is tau^2 phi(x) . phi(x'): that of
a Bayesian linear regression (Rasmussen & Williams 2006, eq. 2.12), here with no product of
coordinates, so that 2 D values suffice.
"""

import math
from typing import NamedTuple

from rnnbbo.policies.ops import Array, Namespace, swap_last


class Trend(NamedTuple):
    """The trends of hypotheses `(...)` at the points that are conditioned on.

    Attributes:
        features: (m, 2 D) `lift` of the points.
        bend: (..., 1, 1) tau^2; 0 for a hypothesis without a trend.
    """

    features: Array
    bend: Array


def lift(xp: Namespace, points: Array) -> Array:
    """Features phi (..., n, 2 D) of points of the unit cube (..., n, D)."""
    root = math.sqrt(points.shape[-1])
    a = (2.0 * points - 1.0) * (1.0 / root)
    return xp.concat([a, root * a * a], axis=-1)


def products(xp: Namespace, keys: Array, rows: Array) -> Array:
    """phi . phi' (..., C, m) of lifted points: the covariance where tau is 1."""
    return xp.matmul(keys, swap_last(xp, rows))


def squares(xp: Namespace, keys: Array) -> Array:
    """|phi|^2 (..., C) of lifted points: the variance where tau is 1."""
    return xp.vecdot(keys, keys)


def pull(xp: Namespace, trend: Trend, keys: Array, weight: Array, own: Array) -> Array:
    """Gradient (..., C, D) of sum_i weight_i k(x, x_i) + own k(x, x) for the trend's k.

    Args:
        xp: array namespace.
        trend: the trends.
        keys: (..., C, 2 D) lifted x.
        weight: (..., C, m).
        own: (..., C).
    """
    dim = keys.shape[-1] // 2
    root = math.sqrt(dim)
    along = trend.bend * (xp.matmul(weight, trend.features) + (2.0 * own)[..., None] * keys)
    # d phi / d a = [1, 2 sqrt(D) a], and da / dx = 2 / sqrt(D).
    return (2.0 / root) * along[..., :dim] + 4.0 * keys[..., :dim] * along[..., dim:]
