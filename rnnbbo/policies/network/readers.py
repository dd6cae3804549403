"""Ways in which a candidate reads what a network remembers: what its head is told besides places.

A recurrence says which of them suit it (`Recurrence.readers`).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rnnbbo.policies.network import archive, content
from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import Array, Namespace, Params


class Reader(Protocol):
    """One way to read."""

    @property
    def features(self) -> int:
        """Numbers F that a candidate reads."""

    def init_params(self, rng: np.random.Generator, context: int) -> dict[str, Array]:
        """Draw weights, float32, for a context of that width."""

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> Array:
        """Return what candidates `keys` (B, D, C) read, (B, F, C), from a context (B, D, X)."""


@dataclass(frozen=True)
class Nearest:
    """The nearest observation."""

    features: int = archive.NEAREST_FEATURES

    def init_params(self, rng: np.random.Generator, context: int) -> dict[str, Array]:
        """Draw nothing."""
        return {}

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> Array:
        """See `Reader.read`."""
        assert state.archive is not None
        return archive.read_nearest(xp, state.evidence, state.archive, keys)


@dataclass(frozen=True)
class Similar:
    """All observations, by their distance, with some heads of a kernel each."""

    heads: int

    @property
    def features(self) -> int:
        """Numbers that a candidate reads."""
        return self.heads * archive.SIMILAR_FEATURES

    def init_params(self, rng: np.random.Generator, context: int) -> dict[str, Array]:
        """See `Reader.init_params`."""
        return archive.init_scales(rng, context, self.heads)

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> Array:
        """See `Reader.read`."""
        assert state.archive is not None
        return archive.read_similar(xp, params, context, state.evidence, state.archive, keys)


@dataclass(frozen=True)
class Content:
    """The memory of a DNC, by the content of its words of `features` numbers a dimension."""

    features: int

    def init_params(self, rng: np.random.Generator, context: int) -> dict[str, Array]:
        """See `Reader.init_params`."""
        return content.init_key(rng, context, self.features)

    def read(
        self, xp: Namespace, params: Params, context: Array, state: NetworkState, keys: Array
    ) -> Array:
        """See `Reader.read`."""
        words = state.recurrent.memory.memory
        return content.read_memory(xp, params, context, state.evidence.best_x, words, keys)
