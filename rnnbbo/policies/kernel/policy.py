"""The learning-free kernel policy: hypotheses of a Gaussian process, kept up with every value.

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
from rnnbbo.policies.kernel import acquisition, inference, memory, posterior, search
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.posterior import Posterior
from rnnbbo.policies.kernel.values import standardise, warp
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
    """Proposes where the expected improvement, averaged over hypotheses, is largest."""

    config: KernelConfig = KernelConfig()
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
        belief = state.belief or inference.start(rng, x.shape[1])
        belief = inference.update(rng, belief, x, y)
        if len(y) >= self.config.max_rows:
            # Many rows at once: what is left is factorised again, which appending avoids.
            kept = memory.thin(x, y, 3 * self.config.max_rows // 4)
            x, y = x[kept], y[kept]
            belief = inference.rebuild(belief, x, y)
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
    ) -> "View":
        index = inference.systematic(rng, belief.weight, self.config.hypotheses)
        index, counts = np.unique(index, return_counts=True)
        draws = rng.standard_normal((len(index), len(pending)))
        return make_view(belief, index, counts / counts.sum(), state.x, state.y, pending, draws)


class View(NamedTuple):
    """A few hypotheses, ready to predict. Distances are taken from the incumbent.

    Attributes:
        posterior: of H hypotheses.
        weight: (H,) of sum 1.
        lengthscales: (H, 1, D).
        incumbent: (D,) the observation where most hypotheses have their least posterior mean.
    """

    posterior: Posterior
    weight: np.ndarray
    lengthscales: np.ndarray
    incumbent: np.ndarray

    def score(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Averaged log EI of the candidates (C, D) that may be best, and their indices.

        All get an upper bound; those with the largest ones an exact score.
        """
        keys = (points - self.incumbent) / self.lengthscales
        # Hypothesis by hypothesis: an array over candidates and rows is the largest there is.
        each = [Posterior(*(field[h] for field in self.posterior)) for h in range(len(keys))]
        k = [
            posterior.correlation(
                np, posterior.distances(np, posterior.lift_keys(np, keys[h]), p.rows), p.rbf
            )
            for h, p in enumerate(each)
        ]
        mean = np.array([posterior.mean_of(np, p, k[h]) for h, p in enumerate(each)])
        most = [posterior.largest_deviation_of(np, p, k[h]) for h, p in enumerate(each)]
        best = self.posterior.best
        bound = self.weight @ acquisition.log_ei(np, best, mean, np.array(most))
        index = search.promising(bound)
        exact = [posterior.deviation_of(np, p, k[h][index]) for h, p in enumerate(each)]
        scores = self.weight @ acquisition.log_ei(np, best, mean[:, index], np.array(exact))
        return scores, index

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Averaged log EI (S,) of points (S, D) and its gradient (S, D)."""
        value, gradient = acquisition.log_ei_and_gradient(
            np, self.posterior, self.lengthscales, points - self.incumbent
        )
        return self.weight @ value, np.tensordot(self.weight, gradient, 1)


def make_view(
    belief: Belief,
    index: np.ndarray,
    weight: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pending: np.ndarray,
    draws: np.ndarray | None = None,
) -> View:
    """Condition the hypotheses at `index` (H,) on observations (n, D), and pending points (P, D).

    Each hypothesis draws values for the pending points from its posterior, a fantasy (Snoek et al.
    2012, section 3.2), by standard normal numbers `draws` (H, P); by None they have their mean.
    """
    h, inverse = belief.hypotheses.take(index), belief.inverse[index]
    w, _, spread = warp(standardise(y), h.log_warp)
    u, o = inference.through(inverse, w)
    read = posterior.read_values(np, u, o, np.zeros(len(index)), spread)
    alpha = (read.residual[:, None, :] @ inverse)[:, 0]
    rbf, nugget = h.rbf[:, None, None], h.nugget
    # The posterior mean at an observation is y - nugget K^-1 (y - mean).
    smooth = w - nugget[:, None] * alpha
    best = smooth.min(axis=1, keepdims=True)
    incumbent = x[int((weight @ (smooth == best)).argmax())]
    lengthscales = np.exp(h.log_lengthscale)[:, None, :]
    rows = posterior.lift_rows(np, (x - incumbent) / lengthscales)
    if len(pending):
        extra = (pending - incumbent) / lengthscales
        r2 = posterior.distances(np, posterior.lift_keys(np, extra), rows)
        block = posterior.covariance(np, extra, rbf, nugget)
        inverse = posterior.append(np, inverse, posterior.correlation(np, r2, rbf), block)
        rows = np.concatenate([rows, posterior.lift_rows(np, extra)], axis=1)
        # Whitened values W (y - mean) are independent, with the amplitude as their deviation.
        drawn = np.zeros((len(index), len(pending))) if draws is None else draws
        white = np.concatenate([read.residual, read.amplitude[:, None] * drawn], axis=1)
        alpha = (white[:, None, :] @ inverse)[:, 0]
    conditioned = Posterior(
        rows, rbf, inverse, alpha, read.mean[:, None], read.amplitude[:, None], best
    )
    return View(conditioned, weight, lengthscales, incumbent)
