"""How much a further value is expected to improve on the best one, in the unit of the values."""

import numpy as np

from rnnbbo.policies.kernel import posterior
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.view import make_view
from rnnbbo.policies.plateaus import Plateaus


def expected_gain(
    belief: Belief,
    x: np.ndarray,
    y: np.ndarray,
    points: np.ndarray,
    pending: np.ndarray,
    flat: Plateaus,
) -> float | None:
    """Return the expected improvement of the best of some points, averaged over all hypotheses.

    EI is known of warped values w. There values improve by c exp(b / c) (1 - exp(-I / c)), I the
    improvement of w on b; that is concave in I, so that EI in its place gives no less than the
    mean. Times the deviation of the values it is in their unit.

    Args:
        belief: the particles.
        x: (n, D) observations.
        y: (n,) their values, outliers tamed.
        points: (C, D) where the next value may be taken.
        pending: (P, D) points whose values are not known yet.
        flat: plateaus, on which a new value may be one that is known.

    Returns:
        It; None where all values are the same: then nothing is known of their unit.
    """
    z = y - y.min()
    deviation = float((z / (z.max() or 1.0)).std() * z.max())  # no square overflows
    if deviation == 0.0:
        return None
    view = make_view(belief, np.arange(len(belief.weight)), belief.weight, x, y, pending)
    centred = points - view.incumbent
    log_ei, _ = posterior.log_ei_and_gradient(
        np, view.posterior, view.lengthscales, centred, view.features(points)
    )
    c = np.exp(belief.hypotheses.log_warp)[:, None]
    ei = np.exp(log_ei.reshape(len(c), -1))
    gain = -c * np.exp(view.posterior.best / c) * np.expm1(-ei / c)
    averaged = (belief.weight @ gain) * np.exp(flat.log_chance(points))
    return float(deviation * averaged.max())
