"""What the hypotheses see in the values of a run, in words for people."""

import numpy as np

from rnnbbo.policies.kernel import inference
from rnnbbo.policies.kernel.inference import Belief, Smooth
from rnnbbo.policies.kernel.quantities import Quantity
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.policies.protocol import LEAST_NOISE

LIKELY = 0.5
"""Weight of the hypotheses from which on they are taken for true, and worth a sentence."""
TIED = 0.1
"""Share of the values that are tied, from which on it counts, and is worth a sentence."""
_DECADES = 0.1  # deviations of the values below which a warp bends what most values are


def see(
    belief: Belief, smooth: Smooth, y: np.ndarray, flat: Plateaus, crashes: Quantity | None = None
) -> tuple[str, ...]:
    """Return what is seen, a line each.

    Args:
        belief: the particles.
        smooth: what they say of the values, tamed.
        y: (n,) values told, NaN for a failure.
        flat: plateaus of these.
        crashes: what is believed of failures.
    """
    h, weight = belief.hypotheses, belief.weight
    lines = []
    failed = np.isnan(y)
    if count := int(belief.out.sum()):
        glitches = float(weight @ h.glitchy)
        read = "glitches that say nothing of their places"
        if glitches < LIKELY:
            glitches, read = 1.0 - glitches, "signs of bad places"
        number = _number(count, len(y), "out of all proportion")
        lines.append(f"{number}: taken for {read} (weight {glitches:.2f})")
    if count := int(failed.sum()):
        where = "no region in which evaluations fail is seen yet"
        if expected := _expected(crashes):
            where = f"{expected} lie where failures are expected, and points there are avoided"
        lines.append(f"{_number(count, len(y), 'missing')}: {where}")
    real = noise_weight(belief, smooth)
    if real >= LIKELY:
        size = float(weight @ smooth.noise)
        lines.append(f"noise of {size:.2g} deviations of the values (weight {real:.2f})")
    tied = tied_values(y)
    if tied >= TIED * len(y):
        some = f", {len(flat.of)} plateaus among them" if len(flat.of) else ""
        lines.append(f"{tied} of {len(y)} values were known already{some}")
    for share, line in (
        (weight @ h.curved, "a trend: a bowl, a dome, or a slope, under what else there is"),
        (weight @ h.separable, "mostly a sum of functions of one parameter each"),
        (weight @ (np.exp(h.log_warp) < _DECADES), "values that span orders of magnitude"),
    ):
        if share >= LIKELY:
            lines.append(f"{line} (weight {float(share):.2f})")
    return tuple(lines)


def noise_weight(belief: Belief, smooth: Smooth) -> float:
    """Return the weight of the hypotheses with noise that counts."""
    return float(belief.weight @ (smooth.noise >= LEAST_NOISE))


def tied_values(y: np.ndarray) -> int:
    """Return how many of the values told (n,), NaN for a failure, were known already."""
    return int((np.diff(np.sort(y[~np.isnan(y)])) == 0.0).sum())


def _number(count: int, of: int, what: str) -> str:
    return f"{count} of {of} values {'is' if count == 1 else 'are'} {what}"


def _expected(crashes: Quantity | None) -> int:
    """Return how many of the failures lie where one is more probable than not."""
    if crashes is None or crashes.belief is None:
        return 0
    labels = crashes.values[crashes.known]
    mean = inference.smooth(crashes.belief, labels).mean
    return int(((crashes.belief.weight @ (mean > 0.0) > LIKELY) & (labels > 0.0)).sum())
