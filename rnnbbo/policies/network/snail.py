"""The SNAIL optimizer's recurrence, for any number of dimensions.

Mishra et al. 2018, "A Simple Neural Attentive Meta-Learner" (arXiv 1707.03141, section 3): temporal
convolutions, that is dense blocks of causal convolutions with dilations 1, 2, 4, ..., between two
causal attention blocks. Every block appends its output to its input. Weights are shared over
dimensions, and every convolution also sees the mean of its input over dimensions: permuting the
dimensions permutes the states. As in a DNC's memory, a key or a value has one slice per dimension,
and one weighting serves all of them.

A step computes the features of the newest time alone. What it needs of earlier ones is the state:
features as far back as the largest dilation, keys and values of the last N steps. What is older is
forgotten, so that the cost of a step is flat.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.evidence import FEATURES_GLOBAL, FEATURES_PER_DIM, Inputs
from rnnbbo.policies.network.recurrence import ReadsNearest
from rnnbbo.policies.ops import Array, Namespace, Params, dense, sigmoid, softmax

_BLOCKS = ("attend.first", "attend.last")


class Past(NamedTuple):
    """Keys (B, n, D K) and values (B, n, D K) of an attention block, of the last n <= N steps."""

    keys: Array
    values: Array


class SnailState(NamedTuple):
    """What is known of the steps so far.

    Attributes:
        features: (B, D, X) of every step that a convolution may still read, the newest last.
        context: (B, D, X) of the newest step; zeros before the first.
        past: of the attention blocks before and after the convolutions.
    """

    features: tuple[Array, ...]
    context: Array
    past: tuple[Past, Past]


@dataclass(frozen=True)
class Snail(ReadsNearest):
    """The recurrence.

    Attributes:
        hidden: numbers of the embedding of an input, and filters of a convolution, a dimension.
        rows: steps N that attention reaches back; convolutions reach back as far at least.
        width: numbers K of a key and of a value a dimension.
        extra: further inputs a dimension: what heads of regression tell.
    """

    hidden: int
    rows: int
    width: int
    extra: int = 0

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilations of the convolutions, 1, 2, 4, ...: together they see N steps at least."""
        return tuple(2**i for i in range(max(1, (self.rows - 1).bit_length())))

    @property
    def context(self) -> int:
        """Width X of what it knows of a dimension: embedding, two reads, all activations."""
        return 2 * self.width + self.hidden * (1 + len(self.dilations))

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights of the embedding and of all blocks."""
        hidden, width = self.hidden, self.width
        own = FEATURES_PER_DIM + self.extra
        fan_in = own + FEATURES_GLOBAL
        params = {
            "embed.x": dense(rng, fan_in, (own, hidden)),
            "embed.shared": dense(rng, fan_in, (FEATURES_GLOBAL, hidden)),
            "embed.bias": np.zeros(hidden, dtype=np.float32),
        }
        size = hidden + width  # after the first attention block
        for dilation in self.dilations:
            for kind in ("x", "shared"):
                params[f"conv{dilation}.{kind}"] = dense(rng, 3 * size, (2 * size, 2 * hidden))
            params[f"conv{dilation}.bias"] = np.zeros(2 * hidden, dtype=np.float32)
            size += hidden
        for name, whole in zip(_BLOCKS, (hidden, size), strict=True):
            for kind in ("query", "key", "value"):
                params[f"{name}.{kind}"] = dense(rng, whole, (whole, width))
            params[f"{name}.query_bias"] = np.zeros(width, dtype=np.float32)
        return params

    def init_state(self, xp: Namespace, x: Array) -> SnailState:
        """Return the state without any step, for a batch shaped like x (B, D)."""
        batch, dim = x.shape
        none = xp.zeros((batch, 0, dim * self.width), dtype=x.dtype, device=x.device)
        nothing = xp.zeros((batch, dim, self.context), dtype=x.dtype, device=x.device)
        return SnailState((), nothing, (Past(none, none), Past(none, none)))

    def step(
        self,
        xp: Namespace,
        params: Params,
        state: SnailState,
        inputs: Inputs,
        more: Array | None = None,
    ) -> SnailState:
        """Advance by one observation; `more` (B, D, extra) are further inputs."""
        own = inputs.per_dim if more is None else xp.concat([inputs.per_dim, more], axis=-1)
        # Products of a function's own rows: those of a batch would round with its size.
        shared = xp.matmul(inputs.shared[:, None, :], params["embed.shared"])
        features = xp.tanh(xp.matmul(own, params["embed.x"]) + shared + params["embed.bias"])
        features, first = self._attend(xp, params, _BLOCKS[0], state.past[0], features)
        for dilation in self.dilations:
            features = self._convolve(xp, params, dilation, state.features, features)
        features, last = self._attend(xp, params, _BLOCKS[1], state.past[1], features)
        kept = (*state.features, features)[-self.dilations[-1] :]
        return SnailState(kept, features, (first, last))

    def _convolve(
        self, xp: Namespace, params: Params, dilation: int, past: tuple[Array, ...], now: Array
    ) -> Array:
        """Append a causal convolution of kernel size 2, with gated activation: a dense block.

        Args:
            xp: array namespace.
            params: the weights.
            dilation: steps between the two inputs of the convolution.
            past: features of earlier steps, the newest last; zeros before the first step.
            now: (B, D, m) features of this step so far.

        Returns:
            Features (B, D, m + hidden).
        """
        size = now.shape[-1]
        seen = dilation <= len(past)
        before = past[-dilation][..., :size] if seen else xp.zeros_like(now)
        both = xp.concat([before, now], axis=-1)
        name = f"conv{dilation}"
        mean = xp.matmul(xp.mean(both, axis=1, keepdims=True), params[f"{name}.shared"])
        gates = xp.matmul(both, params[f"{name}.x"]) + mean + params[f"{name}.bias"]
        activation = xp.tanh(gates[..., : self.hidden]) * sigmoid(xp, gates[..., self.hidden :])
        return xp.concat([now, activation], axis=-1)

    def _attend(
        self, xp: Namespace, params: Params, name: str, past: Past, now: Array
    ) -> tuple[Array, Past]:
        """Append what a softmax over the last N steps, this one included, reads of their values.

        Args:
            xp: array namespace.
            params: the weights.
            name: of the block.
            past: keys and values of earlier steps.
            now: (B, D, m) features of this step so far.

        Returns:
            Features (B, D, m + K), and keys and values, this step's included.
        """
        batch, dim, _ = now.shape

        def row(kind: str) -> Array:
            return xp.reshape(xp.matmul(now, params[f"{name}.{kind}"]), (batch, 1, -1))

        keys = xp.concat([past.keys, row("key")], axis=1)[:, -self.rows :]
        values = xp.concat([past.values, row("value")], axis=1)[:, -self.rows :]
        query = xp.matmul(now, params[f"{name}.query"]) + params[f"{name}.query_bias"]
        logits = xp.matmul(keys, xp.reshape(query, (batch, -1, 1)))[..., 0]
        weights = softmax(xp, logits * (dim * self.width) ** -0.5)
        read = xp.reshape(xp.matmul(weights[:, None, :], values), (batch, dim, self.width))
        return xp.concat([now, read], axis=-1), Past(keys, values)

    def context_of(self, xp: Namespace, state: SnailState) -> Array:
        """Return what it knows of each dimension, (B, D, X): the features of the newest step."""
        return state.context
