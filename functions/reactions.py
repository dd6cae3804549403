"""Chemical reactions with published kinetics: settings of a reactor in, what comes out of it.

Both reactions are of one form. A reagent B takes part in every step, each of second order:

    A + B -> P    k_a        P + B -> D    k_c
    A + B -> Q    k_b        Q + B -> D    k_d

Of the exposure theta, the integral of [B] over time, all but B is linear, and has a closed form:
with k = k_a + k_b

    A = A_0 exp(-k theta),    P = k_a A_0 (exp(-k_c theta) - exp(-k theta)) / (k - k_c)

and Q likewise of k_b and k_d. D = A_0 - A - P - Q and B = B_0 - P - Q - 2 D by mass balance, so
that one equation is left to integrate: d theta / dt = B(theta).

**Amination** (Hone et al. 2017, React. Chem. Eng. 2, 103-108): pyrrolidine, B, and
2,4-difluoronitrobenzene, A, in ethanol, in a plug-flow reactor. P is the ortho product, which is
wanted, Q the para product, D has both. What counts are space-time yield and E-factor, the mass of
waste for a mass of product, over the ranges of the benchmark of Felton et al. 2021
(Chemistry-Methods 1, 116-122).

**Catalysis** (Baumgartner et al. 2018, React. Chem. Eng. 3, 301-311, simulated case 4): one of
eight catalysts makes a product P of A and B, which B spoils again. Two published programs of it
differ in whether the catalyst speeds up the spoiling, too; it does here, as the unit that is
published for the constant says.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem

GAS = 8.314
"""The gas constant, J/(mol K)."""
_ZERO = 273.15  # of the Celsius scale, K
_STEPS = 24  # of the integration; they widen with the square of the time

AMINATION_BOUNDS = ((0.5, 2.0), (1.0, 5.0), (0.1, 0.5), (30.0, 120.0))
"""Residence time in min, equivalents of B, [A]_0 in mol/l, temperature in C."""
_AMINATION_RATES = np.array([0.579, 0.0270, 0.00865, 0.0163])  # k_a to k_d at 90 C, l/(mol s)
_AMINATION_ENERGIES = np.array([33.3e3, 35.3e3, 38.9e3, 44.8e3])  # J/mol
_REFERENCE = 90.0 + _ZERO
MASSES = np.array([159.09, 71.12, 210.21, 210.21, 261.33])
"""Of A, B, P, Q, D of the amination, g/mol."""
_ETHANOL = 789.0  # g/l

CATALYSIS_BOUNDS = ((30.0, 110.0), (60.0, 600.0), (0.835e-3, 4.175e-3))
"""Temperature in C, time in s, [catalyst] in mol/l: .5 to 2.5 % of [A]_0."""
CATALYSTS = ("1", "2", "3", "4", "5", "6", "7", "8")
_BARRIERS = np.array([0.0, 0.3e3, 0.3e3, 0.7e3, 0.7e3, 2.2e3, 3.8e3, 7.3e3])  # J/mol, added
_CATALYSIS_START = 0.167, 0.250  # [A]_0, [B]_0, mol/l
_MAKING = 3.1e7, 55e3  # factor in l^(3/2)/(mol^(3/2) s), and energy in J/mol
_SPOILING = 3.1e5, 50e3

WASTE_WEIGHTS: Mapping[float, tuple[float, float, float]] = {
    0.25: (-3.822629660124, 1.98231, 62.757),
    0.5: (-3.587975054642, 1.58898, 75.004),
    1.0: (-3.120311858925, 1.39651, 84.653),
    1.5: (-2.653173241837, 1.33333, 88.929),
    2.0: (-2.186198165866, 1.30198, 91.372),
    3.0: (-1.252432695418, 1.27083, 94.075),
}
"""Weights of waste in `make_amination`: the minimum, and its equivalents and temperature.

Found by L-BFGS-B from many points. The reactor is as short, and the feed as strong, as may be.
"""


def concentrations(rates: FloatArray, a: ArrayLike, b: ArrayLike, seconds: ArrayLike) -> FloatArray:
    """Return [A], [B], [P], [Q], [D] (..., 5) in mol/l after a time.

    Args:
        rates: (..., 4) k_a, k_b, k_c, k_d, in l/(mol s).
        a: (...) [A]_0, in mol/l.
        b: (...) [B]_0.
        seconds: (...) the time.
    """
    ka, kb, kc, kd = np.moveaxis(rates, -1, 0)
    a, b, seconds = np.asarray(a), np.asarray(b), np.asarray(seconds)
    k = ka + kb
    ahead_p, ahead_q = _unequal(k, kc), _unequal(k, kd)
    share_p, share_q = ka * a / ahead_p, kb * a / ahead_q

    def parts(theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return [A], [P], [Q] at an exposure in mol s/l."""
        p = share_p * np.exp(-kc * theta) * -np.expm1(-ahead_p * theta)
        q = share_q * np.exp(-kd * theta) * -np.expm1(-ahead_q * theta)
        return a * np.exp(-k * theta), p, q

    def slope(theta: FloatArray) -> FloatArray:  # B = B_0 - 2 A_0 + 2 A + P + Q
        left, p, q = parts(theta)
        return b - 2.0 * (a - left) + p + q

    theta = np.zeros(np.broadcast_shapes(k.shape, a.shape, b.shape, seconds.shape))
    ends = (np.arange(_STEPS + 1) / _STEPS) ** 2
    for width in np.diff(ends):
        h = width * seconds  # Runge and Kutta's step of fourth order
        s1 = slope(theta)
        s2 = slope(theta + h / 2 * s1)
        s3 = slope(theta + h / 2 * s2)
        s4 = slope(theta + h * s3)
        theta = theta + h / 6 * (s1 + 2 * s2 + 2 * s3 + s4)
    left, p, q = parts(theta)
    d = a - left - p - q
    return np.stack(np.broadcast_arrays(left, b - p - q - 2.0 * d, p, q, d), axis=-1)


