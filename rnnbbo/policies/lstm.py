"""The LSTM optimizer's recurrence, for any number of dimensions.

Chen et al. 2016, equation 3: h_t = RNN(h_{t-1}, x_{t-1}, y_{t-1}). Here one LSTM cell runs per
dimension, with weights shared over dimensions, and the mean of the hidden states over dimensions
is fed back as context: permuting the dimensions permutes the states.
"""

from typing import NamedTuple

import numpy as np

from rnnbbo.policies.evidence import FEATURES_GLOBAL, FEATURES_PER_DIM, Inputs
from rnnbbo.policies.ops import Array, Namespace, Params, dense, lstm_cell, matmul_rows


class LstmState(NamedTuple):
    """Hidden state h and cell state c, both (B, D, H)."""

    h: Array
    c: Array


def init_params(rng: np.random.Generator, hidden: int, extra: int = 0) -> dict[str, Array]:
    """Draw the cell's weights; `extra` further inputs per dimension serve a memory's reads."""
    fan_in = FEATURES_PER_DIM + FEATURES_GLOBAL + extra + 2 * hidden
    bias = np.zeros(4 * hidden, dtype=np.float32)
    bias[hidden : 2 * hidden] = 1.0  # remember at first (Jozefowicz et al. 2015)
    return {
        "cell.x": dense(rng, fan_in, (FEATURES_PER_DIM + extra + hidden, 4 * hidden)),
        "cell.shared": dense(rng, fan_in, (FEATURES_GLOBAL + hidden, 4 * hidden)),
        "cell.bias": bias,
    }


def init_state(xp: Namespace, hidden: int, x: Array) -> LstmState:
    """Zero state for a batch shaped like x (B, D)."""
    zero = xp.zeros((*x.shape, hidden), dtype=x.dtype, device=x.device)
    return LstmState(zero, zero)


def step(
    xp: Namespace, params: Params, state: LstmState, inputs: Inputs, reads: Array | None = None
) -> LstmState:
    """Advance the recurrence by one observation.

    Args:
        xp: array namespace.
        params: weights from `init_params`.
        state: the state before.
        inputs: features of the observation.
        reads: (B, D, extra) what a memory's read heads returned at the step before.
    """
    own = [inputs.per_dim, state.h] if reads is None else [inputs.per_dim, reads, state.h]
    context = xp.concat([inputs.shared, xp.mean(state.h, axis=1)], axis=-1)
    shared = matmul_rows(xp, context, params["cell.shared"]) + params["cell.bias"]
    gates = xp.matmul(xp.concat(own, axis=-1), params["cell.x"]) + shared[:, None, :]
    return LstmState(*lstm_cell(xp, gates, state.c))
