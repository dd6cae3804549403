"""Candidate points: over the whole cube, and near the best that is known."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from rnnbbo import core
from rnnbbo.core import search as compiled
from rnnbbo.policies.allowed import keep_allowed, pull
from rnnbbo.policies.evidence import Evidence
from rnnbbo.policies.ops import Array, Namespace
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.space import Space

SPREAD, SPRAYED = 48, 48  # candidates over the whole cube, and round the best two
_OFTEN = 4  # one near candidate in so many differs in an integer or a category in any case
_SAME = 1e-6  # in the cube; networks keep known points in single precision
_RADIUS = (3e-4, 0.4)  # smallest and largest spread of a coordinate, in the unit cube


class Candidates(NamedTuple):
    """Points to choose the next query from.

    Attributes:
        points: (..., C, D) of the unit cube.
        wide: how many of them, the first ones, are spread over the whole cube; the others lie near
            the incumbent and the runner-up.
        scored: how many of either kind are worth a score, where something cheaper ranks them: at
            most 16; None for all.
    """

    points: Array
    wide: int
    scored: int | None = None


def distance(points: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Return how far points (n, D) are from the nearest of others (m, D), (n,).

    By the largest difference of a coordinate; infinity where m = 0.
    """
    nearest: np.ndarray = np.abs(points[:, None] - taken).max(axis=2).min(axis=1, initial=np.inf)
    return nearest


@cache
def golden_steps(dim: int) -> list[float]:
    """Return alpha (D,), the steps of `quasi_random`."""
    g = 2.0
    for _ in range(30):  # a contraction: converged to the last bit
        g = (1.0 + g) ** (1.0 / (dim + 1))
    return [math.fmod(g ** -(j + 1), 1.0) for j in range(dim)]


@cache
def golden_array(dim: int) -> np.ndarray:
    """Return `golden_steps`, an array, which nobody changes."""
    return np.array(golden_steps(dim))


def quasi_random(xp: Namespace, shift: Array, first: int, count: int) -> Array:
    """Return points `first` to `first + count - 1` of a quasi-random sequence, (B, count, D).

    x_n = (shift + n alpha) mod 1 with alpha_j = g^-j, g the generalised golden ratio, the root of
    g^(D+1) = g + 1 (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
    Extensible: any number of points covers the cube, in any order of asking.

    Args:
        xp: array namespace.
        shift: (B, D) uniform random numbers.
        first: index of the first point.
        count: number of points.
    """
    alpha = xp.asarray(golden_steps(shift.shape[-1]), dtype=shift.dtype, device=shift.device)
    n = xp.arange(first, first + count, dtype=shift.dtype, device=shift.device)
    points = shift[:, None, :] + n[None, :, None] * alpha
    return points - xp.floor(points)


def quasi_random_point(shift: np.ndarray, index: int) -> np.ndarray:
    """Return one point of `quasi_random`, (B, D)."""
    point = shift + float(index) * golden_array(shift.shape[1])
    return np.asarray(point - np.floor(point))


def spray(
    xp: Namespace,
    centres: Array,
    normal: Array,
    u_radius: Array,
    u_keep: Array,
) -> Array:
    """Scatter points round centres at radii from tiny to wide, (B, C, D).

    Every other candidate moves each coordinate with probability max(1/4, 2/D) only, so that single
    coordinates are searched too. Coordinates that leave the cube stop at its border, where the
    optimum of a smooth function often lies.

    Args:
        xp: array namespace.
        centres: (B, C, D).
        normal: (B, C, D) standard normal numbers.
        u_radius: (B, C) uniform numbers, which choose the radius log-uniformly.
        u_keep: (B, C, D) uniform numbers, which choose the coordinates.
    """
    low, high = math.log(_RADIUS[0]), math.log(_RADIUS[1])
    spread = xp.exp(low + (high - low) * u_radius)[:, :, None]
    count, dim = centres.shape[1], centres.shape[2]
    sparse = xp.arange(count, device=centres.device) % 2 == 1
    threshold = xp.where(sparse[None, :, None], xp.full_like(u_keep, max(0.25, 2.0 / dim)), 1.0)
    # The coordinate with the smallest number moves in any case: a centre is not its own candidate.
    moves = (u_keep < threshold) | (u_keep == xp.min(u_keep, axis=-1, keepdims=True))
    return xp.clip(xp.where(moves, centres + spread * normal, centres), 0.0, 1.0)


def spray_centres(xp: Namespace, evidence: Evidence, count: int) -> Array:
    """Return centres for `spray`: three of four the incumbent, the rest the runner-up."""
    second = xp.arange(count, device=evidence.best_x.device) % 4 == 3
    return xp.where(
        second[None, :, None], evidence.second_x[:, None, :], evidence.best_x[:, None, :]
    )


