"""A particle that falls through a plane and is deflected by repellers: where to put them?

The control task of Chen et al. (2016, section 4.3), after Hoffman, de Freitas, Doucet and Peters
(2009). Neither gives all constants; those here are our own. Lengths are in metres, times in
seconds, the particle's mass is 1 kg, x points to the right and y upwards.

A repeller at r of strength s has the potential of a charge, softened within a metre so that it is
finite at the repeller itself (Plummer 1911). With p the particle's place and g the gravity

    U(p) = g p_y + sum_i s_i (|p - r_i|^2 + SOFTENING^2)^(-1/2)
    p'' = -grad U(p) = -(0, g) + sum_i s_i (p - r_i) (|p - r_i|^2 + SOFTENING^2)^(-3/2)

so that |p'|^2 / 2 + U(p) stays what it was. There is no floor, and nothing ends the fall before
DURATION. The path is to come near to targets c_k: the discounted reward that it gathers is

    R = integral over t from 0 to DURATION of
        exp(-t / DISCOUNT) (1/K) sum_k exp(-|p(t) - c_k|^2 / (2 TARGET_WIDTH^2))

in seconds, and the loss is -R. The path is that of velocity Verlet with a fixed step (Swope,
Andersen, Berens and Wilson 1982), of second order and symplectic; the integral is by trapezoids.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem

GRAVITY = 9.81
"""In m/s^2."""

SIZE = 10.0
"""Width and height, in m, of the square that repellers may be placed in."""

STRONGEST = 60.0
"""The largest strength of a repeller, in m^3/s^2."""

SOFTENING = 1.0
"""In m."""

DURATION = 2.0
"""In s; a fall through the square takes 1.43 s."""

DISCOUNT = 2.0
"""In s."""

TARGET_WIDTH = 1.0
"""Of a target, in m."""

STEP = 0.01
"""Of the integrator, in s: losses are then those of a tenth of it to 1e-4 s."""

_ComplexArray = NDArray[np.complex128]
"""Places in the plane, x + iy, or velocities."""

_APART = 2.5  # m between two targets, and between a target and the start, at least


@dataclass(frozen=True)
class Repellers:
    """The loss of a placing of repellers: x, y and strength of each, one after the other.

    Attributes:
        count: number of repellers, n.
        start: x and y of the particle at first.
        velocity: of the particle at first, in m/s.
        targets: x and y of each of K targets.
        step: of the integrator, in s.
    """

    count: int
    start: tuple[float, float]
    velocity: tuple[float, float]
    targets: tuple[tuple[float, float], ...]
    step: float = STEP

    def __post_init__(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise ConfigError(f"count = {self.count!r}; expected an integer >= 1")
        if not self.targets:
            raise ConfigError(f"targets = {self.targets!r}; expected at least one")
        if not 0.0 < self.step <= DURATION:
            raise ConfigError(f"step = {self.step!r}; expected 0 < step <= {DURATION:g}")

    @property
    def dim(self) -> int:
        """The number of parameters, 3 n."""
        return 3 * self.count

    @property
    def times(self) -> FloatArray:
        """`(T,)`, the times in s of the places that `path` returns; the first is 0."""
        return np.linspace(0.0, DURATION, round(DURATION / self.step) + 1)

    def path(self, x: FloatArray) -> FloatArray:
        """Return where the particle is at `times`.

        Args:
            x: `(..., 3 n)`, in m and m^3/s^2.

        Returns:
            `(..., T, 2)`, in m.
        """
        return _in_plane(self._motion(x)[0])

    def energy(self, x: FloatArray) -> FloatArray:
        """Return |p'|^2 / 2 + U(p) at `times`, `(..., T)` in J, for x `(..., 3 n)`."""
        p, v = self._motion(x)
        centre, strength = self._placing(x)
        away = p[..., None] - centre[..., None, :]
        potential = (strength[..., None, :] * (_square(away) + SOFTENING**2) ** -0.5).sum(-1)
        energy: FloatArray = 0.5 * _square(v) + GRAVITY * p.imag + potential
        return energy

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., 3 n)` to `(...)`, the loss in s."""
        p, _ = self._motion(x)
        targets = np.array([complex(*target) for target in self.targets])
        near = np.exp(-_square(p[..., None] - targets) / (2 * TARGET_WIDTH**2)).mean(-1)
        weight = np.exp(-self.times / DISCOUNT) * self.times[1]
        weight[[0, -1]] *= 0.5
        loss: FloatArray = -(near * weight).sum(-1)
        return loss

    def _motion(self, x: FloatArray) -> tuple[_ComplexArray, _ComplexArray]:
        """Return place and velocity at `times`, `(..., T)` both, x + iy."""
        centre, strength = self._placing(x)
        times = self.times
        h, shape = times[1], strength.shape[:-1]
        p = np.full(shape, complex(*self.start))
        v = np.full(shape, complex(*self.velocity))
        a = _acceleration(p, centre, strength)
        places, velocities = [p], [v]
        for _ in times[1:]:
            half = v + 0.5 * h * a
            p = p + h * half
            a = _acceleration(p, centre, strength)
            v = half + 0.5 * h * a
            places.append(p)
            velocities.append(v)
        return np.stack(places, -1), np.stack(velocities, -1)

    def _placing(self, x: FloatArray) -> tuple[_ComplexArray, FloatArray]:
        """Return places, x + iy, and strengths, `(..., n)` both."""
        each = np.asarray(x, dtype=np.float64)
        each = each.reshape(*each.shape[:-1], self.count, 3)
        return each[..., 0] + 1j * each[..., 1], each[..., 2]


def repellers_problem(function: Repellers, name: str) -> Problem:
    """Return a placing of repellers as a problem, of unknown minimum.

    Args:
        function: what is minimised.
        name: the problem's name.
    """
    bounds = ((0.0, SIZE), (0.0, SIZE), (0.0, STRONGEST)) * function.count
    return Problem(name, bounds, function, -math.inf, ())


def draw_repellers(count: int, rng: np.random.Generator) -> Repellers:
    """Draw a task: a start near the top with a push to the side, and three targets below.

    Args:
        count: number of repellers.
        rng: the source of randomness.

    Raises:
        ConfigError: the count is below 1.
    """
    start = (float(rng.uniform(0.3, 0.7)) * SIZE, 0.9 * SIZE)
    velocity = (float(rng.uniform(-2.0, 2.0)), 0.0)
    fixed = [np.array(start)]
    while len(fixed) < 4:
        target = rng.uniform((0.1 * SIZE, 0.1 * SIZE), (0.9 * SIZE, 0.8 * SIZE))
        if all(np.hypot(*(target - other)) >= _APART for other in fixed):
            fixed.append(target)
    targets = tuple((float(x), float(y)) for x, y in fixed[1:])
    return Repellers(count, start, velocity, targets)


def _acceleration(p: _ComplexArray, centre: _ComplexArray, strength: FloatArray) -> _ComplexArray:
    """Return p'' `(...)` at p `(...)`."""
    away = p[..., None] - centre
    force = strength * (_square(away) + SOFTENING**2) ** -1.5
    acceleration: _ComplexArray = (force * away).sum(-1) - 1j * GRAVITY
    return acceleration


def _square(z: _ComplexArray) -> FloatArray:
    """Return |z|^2."""
    return z.real**2 + z.imag**2


def _in_plane(z: _ComplexArray) -> FloatArray:
    """Return `(..., 2)`, x and y, of `(...)`, x + iy."""
    return np.stack([z.real, z.imag], -1)
