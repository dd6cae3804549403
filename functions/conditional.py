"""Exact Gaussian-process posteriors, sequential draws from them, and expected improvement."""

import math

import torch
from torch import Tensor

from rnnbbo.errors import RnnbboError
from rnnbbo.functions.gp_tasks import GPTasks

# Relative to amplitude^2. In float32 the kernel matrix of close points is exact to about 1e-6.
COVARIANCE_JITTER = 1e-6
_SMALLEST_RAISE = 1e-12
_LARGEST_JITTER = 1e-1
# Smallest standard deviation that is reported, relative to the amplitude.
_STD_FLOOR = 1e-4


class Conditional:
    """The exact posterior of B Gaussian processes given observations; a value, never mutated.

    Rasmussen & Williams (2006), eqs. 2.25 and 2.26, with the Cholesky factor of algorithm 2.1.

    Attributes:
        tasks: the processes.
        x: `(B, n, D)`, the observed points.
        jitter: `(B,)`, what was added to the covariance's diagonal, relative to amplitude^2. It
            is above the one asked for only where the Cholesky factorization needed more.
    """

    __slots__ = ("_cholesky", "_weights", "jitter", "tasks", "x")

    def __init__(
        self,
        tasks: GPTasks,
        x: Tensor,
        y: Tensor,
        noise: Tensor | None = None,
        jitter: float = COVARIANCE_JITTER,
    ) -> None:
        """Condition the processes on observations.

        Args:
            tasks: B processes in D dimensions.
            x: `(B, n, D)`; n may be 0.
            y: `(B, n)`.
            noise: `(B,)` or `(B, n)`, the standard deviation of each observation around f, in
                the units of f; None takes the tasks' own noise. A huge one leaves a point out.
            jitter: added to the diagonal, relative to amplitude^2. Where the factorization
                fails, it is raised tenfold, process by process, as often as is needed.

        Raises:
            RnnbboError: no positive definite covariance is found; x or the noise is not finite.
        """
        noise = tasks.noise if noise is None else noise
        if noise.ndim == 1:
            noise = noise[:, None].expand(-1, x.shape[1])
        covariance = tasks.covariance(x, x)
        self.tasks, self.x = tasks, x
        self._cholesky, self.jitter = _cholesky(
            covariance, noise.square(), tasks.amplitude.square(), jitter
        )
        # alpha = K^-1 (y - m), as in algorithm 2.1, with the mean function of section 2.7.
        residual = y - tasks.mean(x)
        self._weights = torch.cholesky_solve(residual[:, :, None], self._cholesky)

    def mean_std(self, x_new: Tensor) -> tuple[Tensor, Tensor]:
        """Return posterior mean and standard deviation of f itself, without noise.

        Both are differentiable in x, y and `x_new`. The standard deviation is at least 1e-4 of
        the amplitude; where that floor holds, its derivative is zero.

        Args:
            x_new: `(B, m, D)`.

        Returns:
            Two tensors `(B, m)`.
        """
        cross = self.tasks.covariance(self.x, x_new)
        mean = self.tasks.mean(x_new) + (cross.transpose(1, 2) @ self._weights)[:, :, 0]
        v = torch.linalg.solve_triangular(self._cholesky, cross, upper=False)
        floor = _STD_FLOOR**2 * self.tasks.amplitude.square()[:, None]
        variance = torch.maximum(self.tasks.variance(x_new) - v.square().sum(1), floor)
        return mean, variance.sqrt()

    def variance_reduction(self, x_new: Tensor) -> Tensor:
        """Return how much one more observation at each point would lower the variance at all.

        cov(x, x')^2 / var(x), averaged over x': the gain in integrated mean squared error of a
        noise-free observation (Sacks, Welch, Mitchell & Wynn 1989), over the points given.

        Args:
            x_new: `(B, m, D)`.

        Returns:
            `(B, m)`, in units of f squared.
        """
        v = torch.linalg.solve_triangular(
            self._cholesky, self.tasks.covariance(self.x, x_new), upper=False
        )
        covariance = self.tasks.covariance(x_new, x_new) - v.transpose(1, 2) @ v
        floor = (_STD_FLOOR**2 * self.tasks.amplitude.square())[:, None]
        variance = torch.maximum(covariance.diagonal(dim1=1, dim2=2), floor)
        return covariance.square().mean(dim=2) / variance


def _cholesky(
    covariance: Tensor, noise: Tensor, scale: Tensor, jitter: float
) -> tuple[Tensor, Tensor]:
    """Factorize `covariance` `(B, n, n)` + diag(`noise` `(B, n)`) + jitter * `scale` `(B,)`."""
    relative = torch.full_like(scale, jitter)
    while True:
        diagonal = noise + (relative * scale)[:, None]
        factor, info = torch.linalg.cholesky_ex(covariance + torch.diag_embed(diagonal))
        failed = info != 0
        if not bool(failed.any()):
            return factor, relative
        if float(relative.max()) * 10 > _LARGEST_JITTER * (1 + 1e-9):
            raise RnnbboError(
                f"the covariance of {int(failed.sum())} of {len(failed)} Gaussian processes is "
                f"not positive definite, even with {_LARGEST_JITTER:g} of the prior variance "
                "added; expected finite points and noise"
            )
        relative = torch.where(failed, (10.0 * relative).clamp_min(_SMALLEST_RAISE), relative)


def draw_next(
    tasks: GPTasks,
    x: Tensor,
    f: Tensor,
    x_new: Tensor,
    eps: Tensor,
    jitter: float = COVARIANCE_JITTER,
) -> Tensor:
    """Draw f at one new point of each process, given its noise-free values so far.

    Drawing point after point this way samples the process exactly wherever the queries go, and
    the values are differentiable in the queries (Chen et al. 2016, section 2): the draw is
    mean + std * eps.

    Args:
        tasks: B processes in D dimensions.
        x: `(B, n, D)`, the points drawn so far; n may be 0.
        f: `(B, n)`, their values.
        x_new: `(B, D)`.
        eps: `(B,)`, standard normal.
        jitter: as in `Conditional`.

    Returns:
        `(B,)`.
    """
    conditional = Conditional(tasks, x, f, torch.zeros_like(tasks.noise), jitter)
    mean, std = conditional.mean_std(x_new[:, None, :])
    return mean[:, 0] + std[:, 0] * eps


def expected_improvement(mean: Tensor, std: Tensor, best: Tensor | float) -> Tensor:
    """Return the expected improvement below `best`, for minimization.

    Jones, Schonlau & Welch (1998), eq. 15: EI = (best - mean) Phi(z) + std phi(z), with
    z = (best - mean) / std. It is never negative; far above `best` rounding would make it so.

    Args:
        mean: any shape.
        std: broadcastable to `mean`; not negative.
        best: broadcastable to `mean`.

    Returns:
        The shape of the three broadcast together.
    """
    std = std.clamp_min(torch.finfo(std.dtype).tiny ** 0.5)
    z = (best - mean) / std
    density = torch.exp(-0.5 * z.square()) / math.sqrt(2 * math.pi)
    # erfc keeps its relative precision in the lower tail, where 1 + erf would cancel.
    probability = 0.5 * torch.erfc(-z / math.sqrt(2))
    return (std * (z * probability + density)).clamp_min(0.0)
