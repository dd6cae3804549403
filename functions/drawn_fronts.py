"""Problems of several objectives that are drawn, each with the front that it was made with.

Two kinds, so that designs can be chosen on other problems than those that figures are reported on:

- bowls: two quadratic functions, each to a power, of coordinates that are bent; their front is
  where weighted sums have their minima, which is a formula. Some have ripples, which vanish on it.
- spheres: the front is a scaled piece of a sphere of any power, convex, flat or concave, as in
  Deb et al. 2002; the distance from it is a bowl with or without ripples.
"""

from dataclasses import dataclass

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.published_fronts import corner_volume, on_sphere
from rnnbbo.functions.several import make_several

_TRIES = 1000
_WEIGHTS = 20_001  # along the front of two bowls
_BEYOND = 0.1  # of the front's width, by which the reference point lies beyond the nadir
_WAVES = 4.0  # of a ripple, along a coordinate of the cube


@dataclass(frozen=True)
class Bowls:
    """Two functions (q_k(z) + ripples)^p_k of z_j = x_j^b_j on the unit cube.

    q_k(z) = (z - c_k)' A_k (z - c_k). Where A_1 and A_2 are multiples of one matrix, weighted sums
    have their minima on the segment between the centres, and ripples are added of the distance
    from it.

    Attributes:
        centres: c_k, two of `(dim,)`.
        matrices: A_k, two of `(dim, dim)`.
        powers: p_k, which change the shape of the front and leave its points.
        bend: b_j, `(dim,)`.
        ripple: their height; 0 for none.
    """

    centres: tuple[tuple[float, ...], ...]
    matrices: tuple[tuple[tuple[float, ...], ...], ...]
    powers: tuple[float, ...]
    bend: tuple[float, ...]
    ripple: float = 0.0

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(..., 2)`."""
        return self.of_bent(x ** np.array(self.bend))

    def of_bent(self, z: FloatArray) -> FloatArray:
        """Map coordinates that are bent already, `(..., dim)`, to `(..., 2)`."""
        a, b = np.array(self.centres)
        ripples = np.zeros(z.shape[:-1])
        if self.ripple > 0.0:
            along = np.clip((z - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
            away = z - a - along[..., None] * (b - a)
            ripples = self.ripple * np.square(np.sin(np.pi * _WAVES * away)).sum(axis=-1)
        values = []
        for c, m, p in zip((a, b), np.array(self.matrices), self.powers, strict=True):
            q = np.einsum("...i,ij,...j->...", z - c, m, z - c)
            values.append((np.maximum(q, 0.0) + ripples) ** p)
        return np.stack(values, axis=-1)

    def front_points(self, weights: FloatArray) -> FloatArray:
        """Return the minimizers `(n, dim)`, bent, of (1 - w) q_1 + w q_2 for weights `(n,)`."""
        w = weights[:, None]
        a, b = np.array(self.matrices)
        c, d = np.array(self.centres)
        both = (1.0 - w[..., None]) * a + w[..., None] * b
        right = (1.0 - w) * (a @ c) + w * (b @ d)
        found: FloatArray = np.linalg.solve(both, right[..., None])[..., 0]
        return found


@dataclass(frozen=True)
class Spheres:
    """K functions f_k = s_k (1 + g) u_k^(2/q), u on the unit sphere, of the unit cube.

    The sum of (f_k / s_k)^q is (1 + g)^q: the front is where g is 0.

    Attributes:
        scales: s_k, K of them.
        power: q; 1 is flat, less convex, more concave.
        centre: `(dim - K + 1,)`, where g is 0.
        steepness: of g.
        ripple: height of the ripples of g; 0 for none.
        order: `(dim,)`; the first K - 1 coordinates in this order say where on the front.
    """

    scales: tuple[float, ...]
    power: float
    centre: tuple[float, ...]
    steepness: float
    ripple: float
    order: tuple[int, ...]

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(..., K)`."""
        count = len(self.scales)
        x = x[..., self.order]
        away = x[..., count - 1 :] - np.array(self.centre)
        g = self.steepness * np.square(away).sum(axis=-1)
        g = g + self.ripple * np.square(np.sin(np.pi * _WAVES * away)).sum(axis=-1)
        shape = np.square(on_sphere(x[..., : count - 1])) ** (1.0 / self.power)
        found: FloatArray = np.array(self.scales) * (1.0 + g[..., None]) * shape
        return found


def draw_bowls(name: str, dim: int, rippled: bool, rng: np.random.Generator) -> Problem:
    """Draw a problem of two bowls whose front lies in the unit cube.

    Raises:
        ConfigError: no draw has its front in the cube.
    """
    for _ in range(_TRIES):
        centres = rng.uniform(0.1, 0.9, (2, dim))
        matrices = np.stack([_matrix(dim, rng) for _ in range(2)])
        if rippled:
            matrices = np.eye(dim) * rng.uniform(0.5, 2.0, (2, 1, 1))
        powers = np.exp(rng.uniform(np.log(0.35), np.log(1.5), 2))
        bend = np.exp(rng.uniform(np.log(0.6), np.log(1.7), dim))
        bowls = Bowls(
            tuple(map(tuple, centres.tolist())),
            tuple(tuple(map(tuple, one)) for one in matrices.tolist()),
            tuple(powers.tolist()),
            tuple(bend.tolist()),
            float(rng.uniform(0.01, 0.06)) if rippled else 0.0,
        )
        points = bowls.front_points(0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, _WEIGHTS)))
        if np.linalg.norm(centres[0] - centres[1]) > 0.3 and (abs(points - 0.5) <= 0.5).all():
            values = bowls.of_bent(points)
            reference = values.max(axis=0) + _BEYOND * np.ptp(values, axis=0)
            hypervolume = _under(values, reference)
            where = tuple(reference.tolist())
            return make_several(name, ((0.0, 1.0),) * dim, bowls, where, hypervolume)
    raise ConfigError(f"name = {name!r}; expected one whose front lies in the cube")


def draw_spheres(name: str, dim: int, count: int, rng: np.random.Generator) -> Problem:
    """Draw a problem of `count` objectives whose front is a scaled piece of a sphere."""
    spheres = Spheres(
        tuple(np.exp(rng.uniform(np.log(0.1), np.log(10.0), count)).tolist()),
        float(np.exp(rng.uniform(np.log(0.7), np.log(3.0)))),
        tuple(rng.uniform(0.2, 0.8, dim - count + 1).tolist()),
        float(rng.uniform(0.5, 3.0)),
        float(rng.choice([0.0, 0.1])),
        tuple(int(i) for i in rng.permutation(dim)),
    )
    volume = (1.0 + _BEYOND) ** count - corner_volume(spheres.power, count)
    reference = tuple((1.0 + _BEYOND) * scale for scale in spheres.scales)
    hypervolume = float(np.prod(spheres.scales)) * volume
    return make_several(name, ((0.0, 1.0),) * dim, spheres, reference, hypervolume)


def _matrix(dim: int, rng: np.random.Generator) -> FloatArray:
    """Draw a symmetric matrix `(dim, dim)` of eigenvalues from 1/3 to 3."""
    turn, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    sizes = np.exp(rng.uniform(-np.log(3.0), np.log(3.0), dim))
    found: FloatArray = (turn * sizes) @ turn.T
    return found


def _under(values: FloatArray, reference: FloatArray) -> float:
    """Return the hypervolume of the curve through values `(n, 2)`, the first of least f_1."""
    first, second = values.T
    curve = np.sum(np.diff(first) * (reference[1] - 0.5 * (second[1:] + second[:-1])))
    return float(curve + (reference[0] - first[-1]) * (reference[1] - second[-1]))