def _unequal(k: FloatArray, of: FloatArray) -> FloatArray:
    """Return k - of, and a little where they are equal: what is divided by it has a limit there."""
    gap = k - of
    least = 1e-9 * np.maximum(k, 1e-30)
    return np.asarray(np.where(np.abs(gap) < least, least, gap))


def amination(x: FloatArray) -> FloatArray:
    """Return [A], [B], [P], [Q], [D] (..., 5) in mol/l at the outlet of the reactor.

    Args:
        x: (..., 4) as `AMINATION_BOUNDS`.
    """
    minutes, equivalents, a, celsius = np.moveaxis(np.asarray(x, dtype=float), -1, 0)
    inverse = 1.0 / (celsius + _ZERO) - 1.0 / _REFERENCE
    rates = _AMINATION_RATES * np.exp(-_AMINATION_ENERGIES / GAS * inverse[..., None])
    return concentrations(rates, a, equivalents * a, 60.0 * minutes)


def space_time_yield(x: FloatArray) -> FloatArray:
    """Return the ortho product (...) of the amination, in kg a cubic metre of reactor and hour."""
    product = amination(x)[..., 2]
    return np.asarray(MASSES[2] * product * 60.0 / np.asarray(x)[..., 0])


def e_factor(x: FloatArray) -> FloatArray:
    """Return the mass of all that leaves the amination but its product, over that of the product.

    The solvent counts. It is large, not infinite, where there is hardly any product.
    """
    grams = amination(x) * MASSES
    product = np.maximum(grams[..., 2], 1e-9)
    return np.asarray((_ETHANOL + grams.sum(axis=-1) - grams[..., 2]) / product)


def make_amination(weight: float) -> Problem:
    """Return the amination as a problem: much product in little space, and little waste.

    What is minimised is weight lg(E-factor) - lg(space-time yield): a weight of 1 gives up a tenth
    of the product for a tenth of the waste.

    Args:
        weight: one of `WASTE_WEIGHTS`.

    Raises:
        ConfigError: its minimum is not known.
    """
    if weight not in WASTE_WEIGHTS:
        known = ", ".join(map(str, WASTE_WEIGHTS))
        raise ConfigError(f"weight = {weight!r}; expected one of {known}")
    minimum, equivalents, celsius = WASTE_WEIGHTS[weight]
    best = (AMINATION_BOUNDS[0][0], equivalents, AMINATION_BOUNDS[2][1], celsius)
    func = partial(_cost, weight)
    return Problem(f"amination-{weight:g}", AMINATION_BOUNDS, func, minimum, (best,))


def _cost(weight: float, x: FloatArray) -> FloatArray:
    return np.asarray(weight * np.log10(e_factor(x)) - np.log10(space_time_yield(x)))


def catalysis(x: FloatArray, catalyst: str) -> tuple[FloatArray, FloatArray]:
    """Return the yield (...), from 0 to 1, and the turnover number, moles of product of one.

    Args:
        x: (..., 3) as `CATALYSIS_BOUNDS`.
        catalyst: one of `CATALYSTS`.

    Raises:
        ConfigError: there is no such catalyst.
    """
    if catalyst not in CATALYSTS:
        raise ConfigError(f"catalyst = {catalyst!r}; expected one of {', '.join(CATALYSTS)}")
    celsius, seconds, loading = np.moveaxis(np.asarray(x, dtype=float), -1, 0)
    barrier = _BARRIERS[CATALYSTS.index(catalyst)]
    heat = GAS * (celsius + _ZERO)
    made = np.sqrt(loading) * _MAKING[0] * np.exp(-(_MAKING[1] + barrier) / heat)
    spoilt = np.sqrt(loading) * _SPOILING[0] * np.exp(-_SPOILING[1] / heat)
    rates = np.stack([made, np.zeros_like(made), spoilt, np.zeros_like(made)], axis=-1)
    a, b = _CATALYSIS_START
    product = concentrations(rates, a, b, seconds)[..., 2]
    return product / a, product / loading
