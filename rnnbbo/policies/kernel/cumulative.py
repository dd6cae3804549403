"""What to query where every evaluation counts: the least cumulative regret.

The next query is the point of the least lower confidence bound (GP-UCB, Srinivas et al. 2012, the
sign turned),

    E y(x) - kappa_t s(x),

averaged over the hypotheses of a view; known points are among those that are compared, and the last
queries of a run are mostly such. The width kappa_t grows with the logarithm of the values told, as
in theory, and falls to 0 with the evaluations that are left,

    kappa_t = (a + b log(1 + t) / log 101) (left / planned)^p,

for what is learnt by a query pays in later ones only. The numbers a, b and p are those of the least
L_sum (Chen et al. 2016, section 2.2) over samples of Gaussian processes: docs/experiments.md.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.climb import climb
from rnnbbo.policies.kernel import search
from rnnbbo.policies.kernel.acquisition import Acquisition
from rnnbbo.policies.kernel.hypotheses import unwarp
from rnnbbo.policies.kernel.kernel_state import Inliers
from rnnbbo.policies.kernel.refining import FINEST
from rnnbbo.policies.kernel.view import View
from rnnbbo.space import Space

HYPOTHESES = 12
"""Hypotheses of a view, at most: more than where the best counts, for all are compared by it."""
LEAST_LEFT = 20
"""Evaluations that are taken to follow where nobody says: so many, or as many as were made."""
_KNOWN = 12  # observations that are compared, those of the least means
_NEW = 16  # new points, the best by improvement
_DESCENTS = 3  # observations from which the posterior mean is descended
_DESCENDING = 16  # evaluations of each
_CLIMBS = 4  # points of a context from which the bound is climbed down
_FARTHEST = 30.0  # deviations of the values: what a value is expected to be stays finite
# Nodes and weights of Gauss and Hermite for a standard normal variable.
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(7)
_SHARES = _SHARES / _SHARES.sum()


class Counting(NamedTuple):
    """That every evaluation counts, and how much is explored; letters as in the module's formula.

    Attributes:
        planned: evaluations of the run; None where nobody says.
        first: a.
        growth: b.
        ending: p.
    """

    planned: int | None = None
    first: float = 0.5
    growth: float = 2.0
    ending: float = 0.2

    def width(self, told: int) -> float:
        """Return kappa_t after so many values, told or on their way."""
        left = max(LEAST_LEFT, told)
        planned = told + 1 + left
        if self.planned is not None:
            planned, left = self.planned, max(0, self.planned - told - 1)
        grown = self.first + self.growth * math.log1p(told) / math.log(101.0)
        return float(grown * (left / planned) ** self.ending)


def best_queries(
    wanted: Acquisition, space: Space, known: Inliers, new: np.ndarray, width: float
) -> np.ndarray:
    """Return points (J, D), the best first: new ones, and observations.

    Args:
        wanted: what an ask looks for.
        space: the user's.
        known: the observations.
        new: (C, D) new points, the best by improvement first.
        width: kappa_t.
    """
    view = wanted.view
    assert isinstance(view, View)  # of one objective
    order = np.argsort(view.average(view.predict(known.x)[0]), kind="stable")
    best = known.x[order[:_KNOWN]]
    start = np.concatenate([best[:_DESCENTS], new[:1]])
    lowest, _ = wanted.descend(space, start, wanted.unit, _DESCENDING, FINEST)
    points = np.concatenate([best, search.settle(space, start, lowest), new[:_NEW]])
    return _ranked(wanted, points, width, known.z)


def best_in_context(
    wanted: Acquisition, space: Space, known: Inliers, drawn: np.ndarray, width: float
) -> np.ndarray:
    """Return points (J, D) of a context, the best first.

    The best of other contexts say little of what is improvement here; so the bound itself is
    climbed down, from what was tried elsewhere, too.

    Args:
        wanted: what an ask looks for.
        space: the user's, held in the context.
        known: the observations.
        drawn: (C, D) points of the context.
        width: kappa_t.
    """
    view = wanted.view
    assert isinstance(view, View)  # of one objective
    smooth = replace(view, noise=None)  # whose slopes are those of the deviation
    tried = space.snap(known.x)
    pool = np.concatenate([tried[space.allows(tried)], drawn])
    start = _ranked(wanted, pool, width, known.z)[:_CLIMBS]
    free = space.movable(start) & ~space.held
    free[:, space.category_columns] = False

    def bound(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = smooth.slopes(points)
        ones = np.ones_like(at.mean)
        gradient = at.gradient(-ones, 0.5 * width / at.deviation)
        value = width * at.deviation - at.mean
        return view.average(value), np.where(free, view.average(gradient), 0.0)

    climbed, _ = climb(np, bound, start, wanted.unit, search.STEPS, 0.0)
    found = np.concatenate([search.settle(space, start, climbed), pool])
    return _ranked(wanted, found, width, known.z)


def _ranked(
    wanted: Acquisition, points: np.ndarray, width: float, heights: np.ndarray
) -> np.ndarray:
    """Return points (J, D) by the bound, the least first.

    Where an evaluation may fail, it counts as the highest of the known heights (n,).
    """
    view = wanted.view
    assert isinstance(view, View)
    mean, deviation = view.predict(points)
    values = np.clip(mean[..., None] + deviation[..., None] * _NODES, -_FARTHEST, _FARTHEST)
    likely = unwarp(values, view.hypotheses.log_warp[:, None, None])
    expected = view.average(np.minimum(likely, _FARTHEST) @ _SHARES)
    bound = expected - width * view.average(deviation)
    if wanted.feasibility is not None:
        chance = np.exp(wanted.feasibility.log_chance(points))
        bound = chance * bound + (1.0 - chance) * heights.max()
    return points[np.argsort(bound, kind="stable")]
