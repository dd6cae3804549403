"""Proposals at any scale of the values that a float holds."""

import math
from typing import Any

import numpy as np
import pytest

from rnnbbo import Optimizer, minimize_many
from rnnbbo.policies.units import half_step, unit_of
from rnnbbo.shipped import available

POLICIES = ("auto", *available())
SPACE = [(-1.0, 1.0), (1, 16), ("p", "q")]


def valued(x: list[Any]) -> float:
    """A function of whole multiples of 2^-18 above 1: 25 bits or so, that tiny scales keep too."""
    a, b, c = x
    smooth = (a - 0.4) ** 2 + abs(b - 7) / 8 + {"p": 0.3, "q": 0.0}[c]
    return math.floor(2.0**18 * (1.0 + smooth)) * 2.0**-18


def proposed(policy: str, scale: float, offset: float = 0.0, n: int = 10) -> tuple[Any, Any]:
    optimizer = Optimizer(SPACE, policy=policy, rng=0)
    for t in range(n):
        x = optimizer.ask()
        optimizer.tell(x, math.nan if t == 3 else valued(x) * scale + offset)
    return [*optimizer.Xi, optimizer.ask()], optimizer.recommend()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_power_of_two_changes_nothing(policy: str) -> None:
    """From numbers so small that they have 25 bits left, to the largest."""
    expected = proposed(policy, 1.0)
    for exponent in (-1050, -1000, -664, -258, -257, -256, 240, 255, 256, 399, 1020):
        assert proposed(policy, math.ldexp(1.0, exponent)) == expected, exponent


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e120, 1e300])
def test_any_factor_changes_rounding_only(policy: str, scale: float) -> None:
    expected, _ = proposed(policy, 1.0, n=5)
    points, _ = proposed(policy, scale, n=5)
    for point, other in zip(points, expected, strict=True):
        assert point[1:] == other[1:]
        assert point[0] == pytest.approx(other[0], abs=1e-4)


def test_an_offset_that_leaves_digits_changes_nothing() -> None:
    """Whole numbers, far above zero, at a huge scale."""
    unit = math.ldexp(1.0, 900)
    plain = proposed("kernel", 1.0, 2.0**10, n=6)
    assert proposed("kernel", unit, 2.0**10 * unit, n=6) == plain


@pytest.mark.parametrize("policy", POLICIES)
def test_values_of_all_scales_at_once(policy: str) -> None:
    """Finite proposals, and the least value stays the best."""
    values = [1.0, 1e-320, 1e300, -1e-200, 1.7e308, 3.0, -1.7e308, 0.0, math.nan, 2.0]
    optimizer = Optimizer([(0.0, 1.0)] * 2, policy=policy, rng=0)
    for value in values:
        x = optimizer.ask()
        assert np.isfinite(x).all()
        optimizer.tell(x, value)
    assert np.isfinite(optimizer.ask()).all()
    assert optimizer.result().fun == -1.7e308
    assert optimizer.recommend() in optimizer.Xi


@pytest.mark.parametrize("policy", POLICIES)
def test_a_unit_that_changes_leaves_what_follows_from_all_values(policy: str) -> None:
    """The first values are tiny, and the scale of the last makes them ordinary, or huge."""
    tiny = [math.ldexp(valued([a, 3, "p"]), -300) for a in (-0.5, 0.0, 0.5)]
    for last in (1.0, math.ldexp(1.0, 500)):
        runs = []
        for scale in (1.0, math.ldexp(1.0, 300)):
            optimizer = Optimizer(SPACE, policy=policy, rng=0)
            for value in [*tiny, last]:
                optimizer.tell(optimizer.ask(), value * scale)
            runs.append([optimizer.Xi, optimizer.ask()])
        assert runs[0] == runs[1]


@pytest.mark.parametrize("policy", available(batched=True))
def test_many_problems_each_at_its_own_scale(policy: str) -> None:
    scales = np.array([1.0, 2.0**-1000, 2.0**900, 2.0**-300, 2.0**300])
    centre = np.random.default_rng(0).random((1, 2))

    def run(factors: np.ndarray) -> np.ndarray:
        values = lambda x: np.floor(2.0**20 * (1.0 + ((x - centre) ** 2).sum(axis=1)))  # noqa: E731
        return minimize_many(
            lambda x: values(x) * factors, [(0.0, 1.0)] * 2, 5, 8, policy=policy, rng=0
        ).x_iters

    np.testing.assert_array_equal(run(scales), run(np.ones(5)))


def test_many_problems_whose_scale_grows() -> None:
    calls: list[int] = []

    def grows(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return (1.0 + ((x - 0.3) ** 2).sum(axis=1)) * [1e-320, 1.0, 1e300][len(calls) // 3 % 3]

    found = minimize_many(grows, [(0.0, 1.0)] * 2, 4, 9, policy="lstm", rng=0)
    assert np.isfinite(found.x_iters).all()
    assert np.isfinite(found.fun).all()


@pytest.mark.parametrize(
    ("largest", "unit"),
    [(0.0, 1.0), (5e-324, 2.0**600), (1.0, 1.0), (2.0**256, 1.0), (1.7e308, 2.0**-600)],
)
def test_units(largest: float, unit: float) -> None:
    assert unit_of(np, np.array([largest])) == unit
    spread = largest * unit  # squares of what values differ by at least, and at most
    if largest:
        assert (spread * 2.0**-52) ** 2 > 0.0 and (2.0 * spread) ** 2 < math.inf


def test_a_step_between_units_is_exact() -> None:
    half = half_step(np, np.array([2.0**600]), np.array([2.0**-600]))
    assert half == 2.0**-600
