"""Optuna's samplers, with their default settings."""

from collections.abc import Mapping, Sequence

import numpy as np
import optuna

from rnnbbo.benchmarks.methods.base import Awaited, Cells, FloatArray, cube
from rnnbbo.dimensions import Categorical, Dimension, Integer
from rnnbbo.space import Space


class OptunaStudy:
    """An Optuna study, asked and told; failed evaluations become failed trials.

    Args:
        sampler: proposes the points.
        space: what is declared; integers become Optuna's integers, categories its categories.
        objectives: how many there are.
    """

    def __init__(
        self, sampler: optuna.samplers.BaseSampler, space: Space, objectives: int = 1
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(sampler=sampler, directions=["minimize"] * objectives)
        self._cells = Cells(space)
        self._awaited: Awaited[optuna.trial.Trial] = Awaited()
        self._distributions = {
            name: _distribution(dimension)
            for name, dimension in zip(space.names, space.dimensions, strict=True)
        }

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        self._trial = self._study.ask(self._distributions)
        return self._cells.middle([self._trial.params[name] for name in self._distributions])

    def ask_beside(self, pending: Sequence[FloatArray]) -> FloatArray:
        """See `ParallelMethod.ask_beside`; the study knows its running trials."""
        x = self.ask()
        self._awaited.add(x, self._trial)
        return x

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._trial = self._awaited.take(x, self._trial)
        if np.isfinite(y):
            self._study.tell(self._trial, y)
        else:
            self._study.tell(self._trial, state=optuna.trial.TrialState.FAIL)

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        """See `MultiObjectiveMethod.tell_objectives`."""
        if np.isfinite(values).all():
            self._study.tell(self._trial, values.tolist())
        else:
            self._study.tell(self._trial, state=optuna.trial.TrialState.FAIL)

    def tell_constrained(self, x: FloatArray, y: float, constraints: Mapping[str, float]) -> None:
        """See `ConstrainedMethod.tell_constrained`."""
        for name, value in constraints.items():
            self._trial.set_constraint(name, value)
        self.tell(x, y)


class TPE(OptunaStudy):
    """The tree-structured Parzen estimator (Bergstra et al. 2011), as it comes."""

    def __init__(self, dim: int, budget: int, seed: int, space: Space | None = None) -> None:
        super().__init__(optuna.samplers.TPESampler(seed=seed), space or cube(dim))


class GPSampler(OptunaStudy):
    """A Gaussian process and log expected improvement, as it comes: 10 random points first."""

    def __init__(self, dim: int, budget: int, seed: int, space: Space | None = None) -> None:
        super().__init__(optuna.samplers.GPSampler(seed=seed), space or cube(dim))


def _distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    # `type`, since rnnbbo's categorical passes for scikit-optimize's in `isinstance`.
    if type(dimension) is Categorical:
        return optuna.distributions.CategoricalDistribution(dimension.categories)
    if isinstance(dimension, Integer):
        return optuna.distributions.IntDistribution(*dimension.bounds)
    return optuna.distributions.FloatDistribution(*dimension.bounds)
