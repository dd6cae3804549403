"""Functions of Gaussian processes and BBOB that are made rough: outliers, penalties and steps.

Every number that is drawn comes from the function's name, so a name says which function it is. The
minimum is that of the smooth function where it stays, its rounding where values are rounded, and
found among the cells where inputs are.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.benchmarks.suites.smooth_bases import smooth_entries
from rnnbbo.functions import roughness
from rnnbbo.functions.problem import Problem

Rough = Callable[[Problem, np.random.Generator], Problem]

PENALTIES = (1e2, 1e6, 1e30)
"""Heights above the minimum, in spreads."""

FEWEST_CELLS = 50
"""Cells that rounded inputs leave at least: of fewer, ten points at random may hit the best one."""


def entries(split: str, *, kind: str) -> Iterator[Entry]:
    """Yield functions of a kind: `outliers`, `penalty` or `steps`."""
    for turn, place, base in smooth_entries(split):
        rough, about = _KINDS[kind](turn, place)
        name = f"{about}-{base.name}"
        yield Entry(name, base.dim, partial(_built, base, rough, name))


def _built(base: Entry, rough: Rough, name: str) -> Problem:
    return rough(base.build(), np.random.default_rng(zlib.crc32(name.encode())))


def _outliers(turn: int, place: int) -> tuple[Rough, str]:
    return _with_outliers, "outliers"


def _penalty(turn: int, place: int) -> tuple[Rough, str]:
    """Give a third of the functions each size, and half of each a penalty with a violation."""
    size = PENALTIES[(turn + place) % len(PENALTIES)]
    violation = (turn + place // 3) % 2 == 1
    about = f"penalty-{size:.0e}".replace("+0", "").replace("+", "")
    rough = partial(_with_penalty, size=size, violation=violation)
    return rough, f"{about}-violation" if violation else about


def _steps(turn: int, place: int) -> tuple[Rough, str]:
    """Give a quarter of the functions each kind, and each base all of them in four rounds."""
    return _STEPS[(place + 7 * turn) % len(_STEPS)]


def _with_outliers(problem: Problem, rng: np.random.Generator) -> Problem:
    return roughness.with_outliers(problem, int(rng.integers(2**32)))


def _with_penalty(
    problem: Problem, rng: np.random.Generator, size: float, violation: bool
) -> Problem:
    half_space = roughness.draw_half_space(problem, rng, 0.3, 0.6)
    return roughness.with_penalty(problem, half_space, size, violation)


def _rounded_inputs(problem: Problem, rng: np.random.Generator) -> Problem:
    """Draw 2 to 30 levels a coordinate, log-uniform."""
    levels = [0]
    while math.prod(levels) < FEWEST_CELLS:
        levels = [round(math.exp(x)) for x in rng.uniform(math.log(2), math.log(30), problem.dim)]
    return roughness.with_rounded_inputs(problem, levels, int(rng.integers(2**32)))


def _rounded_outputs(problem: Problem, rng: np.random.Generator) -> Problem:
    """Draw a step of which the best tenth of the cube spans 3 to 12."""
    best_tenth = float(np.quantile(roughness.sampled_values(problem), 0.1)) - problem.minimum
    return roughness.with_rounded_outputs(problem, best_tenth / rng.uniform(3.0, 12.0))


def _plateau(problem: Problem, rng: np.random.Generator) -> Problem:
    """Draw which share of the cube, 10 to 30 %, is no plateau."""
    return roughness.with_plateau(problem, rng.uniform(0.1, 0.3))


def _cliff(problem: Problem, rng: np.random.Generator) -> Problem:
    """Draw a jump of 2 to 10 spreads over 20 to 80 % of the cube."""
    half_space = roughness.draw_half_space(problem, rng, 0.2, 0.8)
    return roughness.with_cliff(problem, half_space, rng.uniform(2.0, 10.0))


_STEPS: tuple[tuple[Rough, str], ...] = (
    (_rounded_inputs, "rounded-inputs"),
    (_rounded_outputs, "rounded-outputs"),
    (_plateau, "plateau"),
    (_cliff, "cliff"),
)

_KINDS: dict[str, Callable[[int, int], tuple[Rough, str]]] = {
    "outliers": _outliers,
    "penalty": _penalty,
    "steps": _steps,
}
