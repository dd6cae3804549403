"""From a policy's state to the next query: candidates, their scores, and the choice."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.policies import candidates as points
from rnnbbo.policies.kernel.policy import KernelPolicy, KernelState
from rnnbbo.policies.ops import Params
from rnnbbo.policies.policy import Policy, PolicyState

WIDE, NEAR = 48, 48  # candidates over the whole cube, and round the best two
LAST_PENDING = 64  # pending points that a score takes into account: keeps an ask's cost flat
FRESH_TRIES = 4  # further rounds of candidates when every one has been asked already

Snap = Callable[[np.ndarray], np.ndarray]
Settle = Callable[[np.ndarray], np.ndarray]


class Asked(NamedTuple):
    """What a proposal depends on besides the policy's state.

    Attributes:
        pending: (P, D) points asked and not told.
        seen: points asked or told before, as `key` makes them.
    """

    pending: np.ndarray
    seen: set[bytes]


class Prepared(NamedTuple):
    """What a scored head has worked out ahead of an ask.

    Attributes:
        choices: (C, D) candidates, points of the user's space, float64 in the cube.
        scores: (C,).
    """

    choices: np.ndarray
    scores: np.ndarray


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


def _candidates(rng: np.random.Generator, state: PolicyState | KernelState) -> np.ndarray:
    """Candidate points (WIDE + NEAR, D), float64.

    Quasi-random ones with a new shift each time; and, after the first value, points round the best.
    """
    near = NEAR if state.evidence.told else 0
    wide = WIDE + NEAR - near
    spread = points.quasi_random(np, rng.random(state.q.shape), 0, wide)[0]
    if not near:
        return spread
    centres = points.spray_centres(np, state.evidence, near)[0].astype(np.float64)
    return np.concatenate([spread, _spray(rng, centres)])


def prepare(
    policy: Policy | KernelPolicy,
    params: Params,
    state: Any,
    pending: np.ndarray,
    snap: Snap,
    rng: np.random.Generator,
) -> Prepared | None:
    """Score candidates, climb from the best of them, and score where that leads.

    All that an ask takes time for, and nothing that the tell before does not know. Arguments as for
    `propose`. None for policies that score no candidates.
    """
    if not isinstance(policy, Policy) or not policy.scores:
        return None
    choices = snap(_candidates(rng, state))
    scores = _scores(policy, params, state, choices, pending)
    if not policy.climbs(state):
        return Prepared(choices, scores)
    climbed = policy.climbed(state, choices[None].astype(np.float32), scores[None])
    found = snap(climbed[0].astype(np.float64))
    theirs = _scores(policy, params, state, found, pending)
    return Prepared(np.concatenate([choices, found]), np.concatenate([scores, theirs]))


def _scores(
    policy: Policy, params: Params, state: PolicyState, choices: np.ndarray, pending: np.ndarray
) -> np.ndarray:
    """Scores (C,) of points (C, D) of the cube."""
    latest = pending[-LAST_PENDING:][None].astype(np.float32)
    return policy.score(params, state, choices[None].astype(np.float32), latest)[0]


def _scored(
    policy: Policy,
    params: Params,
    state: PolicyState,
    prepared: Prepared,
    asked: Asked,
    snap: Snap,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Candidates, the best first."""
    yield from prepared.choices[np.argsort(-prepared.scores, kind="stable")]
    for _ in range(FRESH_TRIES):
        choices = snap(_candidates(rng, state))
        scores = _scores(policy, params, state, choices, asked.pending)
        yield from choices[np.argsort(-scores, kind="stable")]


def _direct(
    policy: Policy,
    params: Params,
    state: PolicyState,
    snap: Snap,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """The head's point, then points ever further round it, then any."""
    u = policy.point(params, state)[0].astype(np.float64)
    yield snap(u[None])[0]
    around = snap(_spray(rng, np.broadcast_to(u, (WIDE + NEAR, len(u)))))
    yield from around[np.argsort(np.square(around - u).sum(axis=1), kind="stable")]
    for _ in range(1 + FRESH_TRIES):
        yield from snap(_candidates(rng, state))


def _searched(
    policy: KernelPolicy,
    state: KernelState,
    asked: Asked,
    snap: Snap,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """The policy's own points, the best first, then any."""
    yield from policy.choices(state, asked.pending[-LAST_PENDING:], snap, rng)
    for _ in range(1 + FRESH_TRIES):
        yield from snap(_candidates(rng, state))


def propose(
    policy: Policy | KernelPolicy,
    params: Params,
    state: Any,
    prepared: Prepared | None,
    asked: Asked,
    snap: Snap,
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
        snap: moves cube points (n, D) onto points of the user's space.
        settle: where a cube point (D,) ends up once it has been a point in user units. Rounding
            on the way takes several cube points to the same one.
        rng: randomness of this ask.

    Returns:
        (D,) float64 in the unit cube.
    """
    if isinstance(policy, KernelPolicy):
        choices = _searched(policy, state, asked, snap, rng)
    elif policy.scores:
        assert prepared is not None
        choices = _scored(policy, params, state, prepared, asked, snap, rng)
    else:
        choices = _direct(policy, params, state, snap, rng)
    first = None
    for u in choices:
        if key(u) not in asked.seen and key(settle(u)) not in asked.seen:
            return u
        first = u if first is None else first
    assert first is not None
    return first
