"""Additive kernels: by a hypothesis of this kind, coordinates act mostly on their own.

A sum of functions of one coordinate each is known from far fewer values than any other function: a
value tells of whole slices of the cube (Duvenaud et al. 2011, first order; Kandasamy et al. 2015).
Tables and scores of tuned models are often nearly that. With k_s the stationary kernel,

    k(x, x') = (1 - SHARE) k_s(x, x') + SHARE / D sum_d k_1(sqrt(D) |x_d - x'_d| / l_d):

the rest of k_s explains what coordinates do together. Length-scales are those of D dimensions,
which grow as sqrt(D); hence the root. k_1(r) = 1 / (1 + r^2 / 2) is the rational quadratic kernel
with alpha = 1 (Rasmussen & Williams 2006, eq. 4.19): smooth, of many scales, and
without an exponential, of which there would be D times as many as in k_s.
"""

import math
from typing import NamedTuple

from rnnbbo.policies.ops import Array, Namespace, swap_last

SHARE = 0.75


class Additive(NamedTuple):
    """The additive part of hypotheses `(...)` at the points that are conditioned on.

    Attributes:
        rows: (..., m, D) the points, divided by length-scales.
        share: (..., 1, 1) SHARE, or 0 for a hypothesis without one.
    """

    rows: Array
    share: Array


def mixed(xp: Namespace, k: Array, keys: Array, rows: Array, share: Array | float) -> Array:
    """k of the equation above, (..., C, m).

    Args:
        xp: array namespace.
        k: (..., C, m) k_s.
        keys: (..., C, D) scaled points.
        rows: (..., m, D) scaled points.
        share: a number, or (..., 1, 1).
    """
    # Coordinate after coordinate: what is summed stays in a core's cache.
    keys, rows = _across(xp, keys), _across(xp, rows)
    total = 0.0
    for d in range(keys.shape[-2]):
        apart = keys[..., d, :, None] - rows[..., d, None, :]
        total = total + 1.0 / (1.0 + apart * apart)
    return k + share * (total * (1.0 / keys.shape[-2]) - k)


def mixed_with_slopes(
    xp: Namespace, k: Array, keys: Array, additive: Additive
) -> tuple[Array, Array]:
    """As `mixed`, and the derivative (..., D, C, m) of every coordinate's part by scaled keys."""
    share = additive.share
    apart = _across(xp, keys)[..., None] - _across(xp, additive.rows)[..., None, :]
    single = 1.0 / (1.0 + apart * apart)
    factor = -math.sqrt(2.0 / keys.shape[-1]) * share[..., None]
    return k + share * (xp.mean(single, axis=-3) - k), factor * (single * single * apart)


def _across(xp: Namespace, points: Array) -> Array:
    """Points (..., n, D), by coordinate, (..., D, n): k_1 of two is 1 / (1 + (a - b)^2)."""
    scale = math.sqrt(0.5 * points.shape[-1])
    return xp.stack([scale * points[..., d] for d in range(points.shape[-1])], axis=-2)


def pull(xp: Namespace, steep: Array, weight: Array) -> Array:
    """Gradient (..., C, D) of sum_i weight_i k(x, x_i) for the additive part, by scaled x.

    Args:
        xp: array namespace.
        steep: (..., D, C, m) of `mixed_with_slopes`.
        weight: (..., C, m).
    """
    return swap_last(xp, xp.sum(weight[..., None, :, :] * steep, axis=-1))
