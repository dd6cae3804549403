"""How much a further value is expected to improve on the best one, in the unit of the values."""

import numpy as np

from rnnbbo.policies.kernel import posterior
from rnnbbo.policies.kernel.acquisition import Acquisition
from rnnbbo.policies.kernel.hypotheses import safe_deviation
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.view import View
from rnnbbo.policies.plateaus import Plateaus


def expected_gain(
    belief: Belief,
    wanted: Acquisition,
    y: np.ndarray,
    points: np.ndarray,
    flat: Plateaus,
) -> float | None:
    """Return the expected improvement of the best of some points, averaged over all hypotheses.

    EI is known of warped values w. There values improve by c exp(b / c) (1 - exp(-I / c)), I the
    improvement of w on b; that is concave in I, so that EI in its place gives no less than the
    mean. Times the deviation of the values it is in their unit, and times the probability of
    feasibility it is what is expected of a point that may fail or violate constraints.

    Args:
        belief: the particles.
        wanted: what an ask looks for, by all particles; there is a feasible value to improve on.
        y: (n,) values that did not fail, outliers tamed.
        points: (C, D) where the next value may be taken.
        flat: plateaus, on which a new value may be one that is known.

    Returns:
        It; None where all values are the same: then nothing is known of their unit.
    """
    deviation = safe_deviation(y - y.min())
    if deviation == 0.0:
        return None
    view = wanted.view
    assert isinstance(view, View)  # of one objective
    centred = points - view.incumbent
    log_ei, _ = posterior.log_ei_and_gradient(
        np, view.posterior, view.lengthscales, centred, view.features(points)
    )
    c = np.exp(belief.hypotheses.log_warp)[:, None]
    ei = np.exp(log_ei.reshape(len(c), -1))
    gain = -c * np.exp(np.abs(view.posterior.best) / c) * np.expm1(-ei / c)
    log_chance = flat.log_chance(points)
    if wanted.feasibility is not None:
        log_chance = log_chance + wanted.feasibility.log_chance(points, aversion=1.0)
    averaged = (belief.weight @ gain) * np.exp(log_chance)
    return float(deviation * averaged.max())
