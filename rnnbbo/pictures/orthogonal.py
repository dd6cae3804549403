"""A Gaussian process that is a sum: of a function of each parameter, and of each pair of them.

Its parts are orthogonal under the uniform distribution of the parameters, so that the variance of a
part is what the part contributes to the variance of the whole: the functional ANOVA decomposition
(Sobol 1993). A kernel k of one parameter becomes one of functions whose integral is 0,

    k_0(a, b) = k(a, b) - m(a) m(b) / c,  m(a) = int k(a, s) ds,  c = int m(s) ds

(Durrande et al. 2013, "ANOVA kernels and RKHS of zero mean functions for model-based sensitivity
analysis", and Lu et al. 2022, "Additive Gaussian processes revisited").
With v_d and v_de the variances of the parts,

    K = v_0 + sum_d v_d k_d + sum_(d < e) v_de k_d k_e + noise.

Length-scales and variances are sampled from their posterior: from where its density is largest, by
Langevin steps. A parameter that is inactive adds nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.gp.factors import safe_cholesky

_NODES = 32  # of the quadrature along a number
_MOST_CATEGORIES = 64  # that are told apart; of more, those told
_RANK = 1e-6  # least eigenvalue of a part, in units of its largest
_IDLE = 1e-7  # variance of a part, in units of the whole, below which it is left out
_STEPS, _RATE = 120, 0.1  # of the climb (Kingma & Ba 2015)
_LANGEVIN, _KEPT = 48, 4  # steps, of which every fourth is kept
_LITTLE, _PATIENCE = 0.02, 15  # gain in log density that so many steps have to bring
_DECAY, _SQUARES = 0.9, 0.99
_JITTER = 1e-6
_LEAST, _MOST = math.log(0.05), math.log(5.0)  # log length-scales
_FAINT = -30.0  # least logarithm of a variance, whose largest is its opposite


class _Logarithms(NamedTuple):
    """Medians and spreads of logarithms, values having variance 1."""

    lengthscale: tuple[float, float] = (math.log(0.4), 0.7)
    part: tuple[float, float] = (-2.0, 2.0)
    noise: tuple[float, float] = (-7.0, 2.0)


_PRIOR = _Logarithms()


@dataclass(frozen=True)
class Axis:
    """A parameter: where it was told, and where it is integrated over, all of one weight in sum.

    Attributes:
        told: (n,) coordinates, NaN where it is inactive; of categories their positions.
        nodes: (Q,) coordinates; of categories their positions.
        weights: (Q,) of the nodes, of sum 1.
        categorical: whether its values have no order; then it has no length-scale.
    """

    told: np.ndarray
    nodes: np.ndarray
    weights: np.ndarray
    categorical: bool

    @classmethod
    def of_number(cls, told: np.ndarray, cells: int | None) -> Axis:
        """Return that of a number in [0, 1], of so many equal cells, or None for a real one."""
        if cells is not None and cells <= _NODES:
            nodes = (np.arange(cells) + 0.5) / cells
            return cls(told, nodes, np.full(cells, 1.0 / cells), False)
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        return cls(told, 0.5 * (nodes + 1.0), 0.5 * weights, False)

    @classmethod
    def of_category(cls, told: np.ndarray, count: int) -> Axis:
        """Return that of categories 0 to count - 1; of many, those told alone are integrated."""
        nodes = np.arange(count, dtype=np.float64)
        if count > _MOST_CATEGORIES:
            nodes = np.unique(told[~np.isnan(told)])
        return cls(told, nodes, np.full(len(nodes), 1.0 / len(nodes)), True)

    @property
    def active(self) -> np.ndarray:
        """(n,) where it is active."""
        return ~np.isnan(self.told)

    def _kernel(
        self, a: np.ndarray, b: np.ndarray, log_scale: float, smooth: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return k (A, B), and its derivative by the log length-scale."""
        if self.categorical:
            equal = (a[:, None] == b).astype(np.float64)
            return equal, np.zeros_like(equal)
        r2 = np.square((a[:, None] - b) * math.exp(-log_scale))
        if smooth:
            k = np.exp(-0.5 * r2)
            return k, r2 * k
        s = np.sqrt(5.0 * r2)
        decay = np.exp(-s)
        return (1.0 + s + s * s / 3.0) * decay, s * s * (1.0 + s) / 3.0 * decay

    def matrix(self, log_scale: float, smooth: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return k_0 (n, n) of what was told, and its derivative by the log length-scale."""
        x = np.where(self.active, self.told, self.nodes[0])
        k, dk = self._kernel(x, x, log_scale, smooth)
        cross, d_cross = self._kernel(x, self.nodes, log_scale, smooth)
        inner, d_inner = self._kernel(self.nodes, self.nodes, log_scale, smooth)
        w = self.weights
        m, dm, c, dc = cross @ w, d_cross @ w, w @ inner @ w, w @ d_inner @ w
        mm = np.outer(m, m)
        both = np.outer(self.active, self.active)
        crossed = np.outer(dm, m)
        return (
            both * (k - mm / c),
            both * (dk - (crossed + crossed.T) / c + mm * (dc / (c * c))),
        )

    def features(self, log_scale: float, smooth: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return features (n, r) of what was told, k_0 being their product, and their squares.

        Returns:
            The features, 0 where it is inactive, and the integral (r,) of the square of each; those
            of two different ones are 0.
        """
        x = np.where(self.active, self.told, self.nodes[0])
        inner = self._kernel(self.nodes, self.nodes, log_scale, smooth)[0]
        cross = self._kernel(x, self.nodes, log_scale, smooth)[0]
        w = self.weights
        c = w @ inner @ w
        centred = inner - np.outer(inner @ w, inner @ w) / c
        root = np.sqrt(w)
        values, vectors = np.linalg.eigh(root[:, None] * centred * root)
        kept = values > _RANK * max(values[-1], 1e-300)
        values, vectors = values[kept], vectors[:, kept]
        k = cross - np.outer(cross @ w, inner @ w) / c
        found = (k * root) @ vectors / np.sqrt(values)
        return found * self.active[:, None], values


@dataclass(frozen=True)
class AdditiveModel:
    """The sum, with length-scales and variances, given values.

    Attributes:
        axes: D parameters.
        smooth: whether its kernel is squared-exponential, else Matern-5/2.
        values: (n,) of mean 0 and variance 1.
        log_scales: (D,) log length-scales.
        single: (D,) v_d.
        pair: (D, D) v_de, symmetric, 0 on the diagonal and where a pair is left out.
        constant: v_0.
        noise: variance of an observation.
    """

    axes: tuple[Axis, ...]
    smooth: bool
    values: np.ndarray
    log_scales: np.ndarray
    single: np.ndarray
    pair: np.ndarray
    constant: float
    noise: float

    def draw_variances(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw functions of the posterior, and return the variances of their parts.

        By weights of features: a draw of the prior is conditioned on the values (Wilson et al.
        2020, eq. 9).

        Args:
            rng: randomness.
            count: number R of functions.

        Returns:
            (R, D) of the parameters alone, and (R, D, D) of pairs, symmetric.
        """
        parts = self._parts()
        n, dim = len(self.values), len(self.axes)
        k = np.full((n, n), self.constant)
        for _, features, _, variance in parts:
            k += variance * (features @ features.T)
        k[np.diag_indices(n)] += self.noise + _JITTER
        inverse = np.linalg.inv(safe_cholesky(np, k[None])[0])
        alone, together = np.zeros((count, dim)), np.zeros((count, dim, dim))
        for r in range(count):
            drawn = [math.sqrt(v) * rng.standard_normal(f.shape[1]) for _, f, _, v in parts]
            prior = math.sqrt(self.noise + _JITTER) * rng.standard_normal(n)
            prior += math.sqrt(self.constant) * rng.standard_normal()
            for (_, features, _, _), weights in zip(parts, drawn, strict=True):
                prior += features @ weights
            alpha = inverse.T @ (inverse @ (self.values - prior))
            for (which, features, squares, variance), weights in zip(parts, drawn, strict=True):
                posterior = weights + variance * (features.T @ alpha)
                size = float(squares @ np.square(posterior))
                if len(which) == 1:
                    alone[r, which[0]] = size
                else:
                    together[r, which[0], which[1]] = together[r, which[1], which[0]] = size
        return alone, together

    def _parts(self) -> list[tuple[tuple[int, ...], np.ndarray, np.ndarray, float]]:
        """Return of every part its parameters, features, their squares' integrals, variance."""
        each = [
            axis.features(log_scale, self.smooth)
            for axis, log_scale in zip(self.axes, self.log_scales, strict=True)
        ]
        shares = [axis.active.mean() for axis in self.axes]
        parts: list[tuple[tuple[int, ...], np.ndarray, np.ndarray, float]] = []
        for d, (features, squares) in enumerate(each):
            parts.append(((d,), features, shares[d] * squares, float(self.single[d])))
        sizes = np.array([squares.sum() for _, squares in each])
        counts = np.triu(self.pair * np.outer(sizes, sizes)) > _IDLE
        for d, e in zip(*np.nonzero(counts), strict=True):
            (a, squares), (b, others) = each[d], each[e]
            both = (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)
            joint = (self.axes[d].active & self.axes[e].active).mean()
            sizes = joint * np.outer(squares, others).ravel()
            kept = sizes > _RANK * sizes.max(initial=0.0)
            parts.append(((int(d), int(e)), both[:, kept], sizes[kept], float(self.pair[d, e])))
        return parts


@dataclass(frozen=True)
class Mode:
    """Where the posterior density of models of one kernel is largest.

    Attributes:
        density: the density.
        theta: its parameters there.
        value: its logarithm there.
    """

    density: _Density
    theta: np.ndarray
    value: float

    def sample(self, rng: np.random.Generator) -> list[AdditiveModel]:
        """Return models from the posterior about it."""
        return [self.density.model(theta) for theta in _langevin(rng, self.density, self.theta)]


def find_mode(axes: tuple[Axis, ...], values: np.ndarray, pairs: np.ndarray, smooth: bool) -> Mode:
    """Return the models of the largest posterior density.

    Args:
        axes: D parameters.
        values: (n,) of mean 0 and variance 1.
        pairs: (D, D) symmetric, which pairs have a part.
        smooth: their kernel; see `AdditiveModel`.
    """
    density = _Density(axes, values, smooth, np.nonzero(np.triu(pairs, 1)))
    theta = _climb(density)
    return Mode(density, theta, density.at(theta)[0])


def _climb(density: _Density) -> np.ndarray:
    """Return the parameters of the largest density, by Adam (Kingma & Ba 2015)."""
    theta = density.start()
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    best, found, gained = -math.inf, theta, 0
    for step in range(1, _STEPS + 1):
        value, gradient = density.at(theta)
        if value > best:
            gained = step if value > best + _LITTLE else gained
            best, found = value, theta
        if step - gained > _PATIENCE:
            break
        first = _DECAY * first + (1.0 - _DECAY) * gradient
        second = _SQUARES * second + (1.0 - _SQUARES) * gradient * gradient
        ahead = first / (1.0 - _DECAY**step)
        theta = theta + _RATE * ahead / (np.sqrt(second / (1.0 - _SQUARES**step)) + 1e-8)
        theta = density.bounded(theta)
    return found


def _langevin(rng: np.random.Generator, density: _Density, theta: np.ndarray) -> list[np.ndarray]:
    """Return parameters from the posterior, by Metropolis-adjusted Langevin steps from a mode.

    With the inverse of the expected information as their metric (Girolami & Calderhead 2011,
    simplified), and the step that is optimal in many dimensions (Roberts & Rosenthal 1998).
    """
    root = np.linalg.inv(np.linalg.cholesky(density.information(theta)))  # metric = root^T root
    size = 1.65 * len(theta) ** (-1.0 / 6.0)

    def ahead(at: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        moved: np.ndarray = at + 0.5 * size**2 * (root.T @ (root @ gradient))
        return moved

    def log_step(by: np.ndarray) -> float:
        white = np.linalg.solve(root.T, by) / size
        return float(-0.5 * white @ white)

    value, gradient = density.at(theta)
    kept = []
    for step in range(1, _LANGEVIN + 1):
        expected = ahead(theta, gradient)
        new = density.bounded(expected + size * (root.T @ rng.standard_normal(len(theta))))
        other, slope = density.at(new)
        chance = other - value + log_step(theta - ahead(new, slope)) - log_step(new - expected)
        if math.log(rng.random()) < chance:
            theta, value, gradient = new, other, slope
        if step % _KEPT == 0:
            kept.append(theta)
    return kept


@dataclass(frozen=True)
class _Density:
    """Posterior density of logarithms: length-scales, v_d, v_de, noise, v_0, in this order.

    Attributes:
        axes: D parameters.
        values: (n,).
        smooth: the kernel.
        pairs: rows and columns of the pairs that have a part.
    """

    axes: tuple[Axis, ...]
    values: np.ndarray
    smooth: bool
    pairs: tuple[np.ndarray, ...]

    @property
    def _counts(self) -> tuple[int, int]:
        return len(self.axes), len(self.pairs[0])

    def start(self) -> np.ndarray:
        """Return where to begin."""
        dim, count = self._counts
        begin = [np.full(dim, math.log(0.3)), np.zeros(dim), np.full(count, -2.0)]
        return np.concatenate([*begin, np.array([-5.0, 0.0])])

    def bounded(self, theta: np.ndarray) -> np.ndarray:
        """Return it with length-scales within bounds: beyond them all are alike."""
        dim, theta = len(self.axes), theta.copy()
        theta[:dim] = np.clip(theta[:dim], _LEAST, _MOST)
        theta[dim:] = np.clip(theta[dim:], _FAINT, -_FAINT)
        return theta

    def model(self, theta: np.ndarray) -> AdditiveModel:
        """Return the model."""
        dim = len(self.axes)
        single, pair, noise, constant = self._variances(theta)
        return AdditiveModel(
            self.axes, self.smooth, self.values, theta[:dim], single, pair, constant, noise
        )

    def _variances(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
        dim, count = self._counts
        pair = np.zeros((dim, dim))
        pair[self.pairs] = np.exp(theta[2 * dim : 2 * dim + count])
        noise, constant = map(math.exp, theta[-2:])
        return np.exp(theta[dim : 2 * dim]), pair + pair.T, noise, constant

    def _prior(self) -> tuple[np.ndarray, np.ndarray]:
        """Return means and spreads; that of the constant is flat."""
        dim, count = self._counts
        each = [*[_PRIOR.lengthscale] * dim, *[_PRIOR.part] * (dim + count), _PRIOR.noise]
        means, spreads = zip(*each, (0.0, 1e3), strict=True)
        return np.array(means), np.array(spreads)

    def _kernels(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return k_0 of each parameter, (D, n n), and their derivatives."""
        each = [
            axis.matrix(scale, self.smooth) for axis, scale in zip(self.axes, theta, strict=False)
        ]
        size = len(self.values) ** 2
        return (
            np.stack([one for one, _ in each]).reshape(-1, size),
            np.stack([one for _, one in each]).reshape(-1, size),
        )

    def _inverse(self, k: np.ndarray, theta: np.ndarray, joint: np.ndarray) -> np.ndarray:
        """Return the inverse of K's Cholesky factor."""
        single, _, noise, constant = self._variances(theta)
        n = len(self.values)
        whole = (constant + (k * (single[:, None] + 0.5 * joint)).sum(axis=0)).reshape(n, n)
        whole[np.diag_indices(n)] += noise + _JITTER
        inverse: np.ndarray = np.linalg.inv(safe_cholesky(np, whole[None])[0])
        return inverse

    def at(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density, and its gradient (Rasmussen & Williams 2006, eq. 5.9)."""
        single, pair, noise, constant = self._variances(theta)
        k, slope = self._kernels(theta)
        joint = pair @ k
        inverse = self._inverse(k, theta, joint)
        precision = inverse.T @ inverse
        alpha = precision @ self.values
        g = (precision - np.outer(alpha, alpha)).ravel()
        weighted = k * g
        parts: list[np.ndarray] = [
            ((slope * g) * (single[:, None] + joint)).sum(axis=1),
            single * weighted.sum(axis=1),
            (pair * (weighted @ k.T))[self.pairs],
            np.array([noise * g[:: len(self.values) + 1].sum(), constant * g.sum()]),
        ]
        gradient = np.concatenate(parts)
        means, spreads = self._prior()
        away = (theta - means) / spreads
        value = np.log(np.diagonal(inverse)).sum() - 0.5 * (self.values @ alpha + away @ away)
        return float(value), -0.5 * gradient - away / spreads

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Return the expected information, with the prior's: tr(K^-1 dK_i K^-1 dK_j) / 2."""
        single, pair, noise, constant = self._variances(theta)
        n = len(self.values)
        k, slope = self._kernels(theta)
        joint = pair @ k
        inverse = self._inverse(k, theta, joint)
        a, b = self.pairs
        changes = [
            *(slope * (single[:, None] + joint)),
            *(single[:, None] * k),
            *(pair[one, other] * k[one] * k[other] for one, other in zip(a, b, strict=True)),
            noise * np.eye(n).ravel(),
            np.full(n * n, constant),
        ]
        white = np.array([(inverse @ one.reshape(n, n) @ inverse.T).ravel() for one in changes])
        found: np.ndarray = 0.5 * white @ white.T + np.diag(self._prior()[1] ** -2.0)
        return found
