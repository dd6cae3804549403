"""Candidate points read the memory of a DNC by content.

A candidate's key is linear in a few functions of each coordinate, so that neither the key itself
nor its length has to be written out: both follow from those functions.
"""

import numpy as np

from rnnbbo.policies.network.external_memory import NORM_EPSILON
from rnnbbo.policies.ops import (
    Array,
    Namespace,
    Params,
    dense,
    matmul_columns,
    matmul_rows,
    oneplus,
)

_PARTS = 3


def init_key(rng: np.random.Generator, context: int, width: int) -> dict[str, Array]:
    """Draw the weights that make a candidate's key, and its strength from a context."""
    return {
        "key.slices": dense(rng, _PARTS, (_PARTS, width)),
        "key.strength": dense(rng, context, (context, 1)),
    }


def read_memory(
    xp: Namespace,
    params: Params,
    context: Array,
    best_x: Array,
    memory: Array,
    candidates: Array,
) -> Array:
    """Read the memory by the cosine between its words and every candidate's key.

    The key's slice of dimension d is S^T p_d with p_d = [place, place^2, 2 (x - incumbent)], S the
    weights `key.slices`. Hence M k = sum_d (M_d S^T) p_d and |k|^2 = sum_d p_d . (S S^T) p_d.

    Args:
        xp: array namespace.
        params: weights from `init_key`.
        context: (B, D, X) what the recurrence knows of each dimension.
        best_x: (B, D) incumbent.
        memory: (B, N, D width) words.
        candidates: (B, D, C) points.

    Returns:
        (B, width, C): the mean over dimensions of the word that each candidate reads.
    """
    batch, dim, count = candidates.shape
    rows = memory.shape[1]
    slices = params["key.slices"]
    place = 2.0 * candidates - 1.0
    away = candidates - best_x[:, :, None]
    parts = xp.stack([place, place * place, 2.0 * away], axis=2)
    words = xp.reshape(memory, (batch, rows, dim, slices.shape[1]))
    projected = xp.reshape(xp.matmul(words, slices.mT), (batch, rows, dim * _PARTS))
    flat = xp.reshape(parts, (batch, dim * _PARTS, count))
    gram = xp.matmul(slices, slices.mT)
    turned = xp.reshape(xp.matmul(gram, parts), (batch, dim * _PARTS, count))
    key_norm = xp.sqrt(xp.sum(flat * turned, axis=1, keepdims=True) + NORM_EPSILON)
    row_norm = xp.sqrt(xp.sum(memory * memory, axis=-1) + NORM_EPSILON)
    strength = oneplus(xp, matmul_rows(xp, xp.mean(context, axis=1), params["key.strength"]))
    # beta cos(k, M_i), and its softmax over the rows.
    logits = matmul_columns(xp, projected * (strength / row_norm)[:, :, None], flat) / key_norm
    e = xp.exp(logits - xp.max(logits, axis=1, keepdims=True))
    weighted = xp.matmul(xp.mean(words, axis=2).mT, e)
    return weighted / xp.sum(e, axis=1, keepdims=True)
