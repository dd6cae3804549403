"""Reactions: mass balance, published constants, limits, and an integration of the whole system."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rnnbbo.errors import ConfigError
from rnnbbo.functions.reactions import (
    AMINATION_BOUNDS,
    CATALYSIS_BOUNDS,
    CATALYSTS,
    MASSES,
    WASTE_WEIGHTS,
    amination,
    catalysis,
    concentrations,
    e_factor,
    make_amination,
    space_time_yield,
)

AT_90 = np.array([0.579, 0.0270, 0.00865, 0.0163])  # Hone et al. 2017, l/(mol s) at 90 C


def draw(bounds: tuple[tuple[float, float], ...], count: int) -> np.ndarray:
    """Return points within bounds, the corners first."""
    low, high = np.array(bounds).T
    dim = len(bounds)
    corners = (np.arange(2**dim)[:, None] >> np.arange(dim)) & 1
    rest = np.random.default_rng(0).random((count - 2**dim, dim))
    return low + np.concatenate([corners, rest]) * (high - low)


def integrated(rates: np.ndarray, a: float, b: float, seconds: float) -> np.ndarray:
    """Return all five concentrations by scipy, with nothing worked out by hand."""

    def slope(t: float, c: np.ndarray) -> list[float]:
        r = rates * np.array([c[0], c[0], c[2], c[3]]) * c[1]
        return [-r[0] - r[1], -r.sum(), r[0] - r[2], r[1] - r[3], r[2] + r[3]]

    found = solve_ivp(slope, (0.0, seconds), [a, b, 0, 0, 0], "LSODA", rtol=1e-9, atol=1e-12)
    return found.y[:, -1]


def test_nothing_is_lost_and_nothing_is_negative() -> None:
    x = draw(AMINATION_BOUNDS, 200)
    a, b, p, q, d = amination(x).T
    np.testing.assert_allclose(a + p + q + d, x[:, 2], rtol=1e-12)
    np.testing.assert_allclose(b + p + q + 2.0 * d, x[:, 1] * x[:, 2], rtol=1e-12)
    assert min(part.min() for part in (a, b, p, q, d)) > -1e-12


def test_it_agrees_with_an_integration_of_the_whole_system() -> None:
    for x in draw(AMINATION_BOUNDS, 20):
        rise = np.array([33.3e3, 35.3e3, 38.9e3, 44.8e3]) / 8.314  # Hone et al. 2017, J/mol
        rates = AT_90 * np.exp(-rise * (1.0 / (x[3] + 273.15) - 1.0 / 363.15))
        whole = integrated(rates, x[2], x[1] * x[2], 60.0 * x[0])
        np.testing.assert_allclose(amination(x), whole, atol=1e-6 * x[2])


def test_at_first_products_are_made_as_their_constants_say() -> None:
    _, _, p, q, d = concentrations(AT_90, 0.2, 0.4, 1e-3)
    assert p / q == pytest.approx(57.9 / 2.70, rel=1e-4)
    assert p == pytest.approx(0.579 * 0.2 * 0.4 * 1e-3, rel=1e-3)
    assert d < 1e-5 * p


def test_limits() -> None:
    none = concentrations(AT_90, 0.2, 0.4, 0.0)
    np.testing.assert_array_equal(none, [0.2, 0.4, 0.0, 0.0, 0.0])
    # More of B than can be used: in the end all is the double product.
    np.testing.assert_allclose(
        concentrations(AT_90, 0.2, 1.0, 1e5), [0.0, 0.6, 0.0, 0.0, 0.2], atol=1e-9
    )
    # Two steps of one rate, where the closed form is 0 / 0.
    same = np.array([0.1, 0.0, 0.1, 0.0])
    beside = np.array([0.1, 0.0, 0.1 + 1e-7, 0.0])
    np.testing.assert_allclose(
        concentrations(same, 0.2, 0.4, 60.0), concentrations(beside, 0.2, 0.4, 60.0), atol=1e-7
    )
    # A + B -> P alone, with equal concentrations: c / (1 + k c t).
    alone = concentrations(np.array([0.1, 0.0, 0.0, 0.0]), 0.2, 0.2, 300.0)
    assert alone[0] == pytest.approx(0.2 / (1.0 + 0.1 * 0.2 * 300.0), rel=1e-6)


def test_yield_and_waste_are_of_what_leaves() -> None:
    x = np.array([1.0, 2.0, 0.3, 80.0])
    grams = amination(x) * MASSES
    assert space_time_yield(x) == pytest.approx(60.0 * grams[2])
    assert e_factor(x) == pytest.approx((789.0 + grams.sum() - grams[2]) / grams[2])
    # A and B lose hydrogen fluoride, 20.01 g/mol, in every step.
    assert MASSES[0] + MASSES[1] - MASSES[2] == pytest.approx(20.0, abs=0.05)
    assert MASSES[2] + MASSES[1] - MASSES[4] == pytest.approx(20.0, abs=0.05)


@pytest.mark.parametrize("weight", WASTE_WEIGHTS)
def test_declared_minima(weight: float) -> None:
    problem = make_amination(weight)
    (best,) = problem.minimizers
    assert problem(best) == pytest.approx(problem.minimum, abs=1e-8)
    near = np.clip(
        np.array(best) + 0.01 * (problem.high - problem.low) * draw(((-1, 1),) * 4, 100),
        problem.low,
        problem.high,
    )
    assert problem.func(np.concatenate([near, draw(AMINATION_BOUNDS, 500)])).min() > problem.minimum


def test_another_weight_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"weight = 7; expected one of 0\.25, "):
        make_amination(7)


def test_catalysts_differ_by_their_barriers() -> None:
    x = draw(CATALYSIS_BOUNDS, 50)
    yields = np.array([catalysis(x, name)[0] for name in CATALYSTS])
    assert (yields >= 0.0).all() and (yields <= 1.0).all()
    assert (yields[1] == yields[2]).all() and (yields[3] == yields[4]).all()
    # At mild conditions what is made is little, in proportion to exp(-barrier / RT).
    mild = np.array([30.0, 60.0, 0.835e-3])
    made = [float(catalysis(mild, name)[0]) for name in CATALYSTS]
    assert made[7] / made[0] == pytest.approx(np.exp(-7.3e3 / (8.314 * 303.15)), rel=0.02)
    share, turnover = catalysis(mild, "1")
    assert turnover == pytest.approx(share * 0.167 / 0.835e-3)


def test_product_is_spoilt_in_the_end() -> None:
    seconds = np.array([60.0, 600.0, 1e5])
    x = np.stack([np.full(3, 110.0), seconds, np.full(3, 4.175e-3)], axis=1)
    share, _ = catalysis(x, "1")
    assert share[0] < share[1] and share[2] < 0.6
    rates = np.sqrt(4.175e-3) * np.array([3.1e7, 0.0, 3.1e5, 0.0])
    rates *= np.exp(-np.array([55e3, 0.0, 50e3, 0.0]) / (8.314 * 383.15))
    assert integrated(rates, 0.167, 0.250, 600.0)[2] / 0.167 == pytest.approx(share[1], abs=1e-6)


def test_there_is_no_other_catalyst() -> None:
    with pytest.raises(ConfigError, match="catalyst = '9'; expected one of 1, 2"):
        catalysis(np.array([30.0, 60.0, 1e-3]), "9")
