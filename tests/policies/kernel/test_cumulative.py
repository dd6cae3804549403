"""The bound that is climbed down where every value counts."""

import math

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.policies.kernel import cumulative
from rnnbbo.policies.kernel.acquisition import make_acquisition
from rnnbbo.policies.kernel.cumulative import Counting
from rnnbbo.space import Space


def test_the_width_is_that_of_the_formula():
    counting = Counting(planned=100, first=0.5, growth=2.0, ending=0.2)
    kappa = (0.5 + 2.0 * math.log(51) / math.log(101)) * (49 / 100) ** 0.2
    assert counting.width(50) == pytest.approx(kappa)
    # As many as were told follow where nobody says.
    kappa = (0.5 + 2.0 * math.log(51) / math.log(101)) * (50 / 101) ** 0.2
    assert Counting().width(50) == pytest.approx(kappa)


@pytest.fixture
def wanted():
    rng = np.random.default_rng(0)
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy="kernel", rng=0)
    for _ in range(15):
        x = rng.random(3).tolist()
        optimizer.tell(x, math.sin(5 * x[0]) + x[1] * x[2] + 0.1 * rng.standard_normal())
    return make_acquisition(optimizer.state, 6, np.zeros((0, 3)), np.random.default_rng(1)), (
        optimizer.state.inliers()
    )


def test_in_a_context_the_bound_is_climbed_further_down_than_any_candidate(wanted, monkeypatch):
    acquisition, known = wanted
    space = Space([(0.0, 1.0)] * 3).held_at({"x2": 0.25})
    drawn = space.snap(np.random.default_rng(2).random((40, 3)))
    found = cumulative.best_in_context(acquisition, space, known, drawn, 1.0)
    assert (found[:, 2] == 0.25).all()

    def bound(points):
        mean, deviation = acquisition.view.predict(points)
        return acquisition.view.average(mean - deviation)

    best = bound(found[:1])[0]
    assert best < bound(np.concatenate([drawn, space.snap(known.x)])).min() - 1e-4
    # Nothing near it is lower along what is free.
    for column in (0, 1):
        for step in (-0.01, 0.01):
            moved = found[:1].copy()
            moved[0, column] = np.clip(moved[0, column] + step, 0.0, 1.0)
            assert bound(moved)[0] > best - 2e-3


def test_with_no_width_the_least_expected_value_comes_first(wanted):
    acquisition, known = wanted
    space = Space([(0.0, 1.0)] * 3)
    new = np.random.default_rng(2).random((30, 3))
    found = cumulative.best_queries(acquisition, space, known, new, 0.0)
    mean = acquisition.view.average(acquisition.view.predict(found)[0])
    assert mean[0] <= acquisition.view.average(acquisition.view.predict(known.x)[0]).min() + 1e-6
    wide = cumulative.best_queries(acquisition, space, known, new, 50.0)
    deviation = acquisition.view.average(acquisition.view.predict(wide)[1])
    assert deviation[0] == pytest.approx(deviation.max())
