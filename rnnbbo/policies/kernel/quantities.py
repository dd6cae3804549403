"""What is told beside the objective: constraints, crashes, more objectives, each with a belief.

A constraint is modelled as the objective is (Gardner et al. 2014, section 3.1), by hypotheses that
are warped about 0, the border of what is feasible. Where evaluations fail is learnt likewise, from
labels: 1 of a failure, -1 of a value.
"""

import math
from typing import NamedTuple, Self

import numpy as np

from rnnbbo.policies.kernel import inference
from rnnbbo.policies.kernel.hypotheses import height_of, heights
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.prior import Prior
from rnnbbo.policies.outliers import tame, without_outliers

_ROUNDING = 1e-9  # of the upper quartile of an objective's values above the least one
_BEND = 0.05  # of the front's width: least c of an objective among several
_NARROWEST = 1e-6  # width, in deviations of the values, that says something
_SHARP = -4.0  # log c that there is at least where it does not
_RANGE = 1e3  # largest of the heights: keeps what is worked out of them finite


class KnownRows(NamedTuple):
    """Observations of a quantity.

    Attributes:
        x: (m, D) points.
        z: (m,) heights.
        out: (m,) which are outliers.
        tamed: (m,) values, outliers tamed.
    """

    x: np.ndarray
    z: np.ndarray
    out: np.ndarray
    tamed: np.ndarray


class Quantity(NamedTuple):
    """What is believed of one quantity.

    Attributes:
        values: (n,) it, at the observations that are kept; NaN where it is not known.
        belief: particles, of the observations where it is; None before the first.
        limit: of an objective, the value up to which none is an outlier.
    """

    values: np.ndarray
    belief: Belief | None = None
    limit: float = -math.inf

    @property
    def known(self) -> np.ndarray:
        """(n,) where it is known."""
        return np.isfinite(self.values)

    def rows(self, x: np.ndarray) -> KnownRows:
        """Return the observations, of all x (n, D), where it is known."""
        at, values = x[self.known], self.values[self.known]
        return KnownRows(at, _about_zero(at, values), np.zeros(len(at), bool), values)

    def own_prior(self, prior: Prior, rows: KnownRows) -> Prior:
        """Return what its hypotheses are like, of a prior, with its observations."""
        return prior

    def told(self, rng: np.random.Generator, prior: Prior, x: np.ndarray, value: float) -> Self:
        """Return it with its value at the last of the observations x (n, D)."""
        grown = self._replace(values=np.append(self.values, value))
        if not grown.known[-1]:
            return grown
        rows = grown.rows(x)
        at, z, out, _ = rows
        prior, belief = grown.own_prior(prior, rows), self.belief
        if belief is not None:
            belief = inference.warped_at_least(belief, prior.least_warp)
            belief = inference.update_belief(rng, prior, belief, at, z, out)
        else:  # of a label there may be many before the first failure
            belief = inference.start_belief(rng, prior, x.shape[1])
            for n in range(1, len(z) + 1):
                belief = inference.update_belief(rng, prior, belief, at[:n], z[:n], out[:n])
        return grown._replace(belief=belief)

    def rebuilt(
        self, rng: np.random.Generator, prior: Prior, x: np.ndarray, values: np.ndarray, moves: int
    ) -> Self:
        """Return it for other observations x (n, D), its particles moved so many times."""
        other = self._replace(values=values)
        if self.belief is None or not other.known.any():
            return other._replace(belief=None)
        rows = other.rows(x)
        at, z, out, _ = rows
        prior = other.own_prior(prior, rows)
        belief = inference.warped_at_least(self.belief, prior.least_warp)
        belief = inference.rebuild_belief(prior, belief, at, z, out)
        belief = inference.move_all(rng, prior, belief, at, z, moves)
        return other._replace(belief=belief)


class ModelledObjective(Quantity):
    """One of several objectives. Of one alone less would do: only its least values count."""

    def own_prior(self, prior: Prior, rows: KnownRows) -> Prior:
        """Return the prior with a least warp.

        It does not bend far below what the front has of the objective: to many points of the least
        value, as at the end of a front, a sharper bend would fit the better the sharper it is.
        """
        width = height_of(self.limit, rows.tamed) if math.isfinite(self.limit) else 0.0
        least = math.log(_BEND * width) if width > _NARROWEST else _SHARP
        return prior._replace(least_warp=least)

    def rows(self, x: np.ndarray) -> KnownRows:
        """Return the observations where it is known; heights are above the least of its values."""
        tamed, out = self.tamed(x)
        return KnownRows(x[self.known], heights(tamed), out, tamed)

    def tamed(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return its values (m,) where it is known, outliers tamed, and which these are (m,).

        What is above the least value by rounding only is that value: at the end of a front an
        objective may have its bound at many points, and is in proportion to nothing there.
        """
        values = self.values[self.known]
        height = values - values.min()
        values = np.where(height < _ROUNDING * np.quantile(height, 0.75), values.min(), values)
        out = tame(x[self.known], values).out & (values > self.limit)
        return without_outliers(values, out), out


def _about_zero(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return values g (n,) at x (n, D) in units of the median magnitude, the largest tamed."""
    size = tame(x, np.abs(g)).y
    largest = size.max()
    if largest == 0.0:
        return np.zeros_like(g)
    size = size / largest  # first to [0, 1]: nothing overflows
    return np.copysign(size / max(float(np.median(size[size > 0.0])), 1.0 / _RANGE), g)


def of_constraints(prior: Prior) -> Prior:
    """Return what hypotheses of a constraint are like: none has glitches."""
    return prior._replace(glitchy=0.0)


def of_labels(prior: Prior) -> Prior:
    """Return what hypotheses of a label are like: they are long, and failures at random noise."""
    return prior._replace(glitchy=0.0, **_LABELS)


_LABELS = {"noisy": 0.5, "noise": math.log(0.5), "lengthscale": 0.0}


def total_excess(quantities: tuple[Quantity, ...], x: np.ndarray) -> np.ndarray:
    """Return by how much constraints are violated at x (n, D), (n,): the sum, each in its unit.

    Infinite where one of them is not known.
    """
    total = np.zeros(len(x))
    for quantity in quantities:
        own = np.full(len(x), np.inf)
        if quantity.known.any():
            own[quantity.known] = np.maximum(quantity.rows(x).z, 0.0)
        total += own
    return total
