"""Bayesian optimization in the style of Spearmint (Snoek, Larochelle and Adams 2012)."""

import numpy as np
import torch
from torch.quasirandom import SobolEngine

from rnnbbo.benchmarks.methods.base import FloatArray, WorstFinite
from rnnbbo.benchmarks.methods.spearmint_acquisition import IntegratedEI, batched_model, polish
from rnnbbo.benchmarks.methods.spearmint_hyperparameters import Chain, Observed

SAMPLES = 10
BURN_IN = 100
SPRAYED_CANDIDATES = 10
SPRAY_DEVIATION = 0.001
POLISHED_CANDIDATES = 20


class Spearmint:
    """Expected improvement, integrated over the hyper-parameters of a Gaussian process.

    Written from the paper and from the published settings of the original's chooser
    `GPEIOptChooser`: a Matern-5/2 kernel with a length-scale for each dimension; 10 samples of the
    hyper-parameters an ask, by slice sampling, after 100 that are thrown away once; candidates
    from a Sobol grid, and 10 sprayed round the incumbent with a standard deviation of 0.001; the
    best 20 polished by L-BFGS-B. There is no initial design: the grid's first points are asked for
    until two different values are known.

    It differs from the original in these points. The grid is scrambled, so that it depends on the
    seed. Mean, amplitude and noise are updated one after the other instead of along a random
    direction. Pending points are left out, since runs here ask and tell in turns; the original
    averages over fantasies of their values. A failed evaluation enters the model with the worst
    finite value told.

    Args:
        dim: number of dimensions.
        budget: not used.
        seed: the same seed gives the same run.
        grid: points of the Sobol grid.
        infer_noise: whether the variance of the noise is sampled too; else it is 1e-3 of the
            values' variance, the original's setting for functions without noise.
    """

    def __init__(
        self,
        dim: int,
        budget: int,
        seed: int,
        *,
        grid: int = 20_000,
        infer_noise: bool = True,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        engine = SobolEngine(dim, scramble=True, seed=int(self._rng.integers(2**32)))
        self._grid = engine.draw(grid, dtype=torch.double)
        self._chain = Chain(dim, self._rng, infer_noise=infer_noise)
        self._burnt_in = False
        self._finite = WorstFinite()
        self._x: list[FloatArray] = []
        self._y: list[float] = []

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        x, y = np.array(self._x), np.array(self._y)
        if len(set(self._y)) < 2:
            return self._grid[len(y)].numpy().copy()
        y = (y - y.mean()) / y.std()
        acquisition = self._acquisition(x, y)
        candidates = torch.cat([self._sprayed(x[np.argmin(y)]), self._grid])
        values = acquisition.of_many(candidates)
        ends, values = polish(acquisition, candidates[values.topk(POLISHED_CANDIDATES).indices])
        return ends[values.argmax()].numpy()

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._x.append(x)
        self._y.append(float(self._finite(y)))

    def _acquisition(self, x: FloatArray, y: FloatArray) -> IntegratedEI:
        data = Observed(x, y)
        if not self._burnt_in:
            self._chain.sample(data, BURN_IN)
            self._burnt_in = True
        return IntegratedEI(batched_model(x, y, self._chain.sample(data, SAMPLES)), float(y.min()))

    def _sprayed(self, incumbent: FloatArray) -> torch.Tensor:
        noise = SPRAY_DEVIATION * self._rng.standard_normal((SPRAYED_CANDIDATES, len(incumbent)))
        return torch.as_tensor(np.clip(incumbent + noise, 0.0, 1.0))


class FixedNoise(Spearmint):
    """The same with the original's setting for functions without noise."""

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        super().__init__(dim, budget, seed, infer_noise=False)
