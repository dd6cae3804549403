"""Which observation another value of is worth more than a value at a new point.

A run ends with a recommendation: the observation of the least posterior mean. Under noise one more
value tells observations apart by moving their means. What that is worth is the knowledge gradient
(Scott et al. 2011), by how much the least mean is expected to fall. It may be next to nothing of
one value and much of four, so that a value is credited with the best average over the next ones at
the same point (KG(*), Frazier & Powell 2010). New points and old ones are compared by it alone.
"""

from typing import NamedTuple, Self

import numpy as np

from rnnbbo.policies.kernel import covariance, inference, posterior
from rnnbbo.policies.kernel.acquisition import make_acquisition
from rnnbbo.policies.kernel.hypotheses import Hypotheses
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.seeing import LIKELY, noise_weight
from rnnbbo.policies.kernel.view import View

_FROM = 10  # values told before the first repeat
_MOST = 16  # observations that are compared, those of the least means
_LOOKS = np.array([1.0, 2.0, 4.0, 8.0])  # values at one point that a single one is averaged over
_LEVELS = np.linspace(-5.0, 5.0, 101)  # of a standard normal variable
_CHANCES = np.exp(-0.5 * _LEVELS * _LEVELS) / np.exp(-0.5 * _LEVELS * _LEVELS).sum()
_FLOOR = 1e-15  # least variance, in deviations of the values


class Joint(NamedTuple):
    """Beliefs of some points together, all hypotheses in one normal distribution.

    Attributes:
        mean: (J,) in warped values.
        covariance: (J, J), of the function and of what hypotheses disagree on.
        noise: variance of a value's noise.
    """

    mean: np.ndarray
    covariance: np.ndarray
    noise: float

    @classmethod
    def of(cls, view: View, h: Hypotheses, points: np.ndarray, noise: float) -> Self:
        """Return those of points (J, D), by a view of the hypotheses h with noise."""
        p, features = view.posterior, view.features(points)
        keys = (points - view.incumbent) / view.lengthscales
        k = posterior.covariances_with_slopes(np, p, keys, features)[0]
        prior = covariance.correlations(h, points, points)
        if h.curved.any():
            prior = prior + covariance.trend_covariances(h, points, points)
        v = k @ p.inverse.mT
        inner = np.square(p.amplitude)[..., None] * (prior - v @ v.mT)
        means = posterior.mean_of(np, p, k)
        mean = view.average(means)
        apart = means - mean
        between = (view.weight[:, None] * apart).T @ apart
        return cls(mean, view.average(inner) + between, noise)

    def worth(self, known: int) -> np.ndarray:
        """Return what one more value of each is worth (J,), the first `known` of them told before.

        One of these is recommended, or the point of that value.
        """
        count = len(self.mean)
        variance = np.maximum(np.diagonal(self.covariance), _FLOOR)
        # A column a point: the means that are compared after a value there.
        mean = np.where(np.eye(count, dtype=bool), self.mean[:, None], np.inf)
        mean[:known] = self.mean[:known, None]
        worth = np.zeros(count)
        for looks in _LOOKS:
            moves = self.covariance / np.sqrt(variance + self.noise / looks)
            least = (mean[..., None] + moves[..., None] * _LEVELS).min(axis=0)
            worth = np.maximum(worth, (self.mean[:known].min() - least @ _CHANCES) / looks)
        return worth


def again(
    state: KernelState, hypotheses: int, new: np.ndarray | None, pending: np.ndarray
) -> np.ndarray | None:
    """Return the observation (D,) to evaluate once more; None where a new point is worth more.

    None, too, where no noise is seen, and never one that is pending: another value of it is on its
    way.

    Args:
        state: what is carried.
        hypotheses: how many a view of what is not the objective averages.
        new: (D,) the new point; None where there is none.
        pending: (P, D) points without a value.
    """
    belief = state.belief
    if belief is None or state.several or len(state.y) < _FROM or not state.feasible.any():
        return None
    x, out, z = state.inliers()
    smooth = inference.smooth(belief, z)
    if noise_weight(belief, smooth) < LIKELY:
        return None
    known = _compared(x, belief.weight @ smooth.mean, ~out & state.feasible[state.known])
    if not len(known):
        return None
    wanted = make_acquisition(state, hypotheses, pending, None)
    view, noise = wanted.view, float(belief.weight @ np.square(smooth.noise))
    assert isinstance(view, View)
    points = known if new is None else np.concatenate([known, new[None]])
    worth = Joint.of(view, belief.hypotheses, points, noise).worth(len(known))
    least = 0.0
    if new is not None:
        least = float(worth[-1])
        if wanted.feasibility is not None:
            least *= float(np.exp(wanted.feasibility.log_chance(new[None], aversion=1.0)[0]))
    busy = (known[:, None] == pending).all(axis=2).any(axis=1)
    old = np.where(busy, 0.0, worth[: len(known)])
    best = int(old.argmax())
    return known[best] if old[best] > least else None


def _compared(x: np.ndarray, mean: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return different points of x (n, D), those of the least means (n,) among what counts (n,)."""
    rows = np.flatnonzero(counts)
    rows = rows[np.sort(np.unique(x[rows], axis=0, return_index=True)[1])]
    return x[rows[np.argsort(mean[rows], kind="stable")][:_MOST]]
