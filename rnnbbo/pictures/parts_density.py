"""How probable length-scales and variances of a sum of orthogonal parts are, given values.

The letters are those of `rnnbbo.pictures.orthogonal`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnnbbo.pictures.additive_model import NUGGET, AdditiveModel
from rnnbbo.pictures.orthogonal_axis import Axis
from rnnbbo.policies.gp.factors import safe_cholesky

_LEAST, _MOST = math.log(0.05), math.log(5.0)  # log length-scales
_FAINT = -30.0  # least logarithm of a variance, whose largest is its opposite


class _Logarithms(NamedTuple):
    """Medians and spreads of logarithms, values having variance 1."""

    lengthscale: tuple[float, float] = (math.log(0.4), 0.7)
    part: tuple[float, float] = (-2.0, 2.0)
    noise: tuple[float, float] = (-7.0, 2.0)


_PRIOR = _Logarithms()


@dataclass(frozen=True)
class PartsDensity:
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
        whole[np.diag_indices(n)] += noise + NUGGET
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
