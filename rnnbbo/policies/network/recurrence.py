"""What a network remembers of a run, and how candidates read of it: the face of a recurrence."""

from typing import Any, Protocol

import numpy as np

from rnnbbo.policies.evidence import Inputs
from rnnbbo.policies.network import archive
from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import Array, Namespace, Params


class Recurrence(Protocol):
    """What a network remembers of a run, dimension by dimension, with shared weights."""

    @property
    def context(self) -> int:
        """Width X of what it knows of a dimension."""

    @property
    def reads(self) -> int:
        """Numbers F that a candidate of a scored head reads beside it."""

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw weights, float32, by name."""

    def init_state(self, xp: Namespace, x: Array) -> Any:
        """Return the state before the first step, for a batch shaped like x (B, D)."""

    def step(
        self, xp: Namespace, params: Params, state: Any, inputs: Inputs, more: Array | None
    ) -> Any:
        """Advance by one observation; `more` are further inputs (B, D, extra)."""

    def context_of(self, xp: Namespace, state: Any) -> Array:
        """Return what it knows of each dimension, (B, D, X)."""

    def init_reading(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights by which candidates read, float32, by name."""

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> list[Array]:
        """Return what candidates `keys` (B, D, C) read from a context (B, D, X).

        Returns:
            Arrays (B, ..., C), F numbers a candidate in all.
        """

    def words(self, state: NetworkState) -> Array | None:
        """Return the words (B, N, D width) of a memory that candidates read; None without one.

        A recurrence whose `read` is none of those here has no such method: the compiled functions
        know of no other, and numpy computes.
        """


class ReadsNearest:
    """How candidates read of a recurrence without a memory: the nearest observation."""

    @property
    def reads(self) -> int:
        """Numbers that a candidate reads beside it."""
        return archive.NEAREST_FEATURES

    def init_reading(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw nothing: there is no memory to address."""
        return {}

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> list[Array]:
        """Read the nearest observation; see `Recurrence.read`."""
        assert state.archive is not None
        return [archive.read_nearest(xp, state.evidence, state.archive, keys)]

    def words(self, state: NetworkState) -> Array | None:
        """Return nothing: there is no memory."""
        return None
