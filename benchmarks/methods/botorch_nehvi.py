"""Log noisy expected hypervolume improvement, by BoTorch, as its tutorials put it together."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelListGP, SingleTaskGP
from botorch.optim import optimize_acqf
from botorch.sampling.normal import SobolQMCNormalSampler
from gpytorch.mlls import SumMarginalLogLikelihood
from torch.quasirandom import SobolEngine

from rnnbbo.benchmarks.methods.base import FloatArray
from rnnbbo.benchmarks.methods.botorch_logei import (
    NUM_RESTARTS,
    OPTIONS,
    RAW_SAMPLES,
    initial_points,
    torch_seeded,
)

MC_SAMPLES = 128
"""Samples of the posterior, as in BoTorch's tutorial."""


class QLogNEHVI:
    """A Gaussian process an objective, and the point that adds most to the hypervolume.

    The models are those of `LogEI`, one an objective. The acquisition is taken over the front of
    what was told, without points that can hardly be on it (`prune_baseline`), within the problem's
    reference point. A failed evaluation enters the models with the worst finite values told. Sobol
    points go on until two different values of every objective are known.
    """

    def __init__(self, dim: int, budget: int, seed: int, reference_point: Sequence[float]) -> None:
        self._seed = seed
        self._initial_points = initial_points(dim, budget)
        self._sobol = SobolEngine(dim, scramble=True, seed=seed)
        self._bounds = torch.stack([torch.zeros(dim), torch.ones(dim)]).double()
        self._reference_point = -torch.tensor(list(reference_point), dtype=torch.double)
        self._x: list[FloatArray] = []
        self._values: list[FloatArray] = []

    def ask(self) -> FloatArray:
        """See `MultiObjectiveMethod.ask`."""
        if not self._has_model():
            return self._sobol.draw(1, dtype=torch.double).numpy()[0]
        with torch_seeded(self._seed, len(self._x)), warnings.catch_warnings():
            # BoTorch tries again after a failed line search, and warns each time.
            warnings.filterwarnings("ignore", "Optimization failed", RuntimeWarning)
            acquisition = qLogNoisyExpectedHypervolumeImprovement(
                model=self._model(),
                ref_point=self._reference_point,
                X_baseline=torch.as_tensor(np.array(self._x)),
                sampler=SobolQMCNormalSampler(torch.Size([MC_SAMPLES]), seed=self._seed),
                prune_baseline=True,
            )
            points, _ = optimize_acqf(
                acquisition,
                bounds=self._bounds,
                q=1,
                num_restarts=NUM_RESTARTS,
                raw_samples=RAW_SAMPLES,
                options=OPTIONS,
            )
        return points.numpy()[0]

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        """See `MultiObjectiveMethod.tell_objectives`."""
        self._x.append(x)
        self._values.append(values if np.isfinite(values).all() else np.full(len(values), np.nan))

    def _has_model(self) -> bool:
        if len(self._x) < self._initial_points:
            return False
        known = [values for values in self._values if np.isfinite(values).all()]
        return len(known) > 1 and bool(np.ptp(known, axis=0).min() > 0.0)

    def _model(self) -> ModelListGP:
        """Return the fitted models of what was told; BoTorch maximises, so of minus the values."""
        values = np.array(self._values)
        values = np.where(np.isnan(values), np.nanmax(values, axis=0), values)
        x = torch.as_tensor(np.array(self._x))
        models = [SingleTaskGP(x, torch.as_tensor(-column[:, None])) for column in values.T]
        model = ModelListGP(*models)
        fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
        return model
