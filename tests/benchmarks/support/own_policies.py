"""Policies of one's own, named `module:attribute`, so that processes can import them."""

from typing import Any

import numpy as np

from rnnbbo.checkpoint import Checkpoint
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import Params
from rnnbbo.policies.protocol import Policy
from rnnbbo.space import Space


class Diagonal(Policy):
    """Proposes points on the cube's diagonal."""

    about = "points on the diagonal"

    def __init__(self, pace: float = 0.1) -> None:
        self.pace = pace

    def init(self, dim: int) -> tuple[int, int]:
        return dim, 0

    def step(self, params: Params, state: Any, observation: Observation) -> tuple[int, int]:
        dim, told = state
        return dim, told + 1

    def choices(
        self,
        params: Params,
        state: Any,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> np.ndarray:
        dim, told = state
        return np.full((1, dim), self.pace * told)


slow = Diagonal(0.02)
trained = Checkpoint("diagonal", Diagonal(), {}, {"config": {"train": {"horizon": [7, 9]}}})
number = 3
