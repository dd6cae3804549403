"""Observations kept verbatim as rows of memory, addressed by a kernel.

A candidate point is a key: it reads the rows by its distance to them, under length-scales that the
controller emits. This is the content addressing of a DNC with the cosine replaced by a Gaussian
kernel; softmax-weighted means are Nadaraya-Watson regression (Nadaraya 1964, Watson 1964).

Keys come with the candidates along the last axis, and features leave so: what is summed or compared
over rows or dimensions is then a few long contiguous vectors. Factors before features bring them to
about unit size: `rnnbbo.policies.evidence`.
"""

import math
from typing import NamedTuple

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.policies.evidence import Evidence, value_features
from rnnbbo.policies.ops import Array, Namespace, Params, dense, matmul_columns

SIMILAR_FEATURES = 7
NEAREST_FEATURES = 3
_TWICINGS = 2
_NOTHING = -50.0  # log-similarity at most this much below the nearest's: exp stays a normal number
_SHORTEST, _LONGEST = 0.03, 0.6  # initial length-scales of the heads, in units of sqrt(D)


class Archive(NamedTuple):
    """Evaluated points x (B, n, D) that are kept, and their raw values y (B, n)."""

    x: Array
    y: Array


def empty_archive(xp: Namespace, x: Array, y: Array) -> Archive:
    """Keep nothing yet, for a batch shaped like x (B, D), y (B,)."""
    return Archive(x[:, None, :][:, :0, :], y[:, None][:, :0])


