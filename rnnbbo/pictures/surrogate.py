"""A model of what was told, for pictures: the hypotheses of `kernel`, told the same values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from rnnbbo.checkpoint import Checkpoint
from rnnbbo.ledger import Ledger
from rnnbbo.pictures.run_data import RunData
from rnnbbo.policies.gp.improvement import log_cdf_and_ratio
from rnnbbo.policies.kernel.hypotheses import unwarp, warp_at
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.view import View, make_view
from rnnbbo.policies.outliers import without_outliers
from rnnbbo.proposer import Proposer
from rnnbbo.space import Space

BAND_LEVELS = (0.025, 0.5, 0.975)
"""Quantiles of a band: its lower end, its middle, its upper end."""
_HALVINGS = 40  # of the interval in which a quantile is looked for


class Band(NamedTuple):
    """What is believed of the function at C points, (C,) each, in user units.

    Attributes:
        median: half of the belief lies below.
        low: the lower end of the interval that holds 95 % of it.
        high: its upper end.
    """

    median: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Modelled:
    """Hypotheses of one objective, conditioned on its values: a value is base + unit unwarp(w).

    Attributes:
        belief: particles.
        x: (m, D) observations.
        z: (m,) their heights.
        base: value of the height 0, lower is better.
        unit: value of the height 1, above it.
        maximize: whether users see it with the other sign.
    """

    belief: Belief
    x: np.ndarray
    z: np.ndarray
    base: float
    unit: float
    maximize: bool

    @cached_property
    def view(self) -> View:
        """All hypotheses, by their weights."""
        belief = self.belief
        index = np.flatnonzero(belief.weight > 0.0)
        return make_view(belief, index, belief.weight[index], self.x, self.z, self.x[:0])

    def to_user(self, w: np.ndarray, log_warp: float | np.ndarray) -> np.ndarray:
        """Return values (...) in user units of warped ones, by log c of the same shape."""
        return self._of_heights(unwarp(w, log_warp))

    def _of_heights(self, heights: np.ndarray) -> np.ndarray:
        values = self.base + self.unit * heights
        return 0.0 - values if self.maximize else values

    def quantiles(self, points: np.ndarray, levels: tuple[float, ...] = BAND_LEVELS) -> np.ndarray:
        """Return quantiles (len(levels), C) of the noise-free function at places (C, D).

        Of all hypotheses together: where they disagree, the quantiles lie apart.
        """
        mean, deviation = self.view.predict(points)
        log_warp = self.view.hypotheses.log_warp[:, None]
        # Among heights there is a common scale; every hypothesis' own quantile is on it.
        wide = 9.0 * deviation
        low = unwarp(mean - wide, log_warp).min(axis=0)
        high = unwarp(mean + wide, log_warp).max(axis=0)
        ordered = [1.0 - level for level in levels] if self.maximize else list(levels)
        found = []
        for level in ordered:
            a, b = low.copy(), high.copy()
            for _ in range(_HALVINGS):
                middle = 0.5 * (a + b)
                z = (warp_at(middle, log_warp) - mean) / deviation
                below = self.view.weight @ np.exp(log_cdf_and_ratio(np, z)[0])
                a, b = np.where(below < level, middle, a), np.where(below < level, b, middle)
            found.append(self._of_heights(0.5 * (a + b)))
        return np.array(found)


@dataclass(frozen=True)
class Surrogate:
    """What the hypotheses of `kernel` believe after the values of a run.

    Attributes:
        data: the run.
        objectives: one each; empty where no trial succeeded.
    """

    data: RunData
    objectives: tuple[Modelled, ...]

    @classmethod
    def fit(cls, data: RunData, entropy: int = 0) -> Self:
        """Return what they believe after the values of a run.

        The policy's memory holds about two hundred observations: of more, those that matter most to
        its search are kept.

        Args:
            data: the run.
            entropy: seed of their moves.
        """
        ledger = Ledger(data.space.cube_dim)
        for i, point in enumerate(data.points):
            value, *further = data.inward[i].tolist()
            if data.failed[i]:
                ledger.tell(point, data.space.place(point), np.nan)
            else:
                place, limits = data.space.place(point), data.limits(i)
                ledger.tell(point, place, value, limits, tuple(further))
        policy = Checkpoint("kernel", KernelPolicy(), {}, {})
        begun = Proposer.begin(policy, data.space, entropy)
        return cls(data, _modelled(begun.informed(ledger).state, data.maximize))

    @property
    def space(self) -> Space:
        """The search space."""
        return self.data.space

    @property
    def known(self) -> bool:
        """Whether there is something to predict from."""
        return bool(self.objectives)

    def band(self, places: np.ndarray, objective: int = 0) -> Band:
        """Return what is believed of an objective at snapped places (C, cube_dim), in user units.

        It is of the function without the noise of values.
        """
        low, median, high = self.objectives[objective].quantiles(places)
        return Band(median, low, high)


def _modelled(state: KernelState, maximize: tuple[bool, ...]) -> tuple[Modelled, ...]:
    """Return the objectives as a state of the kernel policy has them."""
    if state.belief is None:
        return ()
    if state.several:
        found = []
        for one, flag in zip(state.objectives, maximize, strict=True):
            rows = one.rows(state.x)
            if one.belief is None:
                return ()
            base, unit = _scale(rows.tamed, rows.z)
            found.append(Modelled(one.belief, rows.x, rows.z, base, unit, flag))
        return tuple(found)
    x, out, z = state.inliers()
    base, unit = _scale(without_outliers(state.y[state.known], out), z)
    return (Modelled(state.belief, x, z, base, unit, maximize[0]),)


def _scale(values: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Return the value of the height 0, and the distance to that of 1."""
    low, high = int(z.argmin()), int(z.argmax())
    unit = 1.0
    if z[high] > z[low]:
        unit = float(values[high] - values[low]) / float(z[high] - z[low])
    return float(values[low] - unit * z[low]), unit
