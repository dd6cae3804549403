"""The kernel policy: hypotheses of a Gaussian process, kept up with every value.

What Spearmint gets from slice sampling at every ask (Snoek et al. 2012), a population of weighted
hypotheses carries from tell to tell; a few of them average log EI, which is maximised in closed
form.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.policies import evidence
from rnnbbo.policies.evidence import Evidence, Observation
from rnnbbo.policies.kernel import inference, memory, search
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.prior import USUAL, Prior
from rnnbbo.policies.kernel.view import View, make_view
from rnnbbo.policies.ops import Array, Params


@dataclass(frozen=True)
class KernelConfig:
    """Sizes of the kernel policy.

    Attributes:
        hypotheses: how many are averaged at an ask.
        max_rows: observations that are kept; makes the cost of an ask flat.
        first_points: quasi-random points before the model proposes, times the dimension.
    """

    hypotheses: int = 8
    max_rows: int = 200
    first_points: int = 1

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            if type(value) is not int or value < 1:
                raise ConfigError(f"policy.{key} is {value!r}; accepted: an integer of at least 1")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a checkpoint's metadata."""
        return asdict(self)


class KernelState(NamedTuple):
    """What the policy carries from step to step; for one function.

    Attributes:
        evidence: summary of what was told.
        q: (1, D) quasi-random point of the last step.
        x: (n, D) observations that are kept.
        y: (n,) their raw values.
        belief: particles; None before the first value.
    """

    evidence: Evidence
    q: Array
    x: Array
    y: Array
    belief: Belief | None


@dataclass(frozen=True)
class KernelPolicy:
    """Proposes where the expected improvement, averaged over hypotheses, is largest.

    Attributes:
        config: sizes.
        prior: what hypotheses are like before any value is known.
    """

    config: KernelConfig = KernelConfig()
    prior: Prior = USUAL
    dtype = np.float64

    @property
    def about(self) -> str:
        """What it is, in a line."""
        return "Gaussian-process hypotheses over the observations, without learning"

    def init_params(self, rng: np.random.Generator) -> dict[str, Array]:
        """Nothing is learned."""
        return {}

    def init(self, x: Array, y: Array) -> KernelState:
        """State before the first step; x (1, D) gives the dimension only."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        nothing = evidence.no_evidence(np, x, y)
        return KernelState(nothing, nothing.best_x, x[:0], y[:0], None)

    def step(self, params: Params, state: KernelState, observation: Observation) -> KernelState:
        """Feed one observation, or a dummy, and return the new state."""
        now = evidence.update(np, state.evidence, observation)
        state = state._replace(evidence=now, q=observation.q)
        if not observation.told:
            return state
        rng = np.random.default_rng(observation.seed)
        x = np.concatenate([state.x, np.asarray(observation.x, np.float64)])
        y = np.concatenate([state.y, observation.y])
        belief = state.belief or inference.start(rng, self.prior, x.shape[1])
        belief = inference.update(rng, self.prior, belief, x, y)
        if len(y) >= self.config.max_rows:
            # Many rows at once: what is left is factorised again, which appending avoids.
            kept = memory.thin(x, y, 3 * self.config.max_rows // 4)
            x, y = x[kept], y[kept]
            belief = inference.rebuild(self.prior, belief, x, y)
        return state._replace(x=x, y=y, belief=belief)

    def choices(
        self, state: KernelState, pending: np.ndarray, snap: Any, rng: np.random.Generator
    ) -> Iterator[np.ndarray]:
        """Next queries (D,), the best first.

        Args:
            state: the state.
            pending: (P, D) points asked and not told.
            snap: moves cube points (n, D) onto points of the user's space.
            rng: randomness of this ask.
        """
        told, dim = state.evidence.told, state.x.shape[1]
        if state.belief is None or told < self.config.first_points * dim:
            yield snap(state.q)[0]
            if state.belief is None:
                return
        view = self._view(state, state.belief, pending, rng)
        candidates = snap(search.make_candidates(rng, view.incumbent, view.lengthscales[:, 0]))
        scores, index = view.score(candidates)
        unit = np.exp(np.log(view.lengthscales[:, 0]).mean(axis=0))
        found, values = search.climb(
            view.climbed, candidates[search.starts(scores, index)], unit, search.STEPS
        )
        snapped = snap(found)
        if not np.array_equal(snapped, found):
            values = view.climbed(snapped)[0]
        both = np.concatenate([snapped, candidates[index]])
        yield from both[np.argsort(-np.concatenate([values, scores]), kind="stable")]

    def _view(
        self, state: KernelState, belief: Belief, pending: np.ndarray, rng: np.random.Generator
    ) -> View:
        index = inference.systematic(rng, belief.weight, self.config.hypotheses)
        index, counts = np.unique(index, return_counts=True)
        draws = rng.standard_normal((len(index), len(pending)))
        weight = counts / counts.sum()
        return make_view(belief, index, weight, state.x, state.y, pending, draws)
