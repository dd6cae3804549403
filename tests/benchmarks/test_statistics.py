import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from rnnbbo.benchmarks import statistics


def test_best_so_far_skips_failed_evaluations() -> None:
    values = [[np.nan, 3.0, 4.0, -np.inf, 1.0], [2.0, np.inf, 2.5, 0.5, 0.7]]
    expected = [[np.inf, 3.0, 3.0, 3.0, 1.0], [2.0, 2.0, 2.0, 0.5, 0.5]]
    assert statistics.best_so_far(values).tolist() == expected


def test_reference_is_the_median_of_what_random_search_leaves_after_ten() -> None:
    # Best of ten: 1, 2 and 6; the eleventh value does not count.
    values = [[9.0] * 9 + [best] + [-50.0] for best in (6.0, 1.0, 2.0)]
    assert statistics.reference_regret(values, minimum=-1.0) == 3.0


def test_reference_refuses_a_minimum_that_random_search_beats() -> None:
    with pytest.raises(ValueError, match="too high"):
        statistics.reference_regret(np.zeros((3, 10)), minimum=0.5)


def test_reference_refuses_too_few_evaluations() -> None:
    with pytest.raises(ValueError, match=r"\(3, 9\)"):
        statistics.reference_regret(np.ones((3, 9)), minimum=0.0)


def test_normalised_regret_broadcasts_over_functions() -> None:
    best = np.array([[[3.0, 2.0]], [[10.0, 0.0]]])  # (functions, seeds, t)
    minimum = np.array([1.0, 0.0])[:, None, None]
    reference = np.array([2.0, 5.0])[:, None, None]
    regret = statistics.normalised_regret(best, minimum, reference)
    assert regret.tolist() == [[[1.0, 0.5]], [[2.0, 0.0]]]


def test_capped_regret_lies_between_zero_and_the_cap() -> None:
    assert statistics.capped([-0.1, 0.0, 0.5, 2.0, np.inf]).tolist() == [0.0, 0.0, 0.5, 2.0, 2.0]


def test_the_mean_of_log_regret_is_that_of_a_geometric_mean() -> None:
    # 0 counts as 1e-6 and 8 as 2: (1e-6 * 1 * 2)^(1/3).
    mean = np.exp(statistics.log_regret([0.0, 1.0, 8.0]).mean())
    assert mean == pytest.approx(2e-6 ** (1 / 3))


def test_bootstrap_interval_of_a_constant_is_that_constant() -> None:
    estimate = statistics.bootstrap_mean(np.full((5, 2), 0.25))
    for part in (estimate.mean, estimate.low, estimate.high):
        assert part == pytest.approx([0.25, 0.25])


def test_bootstrap_interval_matches_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, size=400)
    estimate = statistics.bootstrap_mean(values, resamples=4000)
    half = 1.96 * values.std() / 20.0
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert estimate.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_bootstrap_draws_whole_functions() -> None:
    # Columns that cancel within every function leave nothing between functions.
    values = np.stack([np.arange(6.0), -np.arange(6.0)], axis=1)
    both = statistics.bootstrap_mean(values)
    assert both.low[0] == pytest.approx(-both.high[1])
    assert both.high[0] == pytest.approx(-both.low[1])


def test_bootstrap_ratio_is_that_of_means_over_whole_functions() -> None:
    base = np.random.default_rng(0).uniform(1.0, 2.0, 12)
    same = statistics.bootstrap_ratio(3.0 * base, base)
    assert np.allclose([same.mean, same.low, same.high], 3.0)
    values = np.random.default_rng(1).uniform(0.0, 2.0, 12)
    ratio = statistics.bootstrap_ratio(values, base)
    assert ratio.mean == pytest.approx(values.sum() / base.sum())
    assert ratio.low < ratio.mean < ratio.high
    nothing = statistics.bootstrap_ratio(np.zeros(4), np.zeros(4))
    assert [nothing.mean, nothing.low, nothing.high] == [1.0, 1.0, 1.0]
    assert statistics.bootstrap_ratio(np.ones(4), np.zeros(4)).high == np.inf


def test_bootstrap_is_the_same_each_time() -> None:
    values = np.random.default_rng(0).random(9)
    first, second = statistics.bootstrap_mean(values), statistics.bootstrap_mean(values)
    assert (first.low, first.high) == (second.low, second.high)


def test_signed_rank_by_hand() -> None:
    # Signed ranks: positive 6 of 21; of the 64 sign patterns 14 have a rank sum of at most 6.
    p_value = statistics.signed_rank([-0.1, -0.2, -0.3, -0.4, -0.5, 0.6])
    assert p_value == pytest.approx(2 * 14 / 64)


def test_a_method_does_not_differ_from_itself() -> None:
    assert statistics.signed_rank(np.zeros(7)) == 1.0


def test_holm_by_hand() -> None:
    # Sorted .01, .02, .03, .04 times 4, 3, 2, 1, then never less than the one before.
    adjusted = statistics.holm([0.03, 0.01, 0.04, 0.02])
    assert adjusted == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_never_passes_one() -> None:
    assert statistics.holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert statistics.holm([]).tolist() == []


def test_mean_ranks_are_those_of_scipy_where_nothing_is_missing() -> None:
    values = np.random.default_rng(0).integers(4, size=(5, 30)).astype(float)
    expected = stats.rankdata(values, axis=0).mean(axis=1)
    assert statistics.mean_ranks(values) == pytest.approx(expected)


def test_mean_ranks_place_a_method_by_the_functions_that_pairs_share() -> None:
    # The last has one function only, on which it is ahead of both.
    values = [[1.0, 1.0, 1.0], [2.0, 2.0, 0.0], [np.nan, np.nan, -1.0]]
    assert statistics.mean_ranks(values) == pytest.approx([1 + 1 / 3 + 1, 1 + 2 / 3 + 1, 1.0])


def test_mean_ranks_tie_methods_that_share_no_function() -> None:
    ranks = statistics.mean_ranks([[1.0, np.nan], [2.0, np.nan], [np.nan, 1.0]])
    assert ranks == pytest.approx([1.5, 2.5, 2.0])


@given(arrays(float, (3, 8), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_best_so_far_never_rises_and_is_never_below_a_success(values: np.ndarray) -> None:
    best = statistics.best_so_far(values)
    assert np.all(best[:, 1:] <= best[:, :-1])
    lowest = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    assert np.array_equal(best[:, -1], lowest)
