"""Optuna's tree-structured Parzen estimator, told which parameters count."""

import warnings
from typing import Any

import optuna

from rnnbbo.benchmarks.methods.base import FloatArray
from rnnbbo.benchmarks.methods.optuna_study import OptunaStudy
from rnnbbo.dimensions import Categorical, Dimension, Integer
from rnnbbo.space import Space


class ConditionalTPE(OptunaStudy):
    """TPE with `multivariate=True, group=True`, for spaces with conditions.

    The search space is defined by run: a trial is asked for the parameters that count, and for no
    others, each after those that its conditions name. By `group`, parameters that occur together
    are modelled together.
    """

    def __init__(self, dim: int, budget: int, seed: int, space: Space) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
        super().__init__(sampler, space)
        self._space = space
        self._order = ancestors_first(space)

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        self._trial = self._study.ask()
        point = [_any_value(dimension) for dimension in self._space.dimensions]
        for i in self._order:
            if self._space.check(point)[i] is not None:
                point[i] = _suggested(self._trial, self._space.names[i], self._space.dimensions[i])
        return self._cells.middle(point)


def ancestors_first(space: Space) -> list[int]:
    """Return the positions of the dimensions, each after those that its conditions name."""
    order: list[int] = []
    while len(order) < space.n_dims:
        known = {space.names[i] for i in order}
        order += [
            i
            for i, one in enumerate(space.dimensions)
            if i not in order and (one.when is None or set(one.when.names) <= known)
        ]
    return order


def _any_value(dimension: Dimension) -> Any:
    # `type`, since rnnbbo's categorical passes for scikit-optimize's in `isinstance`.
    return dimension.categories[0] if type(dimension) is Categorical else dimension.bounds[0]


def _suggested(trial: optuna.trial.Trial, name: str, dimension: Dimension) -> Any:
    if type(dimension) is Categorical:
        return trial.suggest_categorical(name, dimension.categories)
    if isinstance(dimension, Integer):
        return trial.suggest_int(name, *dimension.bounds)
    return trial.suggest_float(name, *dimension.bounds)
