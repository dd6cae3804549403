"""The constrained BBOB functions of COCO, from the package `coco-experiment` (the extra `bench`).

Dufosse, Hansen, Brockhoff, Sampaio, Atamna and Auger, "Building scalable test problems for
benchmarking constrained optimizers" (2022): 9 functions, each with 6 numbers of constraints, of
which some are active at the optimum. A constraint is feasible where at most 0.
"""

import contextlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rnnbbo.functions.bbob import BOUND
from rnnbbo.functions.coco_suites import coco_problem, require_known
from rnnbbo.functions.problem import FloatArray, Problem

_BEST = "._bbob_problem_best_parameter.txt"  # where COCO writes the optimum, and nowhere else


@dataclass(frozen=True)
class _Part:
    """Holds what makes the C object and not the object itself, which cannot be pickled."""

    function: int
    dim: int
    instance: int
    constraints: bool

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`, or to `(..., K)`."""
        made, _ = _made(self.function, self.dim, self.instance)
        return np.apply_along_axis(made.constraint if self.constraints else made, -1, x)


def bbob_constrained_problem(function: int, dim: int, instance: int) -> Problem:
    """Return one of the 54 functions, on [-5, 5]^dim.

    Args:
        function: 1 to 54.
        dim: one of COCO's: 2, 3, 5, 10, 20, 40.
        instance: 1 to 15.

    Raises:
        ConfigError: there is no such function.
        MissingExtraError: coco-experiment is not installed.
    """
    value, constraints = (_Part(function, dim, instance, one) for one in (False, True))
    best = _best(function, dim, instance)
    return Problem(
        name=f"bbob-constrained-f{function:02d}-i{instance}-d{dim}",
        bounds=((-BOUND, BOUND),) * dim,
        func=value,
        minimum=float(value(np.array(best))),
        minimizers=(best,),
        constraints=constraints,
    )


def value_to_begin_with(function: int, dim: int, instance: int) -> float:
    """Return the value at the feasible point that COCO gives to begin with."""
    made, _ = _made(function, dim, instance)
    return float(made(made.initial_solution))


@lru_cache(maxsize=256)
def _best(function: int, dim: int, instance: int) -> tuple[float, ...]:
    made, _ = _made(function, dim, instance)
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        made._best_parameter("print")
        return tuple(np.atleast_1d(np.loadtxt(Path(folder) / _BEST)).tolist())


@lru_cache(maxsize=256)
def _made(function: int, dim: int, instance: int) -> tuple[Any, Any]:
    require_known(function, dim, instance, range(1, 55), range(1, 16))
    return coco_problem("bbob-constrained", function, dim, instance)
