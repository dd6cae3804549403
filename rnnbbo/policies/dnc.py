"""The DNC optimizer's recurrence, for any number of dimensions.

A differentiable neural computer (Graves et al. 2016) whose controller is the LSTM of
`rnnbbo.policies.lstm`. A memory word has one slice of `width` numbers per dimension, W = D width;
keys, erase and write vectors come from each dimension's own cell, gates, strengths and read modes
from their mean. Permuting the dimensions permutes the slices and leaves the weightings alone.
"""

from typing import NamedTuple

import numpy as np

from rnnbbo.policies import lstm
from rnnbbo.policies.evidence import Inputs
from rnnbbo.policies.memory import Interface, MemoryState, access, init_memory
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

    controller: lstm.LstmState
    memory: MemoryState
    reads: Array


class DncShape(NamedTuple):
    """Sizes: hidden units a dimension, memory rows, slice width, read heads, further inputs."""

    hidden: int
    rows: int
    width: int
    heads: int
    told: int = 0


def init_params(rng: np.random.Generator, shape: DncShape) -> dict[str, Array]:
    """Draw the weights of controller and interface."""
    hidden, _, width, heads, told = shape
    slices, shared = width * (heads + 3), 5 * heads + 3
    return {
        **lstm.init_params(rng, hidden, extra=heads * width + told),
        "interface.slices": dense(rng, hidden, (hidden, slices)),
        "interface.slices_bias": np.zeros(slices, dtype=np.float32),
        "interface.shared": dense(rng, hidden, (hidden, shared)),
        "interface.shared_bias": np.zeros(shared, dtype=np.float32),
    }


def init_state(xp: Namespace, shape: DncShape, x: Array) -> DncState:
    """Empty memory and zero controller for a batch shaped like x (B, D)."""
    batch, dim = x.shape
    return DncState(
        lstm.init_state(xp, shape.hidden, x),
        init_memory(xp, batch, shape.rows, dim * shape.width, shape.heads, like=x),
        xp.zeros((batch, dim, shape.heads * shape.width), dtype=x.dtype, device=x.device),
    )


def interface(xp: Namespace, params: Params, shape: DncShape, h: Array) -> Interface:
    """Turn the controller's state h (B, D, H) into the memory's interface vector."""
    batch, dim, _ = h.shape
    width, heads = shape.width, shape.heads
    slices = xp.matmul(h, params["interface.slices"]) + params["interface.slices_bias"]
    slices = xp.reshape(slices, (batch, dim, heads + 3, width))
    words = xp.reshape(xp.permute_dims(slices, (0, 2, 1, 3)), (batch, heads + 3, dim * width))
    pooled = xp.mean(h, axis=1)
    shared = matmul_rows(xp, pooled, params["interface.shared"]) + params["interface.shared_bias"]
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


def step(
    xp: Namespace,
    params: Params,
    shape: DncShape,
    state: DncState,
    inputs: Inputs,
    told: Array | None = None,
) -> DncState:
    """Advance controller and memory by one observation; `told` (B, D, told) are further inputs."""
    reads = state.reads if told is None else xp.concat([state.reads, told], axis=-1)
    controller = lstm.step(xp, params, state.controller, inputs, reads)
    batch, dim, _ = controller.h.shape
    width, heads = shape.width, shape.heads
    memory, reads = access(xp, state.memory, interface(xp, params, shape, controller.h))
    slices = xp.permute_dims(xp.reshape(reads, (batch, heads, dim, width)), (0, 2, 1, 3))
    return DncState(controller, memory, xp.reshape(slices, (batch, dim, heads * width)))
