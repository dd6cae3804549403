"""COBYQA (Ragonneau and Zhang 2023), by scipy."""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import NonlinearConstraint, minimize

from rnnbbo.benchmarks.methods.base import FloatArray, WorstFinite
from rnnbbo.benchmarks.methods.inverted import CubeFunction, Inverted

Evaluated = tuple[float, FloatArray]
"""A value, and the values of the constraints."""


class COBYQA(Inverted):
    """`scipy.optimize.minimize(method="COBYQA")` from a uniform point, again when it ends.

    A trust-region search with quadratic models of the value and of every constraint, with its
    defaults. It evaluates both at a point, in turn: they are asked for once. What is not finite is
    told as the worst finite value so far. Without constraints there are bounds alone.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        told: list[FloatArray] = []  # of the point that was told last; `search` may hold on to it

        def search(objective: CubeFunction, rng: np.random.Generator) -> None:
            known: dict[bytes, Evaluated] = {}

            def evaluated(x: FloatArray) -> Evaluated:
                key = np.asarray(x, dtype=float).tobytes()
                if key not in known:
                    known[key] = objective(x), told[-1]
                return known[key]

            start = rng.random(dim)
            constrained = len(evaluated(start)[1]) > 0
            minimize(
                lambda x: evaluated(x)[0],
                start,
                method="COBYQA",
                bounds=[(0.0, 1.0)] * dim,
                constraints=[NonlinearConstraint(lambda x: evaluated(x)[1], -np.inf, 0.0)]
                if constrained
                else (),
            )

        super().__init__(search, seed, WorstFinite())
        self._told = told
        self._finite: list[WorstFinite] = []

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self.tell_constrained(x, y, {})

    def tell_constrained(self, x: FloatArray, y: float, constraints: Mapping[str, float]) -> None:
        """See `ConstrainedMethod.tell_constrained`."""
        if not self._finite:
            self._finite = [WorstFinite(first=1.0) for _ in constraints]
        values = [f(v) for f, v in zip(self._finite, constraints.values(), strict=True)]
        self._told[:] = [np.array(values)]
        super().tell(x, y)
