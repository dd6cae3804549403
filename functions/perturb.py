"""Random variants of a problem, so that no optimizer can have learned where its optimum lies."""

from dataclasses import dataclass

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem

SHIFT = 0.1
_SCALE = (0.9, 1.1)
# How far a point of the unit cube can be carried beyond its faces: (1.1 - 1) / 2 + 0.1.
REACH = (_SCALE[1] - 1) / 2 + SHIFT
_TRIES = 1000


@dataclass(frozen=True)
class Perturbed:
    """A problem's function after u -> 1/2 + gain (u[order] - 1/2) + shift on the unit cube.

    Attributes:
        base: the problem.
        order: `(dim,)`; the base's dimension j is ours at `order[j]`.
        gain: `(dim,)`, the scale, negative where the dimension is flipped.
        shift: `(dim,)`.
    """

    base: Problem
    order: tuple[int, ...]
    gain: tuple[float, ...]
    shift: tuple[float, ...]

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` in the unit cube to `(...)`."""
        v = 0.5 + np.array(self.gain) * (u[..., self.order] - 0.5) + np.array(self.shift)
        return self.base.func(self.base.low + v * (self.base.high - self.base.low))

    def inverse(self, x: FloatArray) -> FloatArray:
        """Return the point u that is carried to x `(dim,)`, in the units of the base's bounds."""
        v = (x - self.base.low) / (self.base.high - self.base.low)
        u = np.empty_like(v)
        u[list(self.order)] = 0.5 + (v - 0.5 - np.array(self.shift)) / np.array(self.gain)
        return u


def perturb(problem: Problem, rng: np.random.Generator) -> Problem:
    """Draw a variant on the unit cube, as in the benchmark tests of Chen et al. (2016).

    The input is translated by -0.1 to 0.1 and scaled by 0.9 to 1.1 about the centre, in every
    dimension on its own and in units of the unit cube; each dimension is flipped with
    probability one half, and the dimensions are permuted.

    The variant's cube may so reach beyond the problem's box, by 15 % of its width at most. There
    the formula is followed; a problem that does not promise, by its `margin`, to have no lower
    value there is refused. And a minimizer may leave the cube: translation and scale are drawn
    again until at least one global minimizer lies inside. So the minimum stays what it was.

    Args:
        problem: the problem.
        rng: the source of randomness.

    Returns:
        A problem on the unit cube with the same minimum, and those minimizers that lie inside.

    Raises:
        ConfigError: the problem's margin is below 0.15, it declares no minimizer, or none ever
            falls inside the cube.
    """
    if problem.margin < REACH - 1e-12:
        raise ConfigError(
            f"{problem.name}: margin = {problem.margin!r}; expected at least {REACH:g}, since "
            "the perturbed cube reaches that far out of the domain"
        )
    order = tuple(int(i) for i in rng.permutation(problem.dim))
    sign = rng.choice([-1.0, 1.0], size=problem.dim)
    for _ in range(_TRIES):
        gain = sign * rng.uniform(*_SCALE, size=problem.dim)
        shift = rng.uniform(-SHIFT, SHIFT, size=problem.dim)
        func = Perturbed(problem, order, tuple(gain.tolist()), tuple(shift.tolist()))
        points = [func.inverse(np.array(x)) for x in problem.minimizers]
        inside = [tuple(u.tolist()) for u in points if np.all((u >= 0) & (u <= 1))]
        if inside:
            return Problem(
                name=f"{problem.name}-perturbed",
                bounds=((0.0, 1.0),) * problem.dim,
                func=func,
                minimum=problem.minimum,
                minimizers=tuple(inside),
            )
    raise ConfigError(
        f"{problem.name}: minimizers = {problem.minimizers!r}; expected one that stays inside "
        f"the unit cube in one of {_TRIES} draws"
    )
