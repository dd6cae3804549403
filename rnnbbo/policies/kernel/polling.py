"""Polls: points that differ from the incumbent in one parameter, where the model may be wrong.

As the poll step of mesh adaptive direct search (Audet & Dennis 2006, section 2.2): numbers go up
and down by the mesh size, categories to each other one. The mesh is coarse after an improvement,
and half as coarse after every round of polls without one. A model orders the points, as in BADS
(Acerbi & Ma 2017, section 3), but every one of them has its turn, whatever the model expects.
"""

import numpy as np

from rnnbbo.policies.candidates import distance
from rnnbbo.policies.kernel import inference
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.seeing import LIKELY, TIED, noise_weight, tied_values
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.space import Space

_FROM = 6  # values told before the first poll
_WAIT, _EVERY = 2, 2  # values without improvement before a poll, and from poll to poll
_COARSE, _FINE = 0.3, 1.0 / 128.0  # largest and smallest mesh sizes, in the cube
_ROUND = 4  # values without improvement after which the mesh is halved, at least
_SAME = 1e-9


def poll(state: KernelState, space: Space, flat: Plateaus) -> np.ndarray:
    """Return the points (n, D) of the poll that is due now; none where none is.

    Only where a smooth function is in doubt: with integers or categories, on plateaus, and under
    noise. There is none once rows were dropped, since nothing then says when it last improved.

    Args:
        state: with a belief.
        space: the user's.
        flat: plateaus of its values.
    """
    nothing, values = state.x[:0], state.compared
    told, best = len(values), int(values.argmin())
    since = told - 1 - best
    if told < max(_FROM, state.evidence.told) or since < _WAIT or (since - _WAIT) % _EVERY:
        return nothing
    assert state.belief is not None
    if not (space.discrete or _has_ties(state, flat) or _has_noise(state, state.belief)):
        return nothing
    rounds = since // max(_ROUND, 2 * space.n_dims)
    incumbent = state.x[best]
    points = space.neighbours(incumbent, max(_COARSE * 0.5**rounds, _FINE))
    return np.unique(points[distance(points, state.x) > _SAME], axis=0)


def _has_ties(state: KernelState, flat: Plateaus) -> bool:
    return len(flat.of) > 0 and tied_values(state.y) >= TIED * len(state.y)


def _has_noise(state: KernelState, belief: Belief) -> bool:
    if belief.weight @ belief.hypotheses.noisy < LIKELY - _SAME:  # of those there is nothing more
        return False
    return noise_weight(belief, inference.smooth(belief, state.inliers().z)) >= LIKELY
