"""Turns in other branches of a space with conditions.

A branch is what has the same parameters active. Expected improvement on the best value of all stays
in the branch where that was found, to many digits, before it looks at others again, of which a few
points at random say little. So from time to time an ask improves on the best value of another
branch, chosen as an arm of a bandit is: by its best value, and by how seldom it was tried (Auer et
al. 2002, UCB1).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.view import View
from rnnbbo.space import Space

FROM = 6
"""Values told before the first turn."""
EVERY = 5
"""One ask in so many is a turn."""
_DRAWN = 256  # points over the cube, to find branches and begin in one
_CURIOUS = 1.0  # weight of how seldom a branch was tried


class OtherBranch(NamedTuple):
    """A branch to look at.

    Attributes:
        active: (D,) which coordinates belong to active parameters.
        best: (D,) its best observation; a point of it where there is none.
        rows: (m,) the observations in it.
    """

    active: np.ndarray
    best: np.ndarray
    rows: np.ndarray

    def holds(self, space: Space, points: np.ndarray) -> np.ndarray:
        """Tell which snapped points (n, D) lie in it, (n,)."""
        held: np.ndarray = (space.movable(points) == self.active).all(axis=1)
        return held

    def view_of(self, view: View, x: np.ndarray) -> View:
        """Return the view, to improve on what is best in the branch, of observations x (n, D)."""
        if not len(self.rows):
            return view
        best = view.predict(x[self.rows])[0].min(axis=1, keepdims=True)
        return replace(view, best=best)


def choose(
    state: KernelState, space: Space, rng: np.random.Generator
) -> tuple[OtherBranch, np.ndarray] | None:
    """Return the branch whose turn it is, and points (n, D) drawn in it; None where there is none.

    Args:
        state: with a feasible observation, of one objective.
        space: the user's.
        rng: randomness of this ask.
    """
    told = state.evidence.told
    if not space.conditional or state.several or told < FROM or told % EVERY != EVERY - 1:
        return None
    drawn = space.snap(rng.random((_DRAWN, space.cube_dim)))
    drawn = drawn[space.allows(drawn)]
    known = np.flatnonzero(state.feasible)
    if not len(known) or not len(drawn):
        return None
    at_rows, at_drawn = space.movable(space.snap(state.x[known])), space.movable(drawn)
    own = space.movable(space.snap(state.x[state.incumbent()][None]))[0]
    values = state.ranked()
    least, unit = values[known].min(), float(values[known].std()) or 1.0
    best: tuple[float, OtherBranch] | None = None
    for active in np.unique(np.concatenate([at_rows, at_drawn]), axis=0):
        inside = (at_drawn == active).all(axis=1)
        if (active == own).all() or not inside.any():
            continue
        rows = known[(at_rows == active).all(axis=1)]
        if not len(rows):
            return OtherBranch(active, drawn[inside][0], rows), drawn[inside]
        own_best = rows[values[rows].argmin()]
        worth = (values[own_best] - least) / unit
        worth -= _CURIOUS * np.sqrt(2.0 * np.log(told) / len(rows))
        if best is None or worth < best[0]:
            best = float(worth), OtherBranch(active, state.x[own_best], rows)
    if best is None:
        return None
    return best[1], drawn[best[1].holds(space, drawn)]
