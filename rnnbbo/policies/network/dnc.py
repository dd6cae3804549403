"""The DNC optimizer's recurrence, for any number of dimensions.

A differentiable neural computer (Graves et al. 2016) whose controller is the LSTM of
`rnnbbo.policies.network.lstm`. A memory word has one slice of `width` numbers per dimension,
W = D width; keys, erase and write vectors come from each dimension's own cell, gates, strengths and
read modes from their mean. Permuting the dimensions permutes the slices and leaves the weightings
alone.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.policies.evidence import Inputs
from rnnbbo.policies.network import archive, content
from rnnbbo.policies.network.external_memory import Interface, MemoryState, access, init_memory
from rnnbbo.policies.network.lstm import Lstm, LstmState
from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import (
    Array,
    Namespace,
    Params,
    dense,
    matmul_rows,
    oneplus,
    sigmoid,
    softmax,
)


class DncState(NamedTuple):
    """Controller, memory, and what the heads read last, (B, D, R width)."""

    controller: LstmState
    memory: MemoryState
    reads: Array


@dataclass(frozen=True)
class Dnc:
    """The recurrence.

    Attributes:
        hidden: units of the controller a dimension.
        rows: rows N of the memory.
        width: numbers of a word a dimension.
        heads: read heads R.
        similar: heads with which candidates read the observations by their distance; with 0 they
            read the nearest one.
        extra: further inputs a dimension: what heads of regression tell.
    """

    hidden: int
    rows: int
    width: int
    heads: int
    similar: int = 0
    extra: int = 0

    @property
    def context(self) -> int:
        """Width of what it knows of a dimension."""
        return self.hidden + self.heads * self.width

    @property
    def reads(self) -> int:
        """Numbers that a candidate reads beside it."""
        similar = self.similar * archive.SIMILAR_FEATURES
        return (similar or archive.NEAREST_FEATURES) + self.width

    @property
    def _controller(self) -> Lstm:
        return Lstm(self.hidden, self.heads * self.width + self.extra)

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights of controller and interface."""
        hidden, width, heads = self.hidden, self.width, self.heads
        slices, shared = width * (heads + 3), 5 * heads + 3
        return {
            **self._controller.init_params(rng),
            "interface.slices": dense(rng, hidden, (hidden, slices)),
            "interface.slices_bias": np.zeros(slices, dtype=np.float32),
            "interface.shared": dense(rng, hidden, (hidden, shared)),
            "interface.shared_bias": np.zeros(shared, dtype=np.float32),
        }

    def init_state(self, xp: Namespace, x: Array) -> DncState:
        """Return an empty memory and a zero controller for a batch shaped like x (B, D)."""
        batch, dim = x.shape
        return DncState(
            self._controller.init_state(xp, x),
            init_memory(xp, batch, self.rows, dim * self.width, self.heads, like=x),
            xp.zeros((batch, dim, self.heads * self.width), dtype=x.dtype, device=x.device),
        )

    def step(
        self,
        xp: Namespace,
        params: Params,
        state: DncState,
        inputs: Inputs,
        more: Array | None = None,
    ) -> DncState:
        """Advance controller and memory by one observation; `more` (B, D, extra) are inputs."""
        reads = state.reads if more is None else xp.concat([state.reads, more], axis=-1)
        controller = self._controller.step(xp, params, state.controller, inputs, reads)
        batch, dim, _ = controller.h.shape
        if xp is np and (found := core.memory(params, controller.h, state.memory)) is not None:
            return DncState(controller, MemoryState(*found[:-1]), found[-1])
        width, heads = self.width, self.heads
        memory, reads = access(xp, state.memory, self._interface(xp, params, controller.h))
        slices = xp.permute_dims(xp.reshape(reads, (batch, heads, dim, width)), (0, 2, 1, 3))
        return DncState(controller, memory, xp.reshape(slices, (batch, dim, heads * width)))

    def context_of(self, xp: Namespace, state: DncState) -> Array:
        """Return what it knows of each dimension, (B, D, H + R width): hidden state and reads."""
        return xp.concat([state.controller.h, state.reads], axis=-1)

    def init_reading(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights by which candidates address observations and memory."""
        scales = archive.init_scales(rng, self.context, self.similar) if self.similar else {}
        return scales | content.init_key(rng, self.context, self.width)

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> list[Array]:
        """Read the observations by their distance, and the memory by content."""
        now, kept, words = state.evidence, state.archive, self.words(state)
        assert kept is not None
        if self.similar:
            observed = archive.read_similar(xp, params, context, now, kept, keys)
        else:
            observed = archive.read_nearest(xp, now, kept, keys)
        return [observed, content.read_memory(xp, params, context, now.best_x, words, keys)]

    def words(self, state: NetworkState) -> Array | None:
        """Return the words of its memory, (B, N, D width)."""
        return state.recurrent.memory.memory

    def _interface(self, xp: Namespace, params: Params, h: Array) -> Interface:
        """Turn the controller's state h (B, D, H) into the memory's interface vector."""
        batch, dim, _ = h.shape
        width, heads = self.width, self.heads
        slices = xp.matmul(h, params["interface.slices"]) + params["interface.slices_bias"]
        slices = xp.reshape(slices, (batch, dim, heads + 3, width))
        words = xp.reshape(xp.permute_dims(slices, (0, 2, 1, 3)), (batch, heads + 3, dim * width))
        pooled = xp.mean(h, axis=1)
        shared = (
            matmul_rows(xp, pooled, params["interface.shared"]) + params["interface.shared_bias"]
        )
        strengths = oneplus(xp, shared[:, : heads + 1])
        gates = sigmoid(xp, shared[:, heads + 1 : 2 * heads + 3])
        return Interface(
            read_keys=words[:, :heads, :],
            read_strengths=strengths[:, :heads],
            write_key=words[:, heads : heads + 1, :],
            write_strength=strengths[:, heads:],
            erase=sigmoid(xp, words[:, heads + 1, :]),
            write=words[:, heads + 2, :],
            free_gates=gates[:, :heads],
            allocation_gate=gates[:, heads : heads + 1],
            write_gate=gates[:, heads + 1 :],
            read_modes=softmax(xp, xp.reshape(shared[:, 2 * heads + 3 :], (batch, heads, 3))),
        )
