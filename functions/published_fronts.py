"""Published problems of several objectives, each with the hypervolume of its true front.

| problem | source |
|---|---|
| zdt1, zdt2, zdt3 | Zitzler, Deb and Thiele 2000, section 4 |
| dtlz2 | Deb, Thiele, Laumanns and Zitzler 2002, section 6 |
| branin-currin | Belakaria, Deshwal and Doppa 2019; Currin et al. 1988, section 4 |
| vehicle-safety | Liao et al. 2008; RE3-5-4 of Tanabe and Ishibuchi 2020 |

Reference points are those that BoTorch takes. Hypervolumes are worked out where the front has a
formula; those of the last two are of a dense computation, `benchmarks.suites.front_search`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, gamma, inf, pi, sin, sqrt

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.several import make_several

_Box = tuple[tuple[float, float], ...]


def _zdt(x: FloatArray, height: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
    first = x[..., 0]
    g = 1.0 + 9.0 * x[..., 1:].mean(axis=-1)
    return np.stack([first, g * height(first, first / g)], axis=-1)


def _zdt1(x: FloatArray) -> FloatArray:
    return _zdt(x, lambda first, ratio: 1.0 - np.sqrt(ratio))


def _zdt2(x: FloatArray) -> FloatArray:
    return _zdt(x, lambda first, ratio: 1.0 - np.square(ratio))


def _zdt3(x: FloatArray) -> FloatArray:
    return _zdt(x, lambda first, ratio: 1.0 - np.sqrt(ratio) - ratio * np.sin(10.0 * np.pi * first))


def on_sphere(angles: FloatArray) -> FloatArray:
    """Return points `(..., K)` of the unit sphere, no coordinate negative.

    Args:
        angles: `(..., K - 1)` in units of a right angle, from 0 to 1.
    """
    theta = 0.5 * np.pi * angles
    ones = np.ones((*theta.shape[:-1], 1))
    cosines = np.concatenate([ones, np.cumprod(np.cos(theta), axis=-1)], axis=-1)
    sines = np.concatenate([np.sin(theta), ones], axis=-1)
    # The k-th from the end has the first k cosines, and the sine of the next angle.
    found: FloatArray = (cosines * sines)[..., ::-1]
    return found


def corner_volume(power: float, count: int) -> float:
    """Return the volume of the points with f_k >= 0 and the sum of f_k^power at most 1."""
    return gamma(1.0 + 1.0 / power) ** count / gamma(1.0 + count / power)


def _dtlz2(x: FloatArray, count: int) -> FloatArray:
    g = np.square(x[..., count - 1 :] - 0.5).sum(axis=-1, keepdims=True)
    return (1.0 + g) * on_sphere(x[..., : count - 1])


def _branin_currin(x: FloatArray) -> FloatArray:
    a, b = x[..., 0], x[..., 1]
    u, v = 15.0 * a - 5.0, 15.0 * b
    bend = v - 5.1 / (4.0 * np.pi**2) * u**2 + 5.0 / np.pi * u - 6.0
    branin = bend**2 + 10.0 * (1.0 - 1.0 / (8.0 * np.pi)) * np.cos(u) + 10.0
    with np.errstate(divide="ignore"):  # exp(-inf) is 0 where b is 0
        rise = 1.0 - np.exp(-0.5 / b)
    top = 2300.0 * a**3 + 1900.0 * a**2 + 2092.0 * a + 60.0
    return np.stack([branin, rise * top / (100.0 * a**3 + 500.0 * a**2 + 4.0 * a + 20.0)], axis=-1)


def _vehicle_safety(x: FloatArray) -> FloatArray:
    a, b, c, d, e = np.moveaxis(x, -1, 0)
    mass = 1640.2823 + 2.3573285 * a + 2.3220035 * b + 4.5688768 * c + 7.7213633 * d + 4.4559504 * e
    acceleration = (
        6.5856
        + 1.15 * a
        - 1.0427 * b
        + 0.9738 * c
        + 0.8364 * d
        - 0.3695 * a * d
        + 0.0861 * a * e
        + 0.3628 * b * d
        - 0.1106 * a**2
        - 0.3437 * c**2
        + 0.1764 * d**2
    )
    intrusion = (
        -0.0551
        + 0.0181 * a
        + 0.1024 * b
        + 0.0421 * c
        - 0.0073 * a * b
        + 0.024 * b * c
        - 0.0118 * b * d
        - 0.0204 * c * d
        - 0.008 * c * e
        - 0.0241 * b**2
        + 0.0109 * d**2
    )
    return np.stack([mass, acceleration, intrusion], axis=-1)


def _zdt3_hypervolume(reference_point: tuple[float, ...]) -> float:
    """Integrate what the least f_2 up to each f_1 leaves below the reference point.

    The front falls from each of its pieces' left ends to the right one, the next least value of
    f_2 = 1 - sqrt(f_1) - f_1 sin(10 pi f_1), and goes on where f_2 falls below it again.
    """
    first, second = reference_point
    least = inf

    def f2(t: float) -> float:
        return 1.0 - sqrt(t) - t * sin(10.0 * pi * t)

    def slope(t: float) -> float:
        return -0.5 / sqrt(t) - sin(10.0 * pi * t) - 10.0 * pi * t * cos(10.0 * pi * t)

    def above_least(t: float) -> float:
        return f2(t) - least

    def below(t: float) -> float:  # an antiderivative of f2
        wave = sin(10.0 * pi * t) / (10.0 * pi) ** 2 - t * cos(10.0 * pi * t) / (10.0 * pi)
        return t - 2.0 / 3.0 * t**1.5 - wave

    begin, under = 0.0, 0.0
    for k in range(5):  # f_2 falls to its k-th least value, near a quarter of the wave's period
        trough = 0.2 * k + 0.05
        end = _root(slope, trough, trough + 0.05)
        if k:
            start = _root(above_least, trough - 0.1, end)
            under += least * (start - begin)
            begin = start
        under += below(end) - below(begin)
        begin, least = end, f2(end)
    return first * second - under - least * (first - begin)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Bisect; the function changes its sign between the two."""
    sign = function(low) > 0.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if (function(middle) > 0.0) == sign else (low, middle)
    return 0.5 * (low + high)


