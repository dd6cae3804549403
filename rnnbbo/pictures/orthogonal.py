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

import numpy as np

from rnnbbo.pictures.additive_model import AdditiveModel
from rnnbbo.pictures.orthogonal_axis import Axis
from rnnbbo.pictures.parts_density import PartsDensity

_STEPS, _RATE = 120, 0.1  # of the climb (Kingma & Ba 2015)
_LANGEVIN, _KEPT = 48, 4  # steps, of which every fourth is kept
_LITTLE, _PATIENCE = 0.02, 15  # gain in log density that so many steps have to bring
_DECAY, _SQUARES = 0.9, 0.99


@dataclass(frozen=True)
class Mode:
    """Where the posterior density of models of one kernel is largest.

    Attributes:
        density: the density.
        theta: its parameters there.
        value: its logarithm there.
    """

    density: PartsDensity
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
    density = PartsDensity(axes, values, smooth, np.nonzero(np.triu(pairs, 1)))
    theta = _climb(density)
    return Mode(density, theta, density.at(theta)[0])


def _climb(density: PartsDensity) -> np.ndarray:
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


def _langevin(
    rng: np.random.Generator, density: PartsDensity, theta: np.ndarray
) -> list[np.ndarray]:
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
