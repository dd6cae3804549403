"""Candidates that known constraints allow, where a space has any.

What is refused is drawn again, a bounded number of times. Where little of the cube is allowed, the
rest are points between an allowed one and a refused one.
"""

import numpy as np

from rnnbbo.space import Space

_ROUNDS = 4  # of drawing again
_TIMES = 6  # as many as are missing, each time
_BISECTIONS = 12


def keep_allowed(rng: np.random.Generator, space: Space, points: np.ndarray) -> np.ndarray:
    """Return points (n, D), snapped, with others drawn over the cube in the place of refused ones.

    Args:
        rng: randomness.
        space: the user's.
        points: (n, D), snapped.
    """
    if not space.constrained:
        return points
    out, missing = points.copy(), np.flatnonzero(~space.allows(points))
    for _ in range(_ROUNDS):
        if not len(missing):
            return out
        drawn = space.snap(rng.random((_TIMES * len(missing), points.shape[1])))
        found = drawn[space.allows(drawn)][: len(missing)]
        out[missing[: len(found)]] = found
        missing = missing[len(found) :]
    inside = space.allowed[rng.integers(len(space.allowed), size=len(missing))]
    outside = space.snap(rng.random(inside.shape))
    reached = _shares(space, inside, outside) * rng.random(len(missing))
    out[missing] = _between(space, inside, outside, reached)
    return out


def pull(space: Space, points: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return snapped points (n, D), refused ones moved towards others (n, D) or (D,).

    They are as far from these as is allowed. Where these are refused, too, it is towards the
    nearest of `space.allowed`.
    """
    if not space.constrained:
        return points
    out, refused = points.copy(), np.flatnonzero(~space.allows(points))
    if not len(refused):
        return out
    centres = space.snap(np.broadcast_to(inside, points.shape)[refused])
    centres = np.where(space.allows(centres)[:, None], centres, _nearest(space, centres))
    shares = _shares(space, centres, points[refused])
    out[refused] = _between(space, centres, points[refused], shares)
    return out


def admit(space: Space, points: np.ndarray) -> np.ndarray:
    """Return points (n, D), refused ones moved towards the nearest of `space.allowed`."""
    if not space.constrained:
        return points
    snapped = space.snap(points)
    fine = space.allows(snapped)
    if fine.all():
        return points
    return np.where(fine[:, None], points, pull(space, snapped, _nearest(space, snapped)))


def _nearest(space: Space, points: np.ndarray) -> np.ndarray:
    distance = np.square(points[:, None] - space.allowed).sum(axis=2)
    return np.asarray(space.allowed[distance.argmin(axis=1)])


def _shares(space: Space, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Return how far from allowed points (n, D) to refused ones (n, D) is allowed, (n,) below 1."""
    low, high = np.zeros(len(inside)), np.ones(len(inside))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        fine = space.allows(_along(space, inside, outside, middle))
        low, high = np.where(fine, middle, low), np.where(fine, high, middle)
    return low


def _between(
    space: Space, inside: np.ndarray, outside: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Return points at shares (n,) of the way, or the allowed ends where these are refused."""
    found = _along(space, inside, outside, shares)
    return np.where(space.allows(found)[:, None], found, inside)


def _along(space: Space, inside: np.ndarray, outside: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return space.snap(inside + shares[:, None] * (outside - inside))
