"""What an adviser was told, and what it advises."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import Params
from rnnbbo.policies.outliers import Tamed, to_tell_again
from rnnbbo.policies.protocol import Adviser
from rnnbbo.policies.units import unit_of


class Advice(NamedTuple):
    """What an adviser advises, of the same values.

    Attributes:
        points: (A, D) candidates of its own, which it ranks highest.
        score: of candidates (C, D), (C,): as log EI, up to a constant, weighted.
    """

    points: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]


class Hearing(NamedTuple):
    """An adviser's state, and what led to it.

    Attributes:
        state: its own.
        heard: what it was told, outliers tamed, in the unit of the policy that it advises.
        unit: factor from there to its own unit.
    """

    state: Any
    heard: tuple[Observation, ...] = ()
    unit: float = 1.0


def hear_dummy(
    adviser: Adviser, params: Params, hearing: Hearing, observation: Observation
) -> Hearing:
    """Return the hearing after a dummy."""
    state = adviser.step(params, hearing.state, observation)
    return hearing._replace(state=state, heard=(*hearing.heard, observation))


def hear_failure(hearing: Hearing, observation: Observation) -> Hearing:
    """Return the hearing after a failure before the first value, of which it is told later."""
    return hearing._replace(heard=(*hearing.heard, observation))


def hear(
    adviser: Adviser, params: Params, hearing: Hearing, observation: Observation, tamed: Tamed
) -> Hearing:
    """Return the hearing after one more value, the last of `tamed`, which has all values.

    It is told everything anew where other values stand for outliers than before, or in other units.
    """
    told = np.array([one.y[0] for one in hearing.heard if one.told])
    state, heard, new = hearing.state, hearing.heard, [observation._replace(y=tamed.y[-1:])]
    unit = float(unit_of(np, np.abs(tamed.y).max()))
    anew = bool(np.isnan(told).any()) or to_tell_again(np, told, tamed)
    if unit != hearing.unit or anew:
        values = iter(tamed.y)
        new = [
            one._replace(y=np.array([next(values)])) if one.told else one
            for one in (*heard, observation)
        ]
        state, heard = adviser.init(observation.x.shape[1]), ()
    for one in new:
        state = adviser.step(params, state, one._replace(y=one.y * unit))
    return Hearing(state, (*heard, *new), unit)


def rescale_hearing(hearing: Hearing, factor: float) -> Hearing:
    """Return the hearing of a policy whose values are now times a factor."""
    heard = tuple(one._replace(y=one.y * factor) for one in hearing.heard)
    return hearing._replace(heard=heard, unit=hearing.unit / factor)
