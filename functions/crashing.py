"""Regions in which evaluating fails: what is known of them is where evaluations failed."""

from dataclasses import dataclass, replace

import numpy as np

from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.roughness import HalfSpace


def with_crashes(problem: Problem, half_space: HalfSpace) -> Problem:
    """Let every evaluation in a half-space fail, with NaN in place of a value; the minimum stays.

    Args:
        problem: the problem.
        half_space: of the unit cube that is mapped onto the problem's bounds; without the
            minimizers, see `rnnbbo.functions.roughness.draw_half_space`.
    """
    func = _Crashing(problem, half_space)
    return replace(problem, name=f"crash-{problem.name}", func=func, margin=0.0)


@dataclass(frozen=True)
class _Crashing:
    base: Problem
    half_space: HalfSpace

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        u = (x - self.base.low) / (self.base.high - self.base.low)
        return np.where(self.half_space.depth(u) > 0, np.nan, self.base.func(x))[()]
