"""What a hypothesis says of the function, how likely it is before any value, and how it moves."""

import math
from typing import NamedTuple, Self

import numpy as np

from rnnbbo.policies.kernel.posterior import JITTER

# On the unit cube. Spreads are standard deviations of logarithms.
LENGTHSCALE = 0.225  # times sqrt(D): prior median
COMMON_SPREAD, OWN_SPREAD = 0.7, 0.3  # of all length-scales together, and of each for itself
RBF = 0.5  # probability of the squared-exponential kernel, else Matern-5/2
NOISY = 0.2  # probability of noise
NOISE, NOISE_SPREAD = 0.1, 1.0  # its standard deviation, in units of the amplitude
WARP, WARP_SPREAD = 3.0, 2.0  # where the warp bends, in standard deviations above the best value

_FLIP = 0.1  # probability that a proposal changes the kernel, or whether there is noise


class Hypotheses(NamedTuple):
    """N sets of hyper-parameters.

    Attributes:
        log_lengthscale: (N, D).
        rbf: (N,) 1 for a squared-exponential kernel, 0 for Matern-5/2.
        noisy: (N,) 1 with noise, 0 without.
        log_noise: (N,) log of its standard deviation; kept while there is none.
        log_warp: (N,) log c of `values.warp`.
    """

    log_lengthscale: np.ndarray
    rbf: np.ndarray
    noisy: np.ndarray
    log_noise: np.ndarray
    log_warp: np.ndarray

    @property
    def size(self) -> int:
        """Number N of hypotheses."""
        return len(self.rbf)

    @property
    def nugget(self) -> np.ndarray:
        """(N,) variance of an observation, in units of the amplitude's square."""
        return JITTER + self.noisy * np.exp(2.0 * self.log_noise)

    def take(self, index: np.ndarray) -> Self:
        """The hypotheses at an index array."""
        return type(self)(*(field[index] for field in self))

    def put(self, index: np.ndarray, other: "Hypotheses") -> Self:
        """These, with others at an index array."""
        fields = [field.copy() for field in self]
        for field, new in zip(fields, other, strict=True):
            field[index] = new
        return type(self)(*fields)


def draw(rng: np.random.Generator, count: int, dim: int) -> Hypotheses:
    """Draw hypotheses from the prior."""
    normal = rng.standard_normal((count, dim + 3))
    centre = math.log(LENGTHSCALE * math.sqrt(dim))
    return Hypotheses(
        centre + COMMON_SPREAD * normal[:, -1:] + OWN_SPREAD * normal[:, :dim],
        (rng.random(count) < RBF).astype(float),
        (rng.random(count) < NOISY).astype(float),
        math.log(NOISE) + NOISE_SPREAD * normal[:, -2],
        math.log(WARP) + WARP_SPREAD * normal[:, -3],
    )


def log_prior(h: Hypotheses) -> np.ndarray:
    """Log density (N,) of `draw`, up to a constant."""
    dim = h.log_lengthscale.shape[1]
    z = h.log_lengthscale - math.log(LENGTHSCALE * math.sqrt(dim))
    # The covariance is OWN^2 I + COMMON^2 1 1^T: Sherman and Morrison invert it.
    own, common = OWN_SPREAD**2, COMMON_SPREAD**2
    total = z.sum(axis=1)
    quadratic = (np.square(z).sum(axis=1) - common / (own + dim * common) * total**2) / own
    noise = (h.log_noise - math.log(NOISE)) / NOISE_SPREAD
    bend = (h.log_warp - math.log(WARP)) / WARP_SPREAD
    return (
        -0.5 * (quadratic + noise**2 + bend**2)
        + np.where(h.rbf > 0, math.log(RBF), math.log(1.0 - RBF))
        + np.where(h.noisy > 0, math.log(NOISY), math.log(1.0 - NOISY))
    )


def propose_moves(rng: np.random.Generator, h: Hypotheses, index: np.ndarray) -> Hypotheses:
    """Symmetric proposals for the hypotheses at an index array (M,).

    Differential-evolution Markov chains (ter Braak 2006): a step is the difference of two others,
    which has the scale and the correlations of the posterior. Half of the proposals move a random
    part of the coordinates only.
    """
    old = h.take(index)
    count, dim = old.log_lengthscale.shape
    flat = np.column_stack([h.log_lengthscale, h.log_noise, h.log_warp])
    a, b = rng.integers(h.size, size=(2, count))
    width = dim + 2
    partial = rng.random((count, 1)) < 0.5
    moves = ~partial | (rng.random((count, width)) < max(0.3, 1.0 / width))
    moved = np.maximum(moves.sum(axis=1, keepdims=True), 1)
    # 2.38 / sqrt(2 d) is optimal for normal targets; now and then 1, to jump between modes.
    gamma = np.where(rng.random((count, 1)) < 0.1, 1.0, 2.38 / np.sqrt(2.0 * moved))
    step = gamma * (flat[a] - flat[b]) + 0.03 * rng.standard_normal((count, width))
    new = flat[index] + step * moves
    flips = rng.random((2, count)) < _FLIP
    return Hypotheses(
        new[:, :dim],
        np.where(flips[0], 1.0 - old.rbf, old.rbf),
        np.where(flips[1], 1.0 - old.noisy, old.noisy),
        new[:, dim],
        new[:, dim + 1],
    )
