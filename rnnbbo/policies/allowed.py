"""Candidates that known constraints allow, where a space has any.

What is refused is drawn again, a bounded number of times. Where little of the cube is allowed, the
rest are points between an allowed one and a refused one.
"""

import numpy as np

from rnnbbo.rare_regions import between, reach, scatter
from rnnbbo.space import Space

_ROUNDS = 3  # of drawing again
_TIMES = 6  # as many as are missing, each time
_SWEEPS = 2  # of points that scatter from known ones


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
    out[missing] = scatter(rng, space.snap, space.allows, space.allowed, len(missing), _SWEEPS)
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
    shares = reach(space.snap, space.allows, centres, points[refused])
    out[refused] = between(space.snap, space.allows, centres, points[refused], shares)
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
