"""What a hypothesis says of the function and of its values, and how it moves.

Values are warped (warped Gaussian processes, Snelson et al. 2004) by

    w(y) = c log(1 + (y - min) / c),

linear near the incumbent, logarithmic beyond c, and odd: what lies below, as the values of points
that are not feasible may, is warped likewise. Functions whose values span orders of magnitude
become smooth; for a large c nothing changes. Each hypothesis has its own c, and the Jacobian in its
evidence lets the values choose.
"""

from typing import NamedTuple, Self

import numpy as np

from rnnbbo.policies.gp.factors import JITTER

_SHARE = 0.75  # of the additive part, where a hypothesis has one

LOUD = 1e4  # variance of an outlier that says nothing, in units of the amplitude's square

_ROUNDING = 1e-28  # variance of equal values, in units of their square, that rounding leaves

_FLIP = 0.1  # probability that a proposal turns one of the switches


class Hypotheses(NamedTuple):
    """N hypotheses, each a set of hyper-parameters.

    Switches are 1 or 0; what is switched off keeps its numbers.

    Attributes:
        log_lengthscale: (N, D).
        rbf: (N,) switch: a squared-exponential kernel, else Matern-5/2.
        noisy: (N,) switch: noise.
        log_noise: (N,) log of the noise's standard deviation, in units of the amplitude.
        log_warp: (N,) log c of `warp`.
        curved: (N,) switch: a quadratic trend (`covariance`).
        log_trend: (N,) log tau, the trend's standard deviation, in units of the amplitude.
        separable: (N,) switch: an additive kernel (`covariance`).
        glitchy: (N,) switch: outliers say nothing of their places, else they are bad ones.
    """

    log_lengthscale: np.ndarray
    rbf: np.ndarray
    noisy: np.ndarray
    log_noise: np.ndarray
    log_warp: np.ndarray
    curved: np.ndarray
    log_trend: np.ndarray
    separable: np.ndarray
    glitchy: np.ndarray

    @property
    def size(self) -> int:
        """Number N of hypotheses."""
        return len(self.rbf)

    @property
    def nugget(self) -> np.ndarray:
        """(N,) variance of an observation, in units of the amplitude's square."""
        return JITTER + self.noisy * np.exp(2.0 * self.log_noise)

    def nuggets(self, out: np.ndarray) -> np.ndarray:
        """(N, n) variances of observations, of which `out` (n,) are outliers."""
        return self.nugget[:, None] + LOUD * self.glitchy[:, None] * out

    def counted(self, out: np.ndarray) -> np.ndarray:
        """(N,) how many of n observations say something, of which `out` (n,) are outliers."""
        return len(out) - self.glitchy * out.sum()

    @property
    def bend(self) -> np.ndarray:
        """(N,) tau^2, variance of the trend, in units of the amplitude's square."""
        return self.curved * np.exp(2.0 * self.log_trend)

    @property
    def share(self) -> np.ndarray:
        """(N,) a, share of the additive part in the correlations."""
        return self.separable * _SHARE

    def take(self, index: np.ndarray) -> Self:
        """Return the hypotheses at an index array."""
        return type(self)(*(field[index] for field in self))

    def put(self, index: np.ndarray, other: "Hypotheses") -> Self:
        """Return these, with others at an index array."""
        fields = [field.copy() for field in self]
        for field, new in zip(fields, other, strict=True):
            field[index] = new
        return type(self)(*fields)


class MoveDraws(NamedTuple):
    """Random numbers of M moves of hypotheses that have W = D + 3 numbers each.

    Attributes:
        pair: (2, M) indices of two others, int32.
        whole: (M,) from a half on, all of the numbers move.
        ticket: (M, W) else those with small ones.
        jump: (M,) a small one stands for a jump between modes.
        normal: (M, W) a little noise.
        flip: (5, M) small ones turn switches.
        chance: (M,) how much less likely a place may be to be taken.
    """

    pair: np.ndarray
    whole: np.ndarray
    ticket: np.ndarray
    jump: np.ndarray
    normal: np.ndarray
    flip: np.ndarray
    chance: np.ndarray

    @classmethod
    def of(cls, rng: np.random.Generator, size: int, dim: int, count: int) -> Self:
        """Draw them, for so many moves of `size` hypotheses in `dim` dimensions."""
        width = dim + 3
        pair = rng.integers(size, size=(2, count)).astype(np.int32)
        u = rng.random((width + 2) * count)  # one after another, as three arrays of them would be
        normal, last = rng.standard_normal((count, width)), rng.random((6, count))
        ticket = u[count:-count].reshape(count, width)
        return cls(pair, u[:count], ticket, u[-count:], normal, last[:5], last[5])


