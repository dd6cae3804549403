"""Expected improvement averaged over samples of the hyper-parameters."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from botorch.generation import gen_candidates_scipy
from botorch.models import SingleTaskGP
from botorch.utils.probability.utils import ndtr, phi
from gpytorch.constraints import Positive
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.means import ConstantMean
from torch import Tensor

from rnnbbo.benchmarks.methods.base import FloatArray
from rnnbbo.benchmarks.methods.spearmint_hyperparameters import SpearmintHyperparameters

SCORED_AT_ONCE = 250
"""Candidates that are scored at once, so that their covariances stay in the processor's cache."""

MIN_VARIANCE = 1e-20

SHORTEST = 1e-4
"""Length-scale that a shorter one counts as: GPyTorch's squares of distances are rounded beyond."""


def batched_model(
    x: FloatArray, y: FloatArray, samples: Sequence[SpearmintHyperparameters]
) -> SingleTaskGP:
    """Return the Gaussian processes of all samples, as one model with a batch dimension.

    Args:
        x: (n, dim).
        y: (n,).
        samples: the hyper-parameters.
    """
    batch = torch.Size([len(samples)])
    matern = MaternKernel(nu=2.5, ard_num_dims=x.shape[1], batch_shape=batch)
    model = SingleTaskGP(
        torch.as_tensor(x).expand(*batch, *x.shape),
        torch.as_tensor(y)[:, None].expand(*batch, len(y), 1),
        likelihood=GaussianLikelihood(batch_shape=batch, noise_constraint=Positive()),
        covar_module=ScaleKernel(matern, batch_shape=batch),
        mean_module=ConstantMean(batch_shape=batch),
        outcome_transform=None,
    ).double()
    double = partial(torch.tensor, dtype=torch.double)
    model.mean_module.constant = double([s.mean for s in samples])
    model.covar_module.outputscale = double([s.amplitude for s in samples])
    scales = [np.maximum(s.lengthscales, SHORTEST).tolist() for s in samples]
    matern.lengthscale = double([[scale] for scale in scales])
    model.likelihood.noise = double([[s.diagonal] for s in samples])
    return model.eval().requires_grad_(False)


class IntegratedEI(torch.nn.Module):
    """Expected improvement below `best` (Jones et al. 1998), averaged over a model's batch.

    It is the mean of what BoTorch's `ExpectedImprovement` returns for the batch. The posterior is
    written out here, since `model.posterior` builds a joint distribution for every candidate,
    which takes ten times as long.

    Args:
        model: see `batched_model`.
        best: the least value told.
    """

    def __init__(self, model: SingleTaskGP, best: float) -> None:
        super().__init__()
        self._best = best
        self._kernel = model.covar_module
        self._x = model.train_inputs[0]  # (samples, n, dim)
        self._mean = model.mean_module.constant[:, None]
        self._amplitude = self._kernel.outputscale[:, None]
        noise = model.likelihood.noise[..., None] * torch.eye(self._x.shape[1]).double()
        root = torch.linalg.cholesky(self._kernel(self._x).to_dense() + noise)
        residual = model.train_targets - self._mean
        self._weights = torch.cholesky_solve(residual[..., None], root)
        # K^-1 = R R^T: a product with R is much faster than a triangular solve.
        identity = torch.eye(self._x.shape[1]).double().expand_as(root)
        self._inverse_root = torch.linalg.solve_triangular(root, identity, upper=False).mT

    def forward(self, x: Tensor) -> Tensor:
        """Return the average at each of (candidates, 1, dim), as (candidates,)."""
        k = self._kernel(x.squeeze(-2), self._x).to_dense()  # (samples, candidates, n)
        mean = self._mean + (k @ self._weights).squeeze(-1)
        variance = self._amplitude - (k @ self._inverse_root).square().sum(-1)
        sigma = variance.clamp_min(MIN_VARIANCE).sqrt()
        u = (self._best - mean) / sigma
        return (sigma * (phi(u) + u * ndtr(u))).mean(0)

    @torch.no_grad()
    def of_many(self, x: Tensor) -> Tensor:
        """Return the average at each of (candidates, dim), as (candidates,)."""
        return torch.cat([self(chunk.unsqueeze(-2)) for chunk in x.split(SCORED_AT_ONCE)])


def polish(acquisition: IntegratedEI, starts: Tensor) -> tuple[Tensor, Tensor]:
    """Return local maxima of the acquisition in the unit cube, by L-BFGS-B, and its values.

    None is lower than at its start.

    Args:
        acquisition: what is maximised.
        starts: (candidates, dim).
    """
    # It calls the acquisition and asks for nothing else of BoTorch's own class.
    ends, _ = gen_candidates_scipy(starts.unsqueeze(-2), cast(Any, acquisition), 0.0, 1.0)
    ends = ends.squeeze(-2)
    before, after = acquisition.of_many(starts), acquisition.of_many(ends)
    rose = after > before
    return torch.where(rose[:, None], ends, starts), torch.where(rose, after, before)
