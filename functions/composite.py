"""Random functions of many kinds, most of them unlike samples of a stationary Gaussian process.

A function is a weighted sum of a few parts (waves, bowls, valleys, ripples, wells, slopes), which
may ignore some coordinates, and whose values may be bent by a monotone map or cut into steps. There
is no
closed form of its optimum: these are functions to learn from, not to measure regret on.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import Array

Part = Callable[[Array], Array]

_PROBES = 256  # random points by which parts are brought to one scale
_FEATURES = 512


@dataclass(frozen=True)
class CompositeFunction:
    """A sum of parts on the unit cube.

    Attributes:
        active: `(A,)`, the coordinates that have influence.
        parts: each maps `(..., A)` to `(...)`.
        weights: one a part.
        bend: a monotone map of the sum.
    """

    active: NDArray[np.intp]
    parts: tuple[Part, ...]
    weights: tuple[float, ...]
    bend: Part

    def __call__(self, u: Array) -> Array:
        """Maps `(..., D)` to `(...)`."""
        x = np.asarray(u)[..., self.active]
        pairs = zip(self.weights, self.parts, strict=True)
        return self.bend(np.sum([weight * part(x) for weight, part in pairs], axis=0))


@dataclass(frozen=True)
class CompositeFamily:
    """A distribution of functions on the unit cube of any dimension.

    Attributes:
        smooth: share of functions that are samples of a Gaussian process and nothing else.
        idle: share of the others in which some coordinates have no influence.
        bent: share of the others whose values go through a monotone map.

    Raises:
        ConfigError: a share is not a number from 0 to 1.
    """

    smooth: float = 0.35
    idle: float = 0.2
    bent: float = 0.5

    def __post_init__(self) -> None:
        for key in ("smooth", "idle", "bent"):
            value = getattr(self, key)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0.0 <= value <= 1.0:
                raise ConfigError(f"functions.{key} is {value!r}; accepted: a share from 0 to 1")

    def draw(self, dim: int, rng: np.random.Generator) -> CompositeFunction:
        """Draw a function of `dim` dimensions."""
        active = np.arange(dim)
        if rng.random() < self.smooth:
            return CompositeFunction(active, (_waves(dim, rng),), (1.0,), _straight)
        if dim > 1 and rng.random() < self.idle:
            active = np.sort(rng.permutation(dim)[: int(rng.integers(1, dim))])
        count = int(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3]))
        kinds = rng.choice(len(_PARTS), size=count, replace=False)
        probes = rng.random((_PROBES, len(active)))
        parts = tuple(_PARTS[kind](len(active), rng) for kind in kinds)
        shares = np.exp(rng.standard_normal(count))
        weights = tuple(
            float(share / max(float(np.std(part(probes))), 1e-12))
            for share, part in zip(shares / np.sqrt(np.sum(shares**2)), parts, strict=True)
        )
        straight = CompositeFunction(active, parts, weights, _straight)
        if rng.random() >= self.bent:
            return straight
        whole = np.zeros((_PROBES, dim))
        whole[:, active] = probes
        return CompositeFunction(active, parts, weights, _bend(straight(whole), rng))


def _straight(y: Array) -> Array:
    return y


def _bend(values: Array, rng: np.random.Generator) -> Part:
    """A monotone map that suits values like the given ones."""
    middle, scale = float(np.mean(values)), max(float(np.std(values)), 1e-12)
    kind, strength = rng.integers(4), float(rng.uniform(0.5, 2.5))

    def bend(y: Array) -> Array:
        z = (y - middle) / scale
        if kind == 0:
            return np.exp(np.minimum(strength * z, 50.0))
        if kind == 1:
            return np.arcsinh(2.0 * strength * z)
        if kind == 2:
            return np.sign(z) * np.abs(z) ** (1.0 + strength)
        return np.floor(4.0 * strength * z)

    return bend


def _rotation(dim: int, rng: np.random.Generator) -> Array:
    """The identity, or a random rotation: one as often as the other."""
    if dim == 1 or rng.random() < 0.5:
        return np.eye(dim)
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return q * np.sign(np.diag(r))


def _waves(dim: int, rng: np.random.Generator) -> Part:
    """A sample of a Gaussian process, RBF or Matern (Rahimi & Recht 2007)."""
    lengthscale = math.sqrt(dim) * np.exp(rng.uniform(math.log(0.07), math.log(0.7)))
    scales = lengthscale * np.exp(0.3 * rng.standard_normal(dim))
    omega = rng.standard_normal((_FEATURES, dim))
    kind = int(rng.integers(3))
    if kind:
        two_nu = (3, 5)[kind - 1]
        omega *= np.sqrt(two_nu / rng.chisquare(two_nu, (_FEATURES, 1)))
    omega = omega / scales
    phase = rng.uniform(0.0, 2.0 * math.pi, _FEATURES)
    weight = rng.rayleigh(size=_FEATURES) / math.sqrt(_FEATURES)
    return lambda x: np.cos(x @ omega.T + phase) @ weight


def _bowl(dim: int, rng: np.random.Generator) -> Part:
    """Powers of rotated and scaled distances from a point: spheres, ellipsoids, cones, ridges."""
    centre, turn = rng.uniform(-0.1, 1.1, dim), _rotation(dim, rng)
    scales = np.exp(rng.uniform(0.0, math.log(30.0) * rng.random(), dim))
    power = float(rng.choice([0.5, 1.0, 2.0, 2.0, 2.0, 4.0]))
    return lambda x: np.sum(np.abs(((x - centre) @ turn) * scales) ** power, axis=-1)


def _valley(dim: int, rng: np.random.Generator) -> Part:
    """A bent, narrow valley along which the values fall slowly."""
    centre, turn = rng.uniform(0.1, 0.9, dim), _rotation(dim, rng)
    curve, narrow = float(rng.uniform(0.5, 3.0)), float(np.exp(rng.uniform(0.0, 4.0)))

    def valley(x: Array) -> Array:
        z = 2.0 * (x - centre) @ turn
        across = z[..., 1:] - curve * z[..., :-1] ** 2
        along = np.sum(z[..., :1] ** 2, axis=-1)
        return along + narrow * np.sum(across**2, axis=-1) / max(dim - 1, 1)

    return valley


def _ripples(dim: int, rng: np.random.Generator) -> Part:
    """Local minima on a grid, which may be turned."""
    centre, turn = rng.random(dim), _rotation(dim, rng)
    frequency = 2.0 * math.pi * rng.uniform(1.5, 6.0)
    return lambda x: -np.mean(np.cos(frequency * ((x - centre) @ turn)), axis=-1)


def _wells(dim: int, rng: np.random.Generator) -> Part:
    """The deepest of several Gaussian wells."""
    count = int(rng.integers(2, 12))
    centres = rng.random((count, dim))
    depth = rng.uniform(0.4, 1.0, count)
    width = math.sqrt(dim) * np.exp(rng.uniform(math.log(0.08), math.log(0.5), count))

    def wells(x: Array) -> Array:
        square = np.sum((x[..., None, :] - centres) ** 2, axis=-1)
        return -np.max(depth * np.exp(-0.5 * square / width**2), axis=-1)

    return wells


def _slope(dim: int, rng: np.random.Generator) -> Part:
    """A linear function."""
    direction = rng.standard_normal(dim)
    return lambda x: x @ direction


_PARTS = (_waves, _bowl, _valley, _ripples, _wells, _slope)
