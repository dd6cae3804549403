"""Candidates near known points, in spaces with integers and categories."""

import numpy as np

from rnnbbo.space import Space

_OFTEN = 4  # one near candidate in so many differs in an integer or a category in any case
_SAME = 1e-6  # in the cube; networks keep known points in single precision


def near(
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
