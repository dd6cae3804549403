"""Sample functions of Gaussian processes in closed form, from random Fourier features."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rnnbbo.errors import ConfigError
from rnnbbo.functions.kernels import GPDistribution, GPTasks
from rnnbbo.functions.optimum import find_minimum
from rnnbbo.functions.problem import Array, Problem


@dataclass(frozen=True)
class SamplePath:
    """B approximate sample functions; a call costs the same however many points came before.

    f(x) = sum_i weight_i cos(omega_i . x + phase_i), with M features.

    Attributes:
        omega: `(B, M, D)`, the frequencies.
        phase: `(B, M)`.
        weight: `(B, M)`.
    """

    omega: Tensor
    phase: Tensor
    weight: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """The functions' values at x, differentiable.

        Args:
            x: `(B, n, D)`, or `(1, n, D)` for the same points in every function.

        Returns:
            `(B, n)`.
        """
        angle = x @ self.omega.transpose(1, 2) + self.phase[:, None, :]
        return (torch.cos(angle) @ self.weight[:, :, None])[:, :, 0]


def draw_paths(tasks: GPTasks, n_features: int, generator: torch.Generator) -> SamplePath:
    """Draws one sample function of every process.

    Random Fourier features (Rahimi & Recht 2007, algorithm 1): frequencies from the kernel's
    spectral density, a normal for the RBF and a multivariate Student t with 2 nu degrees of
    freedom for the Matern kernels (Rasmussen & Williams 2006, eq. 4.15). Every frequency has a
    cosine and a sine with independent normal weights, written as one cosine with a Rayleigh
    weight and a uniform phase; so the prior variance is exact at any number of features, and
    only the correlation is approximate, with an error of order M^-1/2.

    Args:
        tasks: B processes.
        n_features: M.
        generator: The source of randomness; draws are made in float64 on its device.

    Raises:
        ConfigError: `n_features` is below 1.
    """
    if n_features < 1:
        raise ConfigError(f"n_features: got {n_features!r}; expected an integer >= 1")
    batch, dim = tasks.lengthscale.shape
    device, dtype = tasks.lengthscale.device, tasks.lengthscale.dtype

    def normal(*shape: int) -> Tensor:
        draws = torch.randn(
            *shape, generator=generator, device=generator.device, dtype=torch.float64
        )
        return draws.to(device)

    omega = normal(batch, n_features, dim)
    # chi-squared with 2 nu = 1, 3 or 5 degrees of freedom, from that many of five normals.
    two_nu = tasks.two_nu.double()[:, None, None]
    used = torch.arange(5, device=device) < two_nu
    chi_squared = (normal(batch, n_features, 5).square() * used).sum(-1, keepdim=True)
    student = omega * (two_nu / chi_squared).sqrt()
    omega = torch.where(tasks.is_rbf[:, None, None], omega, student)
    omega = omega / tasks.lengthscale.double()[:, None, :]
    # a cos + b sin = hypot(a, b) cos(. + atan2(-b, a))
    a, b = normal(2, batch, n_features)
    weight = torch.hypot(a, b) * tasks.amplitude.double()[:, None] / n_features**0.5
    return SamplePath(omega.to(dtype), torch.atan2(-b, a).to(dtype), weight.to(dtype))


@dataclass(frozen=True)
class _NumpyPath:
    """One function of a `SamplePath`, in numpy: `(..., D)` to `(...)`."""

    omega: Array
    phase: Array
    weight: Array

    def __call__(self, x: Array) -> Array:
        return np.cos(x @ self.omega.T + self.phase) @ self.weight


def gp_problem(
    distribution: GPDistribution, dim: int, seed: int, n_features: int = 2048, n_starts: int = 16
) -> Problem:
    """Draws a problem on the unit cube from a distribution; the same seed gives the same one.

    Its values are noise-free. Its optimum is found by dense search and local refinement.

    Args:
        distribution: Where the hyper-parameters come from.
        dim: D.
        seed: Fixes hyper-parameters, function and search.
        n_features: M, the random Fourier features.
        n_starts: Points that the search for the optimum refines; more are needed from about ten
            dimensions up, where 16 can end in a local optimum.
    """
    generator = torch.Generator().manual_seed(seed)
    tasks = distribution.sample(1, dim, generator, dtype=torch.float64)
    path = draw_paths(tasks, n_features, generator)
    x, _ = find_minimum(path, dim, generator, n_starts=n_starts)
    func = _NumpyPath(*(part[0].numpy() for part in (path.omega, path.phase, path.weight)))
    minimizer = x[0].numpy()
    return Problem(
        name=f"gp-{dim}d-{seed}",
        bounds=((0.0, 1.0),) * dim,
        func=func,
        minimum=float(func(minimizer)),
        minimizers=(tuple(minimizer.tolist()),),
    )