def spray_best(
    xp: Namespace, wide: Array, evidence: Evidence, normal: Array, u_radius: Array, u_keep: Array
) -> Candidates:
    """Return points (B, W, D) over the cube, and others sprayed round the best two.

    Args:
        xp: array namespace.
        wide: (B, W, D).
        evidence: incumbent and runner-up.
        normal: (B, C, D), as for `spray`.
        u_radius: (B, C).
        u_keep: (B, C, D).
    """
    centres = spray_centres(xp, evidence, normal.shape[1])
    near = spray(xp, centres, normal, u_radius, u_keep)
    return Candidates(xp.concat([wide, near], axis=1), wide.shape[1])


def spray_at_random(
    rng: np.random.Generator, centres: np.ndarray, space: Space | None = None
) -> np.ndarray:
    """Scatter points round centres (C, D), as `spray`.

    Where a space has conditions, what is inactive, or a category, does not count among the
    coordinates.
    """
    normal = rng.standard_normal((1, *centres.shape))
    u_radius = rng.random((1, len(centres)))
    u_keep = rng.random((1, *centres.shape))
    if space is not None and space.conditional:
        u_keep = among_movable(space, centres, u_keep[0])[None]
    return spray(np, centres[None], normal, u_radius, u_keep)[0]


def among_movable(space: Space, centres: np.ndarray, u_keep: np.ndarray) -> np.ndarray:
    """Return uniform numbers (C, D) that choose coordinates, for a space with conditions.

    Those of what is inactive at the centres (C, D), and of categories, are 2: never chosen. The
    others are chosen with the probability of as many coordinates as they are.
    """
    moves = space.movable(space.snap(centres))
    moves[:, space.category_columns] = False
    count = np.maximum(moves.sum(axis=1, keepdims=True), 1)
    dim = centres.shape[1]
    factor = max(0.25, 2.0 / dim) / np.maximum(0.25, 2.0 / count)
    return np.where(moves, factor * u_keep, 2.0)


def snap_near(
    rng: np.random.Generator, space: Space, sprayed: np.ndarray, centres: np.ndarray
) -> np.ndarray:
    """Move points (n, D), sprayed round centres (n, D) or (D,), onto the space.

    Small steps change no category and hardly an integer. Points that come back to their centre, and
    every fourth, get others there; its reals stay where the spray has moved them.
    """
    points = space.snap(sprayed)
    if not space.discrete:
        return points
    varied = (np.abs(points - centres) < _SAME).all(axis=1)
    varied[::_OFTEN] = True
    points[varied] = space.vary(rng, points[varied])
    return points


def draw_in_space(
    rng: np.random.Generator, space: Space, evidence: Evidence, flat: Plateaus
) -> Candidates:
    """Draw SPREAD + SPRAYED points of a user's space, float64, for one function.

    Quasi-random ones with a new shift each time; and, after the first value, points round the best,
    off the plateaus.

    Args:
        rng: randomness of this ask.
        space: the user's.
        evidence: of one function: incumbent and runner-up.
        flat: what equal values say.
    """
    near = SPRAYED if evidence.told else 0
    wide = SPREAD + SPRAYED - near
    library = core.library()
    if library is not None and near and space.simple and not len(flat.of):
        return Candidates(_drawn_compiled(library, rng, evidence, wide, near), wide)
    spread = space.snap(quasi_random(np, rng.random(evidence.best_x.shape), 0, wide)[0])
    spread = keep_allowed(rng, space, spread)
    if not near:
        return Candidates(spread, wide)
    centres = spray_centres(np, evidence, near)[0].astype(np.float64)
    around = snap_near(rng, space, spray_at_random(rng, centres, space), centres)
    around = pull(space, space.snap(flat.leave(rng, around)), centres)
    return Candidates(np.concatenate([spread, around]), wide)


def _drawn_compiled(
    library: core.Library, rng: np.random.Generator, evidence: Evidence, wide: int, near: int
) -> np.ndarray:
    best, second = (np.asarray(one[0], np.float64) for one in (evidence.best_x, evidence.second_x))
    dim = len(best)
    shift, normal = rng.random(dim), rng.standard_normal((near, dim))
    u_radius, u = rng.random(near), rng.random((near, dim))
    radii = math.log(_RADIUS[0]), math.log(_RADIUS[1])
    return compiled.sprayed(
        library, wide, radii, shift, golden_array(dim), best, second, normal, u_radius, u
    )
