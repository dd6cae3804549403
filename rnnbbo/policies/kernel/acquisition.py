"""What an ask looks for: improvement, where it is probably feasible.

log EI among feasible points plus the log probability of feasibility (Gardner et al. 2014, eq. 5; in
logarithms, Ament et al. 2023). While nothing feasible is known it is that probability alone.
"""

from typing import NamedTuple

import numpy as np

from rnnbbo.policies.kernel import search
from rnnbbo.policies.kernel.feasibility import Feasibility
from rnnbbo.policies.kernel.transfer import Hint
from rnnbbo.policies.kernel.view import View


class Acquisition(NamedTuple):
    """Its value at points of the cube.

    Attributes:
        view: of the objective.
        feasibility: of what has to be at most 0; None where there is no such thing.
        improves: whether there is a feasible value to improve on.
        hint: what earlier studies add; None without any.
    """

    view: View
    feasibility: Feasibility | None = None
    improves: bool = True
    hint: Hint | None = None

    def score(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of the candidates (C, D) that may be best, and their indices.

        All get an upper bound in single precision; those with the largest ones an exact score.
        """
        hinted = 0.0 if self.hint is None else self.hint.score(points)
        if self.feasibility is None:
            index = search.promising(self.view.bound(points) + hinted)
            hinted = 0.0 if self.hint is None else hinted[index]
            return self.view.score(points[index]) + hinted, index
        # Bounds are no help here: beyond a border in sight values fall by thousands, bounds do not.
        scores = self.feasibility.log_chance(points) + hinted
        return scores + self.view.score(points) if self.improves else scores, np.arange(len(points))

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

        With the log probability of feasibility as a barrier.
        """
        if self.feasibility is None:
            return self.view.lowered(points)
        return _sum(self.view.lowered(points), self.feasibility.climbed(points))


def _sum(
    a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    return a[0] + b[0], a[1] + b[1]
