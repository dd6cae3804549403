"""What the policy says that it sees in the values."""

import math

import numpy as np
import pytest

from rnnbbo import Optimizer


def seen(values: list[float], dim: int = 2) -> str:
    optimizer = Optimizer([(0.0, 1.0)] * dim, policy="kernel", rng=0)
    points = np.random.default_rng(0).random((len(values), dim))
    optimizer.replay(zip(points.tolist(), values, strict=True))
    return "\n".join(optimizer.result().seen)


def bowl(n: int, dim: int = 2) -> np.ndarray:
    return np.square(np.random.default_rng(0).random((n, dim)) - 0.4).sum(axis=1)


def test_a_bowl_is_a_trend_and_nothing_else() -> None:
    assert seen(bowl(25).tolist()).startswith("a trend")
    assert seen([]) == ""


def test_glitches_in_a_bowl_are_told_from_bad_places() -> None:
    y, u = bowl(30), np.random.default_rng(0).random((30, 2))
    glitches, places = y.copy(), y.copy()
    glitches[::7] = 1e6
    places[u[:, 0] > 0.5] = 1e6
    assert "5 of 30 values are out of all proportion: taken for glitches" in seen(glitches.tolist())
    assert "out of all proportion: taken for signs of bad places" in seen(places.tolist())


@pytest.mark.parametrize("failure", [math.nan, math.inf])
def test_failures_are_missing_values(failure: float) -> None:
    y = bowl(20)
    y[4] = failure
    assert "1 of 20 values is missing: no region" in seen(y.tolist())


def test_ties_and_noise_are_seen() -> None:
    y = bowl(40)
    assert "of 40 values were known already" in seen(np.round(6.0 * y).tolist())
    noisy = y + 0.1 * np.random.default_rng(1).standard_normal(40)
    assert "noise of " in seen(noisy.tolist())
    assert "noise" not in seen(y.tolist())
