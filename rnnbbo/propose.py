"""From a policy's state to the next query: candidates, their scores, and the choice."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.policies import candidates as points
from rnnbbo.policies import mixed, plateaus
from rnnbbo.policies.kernel.policy import Advice, KernelPolicy, KernelState
from rnnbbo.policies.ops import Params
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.policies.policy import Policy, PolicyState
from rnnbbo.space import Space

WIDE, NEAR = 48, 48  # candidates over the whole cube, and round the best two
LAST_PENDING = 64  # pending points that a score takes into account: keeps an ask's cost flat
ADVISED = 8  # candidates of the network's own that it lets another policy look at
FRESH_TRIES = 4  # further rounds of candidates when every one has been asked already

Settle = Callable[[np.ndarray], np.ndarray]


class Asked(NamedTuple):
    """What a proposal depends on besides the policy's state.

    Attributes:
        pending: (P, D) points asked and not told.
        seen: points asked or told before, as `key` makes them.
    """

    pending: np.ndarray
    seen: set[bytes]


def key(u: np.ndarray) -> bytes:
    """A hashable name of a cube point; -0.0 and 0.0 are the same point."""
    return (u + 0.0).tobytes()


def _spray(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    """Points round centres (C, D)."""
    return points.spray(
        np,
        centres[None],
        rng.standard_normal((1, *centres.shape)),
        rng.random((1, len(centres))),
        rng.random((1, *centres.shape)),
    )[0]


def _plateaus(space: Space, state: PolicyState | KernelState) -> Plateaus:
    """What equal values of the observations that the policy keeps say."""
    if isinstance(state, KernelState):
        return plateaus.find(state.x, state.y, space.one_hot)
    if state.rows is None:
        return plateaus.find(state.q[:0], np.empty(0), space.one_hot)
    return plateaus.find(state.rows.x[0], state.rows.y[0], space.one_hot)


def _candidates(
    rng: np.random.Generator, space: Space, state: PolicyState | KernelState, flat: Plateaus
) -> np.ndarray:
    """Candidate points (WIDE + NEAR, D) of the space, float64.

    Quasi-random ones with a new shift each time; and, after the first value, points round the best,
    off the plateaus.
    """
    near = NEAR if state.evidence.told else 0
    wide = WIDE + NEAR - near
    spread = space.snap(points.quasi_random(np, rng.random(state.q.shape), 0, wide)[0])
    if not near:
        return spread
    centres = points.spray_centres(np, state.evidence, near)[0].astype(np.float64)
    around = mixed.near(rng, space, _spray(rng, centres), centres)
    return np.concatenate([spread, space.snap(flat.leave(rng, around))])


def prepare(
    policy: Policy | KernelPolicy,
    params: Params,
    state: Any,
    pending: np.ndarray,
    space: Space,
    rng: np.random.Generator,
) -> np.ndarray:
    """Points (C, D) that a policy would query, the best first.

    All that an ask takes time for, and nothing that the tell before does not know. Arguments as for
    `propose`.
    """
    if isinstance(policy, KernelPolicy):
        advice = _advice(policy, params, state, pending, space, rng)
        return np.array(list(policy.choices(state, pending[-LAST_PENDING:], space, rng, advice)))
    if not policy.scores:
        return space.snap(policy.point(params, state).astype(np.float64))
    flat = _plateaus(space, state)
    choices = _candidates(rng, space, state, flat)
    scores = _scores(policy, params, state, choices, pending) + flat.log_chance(choices)
    if policy.climbs(state):
        climbed = policy.climbed(state, choices[None].astype(np.float32), scores[None])
        found = space.snap(climbed[0].astype(np.float64))
        theirs = _scores(policy, params, state, found, pending) + flat.log_chance(found)
        choices, scores = np.concatenate([choices, found]), np.concatenate([scores, theirs])
    return choices[np.argsort(-scores, kind="stable")]


def _advice(
    policy: KernelPolicy,
    params: Params,
    state: KernelState,
    pending: np.ndarray,
    space: Space,
    rng: np.random.Generator,
) -> Advice | None:
    """What the policy's network says; None where it has no say, or nothing is known."""
    network, theirs, told = policy.network, state.network, state.evidence.told
    if network is None or theirs is None or told == 0:
        return None
    weight = policy.say(told)

    def score(points: np.ndarray) -> np.ndarray:
        return weight * _scores(network, params, theirs, points, pending)

    return Advice(prepare(network, params, theirs, pending, space, rng)[:ADVISED], score)


def _scores(
    policy: Policy, params: Params, state: PolicyState, choices: np.ndarray, pending: np.ndarray
) -> np.ndarray:
    """Scores (C,) of points (C, D) of the cube."""
    latest = pending[-LAST_PENDING:][None].astype(np.float32)
    return policy.score(params, state, choices[None].astype(np.float32), latest)[0]


def _others(
    policy: Policy | KernelPolicy,
    params: Params,
    state: Any,
    first: np.ndarray,
    pending: np.ndarray,
    space: Space,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """What is left where all prepared points, the best of them `first`, were asked before."""
    if isinstance(policy, Policy) and not policy.scores:
        around = space.snap(_spray(rng, np.broadcast_to(first, (WIDE + NEAR, len(first)))))
        yield from around[np.argsort(np.square(around - first).sum(axis=1), kind="stable")]
    for _ in range(1 + FRESH_TRIES):
        choices = _candidates(rng, space, state, _plateaus(space, state))
        if isinstance(policy, Policy) and policy.scores:
            ranks = _scores(policy, params, state, choices, pending)
            choices = choices[np.argsort(-ranks, kind="stable")]
        yield from choices


def propose(
    policy: Policy | KernelPolicy,
    params: Params,
    state: Any,
    prepared: np.ndarray,
    asked: Asked,
    space: Space,
    settle: Settle,
    rng: np.random.Generator,
) -> np.ndarray:
    """Choose the next query: the policy's first choice that was not asked or told before.

    Only when nothing new is found, in a small discrete space that is all but exhausted, is a point
    repeated.

    Args:
        policy: the policy.
        params: its weights.
        state: its state, batch of one.
        prepared: what `prepare` made of that state and these pending points.
        asked: what was asked before.
        space: the user's.
        settle: where a cube point (D,) ends up once it has been a point in user units. Rounding
            on the way takes several cube points to the same one.
        rng: randomness of this ask.

    Returns:
        (D,) float64 in the unit cube.
    """
    first = prepared[0]
    for u in chain(prepared, _others(policy, params, state, first, asked.pending, space, rng)):
        if key(u) not in asked.seen and key(settle(u)) not in asked.seen:
            return u
    return first
