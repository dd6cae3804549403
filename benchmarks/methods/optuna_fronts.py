"""Optuna's samplers for several objectives, with their default settings.

None takes a reference point: Optuna works out its own.
"""

from collections.abc import Sequence

import optuna

from rnnbbo.benchmarks.methods.base import cube
from rnnbbo.benchmarks.methods.optuna_study import OptunaStudy


class FrontTPE(OptunaStudy):
    """The tree-structured Parzen estimator of several objectives (Ozaki et al. 2022)."""

    def __init__(self, dim: int, budget: int, seed: int, reference_point: Sequence[float]) -> None:
        sampler = optuna.samplers.TPESampler(seed=seed)
        super().__init__(sampler, cube(dim), len(reference_point))


class FrontGPSampler(OptunaStudy):
    """A Gaussian process an objective and log expected hypervolume improvement."""

    def __init__(self, dim: int, budget: int, seed: int, reference_point: Sequence[float]) -> None:
        sampler = optuna.samplers.GPSampler(seed=seed)
        super().__init__(sampler, cube(dim), len(reference_point))


class NSGA2(OptunaStudy):
    """The genetic algorithm NSGA-II (Deb et al. 2002), as it comes: 50 points a generation."""

    def __init__(self, dim: int, budget: int, seed: int, reference_point: Sequence[float]) -> None:
        sampler = optuna.samplers.NSGAIISampler(seed=seed)
        super().__init__(sampler, cube(dim), len(reference_point))
