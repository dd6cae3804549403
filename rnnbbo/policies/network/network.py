"""The networks: a recurrence and a head, that step over values for numpy and torch alike.

One definition proposes with numpy and is meta-trained with torch, one function at a time or a batch
of B: arrays are (B, D) unless said otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rnnbbo.core.network import UNSCORED
from rnnbbo.policies import candidates as points
from rnnbbo.policies import evidence, plateaus
from rnnbbo.policies.allowed import admit
from rnnbbo.policies.candidates import SPRAYED, SPREAD, Candidates
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.network import archive, ascent, process_heads
from rnnbbo.policies.network.architecture import HEADS, RECURRENCES, Head, NetworkConfig, Recurrence
from rnnbbo.policies.network.state import NetworkState
from rnnbbo.policies.ops import Array, Namespace, Params, namespace
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.policies.protocol import AS_TOLD, EXPLAINED, LEAST_NOISE, BatchedPolicy, Takes
from rnnbbo.recommendation import Recommendation
from rnnbbo.space import Space

_HEARD = 16  # of many values at once, the last ones
_ROUNDS = 5  # of candidates, when every choice has been asked already


@dataclass(frozen=True)
class Network(BatchedPolicy):
    """A recurrent optimizer of one configuration."""

    takes = Takes.TAMED  # its inputs are in units of the mean and the deviation of all values

    config: NetworkConfig

    @property
    def about(self) -> str:  # type: ignore[override]
        """What it is, in a line."""
        return f"{self.config.recurrence} with a {self.config.head} head"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its configuration as plain values."""
        return self.config.to_dict()

    @cached_property
    def scores(self) -> bool:  # type: ignore[override]
        """Whether the head scores candidates (else it gives the point)."""
        return self.config.scores

    @cached_property
    def _recurrence(self) -> Recurrence:
        told = process_heads.INPUTS_PER_HEAD * self._process_heads
        return RECURRENCES[self.config.recurrence](self.config, told)

    @cached_property
    def _head(self) -> Head:
        return HEADS[self.config.head].make(self.config, self._recurrence)

    @property
    def _process_heads(self) -> int:
        return self.config.process_heads if self.scores else 0

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw untrained weights, float32, by name."""
        return self._recurrence.init_params(rng) | self._head.init_params(rng)

    def init(self, dim: int) -> NetworkState:
        """Return the state before the first step, for one function and numpy."""
        return self.start(np.zeros((1, dim), np.float32), np.zeros(1))

    def start(self, x: Array, y: Array) -> NetworkState:
        """Return the state before the first step of a batch.

        Args:
            x: (B, D), for shape, dtype and device only; points are cast to its dtype.
            y: (B,), likewise for values.
        """
        xp = namespace(x)
        recurrent = self._recurrence.init_state(xp, x)
        shared = xp.zeros((x.shape[0], evidence.FEATURES_GLOBAL), dtype=x.dtype, device=x.device)
        kept = archive.empty_archive(xp, x, y) if self.scores else None
        nothing = evidence.no_evidence(xp, x, y)
        heads = self._process_heads
        carried = process_heads.no_fit(xp, heads, x) if heads else None
        return NetworkState(nothing, shared, nothing.best_x, recurrent, kept, carried)

    def step(self, params: Params, state: NetworkState, observation: Observation) -> NetworkState:
        """Return the state after one more observation, or a dummy (Chen et al. 2016, eq. 3)."""
        xp, dtype = namespace(state.q), state.q.dtype
        x, q = (xp.astype(one, dtype, copy=False) for one in (observation.x, observation.q))
        observation = observation._replace(x=x, q=q)
        now, inputs = evidence.observe(xp, state.evidence, observation)
        carried = state.processes
        more = carried.inputs if carried is not None else None
        recurrent = self._recurrence.step(xp, params, state.recurrent, inputs, more)
        kept = state.archive
        if kept is not None and observation.told:
            kept = archive.keep(xp, kept, x, observation.y, now.best_x, self.config.max_rows)
        stepped = NetworkState(now, inputs.shared, q, recurrent, kept, carried)
        if carried is not None and kept is not None and observation.told:
            context = self.context(xp, stepped)
            carried = process_heads.refit(xp, params, carried, context, now, kept)
        return stepped._replace(processes=carried)

    def absorb(
        self, params: Params, state: NetworkState, observations: Sequence[Observation]
    ) -> NetworkState | None:
        """Return the state after many values at once, where its archive was full before.

        All of them count, and compete for the archive; the recurrence, and the regression that it
        corrects at every step, hear of the last ones only. A head that reads no archive has nothing
        to save.
        """
        kept, now = state.archive, state.evidence
        if kept is None or now.told < self.config.max_rows:
            return None
        for observation in observations[:-_HEARD]:
            x = np.asarray(observation.x, state.q.dtype)
            now = evidence.update_evidence(np, now, observation._replace(x=x))
            kept = archive.keep(np, kept, x, observation.y, now.best_x, self.config.max_rows)
        state = state._replace(evidence=now, archive=kept)
        for observation in observations[-_HEARD:]:
            state = self.step(params, state, observation)
        return state

    def rescale(self, state: NetworkState, factor: Array) -> NetworkState:
        """Return the state of values times a factor (B,); see `Policy.rescale`."""
        now, kept = evidence.rescale_evidence(state.evidence, factor), state.archive
        if kept is not None:
            kept = kept._replace(y=kept.y * factor[:, None])
        return state._replace(evidence=now, archive=kept)

    def context(self, xp: Namespace, state: NetworkState) -> Array:
        """Return what the recurrence knows of each dimension, (B, D, X)."""
        return self._recurrence.context_of(xp, state.recurrent)

    def point(self, params: Params, state: NetworkState) -> Array:
        """Return the next query (B, D) of a head that does not score."""
        xp = namespace(state.q)
        return self._head.forward(xp, params, self.context(xp, state), state)

    def score(
        self,
        params: Params,
        state: NetworkState,
        candidates: Array,
        pending: Array | None = None,
    ) -> Array:
        """Return the scores (B, C) of points (B, C, D), given pending points (B, P, D)."""
        xp = namespace(candidates)
        context = self.context(xp, state)
        return self._head.forward(xp, params, context, state, candidates, pending)

    def climbs(self, state: NetworkState) -> bool:
        """Tell whether it climbs to candidates of its own.

        Not without heads of regression, and not while they know too few values to be followed far.
        """
        fitted = state.processes is not None and state.processes.fit is not None
        return fitted and state.evidence.told >= ascent.FEWEST_TOLD

    def climbed(self, state: NetworkState, candidates: Candidates, scores: Array) -> Array:
        """Return points (B, 2, D) that it climbs to, where it `climbs`.

        Args:
            state: the state.
            candidates: (B, C, D) points; from the best of either kind it climbs.
            scores: (B, C), of `score`.
        """
        assert state.processes is not None and state.processes.fit is not None
        xp, fitted = namespace(candidates.points), state.processes.fit
        return ascent.climb_from(xp, fitted, state.evidence, candidates, scores)

    def consider(
        self,
        params: Params,
        state: NetworkState,
        candidates: Candidates,
        pending: Array | None = None,
        climbing: AbstractContextManager[object] | None = None,
    ) -> tuple[Array, Array]:
        """Return candidates, those that it climbs to as well, and their scores."""
        given, climbs = candidates.points, self.climbs(state)
        xp = namespace(given)
        if climbs and xp is np:
            how = ascent.plan_climb(candidates, again=True)
            looked = self._head.look(params, self.context(xp, state), state, given, pending, how)
            if looked is not None:
                return np.concatenate([given, looked[1]], axis=1), looked[0]
        if climbs and candidates.scored is not None:
            scores = self._score_some(params, state, candidates, pending)
        else:
            scores = self.score(params, state, given, pending)
        if not climbs:
            return given, scores
        with climbing or nullcontext():
            found = self.climbed(state, candidates, scores)
        theirs = self.score(params, state, found, pending)
        return xp.concat([given, found], axis=1), xp.concat([scores, theirs], axis=1)

    def _score_some(
        self, params: Params, state: NetworkState, candidates: Candidates, pending: Array | None
    ) -> Array:
        """Return scores (B, C) of the candidates that improve most by the heads, and UNSCORED."""
        points, wide, count = candidates
        assert state.processes is not None and state.processes.fit is not None
        xp, fitted = namespace(points), state.processes.fit
        known = process_heads.averaged(xp, fitted, state.evidence, points.mT, pending)
        kinds = [(known[:, :wide], 0), (known[:, wide:], wide)]
        ranks = [first + xp.argsort(-part, axis=1, stable=True)[:, :count] for part, first in kinds]
        index = xp.concat(ranks, axis=1)
        where = xp.broadcast_to(index[:, :, None], (*index.shape, points.shape[-1]))
        chosen = xp.take_along_axis(points, where, axis=1)
        scores = self.score(params, state, chosen, pending)[:, :, None]
        number = xp.arange(points.shape[1], device=points.device)
        found = xp.where(index[:, :, None] == number, scores, xp.full_like(scores, UNSCORED))
        return xp.max(found, axis=1)

    def score_points(
        self, params: Params, state: NetworkState, points: np.ndarray, pending: np.ndarray
    ) -> np.ndarray:
        """Return scores (C,) of points (C, D) for one function; see `Adviser.score_points`."""
        single = pending[None].astype(np.float32)
        return self.score(params, state, points[None].astype(np.float32), single)[0]

    def choices(
        self,
        params: Params,
        state: NetworkState,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return what it would query next; see `Policy.choices`."""
        if not self.scores:
            return space.snap(self.point(params, state).astype(np.float64))
        flat = _plateaus(state, space)
        drawn = points.draw_in_space(rng, space, state.evidence, flat)
        choices = drawn.points
        chance = flat.log_chance(choices)
        scores, climbed = self._look(params, state, drawn, pending, chance)
        if climbed is not None:
            found = admit(space, space.snap(climbed.astype(np.float64)))
            theirs = self.score_points(params, state, found, pending) + flat.log_chance(found)
            choices, scores = np.concatenate([choices, found]), np.concatenate([scores, theirs])
        return choices[np.argsort(-scores, kind="stable")]

    def _look(
        self,
        params: Params,
        state: NetworkState,
        drawn: Candidates,
        pending: np.ndarray,
        chance: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return scores of points (C, D) of one function, and where it climbs from them, (2, D).

        To the scores the logarithm of their chance (C,) is added. None where it does not climb.
        """
        single = Candidates(drawn.points[None].astype(np.float32), drawn.wide)
        waiting, climbs = pending[None].astype(np.float32), self.climbs(state)
        if climbs:
            how = ascent.plan_climb(single, chance[None])
            context = self.context(np, state)
            looked = self._head.look(params, context, state, single.points, waiting, how)
            if looked is not None:
                return looked[0][0] + chance, looked[1][0]
        scores = self.score(params, state, single.points, waiting)[0] + chance
        return scores, self.climbed(state, single, scores[None])[0] if climbs else None

    def further(
        self,
        params: Params,
        state: NetworkState,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> Iterator[np.ndarray]:
        """Return more points; see `Policy.further`."""
        if not self.scores:
            (first,) = space.snap(self.point(params, state).astype(np.float64))
            centres = np.broadcast_to(first, (SPREAD + SPRAYED, len(first)))
            around = space.snap(points.spray_at_random(rng, centres, space))
            yield from around[np.argsort(np.square(around - first).sum(axis=1), kind="stable")]
        for _ in range(_ROUNDS):
            drawn = points.draw_in_space(rng, space, state.evidence, _plateaus(state, space)).points
            if self.scores:
                ranks = self.score_points(params, state, drawn, pending)
                drawn = drawn[np.argsort(-ranks, kind="stable")]
            yield from drawn

    def recommend(self, state: NetworkState) -> Recommendation | None:
        """Return the kept observation to take, for one function; see `Policy.recommend`.

        None where it would not differ from the lowest value, or is not known: before the first
        value, and without heads of regression. Where they see next to no noise, or too little to
        explain the difference, the incumbent is returned.
        """
        if state.processes is None or state.processes.fit is None or state.archive is None:
            return None
        fitted, now, kept = state.processes.fit, state.evidence, state.archive
        noise = float(process_heads.mean_noise(np, fitted)[0])
        if noise <= LEAST_NOISE:
            return Recommendation(now.best_x[0])
        y = kept.y[0]
        heads = process_heads.at_rows(fitted, now, kept)
        best, lowest = heads.best(AS_TOLD), int(y.argmin())
        if y[best] == y[lowest] or heads.gap(best, lowest) > EXPLAINED * noise:
            best = lowest
        return Recommendation(kept.x[0, best], *heads.in_values(best, y))


def _plateaus(state: NetworkState, space: Space) -> Plateaus:
    """Find the plateaus among the observations that it keeps, for one function."""
    if state.archive is None:
        return plateaus.find(state.q[:0], np.empty(0), space.category_columns)
    return plateaus.find(state.archive.x[0], state.archive.y[0], space.category_columns)
