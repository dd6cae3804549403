"""Statistics over runs: normalised regret, means, bootstrap intervals, paired comparisons.

Arrays of regret are (functions, seeds) at one number of evaluations t. Functions are what the
intervals resample, since runs on one function are not independent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnnbbo.errors import MissingExtraError

Array = NDArray[np.float64]

CAP = 2.0
"""One lost run counts no more than this in a mean of normalised regret."""

FLOOR = 1e-6
"""Normalised regret below this counts as this in a geometric mean."""

REFERENCE_EVALUATIONS = 10
"""The reference of a function is what random search has left after this many evaluations."""


@dataclass(frozen=True)
class Interval:
    """A bootstrap interval of a statistic."""

    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Method a against method b on the same functions and seeds.

    Attributes:
        difference: mean capped regret of a less that of b; negative where a is better.
        interval: bootstrap interval of the difference, over functions.
        p_value: two-sided Wilcoxon signed-rank test of the functions' mean differences.
    """

    difference: float
    interval: Interval
    p_value: float


def best_so_far(values: ArrayLike) -> Array:
    """Return the least finite value up to each evaluation, infinity before the first.

    Args:
        values: (..., T), in order of evaluation; failed evaluations are not finite.
    """
    values = np.asarray(values, dtype=float)
    return np.minimum.accumulate(np.where(np.isfinite(values), values, np.inf), axis=-1)


def reference_regret(random_values: ArrayLike, minimum: float) -> float:
    """Return `ref`: the median over seeds of random search's best_10 - f*.

    Args:
        random_values: (seeds, at least 10) values at uniform points.
        minimum: the function's optimum f*.
    """
    values = np.asarray(random_values, dtype=float)
    if values.ndim != 2 or values.shape[1] < REFERENCE_EVALUATIONS:
        raise ValueError(
            f"random_values has shape {values.shape}; expected (seeds, {REFERENCE_EVALUATIONS})"
        )
    best = best_so_far(values)[:, REFERENCE_EVALUATIONS - 1]
    reference = float(np.median(best)) - minimum
    if not (np.isfinite(reference) and reference > 0):
        raise ValueError(
            f"random search leaves a median regret of {reference!r} to minimum {minimum!r}; "
            "expected a positive number: the declared minimum is too high, or the function flat"
        )
    return reference


def normalised_regret(best: ArrayLike, minimum: ArrayLike, reference: ArrayLike) -> Array:
    """Return (best_t - f*) / ref; the arguments broadcast against each other."""
    return (np.asarray(best, dtype=float) - np.asarray(minimum)) / np.asarray(reference)


def capped_mean(regret: ArrayLike, cap: float = CAP) -> float:
    """Return the mean of normalised regret, capped."""
    return float(np.mean(np.minimum(regret, cap)))


def geometric_mean(regret: ArrayLike, floor: float = FLOOR) -> float:
    """Return the geometric mean of normalised regret, floored."""
    return float(np.exp(np.mean(np.log(np.maximum(regret, floor)))))


def bootstrap_interval(
    values: ArrayLike,
    statistic: Callable[[Array], float],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> Interval:
    """Return the percentile bootstrap interval (Efron 1979) of a statistic.

    Args:
        values: (functions, ...); whole functions are drawn with replacement.
        statistic: maps an array shaped like `values` to a number.
        rng: draws the resamples.
        level: the interval's coverage.
        resamples: the number of resamples.
    """
    values = np.asarray(values, dtype=float)
    drawn = rng.integers(len(values), size=(resamples, len(values)))
    statistics = [statistic(values[rows]) for rows in drawn]
    low, high = np.quantile(statistics, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def paired_comparison(
    a: ArrayLike, b: ArrayLike, rng: np.random.Generator, *, cap: float = CAP
) -> Comparison:
    """Compare two methods by mean capped regret on the same functions and seeds.

    Args:
        a: (functions, seeds), normalised regret of the first method.
        b: the same of the second, in the same order.
        rng: draws the bootstrap resamples.
        cap: see `CAP`.

    Raises:
        ValueError: the shapes differ, so that the runs are not pairs.
        MissingExtraError: scipy, of the extra `bench`, is not installed.
    """
    a, b = np.minimum(a, cap), np.minimum(b, cap)
    if a.shape != b.shape or a.ndim != 2:
        raise ValueError(f"shapes {a.shape} and {b.shape}; expected the same (functions, seeds)")
    try:
        from scipy.stats import wilcoxon
    except ImportError as error:
        raise MissingExtraError(
            "a paired test needs scipy: pip install -c constraints.txt '.[bench]'"
        ) from error
    differences = np.mean(a - b, axis=1)
    # The test is undefined without a single difference; then nothing speaks against equality.
    p_value = float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0
    interval = bootstrap_interval(differences, lambda d: float(np.mean(d)), rng)
    return Comparison(float(np.mean(differences)), interval, p_value)
