"""What an ask looks for: improvement, or more hypervolume, where it is probably feasible.

Log EI, or the log of the expected gain in hypervolume of several objectives, among feasible points
plus the log probability of feasibility (Gardner et al. 2014, eq. 5; in logarithms, Ament et al.
2023). While nothing feasible is known it is that probability alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.climb import climb
from rnnbbo.policies.kernel import inference, search
from rnnbbo.policies.kernel.fantasies import to_improve_on
from rnnbbo.policies.kernel.feasibility import Feasibility
from rnnbbo.policies.kernel.front_view import FrontView, make_front_view
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.transfer import EarlierStudies, Hint
from rnnbbo.policies.kernel.view import View, make_view
from rnnbbo.policies.outliers import without_outliers
from rnnbbo.space import Space

AROUND = 3  # observations of a front that candidates are drawn round


class Acquisition(NamedTuple):
    """Its value at points of the cube.

    Attributes:
        view: of the objective, or of several.
        feasibility: of what has to be at most 0; None where there is no such thing.
        improves: whether there is a feasible value to improve on.
        hint: what earlier studies add; None without any.
    """

    view: View | FrontView
    feasibility: Feasibility | None = None
    improves: bool = True
    hint: Hint | None = None

    @property
    def around(self) -> np.ndarray:
        """(m, D) observations that candidates are drawn round."""
        view = self.view
        return view.around if isinstance(view, FrontView) else view.incumbent[None]

    @property
    def unit(self) -> np.ndarray:
        """(D,) the geometric mean of the length-scales: the unit of steps."""
        unit: np.ndarray = np.exp(np.log(self.view.lengthscales[:, 0]).mean(axis=0))
        return unit

    def score(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of the candidates (C, D) that may be best, and their indices.

        All get an upper bound in single precision; those with the largest ones an exact score.
        """
        if self.hint is not None:
            return self._hinted(points, self.hint)
        if self.feasibility is None:
            return self.view.score_promising(points)
        # Bounds are no help here: beyond a border in sight values fall by thousands, bounds do not.
        scores = self.feasibility.log_chance(points)
        return scores + self.view.score(points) if self.improves else scores, np.arange(len(points))

    def _hinted(self, points: np.ndarray, hint: Hint) -> tuple[np.ndarray, np.ndarray]:
        more = hint.score(points)
        if self.feasibility is None:
            index = search.promising(self.view.bound(points) + more)
            return self.view.score(points[index]) + more[index], index
        scores, index = self._replace(hint=None).score(points)
        return scores + more[index], index

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values (S,) of points (S, D) and their gradient (S, D)."""
        if self.hint is not None:
            return _sum(self._replace(hint=None).climbed(points), self.hint.climbed(points))
        if self.feasibility is None:
            return self.view.climbed(points)
        if not self.improves:
            return self.feasibility.climbed(points)
        return _sum(self.view.climbed(points), self.feasibility.climbed(points))

    def lowered(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return minus the posterior mean (S,) of points (S, D), and its gradient.

        With the log probability of feasibility as a barrier. Of one objective only.
        """
        assert isinstance(self.view, View)
        if self.feasibility is None:
            return self.view.lowered(points)
        return _sum(self.view.lowered(points), self.feasibility.climbed(points))

    def climb(
        self, space: Space, start: np.ndarray, unit: np.ndarray, steps: int, gain: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Climb from points (S, D) of a space; see `rnnbbo.policies.climb`."""
        if isinstance(self.view, View) and self._alone(space):
            return self.view.climb(start, unit, steps, gain)
        func = search.held(space, start, self.climbed)
        return climb(np, func, start, unit, steps, gain)

    def descend(
        self, space: Space, start: np.ndarray, unit: np.ndarray, steps: int, gain: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Climb `lowered` from points (S, D) of a space, of one objective only."""
        assert isinstance(self.view, View)
        if self._alone(space):
            return self.view.climb(start, unit, steps, gain, lowered=True)
        func = search.held(space, start, self.lowered)
        return climb(np, func, start, unit, steps, gain)

    def _alone(self, space: Space) -> bool:
        """Tell whether there is nothing but the view, and nothing is held."""
        return self.hint is None and self.feasibility is None and not space.conditional


def _sum(
    a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    return a[0] + b[0], a[1] + b[1]


def make_acquisition(
    state: KernelState,
    hypotheses: int,
    pending: np.ndarray,
    rng: np.random.Generator | None,
    earlier: EarlierStudies | None = None,
    reference: Sequence[float] | None = None,
) -> Acquisition:
    """Return what an ask looks for: views of so many hypotheses, drawn by their weights.

    Args:
        state: what is carried, with a belief.
        hypotheses: how many a view averages at most.
        pending: (P, D) points without a value.
        rng: randomness of this ask; None for all hypotheses, and no fantasies.
        earlier: what was learnt of earlier studies; None without any.
        reference: (K,) the reference point of several objectives; None to derive it.
    """
    assert state.belief is not None
    x, out, z = state.inliers()
    feasible = state.feasible[state.known]
    improves = bool(feasible.any())
    view: View | FrontView
    if state.several and improves and rng is not None:
        view = make_front_view(state, hypotheses, pending, rng, reference, AROUND)
    else:
        view = _drawn(
            state.belief,
            hypotheses,
            x,
            z,
            pending,
            rng,
            passed=~feasible if state.constraints and improves else None,
            incumbent=None if improves else state.x[state.incumbent()],
        )
    hint = None
    if earlier is not None and not state.several:
        hint = earlier.hint(x, without_outliers(state.y[state.known], out))
    if not state.quantities:
        if isinstance(view, View) and len(pending) and rng is not None:
            view = to_improve_on(view, pending)
        return Acquisition(view, hint=hint)
    views = []
    for quantity in state.quantities:
        if quantity.belief is not None:
            at, labels, *_ = quantity.rows(state.x)
            own = _drawn(
                quantity.belief, hypotheses, at, labels, pending, rng, incumbent=view.incumbent
            )
            views.append(replace(own, noise=None))
    crashes = None if state.crashes is None else views.pop()
    return Acquisition(view, Feasibility(tuple(views), crashes), improves, hint)


def _drawn(
    belief: Belief,
    hypotheses: int,
    x: np.ndarray,
    z: np.ndarray,
    pending: np.ndarray,
    rng: np.random.Generator | None,
    passed: np.ndarray | None = None,
    incumbent: np.ndarray | None = None,
) -> View:
    if rng is None:
        whole = np.arange(len(belief.weight))
        return make_view(belief, whole, belief.weight, x, z, pending, None, passed, incumbent)
    index = inference.systematic(rng, belief.weight, hypotheses)
    index, counts = np.unique(index, return_counts=True)
    draws = rng.standard_normal((len(index), len(pending)))
    return make_view(belief, index, counts / counts.sum(), x, z, pending, draws, passed, incumbent)
