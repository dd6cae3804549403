"""Log expected improvement (Ament et al. 2023), by BoTorch, as its tutorials put it together."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction, LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch.quasirandom import SobolEngine

from rnnbbo.benchmarks.methods.base import FloatArray

# The arguments of optimize_acqf in BoTorch's tutorials.
NUM_RESTARTS = 10
RAW_SAMPLES = 512
# Raw samples are looked at at once: else `batch_limit` holds for them, too, which takes longer.
OPTIONS: dict[str, bool | float | int | str] = {
    "batch_limit": 5,
    "maxiter": 200,
    "init_batch_limit": RAW_SAMPLES,
}


def initial_points(dim: int, budget: int) -> int:
    """Return how many Sobol points come before the model: 2 dim, at most budget / 5, at least 5.

    This is the rule of Ax, BoTorch's own front end (`calculate_num_initialization_trials`).
    """
    return max(5, min(2 * dim, budget // 5))


class LogEI:
    """A Gaussian process, fitted at every ask, and the point of its largest log EI.

    The model is BoTorch's default, in float64: `SingleTaskGP` on standardised values, with an RBF
    kernel, a length-scale for each dimension, a prior of it that grows with the dimension (Hvarfner
    et al. 2024), and inferred noise. Improvement is over the least value told, with noise too, as
    in BoTorch's own construction of the acquisition function. A failed evaluation enters the model
    with the worst finite value told. Sobol points go on until two different values are known.
    """

    def __init__(self, dim: int, budget: int, seed: int) -> None:
        self._seed = seed
        self._initial_points = initial_points(dim, budget)
        self._sobol = SobolEngine(dim, scramble=True, seed=seed)
        self._bounds = torch.stack([torch.zeros(dim), torch.ones(dim)]).double()
        self._x: list[FloatArray] = []
        self._y: list[float] = []
        self._fitted: SingleTaskGP | None = None

    def ask(self) -> FloatArray:
        """See `Method.ask`."""
        if not self._has_model():
            return self._sobol_point()
        model = self._model()
        with torch_seeded(self._seed, len(self._y), 1), warnings.catch_warnings():
            # BoTorch tries again after a failed line search, and warns each time.
            warnings.filterwarnings("ignore", "Optimization failed", RuntimeWarning)
            points = self._maximise(self._rule(model))
        return points.numpy()[0]

    def tell(self, x: FloatArray, y: float) -> None:
        """See `Method.tell`."""
        self._x.append(x)
        self._y.append(y if np.isfinite(y) else np.nan)
        self._fitted = None

    def recommend(self) -> FloatArray:
        """Return the told point of least posterior mean; during the Sobol points, of least value.

        See `Recommender.recommend`.
        """
        if not self._has_model():
            return self._x[int(np.nanargmin(self._y))]
        model = self._model()
        with torch.no_grad():
            mean = -model.posterior(torch.as_tensor(np.array(self._x))).mean.numpy()[:, 0]
        return self._x[int(np.argmin(np.where(np.isnan(self._y), np.inf, mean)))]

    def _sobol_point(self) -> FloatArray:
        return self._sobol.draw(1, dtype=torch.double).numpy()[0]

    def _empty_model(self, x: torch.Tensor, y: torch.Tensor) -> SingleTaskGP:
        """Make the model (n, dim), (n, 1) before it is fitted."""
        return SingleTaskGP(x, y)

    def _rule(self, model: SingleTaskGP) -> AcquisitionFunction:
        """Return what is largest at the next point."""
        return LogExpectedImprovement(model, best_f=-np.nanmin(self._y))

    def _maximise(self, acquisition: AcquisitionFunction) -> torch.Tensor:
        """Return the point (1, dim) of the largest value."""
        points, _ = optimize_acqf(
            acquisition,
            bounds=self._bounds,
            q=1,
            num_restarts=NUM_RESTARTS,
            raw_samples=RAW_SAMPLES,
            options=OPTIONS,
        )
        return points

    def _has_model(self) -> bool:
        values = {y for y in self._y if not np.isnan(y)}
        return len(self._y) >= self._initial_points and len(values) > 1

    def _unfitted(self) -> SingleTaskGP:
        """Return the model of what was told, before it is fitted."""
        y = np.where(np.isnan(self._y), np.nanmax(self._y), self._y)
        return self._empty_model(
            torch.as_tensor(np.array(self._x)), torch.as_tensor(-y).unsqueeze(-1)
        )

    def _model(self) -> SingleTaskGP:
        """Return the model of what was told, fitted once a tell; BoTorch maximises, so of -y."""
        if self._fitted is None:
            with torch_seeded(self._seed, len(self._y), 0):
                model = self._unfitted()
                fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            self._fitted = model
        return self._fitted


@contextmanager
def torch_seeded(*key: int) -> Iterator[None]:
    """Seed torch's global generator, from which BoTorch draws, and leave it as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(
            int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])
        )
        yield
