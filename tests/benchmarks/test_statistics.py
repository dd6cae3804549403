import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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


def test_capped_mean_by_hand() -> None:
    assert statistics.capped_mean([[0.5, np.inf], [1.5, 2.0]]) == pytest.approx(6.0 / 4.0)


def test_geometric_mean_by_hand() -> None:
    # 0 counts as 1e-6: (1e-6 * 1 * 8)^(1/3) = 0.02.
    assert statistics.geometric_mean([0.0, 1.0, 8.0]) == pytest.approx(0.02)


def test_bootstrap_interval_of_a_constant_is_that_constant() -> None:
    interval = statistics.bootstrap_interval(
        np.full((5, 2), 0.25), statistics.capped_mean, np.random.default_rng(0)
    )
    assert (interval.low, interval.high) == (0.25, 0.25)


def test_bootstrap_interval_matches_the_normal_one_for_a_mean() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, size=400)
    interval = statistics.bootstrap_interval(
        values, lambda v: float(np.mean(v)), np.random.default_rng(0), resamples=4000
    )
    half = 1.96 * values.std() / 20.0
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_bootstrap_resamples_whole_functions() -> None:
    # Seeds that differ within functions of equal means leave nothing between functions.
    values = np.tile([0.0, 1.0], (6, 1))
    interval = statistics.bootstrap_interval(
        values, statistics.capped_mean, np.random.default_rng(0)
    )
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_paired_comparison_by_hand() -> None:
    # Differences of the functions' means: -0.1, -0.2, -0.3, -0.4, -0.5, and +0.6.
    b = np.full((6, 2), 1.0)
    shift = np.array([-0.1, -0.2, -0.3, -0.4, -0.5, 0.6])[:, None]
    a = b + shift + np.array([-0.05, 0.05])
    result = statistics.paired_comparison(a, b, np.random.default_rng(0))
    assert result.difference == pytest.approx(-0.15)
    assert result.interval.low < -0.15 < result.interval.high
    # Signed ranks: positive 6 of 21; of the 64 sign patterns 14 have a rank sum of at most 6.
    assert result.p_value == pytest.approx(2 * 14 / 64)


def test_paired_comparison_caps_before_it_subtracts() -> None:
    result = statistics.paired_comparison(
        [[np.inf], [5.0]], [[1.0], [2.0]], np.random.default_rng(0)
    )
    assert result.difference == pytest.approx(0.5)


def test_a_method_does_not_differ_from_itself() -> None:
    regret = np.random.default_rng(0).random((7, 3))
    result = statistics.paired_comparison(regret, regret, np.random.default_rng(0))
    assert (result.difference, result.p_value) == (0.0, 1.0)


def test_paired_comparison_refuses_unpaired_runs() -> None:
    with pytest.raises(ValueError, match=r"\(4, 2\) and \(4, 3\)"):
        statistics.paired_comparison(np.ones((4, 2)), np.ones((4, 3)), np.random.default_rng(0))


@given(arrays(float, (3, 8), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_best_so_far_never_rises_and_is_never_below_a_success(values: np.ndarray) -> None:
    best = statistics.best_so_far(values)
    assert np.all(best[:, 1:] <= best[:, :-1])
    lowest = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    assert np.array_equal(best[:, -1], lowest)
