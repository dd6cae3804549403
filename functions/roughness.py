"""What keeps a problem from being a smooth function: outliers, penalties, steps, plateaus, cliffs.

Each function takes a `Problem` and returns one with a rougher function, whose minimum is known: it
is the smooth problem's, its rounding, or, of rounded inputs, found among the cells. They may be put
one on the other. A spread is the standard deviation of a problem's values at uniform points.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.least_cell import find_least_cell
from rnnbbo.functions.problem import FloatArray, Problem

_SAMPLE = 1024  # uniform points for a spread, a quantile or a volume
_TRIES = 1000


@dataclass(frozen=True)
class HalfSpace:
    """The points u of the unit cube with `normal @ u > offset`.

    Attributes:
        normal: `(dim,)`, of length 1.
        offset: a number.
    """

    normal: tuple[float, ...]
    offset: float

    def depth(self, u: FloatArray) -> FloatArray:
        """Return how far points `(..., dim)` of the unit cube are inside; negative outside."""
        return u @ np.array(self.normal) - self.offset


def sampled_values(problem: Problem, seed: int = 0) -> FloatArray:
    """Return the values at 1024 uniform points: what spreads and quantiles are taken from."""
    u = np.random.default_rng(seed).random((_SAMPLE, problem.dim))
    return problem.func(problem.low + u * (problem.high - problem.low))


def draw_half_space(
    problem: Problem, rng: np.random.Generator, least: float, most: float
) -> HalfSpace:
    """Draw a half-space through a uniform point of the cube, without any known minimizer.

    Args:
        problem: on whose bounds the cube is mapped.
        rng: the source of randomness.
        least: share of the cube's volume that it takes at least, as uniform points measure it.
        most: likewise, at most.

    Raises:
        ConfigError: no such half-space was found.
    """
    u = rng.random((_SAMPLE, problem.dim))
    best = _to_unit(problem, np.array(problem.minimizers))
    for _ in range(_TRIES):
        normal = rng.standard_normal(problem.dim)
        normal /= np.linalg.norm(normal)
        found = HalfSpace(tuple(normal.tolist()), float(normal @ rng.random(problem.dim)))
        outside = np.all(found.depth(best) < 0)
        if outside and least <= np.mean(found.depth(u) > 0) <= most:
            return found
    raise ConfigError(
        f"{problem.name}: least, most = {least!r}, {most!r}; expected shares of the cube that a "
        "half-space without the minimizers can have"
    )


def with_outliers(
    problem: Problem, seed: int, share: float = 0.1, sizes: tuple[float, float] = (10.0, 1e8)
) -> Problem:
    """Replace the values at some points by far larger ones; the minimum stays.

    Which points these are, and how large a value each has, is a hash of the point: the same point
    has the same value at every evaluation, and nothing about it can be learned from its neighbours.

    Args:
        problem: the problem.
        seed: of the hash; the next one is taken where it would strike a known minimizer.
        share: of all points that are struck.
        sizes: range of the log-uniform height above the minimum, in spreads.
    """
    spread = float(np.std(sampled_values(problem)))
    while True:
        low, high = (math.log10(size) for size in sizes)
        func = _Outliers(problem, seed, share, low, high, spread)
        if not any(func.is_struck(np.array(x)) for x in problem.minimizers):
            return replace(problem, name=f"outliers-{problem.name}", func=func, margin=0.0)
        seed += 1


def with_penalty(
    problem: Problem, half_space: HalfSpace, size: float, violation: bool = False
) -> Problem:
    """Return a penalty in place of the values of a half-space; the minimum stays.

    Args:
        problem: the problem.
        half_space: where the penalty counts; without the minimizers.
        size: the penalty's height above the minimum, in spreads.
        violation: whether the penalty grows by its own size for each unit of the cube that a
            point lies within the half-space; else it is constant.
    """
    height = size * float(np.std(sampled_values(problem)))
    func = _Penalty(problem, half_space, height, height if violation else 0.0, keeps=False)
    return replace(problem, name=f"penalty-{problem.name}", func=func, margin=0.0)


def with_cliff(problem: Problem, half_space: HalfSpace, jump: float) -> Problem:
    """Raise the values of a half-space, without the minimizers, by `jump` spreads."""
    height = jump * float(np.std(sampled_values(problem)))
    func = _Penalty(problem, half_space, height, 0.0, keeps=True)
    return replace(problem, name=f"cliff-{problem.name}", func=func, margin=0.0)


def with_rounded_inputs(problem: Problem, levels: Sequence[int], seed: int = 0) -> Problem:
    """Cut every coordinate into equal parts, and take the values at the cells' middles.

    The minimum is the least of the cells, see `find_least_cell`.

    Args:
        problem: the problem.
        levels: parts of each coordinate.
        seed: of the search among the cells, where there are too many to evaluate all.
    """
    func = _RoundedInputs(problem, tuple(levels))
    width = problem.high - problem.low
    start = func.cells(_to_unit(problem, np.array(problem.minimizers)))
    rng = np.random.default_rng(seed)
    cell = find_least_cell(func.values, levels, start, rng)
    middle = problem.low + (cell + 0.5) / np.array(levels) * width
    return replace(
        problem,
        name=f"rounded-inputs-{problem.name}",
        func=func,
        minimum=float(func.values(cell)),
        minimizers=(tuple(middle.tolist()),),
        margin=0.0,
    )


def with_rounded_outputs(problem: Problem, step: float) -> Problem:
    """Round the values to multiples of `step`, in their own unit, and so the minimum."""
    func = _RoundedOutputs(problem, step)
    minimum = float(func.rounded(np.array(problem.minimum)))
    name = f"rounded-outputs-{problem.name}"
    return replace(problem, name=name, func=func, minimum=minimum, margin=0.0)


def with_plateau(problem: Problem, share: float) -> Problem:
    """Make all but the best `share` of the cube, as uniform points measure it, one constant."""
    level = float(np.quantile(sampled_values(problem), share))
    func = _Plateau(problem, level)
    return replace(problem, name=f"plateau-{problem.name}", func=func, margin=0.0)


@dataclass(frozen=True)
class _Outliers:
    base: Problem
    seed: int
    share: float
    low: float
    high: float
    spread: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        u = self._uniform(x)
        exponent = self.low + (self.high - self.low) * u[..., 1]
        outlier = self.base.minimum + self.spread * 10.0**exponent
        return np.where(u[..., 0] < self.share, outlier, self.base.func(x))[()]

    def is_struck(self, x: FloatArray) -> bool:
        """Tell whether the value at x `(dim,)` is replaced."""
        return bool(self._uniform(x)[0] < self.share)

    def _uniform(self, x: FloatArray) -> FloatArray:
        """Return two numbers `(..., 2)` in [0, 1) for each point."""
        return np.apply_along_axis(self._hashed, -1, x)

    def _hashed(self, x: FloatArray) -> FloatArray:
        # Adding zero makes -0.0 the same point as 0.0.
        text = np.ascontiguousarray(x + 0.0, dtype="<f8").tobytes()
        key = self.seed.to_bytes(8, "little")
        digest = hashlib.blake2b(text, digest_size=16, key=key).digest()
        return (np.frombuffer(digest, dtype="<u8") >> np.uint64(11)) / 2.0**53


@dataclass(frozen=True)
class _Penalty:
    """Attributes: keeps: whether the values of the half-space are raised, not replaced."""

    base: Problem
    half_space: HalfSpace
    height: float
    slope: float
    keeps: bool

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        depth = self.half_space.depth(_to_unit(self.base, x))
        value = self.base.func(x)
        under = value if self.keeps else self.base.minimum
        return np.where(depth > 0, under + self.height + self.slope * depth, value)[()]


@dataclass(frozen=True)
class _RoundedInputs:
    base: Problem
    levels: tuple[int, ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return self.values(self.cells(_to_unit(self.base, x)))

    def cells(self, u: FloatArray) -> FloatArray:
        """Return the cells `(..., dim)`, from 0, that points of the unit cube lie in."""
        levels = np.array(self.levels)
        return np.clip(np.floor(u * levels), 0, levels - 1)

    def values(self, cells: FloatArray) -> FloatArray:
        """Return the values `(...)` of cells `(..., dim)`."""
        u = (cells + 0.5) / np.array(self.levels)
        return self.base.func(self.base.low + u * (self.base.high - self.base.low))


@dataclass(frozen=True)
class _RoundedOutputs:
    base: Problem
    step: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return self.rounded(self.base.func(x))

    def rounded(self, value: FloatArray) -> FloatArray:
        """Return the multiples of the step that are nearest to values."""
        return self.step * np.round(value / self.step) + 0.0  # no -0.0


@dataclass(frozen=True)
class _Plateau:
    base: Problem
    level: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return np.minimum(self.base.func(x), self.level)


def _to_unit(problem: Problem, x: FloatArray) -> FloatArray:
    return (x - problem.low) / (problem.high - problem.low)
