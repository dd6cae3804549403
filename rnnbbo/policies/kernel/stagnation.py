"""Turns elsewhere: where many looks round the incumbent have gained next to nothing.

A function that is noisy, or so rough that it looks noisy, can hold a run in one valley. The values
there, close to each other and far from smooth, say that length-scales are short; then nothing is
known a step away, and no place promises more than the one where the least values are. Half of the
asks leave it then, as a local search would be restarted (Eriksson et al. 2019, section 2). Smooth
functions, on which a run gains digits in one valley to the end, have no such turns.
"""

import numpy as np

from rnnbbo.policies.candidates import distance
from rnnbbo.policies.gp.improvement import log_ei
from rnnbbo.policies.kernel.acquisition import Acquisition
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.view import View

_FROM = 20  # values told before the first turn
_NEAR = 0.2  # of the incumbent: largest difference of a coordinate
_GAIN = 0.02  # of the range of the values: what is next to nothing
_FEWEST, _LOOKS = 5, 10  # looks without a gain, in many dimensions; and with D more, in few
_NOISY = 0.75  # weight of the hypotheses with noise


def due(state: KernelState, pending: int) -> bool:
    """Tell whether the next ask goes elsewhere.

    There are no such turns with constraints, several objectives, or once rows were dropped.

    Args:
        state: with a belief.
        pending: points without a value.
    """
    told = len(state.y)
    if told < max(_FROM, state.evidence.told) or (told + pending) % 2:
        return False
    if state.constraints or state.several or state.belief is None:
        return False
    if state.belief.weight @ state.belief.hypotheses.noisy < _NOISY:
        return False
    x, out, z = state.inliers()  # heights: the incumbent's is 0
    reached = int((z <= _GAIN * z[~out].max(initial=0.0)).argmax())
    looks = np.abs(x[reached + 1 :] - x[z.argmin()]).max(axis=1) < _NEAR
    return bool(looks.sum() >= max(_FEWEST, _LOOKS - x.shape[1]))


def elsewhere(
    wanted: Acquisition, candidates: np.ndarray, pending: np.ndarray, advised: np.ndarray
) -> np.ndarray:
    """Return the point (n, D) to ask for, n = 1; n = 0 where all are close to what is known.

    An adviser's first choice. Without one it is the candidate of the largest EI on average: whoever
    sees something to gain far away has a say, where the average of log EI is that of who sees none.

    Args:
        wanted: what an ask looks for, of one objective.
        candidates: (C, D) points over the cube.
        pending: (P, D) points without a value.
        advised: (A, D) an adviser's choices, the best first.
    """
    view = wanted.view
    assert isinstance(view, View)
    taken = np.concatenate([view.incumbent[None], pending])
    theirs = advised[distance(advised, taken) >= _NEAR]
    if len(theirs):
        return theirs[:1]
    far = candidates[distance(candidates, taken) >= _NEAR]
    if not len(far):
        return far
    mean, deviation = view.predict(far)
    gains = log_ei(np, view.best, mean, deviation)
    average = np.logaddexp.reduce(np.log(view.weight)[:, None] + gains, axis=0)
    return far[[average.argmax()]]
