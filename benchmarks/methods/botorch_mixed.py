"""Log expected improvement over integers and categories, by BoTorch."""

import numpy as np
import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.models import MixedSingleTaskGP, SingleTaskGP
from botorch.optim import optimize_acqf_discrete_local_search

from rnnbbo.benchmarks.methods.base import Cells, FloatArray
from rnnbbo.benchmarks.methods.botorch_logei import NUM_RESTARTS, RAW_SAMPLES, LogEI
from rnnbbo.dimensions import Categorical
from rnnbbo.space import Space


class MixedLogEI(LogEI):
    """As `LogEI`, for spaces of integers and categories, with BoTorch's parts for these.

    Sobol points are moved to the middles of their cells. Where there are categories, the model is
    `MixedSingleTaskGP`, whose kernel of categories counts those that differ. The acquisition is
    maximised by `optimize_acqf_discrete_local_search` over points that were not evaluated yet, with
    as many starts as elsewhere.

    Args:
        dim: number of dimensions.
        budget: number of evaluations that will be made.
        seed: the same seed gives the same run.
        space: of integers and categories alone.
    """

    def __init__(self, dim: int, budget: int, seed: int, space: Space) -> None:
        super().__init__(dim, budget, seed)
        counts = Cells(space).counts
        assert all(counts)
        self._middles = [
            (torch.arange(count, dtype=torch.double) + 0.5) / count for count in counts
        ]
        self._categories = [
            i for i, dimension in enumerate(space.dimensions) if type(dimension) is Categorical
        ]

    def _sobol_point(self) -> FloatArray:
        u = super()._sobol_point()
        return np.array(
            [
                middles[min(int(coordinate * len(middles)), len(middles) - 1)].item()
                for coordinate, middles in zip(u, self._middles, strict=True)
            ]
        )

    def _empty_model(self, x: torch.Tensor, y: torch.Tensor) -> SingleTaskGP:
        if self._categories:
            return MixedSingleTaskGP(x, y, self._categories)
        return super()._empty_model(x, y)

    def _maximise(self, acquisition: LogExpectedImprovement) -> torch.Tensor:
        points, _ = optimize_acqf_discrete_local_search(
            acquisition,
            self._middles,
            q=1,
            num_restarts=NUM_RESTARTS,
            raw_samples=RAW_SAMPLES,
            X_avoid=torch.as_tensor(np.array(self._x)),
        )
        return points
