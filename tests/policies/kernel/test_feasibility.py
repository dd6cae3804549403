"""The probability of feasibility, and what an ask looks for with it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from rnnbbo import Optimizer
from rnnbbo.policies.gp.improvement import log_cdf_and_ratio
from rnnbbo.policies.kernel.acquisition import Acquisition, make_acquisition
from rnnbbo.policies.kernel.quantities import Quantity, total_excess


def acquisition(feasible: bool = True, fails: bool = False) -> Acquisition:
    """Return what the policy looks for after 12 values in three dimensions."""
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy="kernel", rng=0)
    for i, x in enumerate(np.random.default_rng(0).random((12, 3))):
        y = float(np.sin(3.0 * x).sum())
        c = float(np.sin(23.0 * x).sum() + (0.0 if feasible else 4.0))
        value = np.nan if fails and i in (3, 7) else y
        optimizer.tell(x.tolist(), value, constraints={"a": c, "b": np.sin(31.0 * x[0])})
    return make_acquisition(optimizer.state, 6, np.zeros((0, 3)), np.random.default_rng(1))


def test_the_logarithm_of_the_normal_distribution_and_its_slope() -> None:
    z = np.concatenate([np.linspace(-40.0, 40.0, 401), [-1e6, 1e6, 0.0]])
    value, ratio = log_cdf_and_ratio(np, z)
    assert_allclose(value, norm.logcdf(z), rtol=1e-9, atol=1e-12)
    near = np.abs(z) < 100.0  # scipy's difference of logarithms has no digits beyond
    expected = np.exp(norm.logpdf(z[near]) - norm.logcdf(z[near]))
    assert_allclose(ratio[near], expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("feasible", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_score_is_the_sum_and_its_gradient_that_of_the_score(
    feasible: bool, fails: bool
) -> None:
    wanted = acquisition(feasible, fails)
    assert wanted.improves is feasible
    assert wanted.feasibility is not None
    assert len(wanted.feasibility.constraints) == 2
    assert (wanted.feasibility.crashes is not None) is fails
    points = np.random.default_rng(2).random((168, 3))
    scores, index = wanted.score(points)
    value, gradient = wanted.climbed(points)
    assert_allclose(scores, value[index], rtol=1e-7, atol=1e-7)
    chance = wanted.feasibility.log_chance(points)
    improvement = wanted.view.climbed(points)[0] if feasible else 0.0
    assert_allclose(value, improvement + chance, rtol=1e-9)
    assert (chance <= 0.0).all()
    lowered, slope = wanted.lowered(points)
    assert_allclose(lowered, wanted.view.lowered(points)[0] + chance, rtol=1e-9)
    step = 1e-6
    for d in range(3):
        move = step * np.eye(3)[d]
        for func, known in ((wanted.climbed, gradient), (wanted.lowered, slope)):
            found = (func(points + move)[0] - func(points - move)[0]) / (2.0 * step)
            assert_allclose(known[:, d], found, rtol=1e-3, atol=1e-3)


def test_the_probability_is_that_of_the_views() -> None:
    wanted = acquisition(fails=True)
    assert wanted.feasibility is not None
    points = np.random.default_rng(3).random((40, 3))
    total = np.zeros(40)
    for view in wanted.feasibility.constraints:
        mean, deviation = view.predict(points)
        total += view.weight @ norm.logcdf(0.0, mean, deviation)
    crashes = wanted.feasibility.crashes
    assert crashes is not None
    mean, deviation = crashes.predict(points)
    safe = crashes.weight @ norm.logcdf(0.0, mean, deviation)
    assert_allclose(wanted.feasibility.log_chance(points), total + 2.0 * safe, rtol=1e-9)


def test_only_feasible_observations_are_improved_on() -> None:
    optimizer = Optimizer([(0.0, 1.0)], policy="kernel", rng=0)
    for x, y, c in ((0.1, 0.0, 1.0), (0.5, 3.0, -1.0), (0.9, 5.0, -1.0), (0.3, 1.0, 0.5)):
        optimizer.tell([x], y, constraints={"c": c})
    state = optimizer.state
    assert state.feasible.tolist() == [False, True, True, False]
    assert state.incumbent() == 1
    rng = np.random.default_rng(0)
    wanted = make_acquisition(state, 6, np.zeros((0, 1)), rng)
    assert wanted.view.incumbent == 0.5
    z = state.heights(np.zeros(4, bool))
    assert z[1] == 0.0 and z[0] < z[3] < 0.0 < z[2]
    assert_allclose(z.std(), 1.0)


def test_a_quantity_is_known_where_it_was_told() -> None:
    x = np.array([[0.1], [0.2], [0.7], [0.9]])
    quantity = Quantity(np.array([np.nan, -2.0, 4.0, np.nan]))
    at, z, *_ = quantity.rows(x)
    assert at.tolist() == [[0.2], [0.7]]
    assert_allclose(z, [-2.0 / 3.0, 4.0 / 3.0])
    assert total_excess((quantity, quantity), x).tolist() == pytest.approx(
        [np.inf, 0.0, 8.0 / 3.0, np.inf]
    )
    assert Quantity(np.zeros(2)).rows(x[:2])[1].tolist() == [0.0, 0.0]
