"""Where to look for the largest acquisition: candidates, and which of them to climb from."""

from collections.abc import Callable
from functools import cache

import numpy as np

from rnnbbo import core
from rnnbbo.core import asking
from rnnbbo.core import search as compiled
from rnnbbo.policies import candidates as points
from rnnbbo.policies.allowed import keep_allowed, pull
from rnnbbo.policies.climb import first_radius
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.space import Space

# Maps points (S, D) to values (S,) and gradients (S, D).
_Climbed = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

EVERYWHERE, _NEAR = 96, 72  # candidates over the cube, and round the incumbent
RADII = np.array([0.15, 0.02, 0.002])  # of those round the incumbent, in length-scales
PROMISING = 32  # candidates of either kind that get an exact score
_STARTS, STEPS = 3, 12  # candidates that are refined, and evaluations of each
GAIN = 0.05  # where no step promises more, in logarithms of the improvement, climbing ends


@cache
def sizes(hypotheses: int, dim: int) -> asking.Sizes:
    """Return the sizes of an ask in `dim` dimensions, as the compiled functions take them."""
    radius = first_radius(dim)
    candidates = EVERYWHERE, _NEAR, len(RADII), PROMISING
    return asking.Sizes(hypotheses, *candidates, _STARTS, STEPS, 0, radius, GAIN)


def make_candidates(
    rng: np.random.Generator,
    space: Space,
    around: np.ndarray,
    lengthscales: np.ndarray,
    flat: Plateaus,
) -> np.ndarray:
    """Draw points of the space, (C, D): EVERYWHERE over the cube, _NEAR round each of m incumbents.

    Args:
        rng: randomness of this ask.
        space: the user's.
        around: (m, D) incumbents.
        lengthscales: (H, D) of the hypotheses, in turn the unit of the spray's radii.
        flat: what equal values say.
    """
    first, *others = around
    drawn = [_round(rng, space, first, lengthscales, flat)]
    drawn += [_round(rng, space, other, lengthscales, flat)[EVERYWHERE:] for other in others]
    return drawn[0] if not others else np.concatenate(drawn)


def _round(
    rng: np.random.Generator,
    space: Space,
    incumbent: np.ndarray,
    lengthscales: np.ndarray,
    flat: Plateaus,
) -> np.ndarray:
    """Draw points over the cube, and round one incumbent (D,)."""
    wide, near = _draw(rng, space, incumbent, lengthscales)
    near = space.snap(flat.leave(rng, points.snap_near(rng, space, near, incumbent)))
    near = pull(space, near, incumbent)
    return np.concatenate([keep_allowed(rng, space, space.snap(wide)), near])


def _draw(
    rng: np.random.Generator, space: Space, incumbent: np.ndarray, lengthscales: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    dim = len(incumbent)
    library = core.library()
    if library is not None and not space.conditional:
        shift = rng.random(dim)
        normal = rng.standard_normal((_NEAR, dim))
        u = rng.random((_NEAR, dim))
        alpha = points.golden_array(dim)
        return compiled.candidates(
            library, EVERYWHERE, shift, alpha, incumbent, lengthscales, RADII, normal, u
        )
    wide = points.quasi_random(np, rng.random((1, dim)), 0, EVERYWHERE)[0]
    turn = np.arange(_NEAR)
    radius = RADII[turn % len(RADII), None]
    scale = np.minimum(lengthscales[turn // len(RADII) % len(lengthscales)], 1.0)
    step = radius * scale * rng.standard_normal((_NEAR, dim))
    # Every other one moves some coordinates only; the one with the smallest number in any case.
    u = rng.random((_NEAR, dim))
    if space.conditional:
        u = points.among_movable(space, np.broadcast_to(incumbent, u.shape), u)
        step = np.where(u < 2.0, step, 0.0)
    some = (u < max(0.25, 2.0 / dim)) | (u == u.min(axis=1, keepdims=True))
    step = np.where((turn % 2 == 0)[:, None] | some, step, 0.0)
    return wide, np.clip(incumbent + step, 0.0, 1.0)


def promising(bound: np.ndarray) -> np.ndarray:
    """Return the indices of the largest bounds (C,), PROMISING of either kind of candidates."""
    wide = np.argpartition(-bound[:EVERYWHERE], PROMISING)[:PROMISING]
    near = np.argpartition(-bound[EVERYWHERE:], PROMISING)[:PROMISING]
    return np.concatenate([wide, EVERYWHERE + near])


def starts(scores: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Choose candidates to refine: the best of the cube and of the spray, since basins differ."""
    best = index[np.argsort(-scores, kind="stable")]
    wide, near = best[best < EVERYWHERE], best[best >= EVERYWHERE]
    return np.concatenate([wide[: _STARTS // 2], near[: _STARTS - _STARTS // 2]])


def held(space: Space, start: np.ndarray, func: _Climbed) -> _Climbed:
    """Return a function to climb from points (S, D), where a space has conditions.

    What is inactive stays where it is, and so do categories, on which the others depend.
    """
    if not space.conditional:
        return func
    free = space.movable(space.snap(start))
    free[:, space.category_columns] = False

    def climbed(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = func(x)
        return value, np.where(free, gradient, 0.0)

    return climbed


def settle(space: Space, start: np.ndarray, climbed: np.ndarray) -> np.ndarray:
    """Return the points of the space at climbed points (S, D), no further than is allowed."""
    return pull(space, space.snap(climbed), start)
