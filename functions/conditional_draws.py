"""Drawn problems in which a choice says which other parameters count.

A drawn problem has branches. Each is a function of BBOB of the parameters that count there, raised
by a level of its own; one branch, drawn, has the level 0, so that the minimum is 0 and is taken at
that function's minimizer. Which parameters count is one of `SHAPES`; one of them counts everywhere,
and its best value differs from branch to branch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rnnbbo.dimensions import Categorical, Integer, Real
from rnnbbo.errors import ConfigError
from rnnbbo.functions.bbob import bbob_problem
from rnnbbo.functions.declared_points import values_that_count
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.space import Space

LEVELS = (0.05, 0.5)
"""Levels of the branches without the minimum, in the unit of a branch's values."""

_SAMPLE = 1024  # uniform points whose median value above the minimum is the unit


def _real(name: str, when: Mapping[str, Any] | None = None) -> Real:
    return Real(0.0, 1.0, name=name, when=when)


SHAPES: Mapping[str, Space] = {
    "families": Space(
        [
            Categorical(["a", "b", "c"], "family"),
            _real("shared"),
            *(_real(f"a{i}", {"family": "a"}) for i in (1, 2)),
            *(_real(f"b{i}", {"family": "b"}) for i in (1, 2)),
            _real("c1", {"family": "c"}),
        ]
    ),
    "layers": Space(
        [
            Integer(1, 3, name="layers"),
            _real("shared"),
            _real("width1"),
            _real("width2", {"layers": [2, 3]}),
            _real("width3", {"layers": 3}),
        ]
    ),
    "nested": Space(
        [
            Categorical(["a", "b"], "family"),
            _real("shared"),
            Categorical(["p", "q"], "kind", {"family": "a"}),
            *(_real(f"p{i}", {"kind": "p"}) for i in (1, 2)),
            _real("q1", {"kind": "q"}),
            *(_real(f"b{i}", {"family": "b"}) for i in (1, 2, 3)),
        ]
    ),
}
"""Name -> the space. Choices say which branch it is, and reals are its function's arguments."""

Branch = tuple[Any, ...]
"""The values of the choices that count, in the order of the space."""

_BRANCHES: Mapping[str, tuple[Branch, ...]] = {
    "families": (("a",), ("b",), ("c",)),
    "layers": ((1,), (2,), (3,)),
    "nested": (("a", "p"), ("a", "q"), ("b",)),
}


@dataclass(frozen=True)
class _Function:
    """A branch: a function of BBOB, and its level."""

    number: int
    instance: int
    level: float


@dataclass(frozen=True)
class ConditionalDraw:
    """A drawn problem's function on the unit cube.

    Attributes:
        shape: a key of `SHAPES`.
        functions: one a branch.
    """

    shape: str
    functions: tuple[_Function, ...]

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        return np.apply_along_axis(self._value, -1, u)

    def _value(self, u: FloatArray) -> float:
        values = values_that_count(SHAPES[self.shape], u)
        reals = [value for name, value in values.items() if _is_real(self.shape, name)]
        chosen = tuple(value for name, value in values.items() if not _is_real(self.shape, name))
        function = self.functions[_BRANCHES[self.shape].index(chosen)]
        problem, unit = _scaled(function.number, len(reals), function.instance)
        height = problem.unit(np.array(reals)) - problem.minimum
        return function.level + max(height, 0.0) / unit  # below 0 by rounding alone


def conditional_draw(shape: str, rng: np.random.Generator, first_instance: int) -> Problem:
    """Draw a problem.

    Args:
        shape: a key of `SHAPES`.
        rng: the source of randomness.
        first_instance: the branches have BBOB's instances from this one on.

    Raises:
        ConfigError: there is no such shape.
        MissingExtraError: coco-experiment is not installed.
    """
    if shape not in SHAPES:
        raise ConfigError(f"shape = {shape!r}; expected one of {', '.join(SHAPES)}")
    space, branches = SHAPES[shape], _BRANCHES[shape]
    numbers = rng.choice(np.arange(1, 25), len(branches), replace=False)
    levels = rng.uniform(*LEVELS, len(branches))
    best = int(rng.integers(len(branches)))
    levels[best] = 0.0
    functions = tuple(
        _Function(int(number), first_instance + i, float(level))
        for i, (number, level) in enumerate(zip(numbers, levels, strict=True))
    )
    func = ConditionalDraw(shape, functions)
    minimizer = _minimizer(space, branches[best], func, functions[best])
    bounds = ((0.0, 1.0),) * space.n_dims
    return Problem(shape, bounds, func, 0.0, (minimizer,))


def _minimizer(
    space: Space, branch: Branch, func: ConditionalDraw, function: _Function
) -> tuple[float, ...]:
    """Return the point of the cube at which a branch takes its level."""
    u = np.full(space.n_dims, 0.5)
    choices = iter(branch)
    for i, dimension in enumerate(space.dimensions):
        if isinstance(dimension, Real) or not (left := next(choices, None)):
            continue
        values = (
            list(range(dimension.low, dimension.high + 1))
            if isinstance(dimension, Integer)
            else list(dimension.values)
        )
        u[i] = (values.index(left) + 0.5) / len(values)
    active = values_that_count(space, u)
    places = [
        i for i, name in enumerate(space.names) if name in active and _is_real(func.shape, name)
    ]
    problem, _ = _scaled(function.number, len(places), function.instance)
    width = problem.high - problem.low
    u[places] = (np.array(problem.minimizers[0]) - problem.low) / width
    return tuple(u.tolist())


def _is_real(shape: str, name: str) -> bool:
    space = SHAPES[shape]
    return isinstance(space.dimensions[space.names.index(name)], Real)


@lru_cache(maxsize=256)
def _scaled(number: int, dim: int, instance: int) -> tuple[Problem, float]:
    """Return a function of BBOB, and the median height above its minimum."""
    problem = bbob_problem(number, dim, instance)
    u = np.random.default_rng(0).random((_SAMPLE, dim))
    values = problem.func(problem.low + u * (problem.high - problem.low))
    return problem, float(np.median(values)) - problem.minimum
