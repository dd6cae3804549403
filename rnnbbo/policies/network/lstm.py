"""The LSTM optimizer's recurrence, for any number of dimensions.

Chen et al. 2016, equation 3: h_t = RNN(h_{t-1}, x_{t-1}, y_{t-1}). Here one LSTM cell runs per
dimension, with weights shared over dimensions, and the mean of the hidden states over dimensions
is fed back as context: permuting the dimensions permutes the states.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.errors import PolicyError
from rnnbbo.policies.evidence import FEATURES_GLOBAL, FEATURES_PER_DIM, Inputs
from rnnbbo.policies.network.recurrence import ReadsNearest
from rnnbbo.policies.ops import Array, Namespace, Params, dense, matmul_rows, sigmoid

TRAITS = 8
"""Numbers a dimension that say what is known of a family of functions; see `rnnbbo.meta.traits`."""


class LstmState(NamedTuple):
    """Hidden state h and cell state c, both (B, D, H)."""

    h: Array
    c: Array


def lstm_cell(xp: Namespace, gates: Array, c: Array) -> tuple[Array, Array]:
    """Update one LSTM (Hochreiter & Schmidhuber 1997, with forget gate, Gers et al. 2000).

    Args:
        xp: array namespace.
        gates: (..., 4 H) pre-activations, in the order input, forget, output, candidate. The caller
            adds the forget gate's bias.
        c: (..., H) cell state.

    Returns:
        h (..., H) and the new c (..., H).
    """
    hidden = c.shape[-1]
    ifo = sigmoid(xp, gates[..., : 3 * hidden])
    i, f, o = ifo[..., :hidden], ifo[..., hidden : 2 * hidden], ifo[..., 2 * hidden :]
    c = f * c + i * xp.tanh(gates[..., 3 * hidden :])
    return o * xp.tanh(c), c


@dataclass(frozen=True)
class Lstm(ReadsNearest):
    """The recurrence.

    Attributes:
        hidden: units H a dimension.
        extra: further inputs a dimension: a memory's reads, or what heads of regression tell.
        family_dims: dimensions D of the family whose traits (D, TRAITS) are a weight, and an input
            of every step; 0 where no family is known.
    """

    hidden: int
    extra: int = 0
    family_dims: int = 0

    @property
    def context(self) -> int:
        """Width of what it knows of a dimension."""
        return self.hidden

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the cell's weights."""
        hidden, extra = self.hidden, self.extra
        own = FEATURES_PER_DIM + extra + (TRAITS if self.family_dims else 0)
        fan_in = own + FEATURES_GLOBAL + 2 * hidden
        bias = np.zeros(4 * hidden, dtype=np.float32)
        bias[hidden : 2 * hidden] = 1.0  # remember at first (Jozefowicz et al. 2015)
        traits = np.zeros((self.family_dims, TRAITS), dtype=np.float32)
        return {
            "cell.x": dense(rng, fan_in, (own + hidden, 4 * hidden)),
            "cell.shared": dense(rng, fan_in, (FEATURES_GLOBAL + hidden, 4 * hidden)),
            "cell.bias": bias,
        } | ({"cell.traits": traits} if self.family_dims else {})

    def init_state(self, xp: Namespace, x: Array) -> LstmState:
        """Return a zero state for a batch shaped like x (B, D).

        Raises:
            PolicyError: D is not that of the family whose traits are known.
        """
        if self.family_dims and x.shape[1] != self.family_dims:
            raise PolicyError(
                f"a space of {x.shape[1]} dimensions; expected {self.family_dims}, those of the "
                "family of functions to which these weights are adapted"
            )
        zero = xp.zeros((*x.shape, self.hidden), dtype=x.dtype, device=x.device)
        return LstmState(zero, zero)

    def step(
        self,
        xp: Namespace,
        params: Params,
        state: LstmState,
        inputs: Inputs,
        more: Array | None = None,
    ) -> LstmState:
        """Advance by one observation; `more` (B, D, extra) are further inputs."""
        own = [inputs.per_dim] if more is None else [inputs.per_dim, more]
        if self.family_dims:
            shape = (*inputs.per_dim.shape[:2], TRAITS)
            own.append(xp.broadcast_to(params["cell.traits"], shape))
        if xp is np:
            found = core.lstm(params, state.h, state.c, inputs.shared, *own)
            if found is not None:
                return LstmState(*found)
        context = xp.concat([inputs.shared, xp.mean(state.h, axis=1)], axis=-1)
        shared = matmul_rows(xp, context, params["cell.shared"]) + params["cell.bias"]
        gates = xp.matmul(xp.concat([*own, state.h], axis=-1), params["cell.x"])
        gates = gates + shared[:, None, :]
        return LstmState(*lstm_cell(xp, gates, state.c))

    def context_of(self, xp: Namespace, state: LstmState) -> Array:
        """Return what it knows of each dimension, (B, D, H): the hidden state."""
        return state.h
