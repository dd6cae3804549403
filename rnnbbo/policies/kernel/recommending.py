"""Which observation to take where values have noise, and how much noise that is."""

import numpy as np

from rnnbbo.policies.kernel.hypotheses import safe_deviation
from rnnbbo.policies.kernel.inference import Belief, Smooth
from rnnbbo.policies.protocol import AS_TOLD, EXPLAINED, LEAST_NOISE
from rnnbbo.result import Recommendation

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
    # Averaged in warped values, whose unit is that of y near the incumbent.
    known = np.where(belief.out | passed, np.inf, weight @ (smooth.mean + AS_TOLD * smooth.w))
    best = int(known.argmin())
    noise = weight @ smooth.noise
    gap = weight @ (smooth.w[:, best] - smooth.w[:, lowest])
    if z[best] == 0.0 or gap > EXPLAINED * noise:
        best = lowest
    mean, c = smooth.mean[:, best], np.exp(belief.hypotheses.log_warp)
    estimated = c * np.expm1(mean / c)
    more = c * np.expm1((mean + smooth.noise) / c)
    return Recommendation(
        x[best],
        float(y[lowest] + deviation * (weight @ estimated)),
        float(deviation * ((weight * real) @ (more - estimated)) / share),
    )
