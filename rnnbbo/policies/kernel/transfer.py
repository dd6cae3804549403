"""What earlier studies of like problems say of where to look.

Of each study there is a population of hypotheses of its own, conditioned on its values alone. Its
posterior mean, in deviations over the cube, is the level that it expects of a point. The lower the
levels, the more probable is the minimum: log EI gets a term that falls with them, and whose weight
falls with the number of values told (Hvarfner et al. 2022, eq. 6, with pi ~ exp(-level)), and with
the pairs of them that a study ranks the other way round (Feurer et al. 2018, section 4.1).
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from rnnbbo.policies.candidates import quasi_random
from rnnbbo.policies.climb import climb
from rnnbbo.policies.kernel import inference
from rnnbbo.policies.kernel.hypotheses import heights
from rnnbbo.policies.kernel.prior import Prior
from rnnbbo.policies.kernel.thinning import thin
from rnnbbo.policies.kernel.view import View, make_view
from rnnbbo.policies.outliers import tame
from rnnbbo.space import Space

_MOST = 100  # values of a study that are conditioned on
_HYPOTHESES = 8
_MOVES = 4  # Metropolis steps of every particle, whenever the values have doubled
_LOWS = 3  # points of a study that are looked at again
_SAMPLE = 512  # points of the cube over which levels are standardised
_HALF = 5.0  # values told after which the term counts half
_TERM = 4.0  # its weight before any value: logarithms of EI for a deviation of the levels
_BELIEVED = 0.6  # concordance that a study is credited with before any pair can tell,
_PAIRS = 3.0  # and how many pairs that is worth
_SHARPNESS = 4.0  # of the preference for the studies that agree best
_STARTS, _STEPS, _GAIN, _UNIT = 4, 12, 0.01, 0.2  # of the search for a first point


class EarlierStudies(NamedTuple):
    """What was learnt of G studies.

    Attributes:
        views: one a study.
        centre: (G,) mean of their posterior means over the cube.
        spread: (G,) deviation of these.
        lows: (L, D) the lowest points of each, within the cube.
    """

    views: tuple[View, ...]
    centre: np.ndarray
    spread: np.ndarray
    lows: np.ndarray

    @classmethod
    def learn(
        cls,
        rng: np.random.Generator,
        prior: Prior,
        studies: Sequence[tuple[np.ndarray, np.ndarray]],
    ) -> Self:
        """Condition hypotheses on studies: points (n, D) and finite values (n,) of each.

        Points are in coordinates of the cube, and may lie outside it.
        """
        views = tuple(_view(rng, prior, x, y) for x, y in studies)
        dim = studies[0][0].shape[1]
        sample = quasi_random(np, rng.random((1, dim)), 0, _SAMPLE)[0]
        means = np.array([-view.lowered(sample)[0] for view in views])
        lows = np.concatenate([x[np.argsort(y, kind="stable")[:_LOWS]] for x, y in studies])
        spread = np.maximum(means.std(axis=1), 1e-9)
        return cls(views, means.mean(axis=1), spread, np.clip(lows, 0.0, 1.0))

    def levels(self, points: np.ndarray) -> np.ndarray:
        """Return the levels (G, C) that the studies expect of points (C, D)."""
        means = np.array([-view.lowered(points)[0] for view in self.views])
        return (means - self.centre[:, None]) / self.spread[:, None]

    def concordance(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the share of pairs that each study ranks as values y (n,) at x (n, D) do, (G,).

        Less the share that it ranks the other way round; with what it is credited with at first.
        """
        n = len(y)
        agree, pairs = np.zeros(len(self.views)), 0.0
        if n > 1:
            i, j = np.triu_indices(n, 1)
            told = np.sign(y[i] - y[j])
            levels = self.levels(x)
            agree = (np.sign(levels[:, i] - levels[:, j]) * told).sum(axis=1)
            pairs = float(np.abs(told).sum())
        return (agree + _PAIRS * _BELIEVED) / (pairs + _PAIRS)

    def hint(self, x: np.ndarray, y: np.ndarray) -> "Hint":
        """Return what the studies say after values y (n,) at x (n, D) were told."""
        trust = np.maximum(self.concordance(x, y), 0.0)
        strength = trust.max()
        share = trust**_SHARPNESS
        share = share / share.sum() if strength > 0.0 else share
        return Hint(self, _TERM * strength / (1.0 + len(y) / _HALF) * share)


class Hint(NamedTuple):
    """The term that is added to log EI.

    Attributes:
        studies: what was learnt.
        weight: (G,) of their levels.
    """

    studies: EarlierStudies
    weight: np.ndarray

    def score(self, points: np.ndarray) -> np.ndarray:
        """Return the term (C,) at points (C, D)."""
        return -self.weight @ self.studies.levels(points)

    def first(self, rng: np.random.Generator, space: Space) -> np.ndarray:
        """Return points (n, D) of the space to begin with, the best first."""
        lows = space.snap(self.studies.lows)
        wide = quasi_random(np, rng.random((1, lows.shape[1])), 0, _SAMPLE)[0]
        pool = space.snap(wide)
        start = pool[np.argsort(-self.score(pool), kind="stable")[:_STARTS]]
        unit = np.full(pool.shape[1], _UNIT)
        climbed, _ = climb(np, self.climbed, start, unit, _STEPS, _GAIN)
        more = np.concatenate([space.snap(climbed), pool])
        # What was evaluated once before what is only expected.
        found = [part[np.argsort(-self.score(part), kind="stable")] for part in (lows, more)]
        points = np.concatenate(found)
        return points[space.allows(points)]

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the term (S,) at points (S, D) and its gradient (S, D)."""
        value, gradient = np.zeros(len(points)), np.zeros_like(points)
        scaled = self.weight / self.studies.spread
        for view, weight, centre in zip(
            self.studies.views, scaled, self.studies.centre, strict=True
        ):
            lowered, slope = view.lowered(points)
            value += weight * (lowered + centre)
            gradient += weight * slope
        return value, gradient


def _view(rng: np.random.Generator, prior: Prior, x: np.ndarray, y: np.ndarray) -> View:
    tamed = tame(x, y).y
    if len(y) > _MOST:
        kept = thin(x, tamed, _MOST)
        x, tamed = x[kept], tamed[kept]
    belief = inference.condition_on(rng, prior, x, tamed, _MOVES)
    index = inference.systematic(rng, belief.weight, _HYPOTHESES)
    index, counts = np.unique(index, return_counts=True)
    return make_view(belief, index, counts / counts.sum(), x, heights(tamed), x[:0])
