"""Earlier studies of like problems: what the kernel policy makes of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.prior import DEFAULT_PRIOR
from rnnbbo.policies.kernel.transfer import EarlierStudies
from rnnbbo.space import Space

SPACE = Space([(0.0, 1.0), (0.0, 1.0)])
CENTRE = np.array([0.8, 0.3])


def bowl(x: np.ndarray) -> np.ndarray:
    return np.square(x - CENTRE).sum(axis=1)


def learnt(*signs: float) -> EarlierStudies:
    rng = np.random.default_rng(0)
    x = rng.random((20, 2))
    return EarlierStudies.learn(rng, DEFAULT_PRIOR, [(x, sign * bowl(x)) for sign in signs])


def test_levels_rank_points_as_the_study_does() -> None:
    points = np.random.default_rng(1).random((200, 2))
    (levels,) = learnt(1.0).levels(points)
    assert np.corrcoef(levels, bowl(points))[0, 1] > 0.95
    assert_allclose([levels.mean(), levels.std()], [0.0, 1.0], atol=0.2)


def test_the_hint_has_the_gradient_that_it_says() -> None:
    hint = learnt(1.0, -1.0).hint(np.empty((0, 2)), np.empty(0))
    points = np.random.default_rng(2).random((5, 2))
    value, gradient = hint.climbed(points)
    assert_allclose(value, hint.score(points))
    for d in range(2):
        step = np.zeros(2)
        step[d] = 1e-6
        ahead, behind = hint.score(points + step), hint.score(points - step)
        assert_allclose(gradient[:, d], (ahead - behind) / 2e-6, rtol=1e-2, atol=2e-4)


def test_a_study_that_ranks_values_the_other_way_round_loses_its_weight() -> None:
    studies = learnt(1.0, -1.0)
    x = np.random.default_rng(3).random((8, 2))
    before = studies.hint(x[:0], np.empty(0)).weight
    after = studies.hint(x, bowl(x)).weight
    assert_allclose(before[0], before[1])
    assert after[0] > 0.0
    assert after[1] == 0.0
    assert after.sum() < before.sum()
    (like, unlike) = studies.concordance(x, bowl(x))
    assert like > 0.5 > 0.0 > unlike


def test_a_run_begins_at_the_best_point_of_the_study_and_apart_from_what_is_pending() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((20, 2))
    policy = KernelPolicy().learned_from(rng, [(x, bowl(x))])
    state = policy.init(2)
    first = policy.choices({}, state, np.empty((0, 2)), SPACE, np.random.default_rng(4))[0]
    assert_allclose(first, x[bowl(x).argmin()])
    second = policy.choices({}, state, first[None], SPACE, np.random.default_rng(4))[0]
    assert np.abs(second - first).max() > 0.05
    assert bowl(second[None])[0] < np.median(bowl(x))


@pytest.mark.parametrize("beyond", [-0.4, 1.6])
def test_points_beyond_the_bounds_tell_of_what_lies_within(beyond: float) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.random((10, 2)), np.full((1, 2), beyond)])
    studies = EarlierStudies.learn(rng, DEFAULT_PRIOR, [(x, bowl(x))])
    assert ((studies.lows >= 0.0) & (studies.lows <= 1.0)).all()
    assert np.isfinite(studies.levels(x)).all()
