"""The BBOB functions of COCO, from the package `coco-experiment` (the extra `bench`).

Hansen, Finck, Ros and Auger, "Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless
Functions Definitions" (INRIA RR-6829). An instance is a function with its own rotations, location
of the optimum and optimal value.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rnnbbo.errors import ConfigError, MissingExtraError
from rnnbbo.functions.problem import FloatArray, Problem

if TYPE_CHECKING:
    from cocoex import BareProblem

BOUND = 5.0
"""Every function's domain is [-5, 5] in every dimension, and its optimum lies inside."""


@dataclass(frozen=True)
class _Bbob:
    """Holds what makes the C object and not the object itself, which cannot be pickled."""

    function: int
    dim: int
    instance: int

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return np.apply_along_axis(_bare(self.function, self.dim, self.instance), -1, x)


def bbob_problem(function: int, dim: int, instance: int) -> Problem:
    """Return one of the 24 functions, on [-5, 5]^dim.

    Args:
        function: 1 to 24.
        dim: at least 2.
        instance: at least 1.

    Raises:
        ConfigError: there is no such function.
        MissingExtraError: coco-experiment is not installed.
    """
    bare = _bare(function, dim, instance)
    return Problem(
        name=f"bbob-f{function:02d}-i{instance}-d{dim}",
        bounds=((-BOUND, BOUND),) * dim,
        func=_Bbob(function, dim, instance),
        minimum=float(bare.best_value()),
        minimizers=(tuple(float(x) for x in bare.best_parameter()),),
    )


@lru_cache(maxsize=256)
def _bare(function: int, dim: int, instance: int) -> "BareProblem":
    """Return COCO's function without its counting of evaluations."""
    try:
        from cocoex import BareProblem
    except ImportError as error:
        raise MissingExtraError(
            "the BBOB functions need coco-experiment, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    for key, value, least, most in (
        ("function", function, 1, 24),
        ("dim", dim, 2, 40),
        ("instance", instance, 1, 10_000),
    ):
        if not least <= value <= most:
            raise ConfigError(f"{key} = {value!r}; expected {least} to {most}")
    return BareProblem("bbob", function, dim, instance)