@dataclass(frozen=True)
class _Published:
    """A problem without its name.

    Attributes:
        objectives: maps `(..., dim)` to `(..., K)`.
        bounds: one `(low, high)` a dimension.
        reference_point: K numbers.
        hypervolume: that of the true front.
    """

    objectives: Callable[[FloatArray], FloatArray]
    bounds: _Box
    reference_point: tuple[float, ...]
    hypervolume: float


def _unit_box(dim: int) -> _Box:
    return ((0.0, 1.0),) * dim


_ZDT_POINT = (11.0, 11.0)

_ZDT = {
    "zdt1": (_zdt1, 121.0 - 1.0 / 3.0),  # the area under 1 - sqrt(f_1) is 1/3
    "zdt2": (_zdt2, 121.0 - 2.0 / 3.0),  # and under 1 - f_1^2 it is 2/3
    "zdt3": (_zdt3, _zdt3_hypervolume(_ZDT_POINT)),
}


def _dtlz(count: int, dim: int) -> _Published:
    hypervolume = 1.1**count - corner_volume(2.0, count)
    return _Published(lambda x: _dtlz2(x, count), _unit_box(dim), (1.1,) * count, hypervolume)


# Found by `python -m rnnbbo.benchmarks.suites.front_search`.
_BRANIN_CURRIN = 59.40601
_VEHICLE_SAFETY = 247.2302

_PUBLISHED = {
    "branin-currin": _Published(_branin_currin, _unit_box(2), (18.0, 6.0), _BRANIN_CURRIN),
    **{
        f"{name}-{dim}d": _Published(objectives, _unit_box(dim), _ZDT_POINT, hypervolume)
        for dim in (4, 10)
        for name, (objectives, hypervolume) in _ZDT.items()
    },
    "dtlz2-2obj-4d": _dtlz(2, 4),
    "dtlz2-3obj-6d": _dtlz(3, 6),
    "vehicle-safety": _Published(
        _vehicle_safety,
        ((1.0, 3.0),) * 5,
        (1864.72022, 11.81993945, 0.2903999384),
        _VEHICLE_SAFETY,
    ),
}

PUBLISHED_FRONTS = tuple(_PUBLISHED)


def published_front(name: str) -> Problem:
    """Return a published problem of several objectives, of `PUBLISHED_FRONTS`.

    Raises:
        ConfigError: there is no such problem.
    """
    if name not in _PUBLISHED:
        raise ConfigError(f"name = {name!r}; expected one of {', '.join(PUBLISHED_FRONTS)}")
    made = _PUBLISHED[name]
    return make_several(
        name, made.bounds, _Objectives(name), made.reference_point, made.hypervolume
    )


@dataclass(frozen=True)
class _Objectives:
    """The objectives of a problem, by its name: so they can be pickled."""

    name: str

    def __call__(self, x: FloatArray) -> FloatArray:
        return _PUBLISHED[self.name].objectives(x)
