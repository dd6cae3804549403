"""Rules for Gaussian-process bandits, where every value counts, by BoTorch.

One model (`botorch_logei.LogEI`), and three rules: an upper confidence bound (GP-UCB, Srinivas et
al. 2012), Thompson sampling (Chowdhury & Gopalan 2017), and expected improvement on the least
posterior mean, which does not take a lucky value for the best one.
"""

import math

import numpy as np
import torch
from botorch.acquisition import (
    AcquisitionFunction,
    LogExpectedImprovement,
    UpperConfidenceBound,
)
from botorch.acquisition.thompson_sampling import PathwiseThompsonSampling
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf

from rnnbbo.benchmarks.methods.botorch_logei import LogEI

CONFIDENCE = 0.1
"""delta of `beta`: the bound holds with probability 1 - delta."""
SCALED_DOWN = 5.0
"""What the theory's beta is divided by in the experiments of Srinivas et al. (2012), section 6."""
FITTED_EACH = 40
"""Values up to which the model is fitted at every ask; from there on at every fifth one."""
_EVERY = 5
_RESTARTS, _RAW_SAMPLES, _STEPS = 4, 256, 50  # of a search for the largest value


def beta(dim: int, t: int) -> float:
    """Return the square of the bound's width at the t-th ask, t >= 1.

    2 log(D t^2 pi^2 / (6 delta)) (Srinivas et al. 2012, Theorem 1, with |D| the dimension as in
    section 6), divided by SCALED_DOWN.
    """
    return 2.0 * math.log(dim * t * t * math.pi**2 / (6.0 * CONFIDENCE)) / SCALED_DOWN


class _Bandit(LogEI):
    """A model, fitted less often once it hardly changes, and a rule on it."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        super().__init__(dim, budget, seed)
        self._dim = dim
        self._hyperparameters: dict[str, torch.Tensor] | None = None

    def _maximise(self, acquisition: AcquisitionFunction) -> torch.Tensor:
        # Less than the tutorials' restarts: a run asks hundreds of times, and the best is tied.
        points, _ = optimize_acqf(
            acquisition,
            bounds=self._bounds,
            q=1,
            num_restarts=_RESTARTS,
            raw_samples=_RAW_SAMPLES,
            options={"batch_limit": _RESTARTS, "maxiter": _STEPS, "init_batch_limit": _RAW_SAMPLES},
        )
        return points

    def _model(self) -> SingleTaskGP:
        count = len(self._y)
        if self._fitted is None and count > FITTED_EACH and count % _EVERY:
            assert self._hyperparameters is not None
            model = self._unfitted()
            own = model.state_dict()
            model.load_state_dict(
                {
                    key: value
                    if key.startswith("outcome_transform")
                    else self._hyperparameters[key]
                    for key, value in own.items()
                }
            )
            self._fitted = model.eval()
        elif self._fitted is None:
            self._hyperparameters = super()._model().state_dict()
        assert self._fitted is not None
        return self._fitted


class GPUCB(_Bandit):
    """The point of the largest upper confidence bound, mean + sqrt(beta) deviation."""

    def _rule(self, model: SingleTaskGP) -> AcquisitionFunction:
        return UpperConfidenceBound(model, beta=beta(self._dim, len(self._y) + 1))


class GPThompson(_Bandit):
    """The best point of one function drawn from the posterior (by its paths)."""

    def _rule(self, model: SingleTaskGP) -> AcquisitionFunction:
        return PathwiseThompsonSampling(model)


class GPEI(_Bandit):
    """The point of the largest log expected improvement on the least posterior mean told."""

    def _rule(self, model: SingleTaskGP) -> AcquisitionFunction:
        with torch.no_grad():
            mean = model.posterior(torch.as_tensor(np.array(self._x))).mean
        return LogExpectedImprovement(model, best_f=float(mean.max()))
