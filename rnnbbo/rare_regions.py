"""Places of a cube that constraints allow, where next to none of it is, and ways between them."""

import math
from collections.abc import Callable

import numpy as np

Snap = Callable[[np.ndarray], np.ndarray]
"""Moves places (n, D) of the cube onto points of a space."""
Allows = Callable[[np.ndarray], np.ndarray]
"""Tells which snapped places (n, D) are allowed, (n,)."""

_FIRST, _PARENTS, _CHILDREN, _ROUNDS = 2048, 16, 48, 150  # places that a descent looks at
_RADII = (1e-4, 0.5)  # of its steps
_BISECTIONS = 12
_SHORTEST = 1e-5  # of their ways, in the longest possible


def descend(
    rng: np.random.Generator,
    snap: Snap,
    shortfalls: Callable[[np.ndarray], np.ndarray],
    allows: Allows,
    dim: int,
) -> np.ndarray:
    """Return allowed places (n, D) that a search finds, n = 0 where it does not.

    The best of a population have children, by steps of all sizes in half of the coordinates.

    Args:
        rng: randomness.
        snap: moves places onto points.
        shortfalls: by how much snapped places (n, D) break each of m constraints, (n, m).
        allows: tells which places are allowed.
        dim: D.
    """
    pool = snap(rng.random((_FIRST, dim)))
    lacking = shortfalls(pool)
    finite = np.where(np.isfinite(lacking), lacking, 0.0)
    unit = np.maximum(finite.mean(axis=0), 1e-300)
    worst = (lacking / unit).sum(axis=1)
    low, high = np.log(_RADII)
    for _ in range(_ROUNDS):
        best = np.argsort(worst, kind="stable")[:_PARENTS]
        pool, worst = pool[best], worst[best]
        found = pool[allows(pool)]
        if len(found):
            return found
        parents = pool[rng.integers(len(pool), size=_CHILDREN)]
        radius = np.exp(rng.uniform(low, high, (_CHILDREN, 1)))
        step = radius * rng.standard_normal(parents.shape) * (rng.random(parents.shape) < 0.5)
        children = snap(np.clip(parents + step, 0.0, 1.0))
        pool = np.concatenate([pool, children])
        worst = np.concatenate([worst, (shortfalls(children) / unit).sum(axis=1)])
    return pool[allows(pool)]


def scatter(
    rng: np.random.Generator,
    snap: Snap,
    allows: Allows,
    known: np.ndarray,
    count: int,
    sweeps: int = 8,
) -> np.ndarray:
    """Return `count` allowed places, drawn from those known (m, D) on.

    From place to place, in a direction at random, to anywhere on the allowed part of the way (Smith
    1984, "hit and run").
    """
    points = known[rng.integers(len(known), size=count)]
    for _ in range(sweeps):
        # As far as the border of the cube, or by less: what is allowed may be tiny.
        length = np.exp(rng.uniform(math.log(_SHORTEST), 0.0, (count, 1)))
        outside = snap(points + length * (rng.random(points.shape) - points))
        reached = reach(snap, allows, points, outside) * rng.random(count)
        points = between(snap, allows, points, outside, reached)
    return points


def reach(snap: Snap, allows: Allows, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Return what share (n,) of the way from allowed places (n, D) to others (n, D) is allowed."""
    low, high = np.zeros(len(inside)), np.ones(len(inside))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        fine = allows(_along(snap, inside, outside, middle))
        low, high = np.where(fine, middle, low), np.where(fine, high, middle)
    return low


def between(
    snap: Snap, allows: Allows, inside: np.ndarray, outside: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Return places at shares (n,) of the way, or the allowed ends where these are refused."""
    found = _along(snap, inside, outside, shares)
    return np.where(allows(found)[:, None], found, inside)


def _along(snap: Snap, inside: np.ndarray, outside: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return snap(inside + shares[:, None] * (outside - inside))
