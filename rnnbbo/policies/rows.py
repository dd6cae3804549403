"""Observations kept verbatim as rows of memory, addressed by a kernel.

A candidate point is a key: it reads the rows by its distance to them, under length-scales that the
controller emits. This is the content addressing of a DNC with the cosine replaced by a Gaussian
kernel; softmax-weighted means are Nadaraya-Watson regression (Nadaraya 1964, Watson 1964).
"""

import math
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.evidence import Evidence, value_features
from rnnbbo.policies.ops import Array, Namespace, Params, dense, matmul_rows, swap_last

FEATURES_PER_HEAD = 7
NEAREST_FEATURES = 3
TWICINGS = 2
SHORTEST, LONGEST = 0.03, 0.6  # initial length-scales of the heads, in units of sqrt(D)


class Rows(NamedTuple):
    """Evaluated points x (B, n, D) and their raw values y (B, n)."""

    x: Array
    y: Array


def no_rows(xp: Namespace, x: Array, y: Array) -> Rows:
    """Empty rows for a batch shaped like x (B, D), y (B,)."""
    return Rows(x[:, None, :][:, :0, :], y[:, None][:, :0])


def append(xp: Namespace, rows: Rows, x: Array, y: Array, best_x: Array, capacity: int) -> Rows:
    """Add a row; above `capacity`, drop the one that tells least.

    Of the two rows that are closest, relative to their distance from the incumbent, the worse one
    goes. The relative distance keeps rows at every scale round the incumbent, and a few far away.

    Args:
        xp: array namespace.
        rows: rows so far.
        x: (B, D) new point.
        y: (B,) its value.
        best_x: (B, D) incumbent.
        capacity: most rows to keep.
    """
    rows = Rows(xp.concat([rows.x, x[:, None, :]], axis=1), xp.concat([rows.y, y[:, None]], axis=1))
    n = rows.y.shape[1]
    if n <= capacity:
        return rows
    away = rows.x - best_x[:, None, :]
    r2 = xp.sum(away * away, axis=-1)
    d2 = r2[:, :, None] + r2[:, None, :] - 2.0 * xp.matmul(away, swap_last(xp, away))
    relative = d2 / (xp.maximum(r2[:, :, None], r2[:, None, :]) + 1e-12)
    eye = xp.eye(n, dtype=relative.dtype, device=relative.device)
    pair = xp.argmin(xp.reshape(relative + 1e6 * eye, (-1, n * n)), axis=-1)
    i, j = (pair // n)[:, None], (pair % n)[:, None]
    y_i, y_j = xp.take_along_axis(rows.y, i, axis=1), xp.take_along_axis(rows.y, j, axis=1)
    drop = xp.where(y_i > y_j, i, j)
    kept = xp.arange(n - 1, device=drop.device)[None, :]
    kept = kept + xp.astype(kept >= drop, kept.dtype)
    x_kept = xp.take_along_axis(
        rows.x, xp.broadcast_to(kept[..., None], (*kept.shape, x.shape[-1])), axis=1
    )
    return Rows(x_kept, xp.take_along_axis(rows.y, kept, axis=1))


def nearest(xp: Namespace, evidence: Evidence, rows: Rows, keys: Array) -> Array:
    """What the closest row says to every key (B, C, D): (B, C, NEAREST_FEATURES).

    The log of the root mean squared distance over dimensions, and the row's value: standardised,
    and its height above the incumbent. Zeros without rows.
    """
    batch, count, dim = keys.shape
    if rows.y.shape[1] == 0:
        return xp.zeros((batch, count, NEAREST_FEATURES), dtype=keys.dtype, device=keys.device)
    centre = evidence.best_x[:, None, :]
    a, b = keys - centre, rows.x - centre
    d2 = xp.sum(a * a, axis=-1)[:, :, None] + xp.sum(b * b, axis=-1)[:, None, :]
    d2 = d2 - 2.0 * matmul_rows(xp, a, swap_last(xp, b))
    index = xp.argmin(d2, axis=-1)[..., None]
    distance = xp.sqrt(xp.clip(xp.min(d2, axis=-1), 0.0, None) / dim)
    value = value_features(xp, evidence, rows.y, keys.dtype)
    taken = [xp.take_along_axis(value[..., k], index[..., 0], axis=1) for k in (0, 1)]
    return xp.stack([0.2 * xp.log(distance + 1e-5) + 1.0, *taken], axis=-1)


def init_params(rng: np.random.Generator, context: int, heads: int) -> dict[str, Array]:
    """Draw the weights that emit each head's length-scales from a context of that width."""
    lengthscales = np.geomspace(SHORTEST, LONGEST, heads)
    return {
        "rows.scale": dense(rng, context, (context, heads), gain=0.3),
        "rows.scale_bias": -np.log(lengthscales).astype(np.float32),
    }


def inverse_lengthscales(xp: Namespace, params: Params, context: Array) -> Array:
    """1 / length-scale of each head and dimension, (B, R, 1, D), from the context (B, D, X)."""
    raw = xp.matmul(context, params["rows.scale"])
    # At most exp(2.5) either way from the initial length-scale: a runaway head reads nothing.
    log_inverse = params["rows.scale_bias"] + 2.5 * xp.tanh(0.4 * raw)
    inverse = xp.exp(log_inverse) / math.sqrt(context.shape[1])
    return swap_last(xp, inverse)[:, :, None, :]


def _similarities(xp: Namespace, a: Array, b: Array) -> tuple[Array, Array]:
    """Gaussian kernel of scaled points a (..., m, D) and b (..., n, D), relative to the nearest.

    Returns:
        exp(l - max l) as (..., m, n) and max l as (..., m, 1), with l = -|a - b|^2 / 2.
    """
    # The squares ride along in the product: one pass over the largest array instead of three.
    one_a, one_b = xp.ones_like(a[..., :1]), xp.ones_like(b[..., :1])
    half_a = -0.5 * xp.sum(a * a, axis=-1, keepdims=True)
    half_b = -0.5 * xp.sum(b * b, axis=-1, keepdims=True)
    left = xp.concat([a, half_a, one_a], axis=-1)
    right = xp.concat([b, one_b, half_b], axis=-1)
    logits = matmul_rows(xp, left, swap_last(xp, right))
    top = xp.max(logits, axis=-1, keepdims=True)
    return xp.exp(logits - top), top


def _read_head(xp: Namespace, rows: Array, keys: Array, value: Array) -> Array:
    """One head's reads.

    Args:
        xp: array namespace.
        rows: (B, n, D) scaled rows.
        keys: (B, C, D) scaled keys.
        value: (B, n, 3) from `evidence.value_features`.

    Returns:
        (B, C, FEATURES_PER_HEAD), as `read` describes them.
    """
    between, _ = _similarities(xp, rows, rows)
    between = between / xp.sum(between, axis=-1, keepdims=True)
    residual = value[..., 0:1] - xp.matmul(between, value[..., 0:1])
    correction = residual
    for _ in range(TWICINGS - 1):
        residual = residual - xp.matmul(between, residual)
        correction = correction + residual
    similar, top = _similarities(xp, keys, rows)
    known = xp.concat([xp.ones_like(correction), value, correction], axis=-1)
    sums = matmul_rows(xp, similar, known)
    mean = sums[..., 1:] / sums[..., :1]
    top = xp.clip(top, None, 0.0)
    log_sum = xp.clip(top + xp.log(sums[..., :1]), -20.0, None)
    similarity = xp.exp(log_sum)
    z = mean[..., 0:1]
    return xp.concat(
        [
            z,
            mean[..., 1:2],
            z + mean[..., 3:4],
            xp.sqrt(xp.clip(mean[..., 2:3] - z * z, 0.0, None) + 1e-4),
            0.2 * log_sum,
            0.15 * xp.log(1e-6 - 2.0 * top),
            z * similarity / (similarity + 1.0),
        ],
        axis=-1,
    )


def read(
    xp: Namespace, params: Params, context: Array, evidence: Evidence, rows: Rows, keys: Array
) -> Array:
    """Let every key read the rows with every head.

    Args:
        xp: array namespace.
        params: weights from `init_params`.
        context: (B, D, X) what the controller knows of each dimension.
        evidence: for normalising the values.
        rows: the observations.
        keys: (B, C, D) candidate points.

    Returns:
        (B, C, R FEATURES_PER_HEAD): per head the mean value, the mean height above the incumbent,
        the mean corrected by its own residuals (twicing, Tukey 1977), the spread, the log of the
        summed similarity, the log distance to the nearest row, and the mean shrunk to the prior.
    """
    batch, count, _ = keys.shape
    heads = params["rows.scale"].shape[1]
    if rows.y.shape[1] == 0:
        shape = (batch, count, heads * FEATURES_PER_HEAD)
        return xp.zeros(shape, dtype=keys.dtype, device=keys.device)
    inverse = inverse_lengthscales(xp, params, context)
    # Distances are taken from the incumbent, so that float32 resolves points close to it.
    centre = evidence.best_x[:, None, :]
    scaled_rows = (rows.x - centre)[:, None] * inverse
    scaled_keys = (keys - centre)[:, None] * inverse
    value = value_features(xp, evidence, rows.y, keys.dtype)
    # Head by head: an array over candidates and rows is the largest there is, and one head's
    # still fits in a core's cache.
    features = [_read_head(xp, scaled_rows[:, r], scaled_keys[:, r], value) for r in range(heads)]
    return xp.concat(features, axis=-1)
