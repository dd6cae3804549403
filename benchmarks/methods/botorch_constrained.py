"""Constrained log expected improvement (Ament et al. 2023), by BoTorch."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.acquisition.analytic import (
    LogConstrainedExpectedImprovement,
    LogProbabilityOfFeasibility,
)
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from gpytorch.mlls import ExactMarginalLogLikelihood
from numpy.typing import NDArray

from rnnbbo.benchmarks.methods.base import FloatArray
from rnnbbo.benchmarks.methods.botorch_logei import LogEI, torch_seeded


class ConstrainedLogEI(LogEI):
    """`LogEI` with a Gaussian process of its own for every constraint.

    The acquisition is the log EI over the best feasible value plus the log probability that every
    constraint is at most 0; while no point is feasible, that probability alone. The models, the
    first points and the search are those of `LogEI`. A constraint without a value enters its model
    with the worst one told. Without constraints it is `LogEI`.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        super().__init__(dim, budget, seed)
        self._constraints: list[FloatArray] = []  # of each point told
        self._constraint_models: list[SingleTaskGP] | None = None

    def tell_constrained(self, x: FloatArray, y: float, constraints: Mapping[str, float]) -> None:
        """See `ConstrainedMethod.tell_constrained`."""
        self.tell(x, y)
        self._constraints.append(np.array(list(constraints.values()), dtype=float))
        self._constraint_models = None

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        if not self._constraints or not self._has_model():
            return super().ask()
        models = [self._model(), *self._models_of_constraints()]
        with torch_seeded(self._seed, len(self._y), 1), warnings.catch_warnings():
            # BoTorch tries again after a failed line search, and warns each time.
            warnings.filterwarnings("ignore", "Optimization failed", RuntimeWarning)
            points = self._maximise(self._acquisition(ModelListGP(*models)))
        return points.numpy()[0]

    def recommend(self) -> FloatArray:
        """Return the told feasible point of least value; without any, the least violated one.

        See `Recommender.recommend`.
        """
        if not self._constraints:
            return super().recommend()
        violation = np.maximum(np.array(self._constraints), 0.0).sum(axis=1)
        feasible = self._feasible()
        scores = np.where(feasible, self._y, np.inf) if feasible.any() else violation
        return self._x[int(np.nanargmin(scores))]

    def _acquisition(self, model: ModelListGP) -> AcquisitionFunction:
        bounds: dict[int, tuple[float | None, float | None]] = {
            i: (None, 0.0) for i in range(1, 1 + len(self._constraints[0]))
        }
        feasible = self._feasible()
        if not feasible.any():
            return LogProbabilityOfFeasibility(model, bounds)
        best = -float(np.min(np.array(self._y)[feasible]))
        return LogConstrainedExpectedImprovement(model, best, 0, bounds)

    def _feasible(self) -> NDArray[np.bool_]:
        """Return which points have a value and are feasible, (n,)."""
        met = np.all(np.array(self._constraints) <= 0.0, axis=1)
        return met & ~np.isnan(self._y)

    def _models_of_constraints(self) -> list[SingleTaskGP]:
        """Return them, fitted once a tell."""
        if self._constraint_models is None:
            x = torch.as_tensor(np.array(self._x))
            models = []
            with torch_seeded(self._seed, len(self._y), 2):
                for values in np.array(self._constraints).T:
                    finite = values[np.isfinite(values)]
                    worst = float(finite.max(initial=0.0))
                    told = torch.as_tensor(np.where(np.isfinite(values), values, worst))
                    model = self._empty_model(x, told.unsqueeze(-1))
                    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
                    models.append(model)
            self._constraint_models = models
        return self._constraint_models