def keep(
    xp: Namespace, archive: Archive, x: Array, y: Array, best_x: Array, capacity: int
) -> Archive:
    """Add a row; above `capacity`, drop the one that tells least.

    Of the two rows that are closest, relative to their distance from the incumbent, the worse one
    goes. The relative distance keeps rows at every scale round the incumbent, and a few far away.

    Args:
        xp: array namespace.
        archive: rows so far.
        x: (B, D) new point.
        y: (B,) its value.
        best_x: (B, D) incumbent.
        capacity: most rows to keep.
    """
    if xp is np and archive.y.shape[1] == capacity > 1:
        found = core.keep(archive, x, y, best_x)
        if found is not None:
            return Archive(*found)
    archive = Archive(
        xp.concat([archive.x, x[:, None, :]], axis=1), xp.concat([archive.y, y[:, None]], axis=1)
    )
    n = archive.y.shape[1]
    if n <= capacity:
        return archive
    away = archive.x - best_x[:, None, :]
    r2 = xp.sum(away * away, axis=-1)
    d2 = r2[:, :, None] + r2[:, None, :] - 2.0 * xp.matmul(away, away.mT)
    relative = d2 / (xp.maximum(r2[:, :, None], r2[:, None, :]) + 1e-12)
    eye = xp.eye(n, dtype=relative.dtype, device=relative.device)
    pair = xp.argmin(xp.reshape(relative + 1e6 * eye, (-1, n * n)), axis=-1)
    i, j = (pair // n)[:, None], (pair % n)[:, None]
    y_i, y_j = xp.take_along_axis(archive.y, i, axis=1), xp.take_along_axis(archive.y, j, axis=1)
    drop = xp.where(y_i > y_j, i, j)
    kept = xp.arange(n - 1, device=drop.device)[None, :]
    kept = kept + xp.astype(kept >= drop, kept.dtype)
    x_kept = xp.take_along_axis(
        archive.x, xp.broadcast_to(kept[..., None], (*kept.shape, x.shape[-1])), axis=1
    )
    return Archive(x_kept, xp.take_along_axis(archive.y, kept, axis=1))


def squares_ahead(xp: Namespace, points: Array) -> Array:
    """Return the factor [a^2; a; 1] of points (B, D, m), (B, 2 D + 1, m).

    sum_d w_d (a_d - b_d)^2 is its product with the factor [w, -2 w b, (w b^2) 1] of a row b: the
    squares ride along in the product, one pass over the largest array instead of three, and keys
    need no scaling by every head.
    """
    return xp.concat([points * points, points, xp.ones_like(points[:, :1])], axis=1)


def read_nearest(xp: Namespace, evidence: Evidence, archive: Archive, keys: Array) -> Array:
    """Return what the closest row tells every key (B, D, C): (B, NEAREST_FEATURES, C).

    The log of the root mean squared distance over dimensions, and the row's value: standardised,
    and its height above the incumbent; the mean over rows that are equally close. Zeros without
    rows.
    """
    batch, dim, count = keys.shape
    if archive.y.shape[1] == 0:
        return xp.zeros((batch, NEAREST_FEATURES, count), dtype=keys.dtype, device=keys.device)
    centre = evidence.best_x[:, :, None]
    b = archive.x - evidence.best_x[:, None, :]
    factor = xp.concat([xp.ones_like(b), -2.0 * b, xp.sum(b * b, axis=-1, keepdims=True)], axis=-1)
    d2 = matmul_columns(xp, factor, squares_ahead(xp, keys - centre))
    least = xp.min(d2, axis=1, keepdims=True)
    closest = xp.astype(d2 == least, keys.dtype)
    distance = xp.sqrt(xp.clip(least, 0.0, None) / dim)
    value = value_features(xp, evidence, archive.y, keys.dtype)[..., :2]
    known = xp.concat([xp.ones_like(value[..., :1]), value], axis=-1)
    sums = xp.matmul(known.mT, closest)
    return xp.concat([0.2 * xp.log(distance + 1e-5) + 1.0, sums[:, 1:] / sums[:, :1]], axis=1)


def init_scales(rng: np.random.Generator, context: int, heads: int) -> dict[str, Array]:
    """Draw the weights that emit each head's length-scales from a context of that width."""
    lengthscales = np.geomspace(_SHORTEST, _LONGEST, heads)
    return {
        "rows.scale": dense(rng, context, (context, heads), gain=0.3),
        "rows.scale_bias": -np.log(lengthscales).astype(np.float32),
    }


def inverse_lengthscales(xp: Namespace, params: Params, context: Array) -> Array:
    """Return 1 / length-scale of each head and dimension, (B, R, 1, D), from context (B, D, X)."""
    raw = xp.matmul(context, params["rows.scale"])
    # At most exp(2.5) either way from the initial length-scale: a runaway head reads nothing.
    log_inverse = params["rows.scale_bias"] + 2.5 * xp.tanh(0.4 * raw)
    inverse = xp.exp(log_inverse) / math.sqrt(context.shape[1])
    return inverse.mT[:, :, None, :]


def _residuals(xp: Namespace, between: Array, z: Array) -> Array:
    """Sum of the residuals that repeated smoothing leaves (twicing, Tukey 1977), (B, n, 1).

    Args:
        xp: array namespace.
        between: (B, n, n) similarities of the rows.
        z: (B, n, 1) their values.
    """
    total = xp.sum(between, axis=-1, keepdims=True)
    residual = z - xp.matmul(between, z) / total
    correction = residual
    for _ in range(_TWICINGS - 1):
        residual = residual - xp.matmul(between, residual) / total
        correction = correction + residual
    return correction


def _read_head(
    xp: Namespace, factor: Array, rows: Array, keys: Array, value: Array
) -> tuple[Array, Array]:
    """Return one head's sums over the rows.

    Args:
        xp: array namespace.
        factor: (B, n, 2 D + 1) the scaled rows' side of l = -|a - b|^2 / 2.
        rows: (B, 2 D + 1, n) the rows as keys.
        keys: (B, 2 D + 1, C) the keys.
        value: (B, n, 3) from `evidence.value_features`.

    Returns:
        (B, 5, C) the sums of 1, the three values and the correction, weighted by exp(l - max l),
        and (B, 1, C) max l.
    """
    # A row is nearest to itself: l = 0, up to rounding.
    between = xp.exp(xp.clip(xp.matmul(factor, rows), _NOTHING, 0.0))
    correction = _residuals(xp, between, value[..., 0:1])
    known = xp.concat([xp.ones_like(correction), value, correction], axis=-1)
    logits = matmul_columns(xp, factor, keys)
    top = xp.max(logits, axis=1, keepdims=True)
    similar = xp.exp(xp.clip(logits - top, _NOTHING, None))
    return xp.matmul(known.mT, similar), top


def read_similar(
    xp: Namespace,
    params: Params,
    context: Array,
    evidence: Evidence,
    archive: Archive,
    keys: Array,
) -> Array:
    """Let every key read the rows with every head.

    Args:
        xp: array namespace.
        params: weights from `init_scales`.
        context: (B, D, X) what the controller knows of each dimension.
        evidence: for normalising the values.
        archive: the observations.
        keys: (B, D, C) candidate points.

    Returns:
        (B, R SIMILAR_FEATURES, C): per head the mean value, the mean height above the incumbent,
        the mean corrected by its own residuals (twicing, Tukey 1977), the spread, the log of the
        summed similarity, the log distance to the nearest row, and the mean shrunk to the prior.
    """
    batch, _, count = keys.shape
    heads = params["rows.scale"].shape[1]
    if archive.y.shape[1] == 0:
        shape = (batch, heads * SIMILAR_FEATURES, count)
        return xp.zeros(shape, dtype=keys.dtype, device=keys.device)
    inverse = inverse_lengthscales(xp, params, context)
    # Distances are taken from the incumbent, so that float32 resolves points close to it.
    b = (archive.x - evidence.best_x[:, None, :])[:, None]
    w = xp.broadcast_to(inverse * inverse, (batch, heads, *b.shape[2:]))
    wb = w * b
    wbb = xp.sum(wb * b, axis=-1, keepdims=True)
    factor = xp.concat([-0.5 * w, wb, -0.5 * wbb], axis=-1)
    key_squares = squares_ahead(xp, keys - evidence.best_x[:, :, None])
    row_squares = squares_ahead(xp, b[:, 0].mT)
    value = value_features(xp, evidence, archive.y, keys.dtype)
    # Head by head: an array over candidates and rows is the largest there is, and one head's
    # still fits in a core's cache.
    both = [_read_head(xp, factor[:, r], row_squares, key_squares, value) for r in range(heads)]
    sums = xp.stack([one for one, _ in both], axis=1)
    top = xp.clip(xp.stack([one for _, one in both], axis=1), None, 0.0)
    mean = sums[:, :, 1:] / sums[:, :, :1]
    log_sum = xp.clip(top + xp.log(sums[:, :, :1]), -20.0, None)
    similarity = xp.exp(log_sum)
    z = mean[:, :, 0:1]
    features = xp.concat(
        [
            z,
            mean[:, :, 1:2],
            z + mean[:, :, 3:4],
            xp.sqrt(xp.clip(mean[:, :, 2:3] - z * z, 0.0, None) + 1e-4),
            0.2 * log_sum,
            0.15 * xp.log(1e-6 - 2.0 * top),
            z * similarity / (similarity + 1.0),
        ],
        axis=2,
    )
    return xp.reshape(features, (batch, heads * SIMILAR_FEATURES, count))
