"""TuRBO-1 (Eriksson et al. 2019, Scalable global optimization via local Bayesian optimization)."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.generation import MaxPosteriorSampling
from botorch.models import SingleTaskGP
from botorch.utils.sampling import manual_seed
from gpytorch.constraints import Interval
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch.quasirandom import SobolEngine

from rnnbbo.benchmarks.methods.base import FloatArray, WorstFinite

FIRST_LENGTH = 0.8
MIN_LENGTH = 0.5**7
MAX_LENGTH = 1.6
SUCCESS_TOLERANCE = 3

MIN_IMPROVEMENT = 1e-3
"""Share of the best value by which another has to be lower to count as a success."""

PERTURBED = 20
"""Number of a candidate's coordinates that differ from the centre's, on average."""


@dataclass(frozen=True)
class TrustRegion:
    """The side of a hypercube round the incumbent, and what it remembers (section 2.1).

    Attributes:
        failure_tolerance: failures in a row that halve the side.
        length: the side, before the length-scales stretch it.
        successes: successes in a row.
        failures: failures in a row.
    """

    failure_tolerance: int
    length: float = FIRST_LENGTH
    successes: int = 0
    failures: int = 0

    @property
    def converged(self) -> bool:
        """Whether the region is so small that the search starts again."""
        return self.length < MIN_LENGTH

    def after(self, success: bool) -> "TrustRegion":
        """Return the region after one more evaluation."""
        if success:
            if self.successes + 1 < SUCCESS_TOLERANCE:
                return replace(self, successes=self.successes + 1, failures=0)
            length = min(2.0 * self.length, MAX_LENGTH)
        else:
            if self.failures + 1 < self.failure_tolerance:
                return replace(self, successes=0, failures=self.failures + 1)
            length = self.length / 2.0
        return TrustRegion(self.failure_tolerance, length)

    def box(self, centre: FloatArray, lengthscales: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the region's lower and upper bounds in the unit cube, each (dim,).

        Its sides are in proportion to the length-scales, and its volume that of the hypercube.

        Args:
            centre: (dim,).
            lengthscales: (dim,).
        """
        weights = lengthscales / np.exp(np.mean(np.log(lengthscales)))
        half = 0.5 * self.length * weights
        return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


class TuRBO:
    """One trust region, a Gaussian process fitted to its evaluations, and Thompson sampling.

    With the paper's constants and batches of one point: 2 dim Sobol points; a Matern-5/2 kernel
    with a length-scale for each dimension, and the bounds of its hyper-parameters; the least value
    of a sample of the posterior at min(100 dim, 5000) Sobol points of the region, of whose
    coordinates 20 differ from the incumbent's on average. A region that has converged is given up
    with all its evaluations, and another begins with new Sobol points. A failed evaluation enters
    the model with the worst finite value told, and is a failure of the region.

    Attributes:
        region: the trust region.
    """

    region: TrustRegion
    _first: FloatArray

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self._dim = dim
        self._rng = np.random.default_rng(seed)
        self._finite = WorstFinite()
        self._start()

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        if self.region.converged:
            self._start()
        if len(self._y) < len(self._first):
            return self._first[len(self._y)].copy()
        with manual_seed(self._seed()):
            model = self._model()
            candidates = self._candidates(model)
            sampling = MaxPosteriorSampling(model, replacement=False)
            with torch.no_grad():
                return sampling(torch.as_tensor(candidates), num_samples=1).numpy()[0]

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        value = float(self._finite(y))
        if len(self._y) >= len(self._first):
            best = min(self._y)
            self.region = self.region.after(value < best - MIN_IMPROVEMENT * abs(best))
        self._x.append(x)
        self._y.append(value)

    def _start(self) -> None:
        """Begin a trust region and forget the one before."""
        self.region = TrustRegion(failure_tolerance=max(4, self._dim))
        self._first = self._sobol(2 * self._dim)
        self._x: list[FloatArray] = []
        self._y: list[float] = []

    def _model(self) -> SingleTaskGP:
        """Fit the model of the region's evaluations; BoTorch maximises, so of -y."""
        y = -np.array(self._y)
        y = (y - y.mean()) / (y.std() or 1.0)
        matern = MaternKernel(
            nu=2.5, ard_num_dims=self._dim, lengthscale_constraint=Interval(0.005, 2.0)
        )
        model = SingleTaskGP(
            torch.as_tensor(np.array(self._x)),
            torch.as_tensor(y)[:, None],
            likelihood=GaussianLikelihood(noise_constraint=Interval(5e-4, 0.2)),
            covar_module=ScaleKernel(matern, outputscale_constraint=Interval(0.05, 20.0)),
            outcome_transform=None,
        ).double()
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        return model

    def _candidates(self, model: SingleTaskGP) -> FloatArray:
        """Draw Sobol points of the region's box, in some coordinates only (supplement, C)."""
        centre = self._x[int(np.argmin(self._y))]
        lengthscales = model.covar_module.base_kernel.lengthscale.detach().numpy()[0]
        low, high = self.region.box(centre, lengthscales)
        points = low + (high - low) * self._sobol(min(100 * self._dim, 5000))
        moved = self._rng.random(points.shape) < PERTURBED / self._dim
        none = np.flatnonzero(~moved.any(axis=1))
        moved[none, self._rng.integers(self._dim, size=len(none))] = True
        return np.where(moved, points, centre)

    def _sobol(self, count: int) -> FloatArray:
        engine = SobolEngine(self._dim, scramble=True, seed=self._seed())
        return engine.draw(count, dtype=torch.double).numpy()

    def _seed(self) -> int:
        return int(self._rng.integers(2**32))
