"""Which observation to take where values have noise, and how much noise that is."""

import numpy as np

from rnnbbo.policies.kernel.hypotheses import safe_deviation
from rnnbbo.policies.kernel.inference import Belief, Smooth
from rnnbbo.policies.protocol import AS_TOLD, EXPLAINED, LEAST_NOISE
from rnnbbo.recommendation import Recommendation

_LIKELY = 0.5  # weight of the hypotheses with noise from which on noise is taken for real


def recommend(
    belief: Belief, smooth: Smooth, x: np.ndarray, y: np.ndarray, passed: np.ndarray
) -> Recommendation:
    """Return the observation of about the least posterior mean, where noise explains that.

    Without noise, or where it is too little for the difference between that observation's value and
    the least one, it is the observation of the least value. A rugged function is taken for noise
    now and then: so a value as told counts a little, too, and a mean that is lower by next to
    nothing is not worth a value that is much higher.

    Args:
        belief: the particles.
        smooth: what they say of the values.
        x: (n, D) observations.
        y: (n,) their values.
        passed: (n,) which of them are not to be recommended.
    """
    lowest = int(np.where(passed, np.inf, y).argmin())
    z, weight = y - y[lowest], belief.weight
    deviation = safe_deviation(z)
    real = smooth.noise >= LEAST_NOISE
    share = weight @ real
    if deviation == 0.0 or share < _LIKELY:
        return Recommendation(x[lowest])
    # Averaged in warped values, whose unit is that of y near the incumbent; over all of a point's.
    counts = ~(belief.out | passed)
    z, w = _of_points(x, z[None], counts)[0], _of_points(x, smooth.w, counts)
    known = np.where(counts, weight @ (smooth.mean + AS_TOLD * w), np.inf)
    best, least = int(known.argmin()), int(np.where(passed, np.inf, z).argmin())
    noise = weight @ smooth.noise
    gap = weight @ (w[:, best] - w[:, least])
    if z[best] == z[least] or gap > EXPLAINED * noise:
        best = least
    mean, c = smooth.mean[:, best], np.exp(belief.hypotheses.log_warp)
    estimated = c * np.expm1(mean / c)
    more = c * np.expm1((mean + smooth.noise) / c)
    return Recommendation(
        x[best],
        float(y[lowest] + deviation * (weight @ estimated)),
        float(deviation * ((weight * real) @ (more - estimated)) / share),
    )


def _of_points(x: np.ndarray, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the values (K, n) with the mean of those that count, (n,), at each of equal points."""
    _, group = np.unique(x, axis=0, return_inverse=True)
    means = values.copy()
    for g in np.flatnonzero(np.bincount(group.reshape(-1)[counts]) > 1):
        rows = np.flatnonzero((group.reshape(-1) == g) & counts)
        means[:, rows] = values[:, rows].mean(axis=1, keepdims=True)
    return means
