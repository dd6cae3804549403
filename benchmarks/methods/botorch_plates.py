"""Log noisy expected improvement of several points at once, by BoTorch (Ament et al. 2023)."""

import warnings

import numpy as np
import torch
from botorch.acquisition import qLogNoisyExpectedImprovement
from botorch.optim import optimize_acqf
from botorch.sampling import SobolQMCNormalSampler

from rnnbbo.benchmarks.methods.base import FloatArray
from rnnbbo.benchmarks.methods.botorch_logei import (
    NUM_RESTARTS,
    OPTIONS,
    RAW_SAMPLES,
    LogEI,
    torch_seeded,
)

_SAMPLES = 64  # of the joint posterior


class QLogNEI(LogEI):
    """The model of `LogEI`; a plate's points follow one another, each with those before pending.

    As Ax has it: `qLogNoisyExpectedImprovement` over all that was told, maximised by
    `optimize_acqf(sequential=True)`.
    """

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        return self.ask_many(1)[0]

    def ask_many(self, count: int) -> FloatArray:
        """Return the points (count, dim) of a plate."""
        if not self._has_model():
            return np.array([self._sobol_point() for _ in range(count)])
        model = self._model()
        with torch_seeded(self._seed, len(self._y), 1), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Optimization failed", RuntimeWarning)
            acquisition = qLogNoisyExpectedImprovement(
                model,
                torch.as_tensor(np.array(self._x)),
                sampler=SobolQMCNormalSampler(torch.Size([_SAMPLES]), seed=self._seed % 2**31),
                prune_baseline=True,
            )
            points, _ = optimize_acqf(
                acquisition,
                bounds=self._bounds,
                q=count,
                num_restarts=NUM_RESTARTS,
                raw_samples=RAW_SAMPLES,
                options=OPTIONS,
                sequential=True,
            )
        return points.numpy()
