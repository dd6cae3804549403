"""Statistics over runs: normalised regret, means, bootstrap intervals, paired tests, ranks.

Functions are what is resampled and tested, since runs on one function are not independent: the
runs of a method on a function are averaged first.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from rnnbbo.errors import MissingExtraError
from rnnbbo.functions.problem import FloatArray

CAP = 2.0
"""One lost run counts no more than this in a mean of normalised regret."""

REGRET_FLOOR = 1e-6
"""Normalised regret below this counts as this in a geometric mean."""

REFERENCE_EVALUATIONS = 10
"""The reference of a function is what random search has left after this many evaluations."""


@dataclass(frozen=True)
class Estimate:
    """A mean over functions with its bootstrap interval; arrays of equal shape."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray


def best_so_far(values: ArrayLike) -> FloatArray:
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


def normalised_regret(best: ArrayLike, minimum: ArrayLike, reference: ArrayLike) -> FloatArray:
    """Return (best_t - f*) / ref; the arguments broadcast against each other."""
    return (np.asarray(best, dtype=float) - np.asarray(minimum)) / np.asarray(reference)


def capped(regret: ArrayLike) -> FloatArray:
    """Return normalised regret within [0, CAP]: an estimated minimum may be beaten a little."""
    return np.clip(np.asarray(regret, dtype=float), 0.0, CAP)


def log_regret(regret: ArrayLike) -> FloatArray:
    """Return ln of regret within [REGRET_FLOOR, CAP]; its mean is that of a geometric mean."""
    return np.log(np.clip(np.asarray(regret, dtype=float), REGRET_FLOOR, CAP))


def bootstrap_mean(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Estimate:
    """Return the mean over functions with its percentile bootstrap interval (Efron 1979).

    Args:
        values: (functions, ...); whole functions are drawn with replacement.
        level: the interval's coverage.
        resamples: the number of resamples.
        seed: of the resamples.
    """
    values = np.asarray(values, dtype=float)
    means = np.tensordot(_resamples(len(values), resamples, seed), values, axes=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Estimate(values.mean(axis=0), low, high)


def bootstrap_ratio(
    values: ArrayLike, base: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Estimate:
    """Return a ratio of two means over the same functions with its percentile bootstrap interval.

    Args:
        values: (functions, ...), whose mean is divided; not negative.
        base: likewise, by whose mean.
        level: the interval's coverage.
        resamples: the number of resamples.
        seed: of the resamples.

    Returns:
        The ratio, not the mean of ratios; 1 where both means are 0, infinity where the base's is.
    """
    over, under = np.asarray(values, dtype=float), np.asarray(base, dtype=float)
    each = np.full(len(over), 1 / len(over))
    shares = np.vstack([_resamples(len(over), resamples, seed), each])
    over, under = np.tensordot(shares, over, axes=1), np.tensordot(shares, under, axes=1)
    ratios = np.where(over > 0, np.inf, 1.0)
    np.divide(over, under, out=ratios, where=under > 0)
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(ratios[:-1], ends, axis=0, method="nearest")  # some may be infinite
    return Estimate(ratios[-1], low, high)


@lru_cache(maxsize=32)
def _resamples(n: int, resamples: int, seed: int) -> FloatArray:
    """Draw the share of each of n functions in each resample."""
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    shares: FloatArray = drawn / n
    return shares


def signed_rank(differences: ArrayLike) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test (Wilcoxon 1945).

    Args:
        differences: (functions,), of two methods; without a single one that is not 0 nothing
            speaks against equality, and the p-value is 1.

    Raises:
        MissingExtraError: scipy, of the extra `bench`, is not installed.
    """
    try:
        from scipy.stats import wilcoxon
    except ImportError as error:
        raise MissingExtraError(
            "a paired test needs scipy: pip install -c constraints.txt '.[bench]'"
        ) from error
    differences = np.asarray(differences, dtype=float)
    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def holm(p_values: ArrayLike) -> FloatArray:
    """Return p-values adjusted for their number, step down (Holm 1979).

    Args:
        p_values: (tests,).
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty_like(p_values)
    remaining = np.arange(len(p_values), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(remaining * p_values[order]))
    return adjusted


def mean_ranks(values: ArrayLike) -> FloatArray:
    """Return each method's mean rank over functions, 1 the best.

    A method's rank on a function is 1 plus the number of methods ahead of it, a tie counting as
    half. Where methods are missing on some functions, the share of functions on which one is ahead
    of another is that of the functions which both have; two that share none count as tied.

    Args:
        values: (methods, functions), less is better, NaN where a method has no value.

    Returns:
        (methods,).
    """
    values = np.asarray(values, dtype=float)
    a, b = values[:, None, :], values[None, :, :]
    shared = ~(np.isnan(a) | np.isnan(b))
    behind = np.where(shared, (b < a) + 0.5 * (b == a), 0.0).sum(axis=2)
    count = shared.sum(axis=2)
    share = np.divide(behind, count, out=np.full(count.shape, 0.5), where=count > 0)
    np.fill_diagonal(share, 0.0)
    return 1.0 + share.sum(axis=1)