def propose_moves(h: Hypotheses, index: np.ndarray, draws: MoveDraws) -> Hypotheses:
    """Propose moves of the hypotheses at an index array (M,), as likely as those back.

    Differential-evolution Markov chains (ter Braak 2006): a step is the difference of two others,
    which has the scale and the correlations of the posterior. Half of the proposals move a random
    part of the coordinates only.
    """
    dim = h.log_lengthscale.shape[1]
    width = dim + 3
    flat = np.column_stack([h.log_lengthscale, h.log_noise, h.log_warp, h.log_trend])
    a, b = draws.pair
    moves = (draws.whole >= 0.5)[:, None] | (draws.ticket < max(0.3, 1.0 / width))
    moved = np.maximum(moves.sum(axis=1), 1)
    # 2.38 / sqrt(2 d) is optimal for normal targets; now and then 1, to jump between modes.
    gamma = np.where(draws.jump < 0.1, 1.0, 2.38 / np.sqrt(2.0 * moved))[:, None]
    step = gamma * (flat[a] - flat[b]) + 0.03 * draws.normal
    new = flat[index] + step * moves
    switches = np.stack([h.rbf, h.noisy, h.curved, h.separable, h.glitchy])[:, index]
    rbf, noisy, curved, separable, glitchy = np.where(draws.flip < _FLIP, 1.0 - switches, switches)
    noise, warp, trend = new[:, dim:].T
    return Hypotheses(new[:, :dim], rbf, noisy, noise, warp, curved, trend, separable, glitchy)


def heights(y: np.ndarray, base: float | None = None) -> np.ndarray:
    """Return heights (y - base) / std, (n,), by default above the least; zeros of equal values."""
    span = y.max() - y.min()
    base = y.min() if base is None else base
    z = (y - base) / (span if span > 0 else 1.0)  # first to [0, 1]: no square overflows
    std = z.std()
    return z / std if std > 0 else z


def height_of(value: float, y: np.ndarray) -> float:
    """Return the height of a value among values y (n,); see `heights`."""
    unit = safe_deviation(y - y.min())
    if unit == 0.0:
        unit = float(y.max() - y.min()) or 1.0
    return float(value - y.min()) / unit


def safe_deviation(z: np.ndarray) -> float:
    """Return the standard deviation of differences z (n,) of values; no square overflows."""
    span = z.max() - z.min()
    return float((z / (span or 1.0)).std() * span)


def warp(z: np.ndarray, log_c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Warp heights z (n,) by every log c (N,).

    Returns:
        w (N, n), the log Jacobian sum log dw/dz (N,), and the variance of w (N,), 1 where w is
        constant.
    """
    c = np.exp(log_c)[:, None]
    log_ratio = np.log1p(np.abs(z) / c)
    w = np.copysign(c * log_ratio, z)
    spread = w.var(axis=-1)
    varies = spread > _ROUNDING * np.square(w).max(axis=-1)
    return w, -log_ratio.sum(axis=-1), np.where(varies, spread, 1.0)


def warp_at(z: float | np.ndarray, log_c: float | np.ndarray) -> np.ndarray:
    """Warp heights z (...) by one log c, or by one for each."""
    c = np.exp(log_c)
    warped: np.ndarray = np.copysign(c * np.log1p(np.abs(z) / c), z)
    return warped


def unwarp(w: np.ndarray, log_c: float | np.ndarray) -> np.ndarray:
    """Return the heights (...) of warped values, of one log c, or of one for each."""
    c = np.exp(log_c)
    heights: np.ndarray = np.copysign(c * np.expm1(np.abs(w) / c), w)
    return heights
