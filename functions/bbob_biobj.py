"""The two-objective BBOB functions of COCO, from the package `coco-experiment` (the extra `bench`).

Brockhoff, Auger, Hansen and Tusar, "Using well-understood single-objective functions in
multiobjective black-box optimization test suites" (2022): 55 pairs of ten BBOB functions. The
reference point is the nadir, each objective at the optimum of the other one. COCO keeps no front;
the hypervolume of the best front known is what its logger measures against, in units of the box
between the ideal point and the nadir.
"""

import contextlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rnnbbo.functions.bbob import BOUND, bbob_problem
from rnnbbo.functions.coco_suites import coco_problem, require_known
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.several import make_several

_FUNCTIONS = range(1, 56)
_INSTANCES = range(1, 11)
"""COCO knows no front of the instances from 11 on, and gives 1 as the hypervolume of each."""

_REFERENCE = re.compile(r"reference value = (\S+)")
_NAME = re.compile(r"bbob_f(\d+)_i(\d+)_d\d+__bbob_f(\d+)_i(\d+)_d\d+")


@dataclass(frozen=True)
class _Objectives:
    """Holds what makes the C object and not the object itself, which cannot be pickled."""

    function: int
    dim: int
    instance: int

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(..., 2)`."""
        made, _ = _made(self.function, self.dim, self.instance)
        found: FloatArray = np.apply_along_axis(made, -1, x)
        return found


def bbob_biobj_problem(function: int, dim: int, instance: int) -> Problem:
    """Return one of the 55 functions on [-5, 5]^dim, where the optima of both objectives lie.

    COCO allows [-100, 100]^dim, but the best front known is reached within the smaller box, to a
    thousandth of its hypervolume.

    Args:
        function: 1 to 55.
        dim: one of COCO's: 2, 3, 5, 10, 20, 40.
        instance: 1 to 10.

    Raises:
        ConfigError: there is no such function.
        MissingExtraError: coco-experiment is not installed.
    """
    made, _ = _made(function, dim, instance)
    nadir = tuple(float(one) for one in made.largest_fvalues_of_interest)
    width = [worst - best for worst, best in zip(nadir, _ideal(made.name, dim), strict=True)]
    hypervolume = width[0] * width[1] * _best_known(function, dim, instance)
    name = f"bbob-biobj-f{function:02d}-i{instance}-d{dim}"
    objectives = _Objectives(function, dim, instance)
    return make_several(name, ((-BOUND, BOUND),) * dim, objectives, nadir, hypervolume)


def _ideal(name: str, dim: int) -> tuple[float, float]:
    """Return the optimal values of both objectives, which are BBOB functions."""
    match = _NAME.search(name)
    assert match is not None
    first, first_instance, second, second_instance = map(int, match.groups())
    return (
        bbob_problem(first, dim, first_instance).minimum,
        bbob_problem(second, dim, second_instance).minimum,
    )


@lru_cache(maxsize=256)
def _best_known(function: int, dim: int, instance: int) -> float:
    """Return the hypervolume that COCO's logger measures against, which it tells in a file."""
    import cocoex

    level = cocoex.log_level("error")
    try:
        with TemporaryDirectory() as folder, contextlib.chdir(folder):
            observer = cocoex.Observer("bbob-biobj", "result_folder: r log_nondominated: none")
            made, suite = coco_problem("bbob-biobj", function, dim, instance)
            made.observe_with(observer)
            made(np.zeros(dim))
            made.free()
            del suite
            (file,) = Path(observer.result_folder).glob("*/*_hyp.dat")
            match = _REFERENCE.search(file.read_text())
    finally:
        cocoex.log_level(level)
    assert match is not None
    return float(match[1])


@lru_cache(maxsize=256)
def _made(function: int, dim: int, instance: int) -> tuple[Any, Any]:
    require_known(function, dim, instance, _FUNCTIONS, _INSTANCES)
    return coco_problem("bbob-biobj", function, dim, instance)
