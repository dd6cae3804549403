"""A sum of orthogonal parts, and functions drawn from it.

The letters are those of `rnnbbo.pictures.orthogonal`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnbbo.pictures.orthogonal_axis import RANK, Axis
from rnnbbo.policies.gp.factors import safe_cholesky

NUGGET = 1e-6
"""Least variance of an observation: keeps what is factorised regular."""
_IDLE = 1e-7  # variance of a part, in units of the whole, below which it is left out


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
        k[np.diag_indices(n)] += self.noise + NUGGET
        inverse = np.linalg.inv(safe_cholesky(np, k[None])[0])
        alone, together = np.zeros((count, dim)), np.zeros((count, dim, dim))
        for r in range(count):
            drawn = [math.sqrt(v) * rng.standard_normal(f.shape[1]) for _, f, _, v in parts]
            prior = math.sqrt(self.noise + NUGGET) * rng.standard_normal(n)
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
            kept = sizes > RANK * sizes.max(initial=0.0)
            parts.append(((int(d), int(e)), both[:, kept], sizes[kept], float(self.pair[d, e])))
        return parts
