"""Log expected improvement over integers, categories and reals, by BoTorch."""

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.models import MixedSingleTaskGP, SingleTaskGP
from botorch.optim import optimize_acqf_discrete_local_search

from rnnbbo.benchmarks.methods.base import Cells, FloatArray
from rnnbbo.benchmarks.methods.botorch_logei import NUM_RESTARTS, RAW_SAMPLES, LogEI
from rnnbbo.dimensions import Categorical
from rnnbbo.space import Space


class MixedLogEI(LogEI):
    """As `LogEI`, for spaces with integers or categories, with BoTorch's parts for these.

    Sobol points are moved to the middles of their cells. Where there are categories, the model is
    `MixedSingleTaskGP`, whose kernel of categories counts those that differ. The acquisition is
    maximised by `optimize_acqf_discrete_local_search` over points that were not evaluated yet, with
    as many starts as elsewhere.

    Where there are reals, too, the model and the search are those of `LogEI`, and points are moved
    to the middles: BoTorch's `optimize_acqf_mixed_alternating` takes several times as long.

    Args:
        dim: number of dimensions.
        budget: number of evaluations that will be made.
        seed: the same seed gives the same run.
        space: its integers and categories are cells of the cube.
    """

    def __init__(self, dim: int, budget: int, seed: int, space: Space) -> None:
        super().__init__(dim, budget, seed)
        counts = Cells(space).counts
        self._has_reals = not all(counts)
        self._middles = [  # empty for a real
            (torch.arange(count, dtype=torch.double) + 0.5) / max(count, 1) for count in counts
        ]
        self._categories = [
            i for i, dimension in enumerate(space.dimensions) if type(dimension) is Categorical
        ]

    def _sobol_point(self) -> FloatArray:
        return self._moved(super()._sobol_point())

    def _moved(self, u: FloatArray) -> FloatArray:
        """Return the point (dim,) with every cell's coordinate in its middle."""
        return np.array(
            [
                middles[min(int(coordinate * len(middles)), len(middles) - 1)].item()
                if len(middles)
                else coordinate
                for coordinate, middles in zip(u, self._middles, strict=True)
            ]
        )

    def _empty_model(self, x: torch.Tensor, y: torch.Tensor) -> SingleTaskGP:
        if self._categories and not self._has_reals:
            return MixedSingleTaskGP(x, y, self._categories)
        return super()._empty_model(x, y)

    def _maximise(self, acquisition: AcquisitionFunction) -> torch.Tensor:
        if self._has_reals:
            return torch.as_tensor(self._moved(super()._maximise(acquisition).numpy()[0]))[None]
        points, _ = optimize_acqf_discrete_local_search(
            acquisition,
            self._middles,
            q=1,
            num_restarts=NUM_RESTARTS,
            raw_samples=RAW_SAMPLES,
            X_avoid=torch.as_tensor(np.array(self._x)),
        )
        return points
