"""Optuna's samplers, with their default settings."""

import numpy as np
import optuna

from rnnbbo.benchmarks.methods.base import Array


class OptunaStudy:
    """An Optuna study, asked and told; failed evaluations become failed trials.

    Args:
        sampler: proposes the points.
        dim: number of dimensions.
    """

    def __init__(self, sampler: optuna.samplers.BaseSampler, dim: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(sampler=sampler)
        uniform = optuna.distributions.FloatDistribution(0.0, 1.0)
        self._distributions: dict[str, optuna.distributions.BaseDistribution] = {
            f"x{i}": uniform for i in range(dim)
        }

    def ask(self) -> Array:
        """See `Method.ask`."""
        self._trial = self._study.ask(self._distributions)
        return np.array([self._trial.params[name] for name in self._distributions])

    def tell(self, x: Array, y: float) -> None:
        """See `Method.tell`."""
        if np.isfinite(y):
            self._study.tell(self._trial, y)
        else:
            self._study.tell(self._trial, state=optuna.trial.TrialState.FAIL)


class TPE(OptunaStudy):
    """The tree-structured Parzen estimator (Bergstra et al. 2011), as it comes."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        super().__init__(optuna.samplers.TPESampler(seed=seed), dim)


class GPSampler(OptunaStudy):
    """A Gaussian process and log expected improvement, as it comes: 10 random points first."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        super().__init__(optuna.samplers.GPSampler(seed=seed), dim)
