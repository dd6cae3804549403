"""The head that scores candidate points.

A direct head gets one gradient a step, through one point; this one gets as many as there are
candidates. Every recurrence serves it: the hidden state of each dimension emits coefficients of a
few quadratic forms, which are evaluated at every candidate. A memory adds its own reads. Factors
before features bring them to about unit size: `rnnbbo.policies.evidence`.
"""

from dataclasses import dataclass

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.policies.evidence import FEATURES_GLOBAL, Evidence
from rnnbbo.policies.gp.improvement import SERIES_SINGLE
from rnnbbo.policies.network import process_heads
from rnnbbo.policies.network.recurrence import Recurrence
from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import (
    Array,
    Namespace,
    Params,
    dense,
    matmul_columns,
    matmul_rows,
)

_BASES = 5
_PLACE_FEATURES = 7


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
    coefficients = xp.reshape(coefficients * (1.0 / dim), (batch, dim * _BASES, -1))
    flat = xp.reshape(bases, (batch, dim * _BASES, count))
    return matmul_columns(xp, coefficients.mT, flat)


def place_features(
    xp: Namespace, evidence: Evidence, candidates: Array, pending: Array | None
) -> Array:
    """Return where candidates (B, D, C) lie, (B, _PLACE_FEATURES, C).

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


def rectify(xp: Namespace, product: Array, bias: Array) -> Array:
    """Return max(product + bias, 0); a numpy product is overwritten, which saves two passes."""
    if isinstance(product, np.ndarray):
        product += bias
        return np.maximum(product, 0.0, out=product)
    return xp.clip(product + bias, 0.0, None)


@dataclass(frozen=True)
class Scored:
    """The head.

    Attributes:
        recurrence: what it sits on, which says what a candidate reads besides.
        forms: number of quadratic forms.
        layer: width of the two hidden layers.
        process_heads: heads of Gaussian-process regression that it reads, too; may be 0.
    """

    recurrence: Recurrence
    forms: int
    layer: int
    process_heads: int

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights of what candidates read, and of the head."""
        context, layer = self.recurrence.context, self.layer
        params = self.recurrence.init_reading(rng)
        reads = self.recurrence.reads
        if self.process_heads:
            params |= process_heads.init_heads(rng, context, self.process_heads)
            reads += (
                process_heads.FEATURES_PER_HEAD * self.process_heads + process_heads.FEATURES_SHARED
            )
        fan_in = self.forms + _PLACE_FEATURES + reads
        told = context + FEATURES_GLOBAL
        return params | {
            "score.forms": dense(rng, context, (context, _BASES * self.forms)),
            "score.forms_bias": dense(rng, 1, (_BASES * self.forms,)),
            "score.in": dense(rng, fan_in, (fan_in, layer), gain=1.4),
            "score.context": dense(rng, told, (told, layer)),
            "score.in_bias": np.zeros(layer, dtype=np.float32),
            "score.mid": dense(rng, layer, (layer, layer), gain=1.4),
            "score.mid_bias": np.zeros(layer, dtype=np.float32),
            "score.out": dense(rng, layer, (layer, 1), gain=0.3),
        }

    def forward(
        self,
        xp: Namespace,
        params: Params,
        context: Array,
        state: NetworkState,
        candidates: Array | None = None,
        pending: Array | None = None,
    ) -> Array:
        """Return the scores of candidates, the highest of the next query; see `Head.forward`.

        Up to a constant a score is the log-probability of being the best next query.
        """
        assert candidates is not None
        now = state.evidence
        if xp is np:
            found = self.look(params, context, state, candidates, pending)
            if found is not None:
                return found[0]
        # Once for all features: what they sum over dimensions is then contiguous.
        across = xp.stack([candidates[..., d] for d in range(candidates.shape[-1])], axis=1)
        reads = self.recurrence.read(xp, params, context, state, across)
        prior = None
        if state.processes is not None:
            fitted = state.processes.fit
            read, prior = process_heads.predict_candidates(xp, params, fitted, now, across, pending)
            reads.append(read)
        features = xp.concat(
            [
                quadratic_forms(xp, params, context, now.best_x, across),
                place_features(xp, now, across, pending),
                *reads,
            ],
            axis=1,
        )
        pooled = xp.concat([xp.mean(context, axis=1), state.shared], axis=-1)
        bias = matmul_rows(xp, pooled, params["score.context"]) + params["score.in_bias"]
        layer = matmul_rows(xp, features.mT, params["score.in"])
        a = rectify(xp, layer, bias[:, None, :])
        a = rectify(xp, matmul_rows(xp, a, params["score.mid"]), params["score.mid_bias"])
        scores = matmul_rows(xp, a, params["score.out"])[..., 0]
        return scores if prior is None else scores + prior

    def look(
        self,
        params: Params,
        context: np.ndarray,
        state: NetworkState,
        candidates: np.ndarray,
        pending: np.ndarray | None,
        climbing: core.ClimbPlan | None = None,
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return what `forward` does, and where to climb, by the compiled library where it can.

        Once there is a fit. Arguments are those of `forward` and `core.network.consider`, which
        says what is returned.
        """
        if state.processes is None or state.processes.fit is None or state.archive is None:
            return None
        return core.consider(
            params,
            (context, state.shared, state.evidence.second_x),
            self.recurrence.words(state),
            process_heads.values(state.evidence, state.archive),
            state.processes.fit.arrays,
            SERIES_SINGLE,
            candidates,
            pending,
            climbing,
        )
