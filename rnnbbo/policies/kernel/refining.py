"""Where the incumbent is refined: at the least posterior mean close to it."""

from functools import cache

import numpy as np

from rnnbbo.core import asking
from rnnbbo.policies.kernel import search
from rnnbbo.policies.kernel.acquisition import Acquisition
from rnnbbo.space import Space

_NEAR = 0.2  # length-scales round the incumbent in which it is refined
_STEPS = 16
FINEST = 3e-9  # least gain in the mean, in standard deviations of the values


@cache
def refining_sizes(hypotheses: int, dim: int) -> asking.Sizes:
    """Return `search.sizes` of an ask that refines the incumbent first."""
    found = asking.Sizes.from_buffer_copy(search.sizes(hypotheses, dim))
    found.refining, found.close, found.finest = _STEPS, _NEAR, FINEST
    return found


def near(points: np.ndarray, incumbent: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Tell which points (n, D) lie within a part of a length-scale of the incumbent, (n,)."""
    return (np.abs(points - incumbent) < _NEAR * unit).all(axis=1)


def refined(wanted: Acquisition, space: Space, ranked: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return points of the space where the posterior mean is least near the incumbent, best first.

    Expected improvement leaves a valley as soon as more is to be expected elsewhere, with few
    digits known. None where no step promises a lower mean.
    """
    incumbent = wanted.view.incumbent
    start = np.concatenate([incumbent[None], ranked[near(ranked, incumbent, unit)][:2]])
    found, values = wanted.descend(space, start, unit, _STEPS, FINEST)
    better = values > wanted.lowered(start[:1])[0] + FINEST
    order = np.argsort(-values, kind="stable")
    order = order[better[order]]
    return search.settle(space, start[order], found[order])
