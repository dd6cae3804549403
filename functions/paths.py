"""Sample functions of Gaussian processes in closed form, from random Fourier features."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rnnbbo.errors import ConfigError
from rnnbbo.functions.batched import Randomness
from rnnbbo.functions.gp_tasks import GPDistribution, GPTasks
from rnnbbo.functions.optimum import find_minimum
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.stationary import is_rbf, two_nu


@dataclass(frozen=True)
class SamplePath:
    """B approximate sample functions; a call costs the same however many points came before.

    f(x) = sum_i weight_i cos(omega_i . x + phase_i), with M features. With a structure, x is first
    stepped and bent, and f has a mean and F more features, which are exact.

    Attributes:
        omega: `(B, M, D)`, the frequencies.
        phase: `(B, M)`.
        weight: `(B, M)`.
        tasks: the processes, where they have a structure.
        coefficient: `(B, F)`, of the features of trends and ripples, if there are any.
    """

    omega: Tensor
    phase: Tensor
    weight: Tensor
    tasks: GPTasks | None = None
    coefficient: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """Return the functions' values at x, differentiable.

        Args:
            x: `(B, n, D)`, or `(1, n, D)` for the same points in every function.

        Returns:
            `(B, n)`.
        """
        structure = None if self.tasks is None else self.tasks.structure
        if self.tasks is None or structure is None:
            return self._waves(x)
        inputs = structure.inputs(x)
        value = self._waves(inputs.u)
        features = structure.features(inputs)
        if features is not None and self.coefficient is not None:
            value = value + (features @ self.coefficient[:, :, None])[:, :, 0]
        mean = structure.mean(inputs)
        return value if mean is None else value + self.tasks.amplitude[:, None] * mean

    def _waves(self, u: Tensor) -> Tensor:
        angle = u @ self.omega.transpose(1, 2) + self.phase[:, None, :]
        return (torch.cos(angle) @ self.weight[:, :, None])[:, :, 0]


def draw_paths(tasks: GPTasks, n_features: int, generator: torch.Generator) -> SamplePath:
    """Draw one sample function of every process.

    Random Fourier features (Rahimi & Recht 2007, algorithm 1): frequencies from the kernel's
    spectral density, a normal for the RBF and a multivariate Student t with 2 nu degrees of
    freedom for the Matern kernels (Rasmussen & Williams 2006, eq. 4.15). Every frequency has a
    cosine and a sine with independent normal weights, written as one cosine with a Rayleigh
    weight and a uniform phase; so the prior variance is exact at any number of features, and
    only the correlation is approximate, with an error of order M^-1/2. The spectral density of a
    sum of kernels is a mixture: each frequency then belongs to one of them, drawn by its variance.

    Args:
        tasks: B processes.
        n_features: M.
        generator: the source of randomness; draws are made in float64 on its device.

    Raises:
        ConfigError: `n_features` is below 1.
    """
    if n_features < 1:
        raise ConfigError(f"n_features = {n_features!r}; expected an integer >= 1")
    batch, dim = tasks.lengthscale.shape
    device, dtype = tasks.lengthscale.device, tasks.lengthscale.dtype

    def normal(*shape: int) -> Tensor:
        draws = torch.randn(
            *shape, generator=generator, device=generator.device, dtype=torch.float64
        )
        return draws.to(device)

    structure = tasks.structure
    directions = normal(batch, n_features, dim)
    chi = normal(batch, n_features, 5)
    # a cos + b sin = hypot(a, b) cos(. + atan2(-b, a))
    a, b = normal(2, batch, n_features)
    weight = torch.hypot(a, b) * tasks.amplitude.double()[:, None] / n_features**0.5
    phase = torch.atan2(-b, a).to(dtype)
    omega = _frequencies(directions, chi, tasks.kernel, tasks.lengthscale)
    if structure is None:
        return SamplePath(omega.to(dtype), phase, weight.to(dtype))

    def uniform() -> Tensor:
        return Randomness(batch, dim, generator).uniform(0.0, 1.0, n_features).to(device)

    if structure.second is not None:
        second = structure.second
        other = _frequencies(
            directions, chi, second.kernel, second.ratio[:, None] * tasks.lengthscale
        )
        omega = torch.where((uniform() < second.share[:, None])[:, :, None], other, omega)
    if structure.additive is not None:
        # The mean of one-dimensional kernels: a frequency belongs to one dimension.
        own = torch.nn.functional.one_hot((uniform() * dim).long().clamp_max(dim - 1), dim)
        omega = torch.where(structure.additive[:, None, None], omega * own, omega)
    if structure.rotation is not None:
        omega = omega @ structure.rotation.double()
    weight = weight * structure.stationary.double().sqrt()[:, None]
    coefficient = normal(batch, structure.count) * tasks.amplitude.double()[:, None]
    return SamplePath(omega.to(dtype), phase, weight.to(dtype), tasks, coefficient.to(dtype))


def _frequencies(omega: Tensor, chi: Tensor, kernel: Tensor, lengthscale: Tensor) -> Tensor:
    """Return frequencies of kernels `(B,)` from normals omega `(B, M, D)` and chi `(B, M, 5)`."""
    # chi-squared with 2 nu = 1, 3 or 5 degrees of freedom, from that many of five normals.
    degrees = two_nu(kernel, torch.float64)[:, None, None]
    used = torch.arange(5, device=kernel.device) < degrees
    chi_squared = (chi.square() * used).sum(-1, keepdim=True)
    student = omega * (degrees / chi_squared).sqrt()
    omega = torch.where(is_rbf(kernel)[:, None, None], omega, student)
    return omega / lengthscale.double()[:, None, :]


@dataclass(frozen=True)
class _NumpyPath:
    """One function of a `SamplePath`, in numpy: `(..., D)` to `(...)`."""

    omega: FloatArray
    phase: FloatArray
    weight: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        return np.cos(x @ self.omega.T + self.phase) @ self.weight


@dataclass(frozen=True)
class _TorchPath:
    """One function of a `SamplePath` with a structure, for numpy: `(..., D)` to `(...)`."""

    path: SamplePath

    def __call__(self, x: FloatArray) -> FloatArray:
        points = torch.as_tensor(x, dtype=torch.float64)
        flat = points.reshape(1, -1, points.shape[-1])
        return self.path(flat)[0].reshape(points.shape[:-1]).numpy()[()]


def gp_problem(
    distribution: GPDistribution, dim: int, seed: int, n_features: int = 2048, n_starts: int = 16
) -> Problem:
    """Draw a problem on the unit cube from a distribution; the same seed gives the same one.

    Its values are noise-free. Its optimum is found by dense search and local refinement.

    Args:
        distribution: where the hyper-parameters come from.
        dim: D.
        seed: fixes hyper-parameters, function and search.
        n_features: M, the random Fourier features.
        n_starts: points that the search for the optimum refines; more are needed from about ten
            dimensions up, where 16 can end in a local optimum.
    """
    generator = torch.Generator().manual_seed(seed)
    tasks = distribution.sample(1, dim, generator, dtype=torch.float64)
    path = draw_paths(tasks, n_features, generator)
    x, _ = find_minimum(path, dim, generator, n_starts=n_starts)
    func: Callable[[FloatArray], FloatArray] = _TorchPath(path)
    if path.tasks is None:
        func = _NumpyPath(*(part[0].numpy() for part in (path.omega, path.phase, path.weight)))
    minimizer = x[0].numpy()
    return Problem(
        name=f"gp-{dim}d-{seed}",
        bounds=((0.0, 1.0),) * dim,
        func=func,
        minimum=float(func(minimizer)),
        minimizers=(tuple(minimizer.tolist()),),
    )
