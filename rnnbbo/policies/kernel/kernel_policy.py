"""The kernel policy: hypotheses of a Gaussian process, kept up with every value.

What Spearmint gets from slice sampling at every ask (Snoek et al. 2012), a population of weighted
hypotheses carries from tell to tell. An ask climbs the log EI that a few of them have on average,
which has a closed form, as its gradient does. While few values are known, a trained adviser's
scores count as well. The package has a page of notation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from rnnbbo import core
from rnnbbo.core import asking
from rnnbbo.errors import ConfigError
from rnnbbo.policies import candidates as points
from rnnbbo.policies import evidence, plateaus
from rnnbbo.policies.allowed import keep_allowed
from rnnbbo.policies.evidence import Evidence, Observation
from rnnbbo.policies.gp.improvement import SERIES
from rnnbbo.policies.kernel import (
    advice,
    branching,
    cumulative,
    expected_gain,
    first_plate,
    inference,
    recommending,
    refining,
    repeating,
    search,
    seeing,
    stagnation,
)
from rnnbbo.policies.kernel.acquisition import Acquisition, make_acquisition
from rnnbbo.policies.kernel.advice import Advice, Hearing
from rnnbbo.policies.kernel.cumulative import Counting
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.polling import poll
from rnnbbo.policies.kernel.prior import DEFAULT_PRIOR, Prior
from rnnbbo.policies.kernel.thinning import thin
from rnnbbo.policies.kernel.transfer import EarlierStudies
from rnnbbo.policies.kernel.view import View
from rnnbbo.policies.ops import Array, Params
from rnnbbo.policies.outliers import Tamed, tame, without_outliers
from rnnbbo.policies.plateaus import Plateaus
from rnnbbo.policies.protocol import Adviser, Policy, Takes
from rnnbbo.policies.seeding import seeded
from rnnbbo.recommendation import Recommendation
from rnnbbo.space import Space

_FLAT = -1.0  # logarithm of the chance of a new value, below which refining is idle
_ADVISED = 8  # candidates of the adviser's own that it lets this policy look at
_BULK_MOVES = 2  # of every particle, after many values at once
_APART = 0.05  # of a first point from those pending: largest difference of a coordinate
_BRANCH_STARTS = 3  # points that are climbed from in another branch
_ROUNDS = 5  # of candidates, when every choice has been asked already


@dataclass(frozen=True)
class KernelConfig:
    """Sizes of the kernel policy.

    Attributes:
        hypotheses: how many are averaged at an ask.
        max_rows: observations that are kept; makes the cost of an ask flat.
        first_points: points before the model proposes: the centre, then quasi-random ones, or a
            design where more are asked for before the first value is told.
        refine_every: one ask in so many descends to the least posterior mean near the incumbent.
        refine_from: values told before the first of these.
        advised: values told until which the weight of the adviser's scores has faded to 0.
    """

    hypotheses: int = 6
    max_rows: int = 200
    first_points: int = 2
    refine_every: int = 5
    refine_from: int = 10
    advised: int = 40

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            if type(value) is not int or value < 1:
                raise ConfigError(f"policy.{key} = {value!r}; expected an integer of at least 1")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a checkpoint's metadata."""
        return asdict(self)


