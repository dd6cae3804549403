"""Random numbers that belong to a problem and an ask, whoever else is in the batch.

Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") computes its k-th block
from a key and k alone. The run's seed is the key, and problem i owns the blocks from i times a
fixed stride on: a chunk of neighbouring problems is one call, and every problem gets the same
numbers in any chunk, on any device.
"""

import math
from dataclasses import dataclass

import numpy as np

from rnnbbo.policies.ops import Array, Namespace

_BLOCK = 8  # float32 numbers in a block of Philox 4x64


@dataclass(frozen=True)
class Draws:
    """Random numbers of a run.

    Attributes:
        entropy: seed of the run.
    """

    entropy: int

    def uniform(self, index: np.ndarray, ask: int, count: int) -> np.ndarray:
        """Return uniform numbers of some problems at an ask.

        Args:
            index: (m,) rising numbers of the problems.
            ask: number of the ask, or 0 for what is drawn before the first.
            count: numbers a problem.

        Returns:
            (m, count) float32 in [0, 1).
        """
        key = np.random.SeedSequence(self.entropy).generate_state(2, np.uint64)
        blocks = -(-count // _BLOCK)
        cuts = np.flatnonzero(np.diff(index) != 1) + 1
        drawn = []
        for run in np.split(index, cuts):
            counter = np.array([int(run[0]) * blocks, ask, 0, 0], dtype=np.uint64)
            generator = np.random.Generator(np.random.Philox(key=key, counter=counter))
            drawn.append(generator.random((len(run), blocks * _BLOCK), dtype=np.float32))
        numbers = drawn[0] if len(drawn) == 1 else np.concatenate(drawn)
        return numbers[:, :count]


def normal(xp: Namespace, u: Array) -> Array:
    """Make normal numbers of as many uniform ones (m, 2 k), by Box and Muller (1958)."""
    half = u.shape[1] // 2
    radius = xp.sqrt(-2.0 * xp.log(1.0 - u[:, :half]))
    angle = (2.0 * math.pi) * u[:, half:]
    return xp.concat([radius * xp.cos(angle), radius * xp.sin(angle)], axis=1)
