"""One parameter of a sum of orthogonal parts: its kernel of functions whose integral is 0.

The letters are those of `rnnbbo.pictures.orthogonal`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_NODES = 32  # of the quadrature along a number
_MOST_CATEGORIES = 64  # that are told apart; of more, those told

RANK = 1e-6
"""Least eigenvalue of a part, in units of its largest."""


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
        kept = values > RANK * max(values[-1], 1e-300)
        values, vectors = values[kept], vectors[:, kept]
        k = cross - np.outer(cross @ w, inner @ w) / c
        found = (k * root) @ vectors / np.sqrt(values)
        return found * self.active[:, None], values
