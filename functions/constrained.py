"""Test functions with constraints that are known by evaluating: feasible where all are at most 0.

Their minima are those of feasible points, found by sequential quadratic programming from many
points, in agreement with what is published; a declared minimizer is feasible to the last bit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem


def _gramacy(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b = x[..., 0], x[..., 1]
    wave = 0.5 * np.sin(2.0 * np.pi * (a * a - 2.0 * b))
    return a + b, 1.5 - a - 2.0 * b - wave, a * a + b * b - 1.5


def _pressure_vessel(x: FloatArray) -> tuple[FloatArray, ...]:
    shell, head, radius, length = np.moveaxis(x, -1, 0)
    cost = (
        0.6224 * shell * radius * length
        + 1.7781 * head * radius**2
        + 3.1661 * shell**2 * length
        + 19.84 * shell**2 * radius
    )
    volume = np.pi * radius**2 * length + 4.0 / 3.0 * np.pi * radius**3
    return cost, 0.0193 * radius - shell, 0.00954 * radius - head, 1_296_000.0 - volume


def _welded_beam(x: FloatArray) -> tuple[FloatArray, ...]:
    h, length, t, b = np.moveaxis(x, -1, 0)
    load, reach, young, shear = 6000.0, 14.0, 30e6, 12e6
    cost = 1.10471 * h**2 * length + 0.04811 * t * b * (14.0 + length)
    arm = np.sqrt(length**2 / 4.0 + (h + t) ** 2 / 4.0)
    moment = load * (reach + length / 2.0)
    polar = 2.0 * np.sqrt(2.0) * h * length * (length**2 / 12.0 + (h + t) ** 2 / 4.0)
    direct, twist = load / (np.sqrt(2.0) * h * length), moment * arm / polar
    stress = np.sqrt(direct**2 + direct * twist * length / arm + twist**2)
    bending = 6.0 * load * reach / (b * t**2)
    deflection = 4.0 * load * reach**3 / (young * t**3 * b)
    buckling = (
        4.013
        * young
        * np.sqrt(t**2 * b**6 / 36.0)
        / reach**2
        * (1.0 - t / (2.0 * reach) * np.sqrt(young / (4.0 * shear)))
    )
    return (
        cost,
        stress - 13_600.0,
        bending - 30_000.0,
        h - b,
        0.10471 * h**2 + 0.04811 * t * b * (14.0 + length) - 5.0,
        deflection - 0.25,
        load - buckling,
    )


def _tension_string(x: FloatArray) -> tuple[FloatArray, ...]:
    d, coil, turns = np.moveaxis(x, -1, 0)
    return (
        (turns + 2.0) * coil * d**2,
        1.0 - coil**3 * turns / (71_785.0 * d**4),
        (4.0 * coil**2 - d * coil) / (12_566.0 * (coil * d**3 - d**4))
        + 1.0 / (5108.0 * d**2)
        - 1.0,
        1.0 - 140.45 * d / (coil**2 * turns),
        (coil + d) / 1.5 - 1.0,
    )


def _speed_reducer(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b, c, d, e, f, g = np.moveaxis(x, -1, 0)
    weight = (
        0.7854 * a * b**2 * (3.3333 * c**2 + 14.9334 * c - 43.0934)
        - 1.508 * a * (f**2 + g**2)
        + 7.4777 * (f**3 + g**3)
        + 0.7854 * (d * f**2 + e * g**2)
    )
    return (
        weight,
        27.0 / (a * b**2 * c) - 1.0,
        397.5 / (a * b**2 * c**2) - 1.0,
        1.93 * d**3 / (b * c * f**4) - 1.0,
        1.93 * e**3 / (b * c * g**4) - 1.0,
        np.sqrt((745.0 * d / (b * c)) ** 2 + 16.9e6) / (110.0 * f**3) - 1.0,
        np.sqrt((745.0 * e / (b * c)) ** 2 + 157.5e6) / (85.0 * g**3) - 1.0,
        b * c / 40.0 - 1.0,
        5.0 * b / a - 1.0,
        a / (12.0 * b) - 1.0,
        (1.5 * f + 1.9) / d - 1.0,
        (1.1 * g + 1.9) / e - 1.0,
    )


def _line(x: FloatArray) -> tuple[FloatArray, ...]:
    return np.square(x).sum(axis=-1), 1.0 - x.sum(axis=-1)


def _g04(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b, c, d, e = np.moveaxis(x, -1, 0)
    u = 85.334407 + 0.0056858 * b * e + 0.0006262 * a * d - 0.0022053 * c * e
    v = 80.51249 + 0.0071317 * b * e + 0.0029955 * a * b + 0.0021813 * c**2
    w = 9.300961 + 0.0047026 * c * e + 0.0012547 * a * c + 0.0019085 * c * d
    value = 5.3578547 * c**2 + 0.8356891 * a * e + 37.293239 * a - 40_792.141
    return value, u - 92.0, -u, v - 110.0, 90.0 - v, w - 25.0, 20.0 - w


def _g06(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b = x[..., 0], x[..., 1]
    return (
        (a - 10.0) ** 3 + (b - 20.0) ** 3,
        100.0 - (a - 5.0) ** 2 - (b - 5.0) ** 2,
        (a - 6.0) ** 2 + (b - 5.0) ** 2 - 82.81,
    )


def _g08(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b = x[..., 0], x[..., 1]
    wave = np.sin(2.0 * np.pi * a) ** 3 * np.sin(2.0 * np.pi * b)
    return -wave / (a**3 * (a + b)), a**2 - b + 1.0, 1.0 - a + (b - 4.0) ** 2


def _g09(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b, c, d, e, f, g = np.moveaxis(x, -1, 0)
    return (
        (a - 10.0) ** 2
        + 5.0 * (b - 12.0) ** 2
        + c**4
        + 3.0 * (d - 11.0) ** 2
        + 10.0 * e**6
        + 7.0 * f**2
        + g**4
        - 4.0 * f * g
        - 10.0 * f
        - 8.0 * g,
        -127.0 + 2.0 * a**2 + 3.0 * b**4 + c + 4.0 * d**2 + 5.0 * e,
        -282.0 + 7.0 * a + 3.0 * b + 10.0 * c**2 + d - e,
        -196.0 + 23.0 * a + b**2 + 6.0 * f**2 - 8.0 * g,
        4.0 * a**2 + b**2 - 3.0 * a * b + 2.0 * c**2 + 5.0 * f - 11.0 * g,
    )


def _g24(x: FloatArray) -> tuple[FloatArray, ...]:
    a, b = x[..., 0], x[..., 1]
    return (
        -a - b,
        b - 2.0 * a**4 + 8.0 * a**3 - 8.0 * a**2 - 2.0,
        b - 4.0 * a**4 + 32.0 * a**3 - 88.0 * a**2 + 96.0 * a - 36.0,
    )


_Both = Callable[[FloatArray], tuple[FloatArray, ...]]
_Box = tuple[tuple[float, float], ...]

_TABLE: dict[str, tuple[_Both, _Box]] = {
    "gramacy": (_gramacy, ((0.0, 1.0),) * 2),
    "pressure_vessel": (
        _pressure_vessel,
        ((0.0625, 6.1875), (0.0625, 6.1875), (10.0, 200.0), (10.0, 200.0)),
    ),
    "welded_beam": (_welded_beam, ((0.125, 5.0), (0.1, 10.0), (0.1, 10.0), (0.1, 5.0))),
    "tension_string": (_tension_string, ((0.05, 2.0), (0.25, 1.3), (2.0, 15.0))),
    "speed_reducer": (
        _speed_reducer,
        (
            (2.6, 3.6),
            (0.7, 0.8),
            (17.0, 28.0),
            (7.3, 8.3),
            (7.3, 8.3),
            (2.9, 3.9),
            (5.0, 5.5),
        ),
    ),
    "line": (_line, ((-2.0, 2.0),) * 2),
    "g04": (_g04, ((78.0, 102.0), (33.0, 45.0), (27.0, 45.0), (27.0, 45.0), (27.0, 45.0))),
    "g06": (_g06, ((13.0, 100.0), (0.0, 100.0))),
    "g08": (_g08, ((0.5, 10.0), (0.5, 10.0))),
    "g09": (_g09, ((-10.0, 10.0),) * 7),
    "g24": (_g24, ((0.0, 3.0), (0.0, 4.0))),
}

# Least feasible points, and what 10 uniform feasible points leave on average (median of many tens).
_LEAST: dict[str, tuple[tuple[float, ...], float]] = {
    "gramacy": ((0.1951226834047778, 0.4046653686052897), 0.2576),
    "pressure_vessel": (
        (0.7781686413751053, 0.3846491626279018, 40.31961872409872, 200.0),
        35580.0,
    ),
    "welded_beam": (
        (0.20572963978608028, 3.4704886656279936, 9.036623910357626, 0.20572963978608105),
        1.7875,
    ),
    "tension_string": ((0.051689054983233236, 0.3567175930608018, 11.288974354448007), 0.01433),
    "speed_reducer": (
        (
            3.5000000000000004,
            0.7,
            17.0,
            7.3,
            7.715319911478245,
            3.3502146660964476,
            5.286654464980222,
        ),
        432.9,
    ),
    "line": ((0.5, 0.5), 0.5232),
    "g04": ((78.0, 33.0, 29.9952560256816, 44.99999999999999, 36.7758129057882), 1771.0),
    "g06": ((14.09500000000008, 0.8429607892156543), 1087.0),
    "g08": ((1.2279713285853937, 4.245373393404126), 0.05156),
    "g09": (
        (
            2.330499299730766,
            1.951372336234595,
            -0.47754150100772463,
            4.365726363286484,
            -0.6244870641060967,
            1.0381308293225366,
            1.5942265696781828,
        ),
        1747.0,
    ),
    "g24": ((2.3295201974776134, 3.178493074117729), 1.3506),
}

NAMES = tuple(_TABLE)
"""What `make_constrained` makes."""


def reference_of(name: str) -> float:
    """Return what the best of 10 uniform feasible points is above the minimum, in the median."""
    return _LEAST[name][1]


def make_constrained(name: str) -> Problem:
    """Make a problem by name; each function's source is in the table below.

    | name | source |
    |---|---|
    | gramacy | Gramacy et al. 2016, section 5.1 |
    | pressure_vessel | Kannan and Kramer 1994, its thicknesses continuous |
    | welded_beam | Ragsdell and Phillips 1976, as by Coello 2000 |
    | tension_string | Arora 1989, as by Coello 2000 |
    | speed_reducer | Golinski 1973, its teeth continuous |
    | line | a bowl beyond a line |
    | g04, g06, g08, g09, g24 | Liang et al. 2006, the suite of CEC 2006; g08 off its pole |

    Raises:
        ConfigError: there is no such problem.
    """
    if name not in _TABLE:
        raise ConfigError(f"name = {name!r}; expected one of {', '.join(NAMES)}")
    both, bounds = _TABLE[name]
    point = _LEAST[name][0]
    minimum = float(both(np.array(point))[0])
    return Problem(name, bounds, _Value(name), minimum, (point,), constraints=_Constraints(name))


@dataclass(frozen=True)
class _Value:
    """The value of a problem, by its name: so it can be pickled."""

    name: str

    def __call__(self, x: FloatArray) -> FloatArray:
        return _TABLE[self.name][0](x)[0]


@dataclass(frozen=True)
class _Constraints:
    """Its constraints, (..., K)."""

    name: str

    def __call__(self, x: FloatArray) -> FloatArray:
        return np.stack(_TABLE[self.name][0](x)[1:], axis=-1)
