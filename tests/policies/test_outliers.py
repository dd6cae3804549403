"""Which values are out of all proportion, and what policies are told in their place."""

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.feed import Feed
from rnnbbo.policies.outliers import tame, tame_all, to_tell_again
from rnnbbo.policies.protocol import Takes

APART = np.linspace(0.0, 1.0, 6)[:, None]


def test_values_above_a_gap_are_outliers_and_count_as_the_highest_below_it() -> None:
    y = np.array([3.0, 1e6, 1.0, 2.0, 1e30, 4.0])
    tamed = tame(APART, y)
    assert tamed.out.tolist() == [False, True, False, False, True, False]
    assert tamed.y.tolist() == [3.0, 4.0, 1.0, 2.0, 4.0, 4.0]


@pytest.mark.parametrize("y", [[1.0, 1e9], [1.0, 2.0, 1e9], [5.0, 5.0, 5.0, 5.0], [0.0]])
def test_too_few_values_have_none(y: list[float]) -> None:
    tamed = tame(APART[: len(y)], np.array(y))
    assert not tamed.out.any()
    assert tamed.y.tolist() == y


def test_where_a_run_has_converged_the_others_are_no_outliers() -> None:
    """Of a bowl, values near its minimum are any factor below the others."""
    near = 0.3 + np.geomspace(1e-9, 0.04, 20)
    x = np.concatenate([near, [0.0, 0.5, 0.75, 1.0]])[:, None]
    assert not tame(x, (x[:, 0] - 0.3) ** 2).out.any()


def test_a_failure_is_one() -> None:
    y = np.array([np.nan, 2.0, 1.0, 1e9, 3.0, np.nan])
    tamed = tame(APART, y)
    assert tamed.out.tolist() == [True, False, False, True, False, True]
    assert tamed.y.tolist() == [3.0, 2.0, 1.0, 3.0, 3.0, 3.0]
    assert tame(APART[:2], y[:2]).y.tolist() == [2.0, 2.0]


def test_all_at_once_are_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((50, 9, 2))
    y = np.where(rng.random((50, 9)) < 0.2, 1e5 * rng.random((50, 9)), rng.random((50, 9)))
    y[rng.random((50, 9)) < 0.1] = np.nan
    y[:, 0] = 0.5
    together = tame_all(np, x, y)
    assert together.out.any() and not together.out.all(axis=1).any()
    for i in range(50):
        alone = tame(x[i], y[i])
        assert np.array_equal(alone.y, together.y[i]) and np.array_equal(alone.out, together.out[i])
        finite = np.isfinite(y[i])
        assert (y[i][~together.out[i]] <= alone.y.max()).all()
        assert (y[i][together.out[i] & finite] >= 10.0 * (alone.y.max() - alone.y.min())).all()


def test_what_was_told_is_told_again_where_it_is_wrong_by_much() -> None:
    now = tame(APART, np.array([3.0, 1e6, 1.0, 2.0, 2.5, 4.0]))
    assert to_tell_again(np, np.array([3.0, 1e6]), now)
    assert not to_tell_again(np, np.array([3.0, 3.5]), now)


def test_a_feed_tells_anew_once_a_first_value_turns_out_to_be_an_outlier() -> None:
    tamed, finite, whole = (Feed(takes) for takes in (Takes.TAMED, Takes.FINITE, Takes.ALL))
    values = [1e8, 1.0, 3.0, np.nan, 2.0]
    again = []
    for u, value in zip(APART, values, strict=False):
        told = tamed.tell(u, value)
        assert told is not None
        again.append(told.again)
        assert finite.tell(u, value) is not None and whole.tell(u, value) is not None
    assert again == [False, False, False, False, True]
    assert [value for _, value, *_ in tamed.told()] == [3.0, 1.0, 3.0, 3.0, 2.0]
    assert [value for _, value, *_ in finite.told()] == [1e8, 1.0, 3.0, 1e8, 2.0]
    assert np.array_equal([value for _, value, *_ in whole.told()], values, equal_nan=True)


@pytest.mark.parametrize("policy", ["kernel", "lstm", "dnc"])
def test_the_size_of_an_outlier_changes_nothing(policy: str) -> None:
    """As many points as are told before it is seen to be one may differ, and none after."""

    def proposed(outlier: float) -> list[list[float]]:
        optimizer = Optimizer([(0.0, 1.0)] * 2, policy=policy, rng=0)
        for i, (a, b) in enumerate(np.random.default_rng(1).random((8, 2))):
            optimizer.tell([a, b], outlier if i in (0, 5) else (a - 0.4) ** 2 + (b - 0.7) ** 2)
        return optimizer.ask(n_points=3)

    first = proposed(1e4)
    assert first == proposed(1e100) == proposed(1e290)


def test_a_policy_of_ones_own_is_told_values_as_they_are() -> None:
    from rnnbbo.policies.protocol import Policy

    assert Policy.takes is Takes.FINITE


def test_among_many_values_outliers_are_found_and_told_alike() -> None:
    """Past some hundred values not every one of them is looked at in full."""
    rng = np.random.default_rng(0)
    x = rng.random((3000, 3))
    y = np.where(rng.random(3000) < 0.2, 1e7 * (1.0 + rng.random(3000)), x.sum(axis=1))
    assert np.array_equal(tame(x, y).out, y > 1e6)
    feed = Feed(Takes.TAMED)
    for u, value in zip(x, y, strict=True):
        feed.tell(u, value)
    told = np.array([value for _, value, *_ in feed.told()])
    assert np.array_equal(told[y < 1e6], y[y < 1e6])
    assert told.max() <= y[y < 1e6].max()
    twin = feed.copy()
    assert twin.tell(x[0], 1e9) == feed.tell(x[0], 1e9)
