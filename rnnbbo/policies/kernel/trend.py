"""Quadratic trends: a kernel of polynomials that a hypothesis may add to its stationary one.

A bowl, a valley or a slope is then known everywhere from a few values, and the stationary kernel
has what is left to explain. With a = (2 x - 1) / sqrt(D), so that |a| <= 1 on the unit cube, and
s = a . a', the covariance is tau^2 (s + p), a dot-product kernel (Rasmussen & Williams 2006,
section 4.2.2), where

    p = s^2                        with products of coordinates: any rotation of the axes alike
    p = D sum_d a_d^2 a'_d^2       without: every coordinate for itself, fewer values suffice
"""

import math
from typing import NamedTuple

from rnnbbo.policies.ops import Array, Namespace, swap_last


class Trend(NamedTuple):
    """The trends of hypotheses `(...)` at the points that are conditioned on.

    Attributes:
        features: (m, 2 D) `lift` of the points.
        bend: (..., 1, 1) tau^2; 0 for a hypothesis without a trend.
        rotated: (..., 1, 1) 1 with products of coordinates, 0 without.
    """

    features: Array
    bend: Array
    rotated: Array


def lift(xp: Namespace, points: Array) -> Array:
    """Points of the unit cube (..., n, D) as (..., n, 2 D): [a, sqrt(D) a^2]."""
    root = math.sqrt(points.shape[-1])
    a = (2.0 * points - 1.0) * (1.0 / root)
    return xp.concat([a, root * a * a], axis=-1)


def products(xp: Namespace, keys: Array, rows: Array) -> tuple[Array, Array]:
    """s, and p without products of coordinates, (..., C, m) each, of lifted points."""
    dim = keys.shape[-1] // 2
    return (
        xp.matmul(keys[..., :dim], swap_last(xp, rows[..., :dim])),
        xp.matmul(keys[..., dim:], swap_last(xp, rows[..., dim:])),
    )


def squares(xp: Namespace, keys: Array) -> tuple[Array, Array]:
    """`products` (..., C) of lifted points with themselves."""
    dim = keys.shape[-1] // 2
    a, square = keys[..., :dim], keys[..., dim:]
    return xp.vecdot(a, a), xp.vecdot(square, square)


def combine(bend: Array | float, rotated: Array | float, s: Array, p: Array) -> Array:
    """The covariance of `products` or `squares`. Numbers in place of arrays take less time."""
    if isinstance(rotated, float):
        return bend * (s + (s * s if rotated else p))
    return bend * (s + p + rotated * (s * s - p))


def covariance(xp: Namespace, bend: Array, rotated: Array, keys: Array, rows: Array) -> Array:
    """(..., C, m) between lifted points (C, 2 D) and (m, 2 D)."""
    return combine(bend, rotated, *products(xp, keys, rows))


def pull(xp: Namespace, trend: Trend, keys: Array, s: Array, weight: Array, own: Array) -> Array:
    """Gradient (..., C, D) of sum_i weight_i k(x, x_i) + own k(x, x) for the trend's k.

    Args:
        xp: array namespace.
        trend: the trends.
        keys: (..., C, 2 D) lifted x.
        s: (..., C, m) from `products`.
        weight: (..., C, m).
        own: (..., C).
    """
    dim = keys.shape[-1] // 2
    root = math.sqrt(dim)
    a, square = keys[..., :dim], keys[..., dim:]
    weight = trend.bend * weight
    straight = 1.0 - trend.rotated
    linear = xp.matmul(weight + (2.0 * trend.rotated) * (weight * s), trend.features[:, :dim])
    bent = xp.matmul(straight * weight, trend.features[:, dim:])
    norm = xp.vecdot(a, a)[..., None]
    # Of k(x, x): |a|^2 + |a|^4 or |a|^2 + D sum_d a_d^4.
    mine = 2.0 + (4.0 * trend.rotated) * norm + (4.0 * root) * straight * square
    gradient = linear + a * ((2.0 * root) * bent + trend.bend * own[..., None] * mine)
    return gradient * (2.0 / root)
