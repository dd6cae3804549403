"""The head that scores candidate points.

A direct head gets one gradient a step, through one point; this one gets as many as there are
candidates. Every recurrence serves it: the hidden state of each dimension emits coefficients of a
few quadratic forms, which are evaluated at every candidate. A memory adds its own reads.
"""

import numpy as np

from rnnbbo.policies.evidence import FEATURES_GLOBAL, Evidence
from rnnbbo.policies.ops import (
    Array,
    Namespace,
    Params,
    dense,
    matmul_columns,
    matmul_rows,
    rectify,
    swap_last,
)

BASES = 5
PLACE_FEATURES = 7


def init_params(
    rng: np.random.Generator, context: int, forms: int, layer: int, reads: int
) -> dict[str, Array]:
    """Draw the head's weights.

    Args:
        rng: generator.
        context: width of the context of a dimension.
        forms: number of quadratic forms.
        layer: width of the two hidden layers.
        reads: features of a candidate that a memory adds.
    """
    fan_in = forms + PLACE_FEATURES + reads
    return {
        "score.forms": dense(rng, context, (context, BASES * forms)),
        "score.forms_bias": dense(rng, 1, (BASES * forms,)),
        "score.in": dense(rng, fan_in, (fan_in, layer), gain=1.4),
        "score.context": dense(rng, context + FEATURES_GLOBAL, (context + FEATURES_GLOBAL, layer)),
        "score.in_bias": np.zeros(layer, dtype=np.float32),
        "score.mid": dense(rng, layer, (layer, layer), gain=1.4),
        "score.mid_bias": np.zeros(layer, dtype=np.float32),
        "score.out": dense(rng, layer, (layer, 1), gain=0.3),
    }


def _rms(xp: Namespace, delta: Array, axis: int = 1) -> Array:
    return xp.sqrt(xp.mean(delta * delta, axis=axis) + 1e-12)


def _log_distance(xp: Namespace, rms: Array) -> Array:
    return 0.2 * xp.log(rms + 1e-5) + 1.0


def quadratic_forms(
    xp: Namespace, params: Params, context: Array, best_x: Array, candidates: Array
) -> Array:
    """Evaluate the forms at every candidate (B, D, C): (B, forms, C).

    A form is the mean over dimensions of a combination, with coefficients linear in the context
    (B, D, X), of the place, its square, the step from the incumbent, its square, and its direction.
    """
    batch, dim, count = candidates.shape
    place = 2.0 * candidates - 1.0
    away = candidates - best_x[:, :, None]
    direction = away / _rms(xp, away)[:, None, :]
    bases = xp.stack([place, place * place, 2.0 * away, 4.0 * away * away, direction], axis=2)
    coefficients = xp.matmul(context, params["score.forms"]) + params["score.forms_bias"]
    coefficients = xp.reshape(coefficients * (1.0 / dim), (batch, dim * BASES, -1))
    flat = xp.reshape(bases, (batch, dim * BASES, count))
    return matmul_columns(xp, swap_last(xp, coefficients), flat)


def place_features(
    xp: Namespace, evidence: Evidence, candidates: Array, pending: Array | None
) -> Array:
    """Where a candidate of (B, D, C) lies, (B, PLACE_FEATURES, C).

    Distances to incumbent and runner-up, the share of its coordinates on the border, and the
    distance to the nearest pending point, with a flag that there is one.
    """
    first = _rms(xp, candidates - evidence.best_x[:, :, None])
    second = _rms(xp, candidates - evidence.second_x[:, :, None])
    inside = xp.abs(2.0 * candidates - 1.0)
    border = xp.mean(xp.astype(inside > 1.0 - 1e-6, candidates.dtype), axis=1)
    if pending is None or pending.shape[1] == 0:
        nearest, flag = xp.zeros_like(first), xp.zeros_like(first)
    else:
        distances = _rms(xp, candidates[:, None] - pending[:, :, :, None], axis=2)
        nearest, flag = _log_distance(xp, xp.min(distances, axis=1)), xp.ones_like(first)
    return xp.stack(
        [
            _log_distance(xp, first),
            first,
            _log_distance(xp, second),
            second,
            border,
            nearest,
            flag,
        ],
        axis=1,
    )


def score(
    xp: Namespace,
    params: Params,
    context: Array,
    shared: Array,
    evidence: Evidence,
    candidates: Array,
    pending: Array | None,
    reads: list[Array],
) -> Array:
    """Score candidates; the highest is the next query.

    Args:
        xp: array namespace.
        params: weights from `init_params`.
        context: (B, D, X) what the recurrence knows of each dimension.
        shared: (B, FEATURES_GLOBAL) inputs of the last step.
        evidence: incumbent and runner-up.
        candidates: (B, D, C) points of the unit cube.
        pending: (B, P, D) points proposed and not yet evaluated, or None.
        reads: arrays (B, ..., C) that a memory returned for the candidates.

    Returns:
        (B, C) scores, up to a constant the log-probability of being the best next query.
    """
    features = xp.concat(
        [
            quadratic_forms(xp, params, context, evidence.best_x, candidates),
            place_features(xp, evidence, candidates, pending),
            *reads,
        ],
        axis=1,
    )
    pooled = xp.concat([xp.mean(context, axis=1), shared], axis=-1)
    bias = matmul_rows(xp, pooled, params["score.context"]) + params["score.in_bias"]
    layer = matmul_rows(xp, swap_last(xp, features), params["score.in"])
    a = rectify(xp, layer, bias[:, None, :])
    a = rectify(xp, matmul_rows(xp, a, params["score.mid"]), params["score.mid_bias"])
    return matmul_rows(xp, a, params["score.out"])[..., 0]