@dataclass(frozen=True)
class KernelPolicy(Policy):
    """Proposes where the log of the expected improvement, averaged over a view, is largest.

    Attributes:
        config: sizes.
        prior: what hypotheses are like before any value is known.
        adviser: a policy whose scores count at first; its weights are the parameters.
        earlier: what was learnt of earlier studies of like problems; None without any.
        reference: (K,) the reference point of several objectives, in raw values; None to derive it.
        repeats: whether its memory is for points of several values.
        counting: that every evaluation counts; None where the best one does.
    """

    takes = Takes.ALL
    knows_gain = True
    knows_repeats = True
    knows_cumulative = True
    constrained = True
    multi_objective = True

    config: KernelConfig = KernelConfig()
    prior: Prior = DEFAULT_PRIOR
    adviser: Adviser | None = None
    earlier: EarlierStudies | None = None
    reference: tuple[float, ...] | None = None
    repeats: bool = False
    counting: Counting | None = None

    @property
    def about(self) -> str:  # type: ignore[override]
        """What it is, in a line."""
        about = "Gaussian-process hypotheses over the observations"
        return about if self.adviser is None else f"{about}, and at first a network's advice"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its configuration as plain values."""
        return self.config.to_dict()

    def learned_from(
        self, rng: np.random.Generator, studies: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> Self:
        """Return the policy that knows of earlier studies; see `Policy.learned_from`."""
        return replace(self, earlier=EarlierStudies.learn(rng, self.prior, studies))

    def within(self, reference: Sequence[float]) -> Self:
        """Return the policy with a reference point; see `Policy.within`."""
        return replace(self, reference=tuple(reference))

    def repeating(self) -> Self:
        """Return the policy that asks for points again; see `Policy.repeating`."""
        return replace(self, repeats=True)

    def counting_all(self, planned: int | None) -> Self:
        """Return the policy where every value counts; see `Policy.counting_all`."""
        return replace(self, repeats=True, counting=Counting(planned))

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the adviser's: nothing else is learned."""
        return {} if self.adviser is None else self.adviser.init_params(rng)

    def init(self, dim: int) -> KernelState:
        """Return the state before the first step."""
        x, y = np.zeros((1, dim)), np.zeros(1)
        nothing = evidence.no_evidence(np, x, y)
        theirs = None if self.adviser is None else Hearing(self.adviser.init(dim))
        return KernelState(nothing, nothing.best_x, x[:0], y[:0], None, theirs)

    def step(self, params: Params, state: KernelState, observation: Observation) -> KernelState:
        """Return the state after one more observation, or a dummy."""
        if not observation.told:
            now = evidence.update_evidence(np, state.evidence, observation)
            adviser = state.adviser
            if self.adviser is not None and adviser is not None:
                adviser = advice.hear_dummy(self.adviser, params, adviser, observation)
            return state._replace(evidence=now, q=observation.q, adviser=adviser)
        rng = seeded(observation.seed)
        before = state.y
        state = state.taken(self.prior, [observation]).looked_at()
        state = state._replace(adviser=self._heard(params, state, observation))
        if not state.known.any():
            return state
        state = state._replace(evidence=_more_evidence(state.evidence, before, [observation]))
        if state.known[-1] and not state.several:
            x, out, z = state.inliers()
            belief = state.belief or inference.start_belief(rng, self.prior, x.shape[1])
            belief = inference.update_belief(rng, self.prior, belief, x, z, out)
            state = state._replace(belief=belief)
        if len(state.y) >= self.config.max_rows:
            # Many rows at once: what is left is factorised again, which appending avoids.
            state = self._thinned(state, observation.seed, 0)
        return state

    def _thinned(self, state: KernelState, seed: tuple[int, ...], moves: int) -> KernelState:
        """Return the state with the rows that stay when the memory is full, factorised once.

        The particles move to the posterior of what is left, in so many steps each.
        """
        kept = rows_to_keep(state, 3 * self.config.max_rows // 4, self.repeats)
        state = state.kept(self.prior, kept, seed, moves)
        if state.several:
            return state.with_first()
        belief, (x, out, z) = state.belief, state.inliers()
        assert belief is not None
        belief = inference.rebuild_belief(self.prior, belief, x, z, out)
        if moves:
            rng = np.random.default_rng(seed)
            belief = inference.move_all(rng, self.prior, belief, x, z, moves)
        return state._replace(belief=belief)

    def _heard(
        self, params: Params, state: KernelState, observation: Observation
    ) -> Hearing | None:
        """Return the adviser's hearing after a value; None where it does not count any more."""
        hearing, weight = state.adviser, self.advice_weight(len(state.y))
        if self.adviser is None or hearing is None or weight == 0.0:
            return None
        # It knows nothing of these, and would lead where the first objective alone is best.
        if state.constraints or state.several:
            return None
        if not state.known.any():
            return advice.hear_failure(hearing, observation)
        looked = state.looked
        if looked is None or len(looked.out) < len(state.y):
            tamed = tame(state.x, state.y)
        else:
            tamed = Tamed(without_outliers(state.y, looked.out), looked.out)
        return advice.hear(self.adviser, params, hearing, observation, tamed)

    def absorb(
        self, params: Params, state: KernelState, observations: Sequence[Observation]
    ) -> KernelState | None:
        """Return the state after many values at once, where its memory was full before.

        Most of their rows would be dropped again, and each would have cost a step. What is left is
        factorised once, and the particles move to its posterior from where they are.
        """
        if state.belief is None or state.evidence.told < self.config.max_rows:
            return None
        now = _more_evidence(state.evidence, state.y, observations)
        state = state.taken(self.prior, observations)
        state = state._replace(evidence=now, adviser=None)
        return self._thinned(state, observations[-1].seed, _BULK_MOVES)

    def rescale(self, state: KernelState, factor: Array) -> KernelState:
        """Return the state of values times a factor; see `Policy.rescale`."""
        adviser = state.adviser
        if adviser is not None:
            adviser = advice.rescale_hearing(adviser, float(factor[0]))
        return state._replace(
            evidence=evidence.rescale_evidence(state.evidence, factor),
            y=state.y * factor,
            adviser=adviser,
            looked=None,
        )

    def choices(
        self,
        params: Params,
        state: KernelState,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return what it would query next; see `Policy.choices`."""
        if self.counting is not None and state.belief is not None and space.held.any():
            return self._in_context(state, pending, space, rng)
        advised = self._ask_adviser(params, state, pending, space, rng)
        found = np.concatenate(list(self._ranked(state, pending, space, rng, advised)))
        if self.counting is None or state.belief is None or self._begins(state):
            return found
        wanted = make_acquisition(state, cumulative.HYPOTHESES, pending, rng)
        width = self.counting.width(state.evidence.told + len(pending))
        best = cumulative.best_queries(wanted, space, state.inliers(), found, width)
        return np.concatenate([best, found])

    def _in_context(
        self, state: KernelState, pending: np.ndarray, space: Space, rng: np.random.Generator
    ) -> np.ndarray:
        """Return what it would query next in a context, where every value counts."""
        assert self.counting is not None
        wanted = make_acquisition(state, cumulative.HYPOTHESES, pending, rng)
        scales, flat = wanted.view.lengthscales[:, 0], _plateaus(state, space.category_columns)
        drawn = search.make_candidates(rng, space, wanted.around, scales, flat)
        width = self.counting.width(state.evidence.told + len(pending))
        return cumulative.best_in_context(wanted, space, state.inliers(), drawn, width)

    def _begins(self, state: KernelState) -> bool:
        """Tell whether the points to begin with come next."""
        return state.evidence.told < self.config.first_points

    def _ask_adviser(
        self,
        params: Params,
        state: KernelState,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> Advice | None:
        """Return the adviser's advice; None where it has no weight, or nothing is known."""
        adviser, hearing, told = self.adviser, state.adviser, state.evidence.told
        if adviser is None or hearing is None or told == 0:
            return None
        theirs = hearing.state
        weight = self.advice_weight(told)

        def score(points: np.ndarray) -> np.ndarray:
            return weight * adviser.score_points(params, theirs, points, pending)

        return Advice(adviser.choices(params, theirs, pending, space, rng)[:_ADVISED], score)

    def _ranked(
        self,
        state: KernelState,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
        advised: Advice | None,
    ) -> Iterator[np.ndarray]:
        """Yield next queries (k, D), the best first; advice is added to the averaged log EI."""
        told = state.evidence.told
        yield from self._first(state, pending, space, rng)
        if state.belief is None:
            return
        flat = _plateaus(state, space.category_columns)
        polled = poll(state, space, flat) if not state.several else state.x[:0]
        refines = self._refines(told) and not state.several
        away = self.counting is None and stagnation.due(state, len(pending))
        if not (len(polled) or len(pending) or away):
            at_once = self._ask_at_once(state, space, rng, flat, refines, advised)
            if at_once is not None:
                yield from at_once
                return
        wanted = make_acquisition(
            state, self.config.hypotheses, pending, rng, self.earlier, self.reference
        )
        view = wanted.view
        unit, scales = wanted.unit, view.lengthscales[:, 0]
        candidates = search.make_candidates(rng, space, wanted.around, scales, flat)
        if self.earlier is not None:
            lows = space.snap(self.earlier.lows)
            candidates = np.concatenate([candidates, lows[space.allows(lows)]])
        turn = branching.choose(state, space, rng) if wanted.improves else None
        if turn is not None:
            yield from self._in_branch(*turn, wanted, state, space, rng, unit, flat)
        if away:
            over = candidates[: search.EVERYWHERE]
            theirs = state.x[:0] if advised is None else advised.points
            yield stagnation.elsewhere(wanted, over, pending, theirs)
        if len(polled):
            yield polled[[(wanted.climbed(polled)[0] + flat.log_chance(polled)).argmax()]]
        scores, index = wanted.score(candidates)
        scores = scores + flat.log_chance(candidates[index])
        refines = refines and wanted.improves
        if refines and not refining.near(pending, view.incumbent, unit).any():
            ranked = candidates[index[np.argsort(-scores, kind="stable")]]
            refined = refining.refined(wanted, space, ranked, unit)
            yield refined[flat.log_chance(refined) > _FLAT]
        start = candidates[search.starts(scores, index)]
        climbed, values = wanted.climb(space, start, unit, search.STEPS, search.GAIN)
        snapped = search.settle(space, start, climbed)
        if not np.array_equal(snapped, climbed):
            values = wanted.climbed(snapped)[0]
        found = np.concatenate([snapped, candidates[index]])
        values = np.concatenate([values + flat.log_chance(snapped), scores])
        if advised is not None:
            theirs = wanted.climbed(advised.points)[0] + flat.log_chance(advised.points)
            found = np.concatenate([found, advised.points])
            values = np.concatenate([values, theirs]) + advised.score(found)
        yield found[np.argsort(-values, kind="stable")]

    def _ask_at_once(
        self,
        state: KernelState,
        space: Space,
        rng: np.random.Generator,
        flat: Plateaus,
        refines: bool,
        advised: Advice | None,
    ) -> tuple[np.ndarray, ...] | None:
        """Return next queries (k, D) by one compiled function, the best first.

        None where there is none, or there is more to regard than the objective.
        """
        library = core.library()
        simple = space.simple and not (len(flat.of) or state.quantities or state.several)
        if library is None or not simple or self.earlier is not None:
            return None
        belief, (x, out, z) = state.belief, state.inliers()
        assert belief is not None
        dim, given = x.shape[1], self.config.hypotheses
        found = asking.ask(
            library,
            rng,
            refining.refining_sizes(given, dim) if refines else search.sizes(given, dim),
            x,
            z,
            out,
            belief.hypotheses,
            belief.log_weight,
            belief.inverse,
            points.golden_array(dim),
            search.RADII,
            SERIES,
            None if advised is None else advised.points,
        )
        if advised is None or found.values is None:
            return found.refined, found.points
        values = found.values + advised.score(found.points)
        return found.refined, found.points[np.argsort(-values, kind="stable")]

    def _in_branch(
        self,
        branch: branching.OtherBranch,
        drawn: np.ndarray,
        wanted: Acquisition,
        state: KernelState,
        space: Space,
        rng: np.random.Generator,
        unit: np.ndarray,
        flat: Plateaus,
    ) -> Iterator[np.ndarray]:
        """Yield next queries (k, D) in another branch, the best first."""
        view = wanted.view
        assert isinstance(view, View)
        own = wanted._replace(view=branch.view_of(view, state.x))
        near = search.make_candidates(rng, space, branch.best[None], view.lengthscales[:, 0], flat)
        near = near[branch.holds(space, near)]
        candidates = np.concatenate([drawn, near])
        scores = own.climbed(candidates)[0] + flat.log_chance(candidates)
        start = candidates[np.argsort(-scores, kind="stable")[:_BRANCH_STARTS]]
        climbed, _ = own.climb(space, start, unit, search.STEPS, search.GAIN)
        found = search.settle(space, start, climbed)
        values = own.climbed(found)[0] + flat.log_chance(found)
        yield found[np.argsort(-values, kind="stable")]

    def _first(
        self, state: KernelState, pending: np.ndarray, space: Space, rng: np.random.Generator
    ) -> Iterator[np.ndarray]:
        """Yield points to begin with.

        Where earlier studies say; else the centre, a design of what is asked for beside it, and q.
        """
        told = state.evidence.told
        if self.earlier is not None:
            if state.belief is not None:
                return
            found = self.earlier.hint(state.x[:0], state.y[:0]).first(rng, space)
            yield found[points.distance(found, np.concatenate([pending, state.x])) > _APART]
        elif told == 0 and not len(pending):
            yield space.snap(np.full_like(state.q, 0.5))
        elif told == 0:
            yield first_plate.next_run(space, len(pending), state.q)
        if state.belief is None or self._begins(state):
            yield keep_allowed(rng, space, space.snap(state.q))

    def further(
        self,
        params: Params,
        state: KernelState,
        pending: np.ndarray,
        space: Space,
        rng: np.random.Generator,
    ) -> Iterator[np.ndarray]:
        """Return more points; see `Policy.further`."""
        for _ in range(_ROUNDS):
            yield from points.draw_in_space(
                rng, space, state.evidence, _plateaus(state, space.category_columns)
            ).points

    def advice_weight(self, told: int) -> float:
        """Return the weight of the adviser's score: 1 at first, and less with every value told."""
        return 0.0 if self.adviser is None else max(0.0, 1.0 - told / self.config.advised)

    def recommend(self, state: KernelState) -> Recommendation | None:
        """Return the kept observation to take; None before any value."""
        if state.belief is None:
            return None
        x, out, z = state.inliers()
        smooth = inference.smooth(state.belief, z)
        y = without_outliers(state.y[state.known], out)
        passed = ~state.feasible[state.known]
        if passed.all() or state.several:
            return Recommendation(state.x[state.incumbent()])
        found = recommending.recommend(state.belief, smooth, x, y, passed)
        flat = _plateaus(state, np.zeros(0, dtype=np.intp))
        return found._replace(seen=seeing.see(state.belief, smooth, state.y, flat, state.crashes))

    def gain(
        self,
        params: Params,
        state: KernelState,
        points: np.ndarray,
        pending: np.ndarray,
        space: Space,
    ) -> float | None:
        """Return the expected improvement that is left; see `Policy.gain`."""
        if state.belief is None or not state.feasible.any() or state.several:
            return None
        wanted = make_acquisition(state, self.config.hypotheses, pending, None)
        y = without_outliers(state.y[state.known], state.inliers().out)
        flat = _plateaus(state, space.category_columns)
        return expected_gain.expected_gain(state.belief, wanted, y, points, flat)

    def again(
        self,
        params: Params,
        state: KernelState,
        new: np.ndarray | None,
        pending: np.ndarray,
        space: Space,
    ) -> np.ndarray | None:
        """Return the observation to evaluate once more; see `Policy.again`."""
        return repeating.again(state, self.config.hypotheses, new, pending)

    def _refines(self, told: int) -> bool:
        """Tell whether an ask after so many values is one of those that refine the incumbent."""
        return told >= self.config.refine_from and (told + 1) % self.config.refine_every == 0


def _more_evidence(known: Evidence, y: np.ndarray, observations: Sequence[Observation]) -> Evidence:
    """Return the evidence after more observations; a failed trial has the worst value so far.

    Args:
        known: the evidence before.
        y: (n,) the values that are kept, one of them finite unless there is none.
        observations: with values.
    """
    if all(np.isfinite(one.y[0]) for one in observations):
        for one in observations:
            known = evidence.update_evidence(np, known, one)
        return known
    worst = np.nanmax(y, initial=-np.inf)
    for one in observations:
        worst = np.fmax(worst, one.y[0])
        value = one.y if np.isfinite(one.y[0]) else np.array([worst])
        known = evidence.update_evidence(np, known, one._replace(y=value))
    return known


def rows_to_keep(state: KernelState, count: int, by_mean: bool = False) -> np.ndarray:
    """Return the rows that stay when the memory is full: of a front, all that there is room for.

    Args:
        state: with as many rows at least.
        count: how many.
        by_mean: which of several values at one point stay: see `thin`.
    """
    first = state.front()[:count] if state.several else np.zeros(0, dtype=np.intp)
    others = np.setdiff1d(np.arange(len(state.y)), first)
    rows = others[thin(state.x[others], state.ranked()[others], count - len(first), by_mean)]
    return np.sort(np.concatenate([first, rows]))


def _plateaus(state: KernelState, categories: np.ndarray) -> Plateaus:
    """Find the plateaus among the observations that it keeps; of one objective only."""
    if state.several:
        return plateaus.find(state.x[:0], state.y[:0], categories)
    return plateaus.find(state.x, state.compared, categories)
