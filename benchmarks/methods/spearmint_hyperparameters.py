"""Hyper-parameters of Spearmint's Gaussian process, sampled from their posterior."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp, inf, log, pi
from typing import Literal

import numpy as np
from scipy.linalg import lapack

from rnnbbo.benchmarks.methods.base import FloatArray
from rnnbbo.benchmarks.methods.slice_sampling import slice_sample

MAX_LENGTHSCALE = 2.0
AMPLITUDE_SCALE = 1.0
NOISE_SCALE = 0.1

FIXED_NOISE = 1e-3
"""The variance of the noise where it is not inferred, in units of the standardised values."""

DIAGONAL_SHARE = 1e-6
"""Share of the amplitude that the covariance's diagonal gets on top of the noise."""


@dataclass(frozen=True)
class SpearmintHyperparameters:
    """Of a Gaussian process with constant mean, Matern-5/2 kernel and Gaussian noise.

    Attributes:
        mean: the constant mean.
        amplitude: the kernel's variance.
        noise: the variance of the noise.
        lengthscales: (dim,).
    """

    mean: float
    amplitude: float
    noise: float
    lengthscales: FloatArray

    @property
    def diagonal(self) -> float:
        """What is added to the covariance's diagonal: the noise, and a jitter."""
        return self.noise + DIAGONAL_SHARE * self.amplitude


Density = Callable[[SpearmintHyperparameters], float]


class Observed:
    """Points and values, prepared for many evaluations of the likelihood.

    numpy and LAPACK: a sample of the hyper-parameters takes tens of evaluations without a gradient,
    of matrices so small that GPyTorch's overhead would be nearly all of the time.

    Args:
        x: (n, dim).
        y: (n,).
    """

    def __init__(self, x: FloatArray, y: FloatArray) -> None:
        self.y = y
        self._pairs = np.tril_indices(len(x), -1)
        above, below = self._pairs
        self._squares = np.ascontiguousarray((x[above] - x[below]).T ** 2)  # (dim, pairs)

    def correlation(self, lengthscales: FloatArray) -> FloatArray:
        """Return the lower triangle of the Matern-5/2 kernel of the points, (n, n).

        k(r) = (1 + s + s^2 / 3) exp(-s) with s = sqrt(5) r (Rasmussen and Williams, eq. 4.17).
        """
        s = np.sqrt((5.0 / lengthscales**2) @ self._squares)
        matrix = np.eye(len(self.y))
        matrix[self._pairs] = (1.0 + s + s**2 / 3.0) * np.exp(-s)
        return matrix

    def log_likelihood(self, correlation: FloatArray, at: SpearmintHyperparameters) -> float:
        """Return log N(y | mean, amplitude correlation + diagonal I).

        (Rasmussen and Williams, eq. 2.30.) Minus infinity if rounding makes the matrix singular.
        """
        covariance = at.amplitude * correlation
        covariance.flat[:: len(self.y) + 1] += at.diagonal
        # The transpose is in LAPACK's order, and the triangle that is filled becomes the upper one.
        factor, failed = lapack.dpotrf(covariance.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            return -inf
        z, _ = lapack.dtrtrs(factor, self.y - at.mean, lower=0, trans=1)
        log_root = np.log(np.diagonal(factor)).sum()  # half the log determinant
        return float(-0.5 * z @ z - log_root - 0.5 * len(z) * log(2 * pi))


def log_prior(at: SpearmintHyperparameters) -> float:
    """Return the log density of the priors of amplitude and noise, up to a constant.

    Log-normal for the amplitude, as a density of the amplitude itself but without the factor
    1 / amplitude, as in the original; for the noise, an approximation of the horseshoe (Carvalho et
    al. 2009). Length-scales and mean are uniform within bounds.
    """
    amplitude = -0.5 * (0.5 * log(at.amplitude) / AMPLITUDE_SCALE) ** 2
    noise = log(np.log1p((NOISE_SCALE / at.noise) ** 2))
    return amplitude + noise


class Chain:
    """A Markov chain of hyper-parameters that goes on from one set of data to the next.

    A sweep updates mean, amplitude and noise, then the length-scales, each by slice sampling. The
    mean lies between the least and the largest value. Amplitude and noise move on a logarithmic
    scale, where slices have a length near 1 whatever their size.

    Args:
        dim: number of dimensions.
        rng: moves the chain.
        infer_noise: whether the noise is sampled; else it is `FIXED_NOISE`.
    """

    def __init__(self, dim: int, rng: np.random.Generator, *, infer_noise: bool = True) -> None:
        self._rng = rng
        self._infer_noise = infer_noise
        self._state = SpearmintHyperparameters(0.0, 1.0, FIXED_NOISE, np.ones(dim))

    def sample(self, data: Observed, count: int) -> list[SpearmintHyperparameters]:
        """Return the states after each of the next sweeps, for standardised values."""
        # Other values have other bounds.
        mean = float(np.clip(self._state.mean, data.y.min(), data.y.max()))
        self._state = replace(self._state, mean=mean)
        return [self._sweep(data) for _ in range(count)]

    def _sweep(self, data: Observed) -> SpearmintHyperparameters:
        correlation = data.correlation(self._state.lengthscales)

        def density(at: SpearmintHyperparameters) -> float:
            return data.log_likelihood(correlation, at) + log_prior(at)

        self._move_mean(density, data.y.min(), data.y.max())
        self._move_log(density, "amplitude")
        if self._infer_noise:
            self._move_log(density, "noise")
        for i in range(len(self._state.lengthscales)):
            self._move_lengthscale(data, i)
        return self._state

    def _move_mean(self, density: Density, low: float, high: float) -> None:
        def log_density(mean: float) -> float:
            return density(replace(self._state, mean=mean)) if low <= mean <= high else -inf

        mean = slice_sample(log_density, self._state.mean, self._rng)
        self._state = replace(self._state, mean=mean)

    def _move_log(self, density: Density, name: Literal["amplitude", "noise"]) -> None:
        def at(logarithm: float) -> SpearmintHyperparameters:
            value = exp(logarithm)
            if name == "amplitude":
                return replace(self._state, amplitude=value)
            return replace(self._state, noise=value)

        # The last term makes it the density of the logarithm.
        self._state = at(
            slice_sample(
                lambda logarithm: density(at(logarithm)) + logarithm,
                log(getattr(self._state, name)),
                self._rng,
            )
        )

    def _move_lengthscale(self, data: Observed, i: int) -> None:
        lengthscales = self._state.lengthscales.copy()

        def log_density(lengthscale: float) -> float:
            if not 0.0 < lengthscale <= MAX_LENGTHSCALE:
                return -inf
            lengthscales[i] = lengthscale
            return data.log_likelihood(data.correlation(lengthscales), self._state)

        lengthscales[i] = slice_sample(log_density, float(lengthscales[i]), self._rng)
        self._state = replace(self._state, lengthscales=lengthscales)
