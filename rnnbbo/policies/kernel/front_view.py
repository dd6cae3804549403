"""A few hypotheses of several objectives, and what a value is expected to add to the front."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rnnbbo import pareto
from rnnbbo.policies.kernel import inference, search
from rnnbbo.policies.kernel.chebyshev_lines import Lines
from rnnbbo.policies.kernel.decomposition import ranks_of
from rnnbbo.policies.kernel.hypervolume_gain import MOST_BOXED, Boxes, Target
from rnnbbo.policies.kernel.hypotheses import height_of, warp_at
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.kernel_state import KernelState
from rnnbbo.policies.kernel.view import View, make_view

_FARTHER = 0.25  # of the way from the front to the worst values, where no reference point is given


class FrontView(NamedTuple):
    """H hypotheses, each of all K objectives. Distances are taken from the incumbent.

    Attributes:
        views: K, of H hypotheses each, without noise.
        targets: what a value is to add to, with the hypotheses that it is by: those of one front.
        incumbent: (D,) an observation on the front.
        around: (m, D) observations on the front, where candidates are drawn.
    """

    views: tuple[View, ...]
    targets: tuple[tuple[np.ndarray, Target], ...]
    incumbent: np.ndarray
    around: np.ndarray

    @property
    def lengthscales(self) -> np.ndarray:
        """(K H, 1, D)."""
        return np.concatenate([view.lengthscales for view in self.views])

    def bound(self, points: np.ndarray) -> np.ndarray:
        """Return at least the averaged log gain (C,) of points (C, D), rounding aside."""
        mean, deviation = self._predict(points)
        return _averaged(
            target.log_bound(mean[index], deviation[index]) for index, target in self.targets
        )

    def score(self, points: np.ndarray) -> np.ndarray:
        """Return the log of the expected gain in hypervolume (C,), averaged, of points (C, D)."""
        mean, deviation = self._predict(points)
        return _averaged(
            target.log_gain(mean[index], deviation[index]) for index, target in self.targets
        )

    def score_promising(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `score` of the candidates (C, D) with the largest bounds, and their indices."""
        index = search.promising(self.bound(points))
        return self.score(points[index]), index

    def _predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means and standard deviations (H, C, K) at points (C, D), in warped values."""
        found = [view.predict(points) for view in self.views]
        return (
            np.stack([mean for mean, _ in found], axis=-1),
            np.stack([deviation for _, deviation in found], axis=-1),
        )

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the averaged log gain (S,) of points (S, D) and its gradient (S, D)."""
        parts = [view.slopes(points) for view in self.views]
        mean = np.stack([part.mean for part in parts], axis=-1)
        deviation = np.stack([part.deviation for part in parts], axis=-1)
        by_mean, by_variance, values = np.empty_like(mean), np.empty_like(mean), []
        for index, target in self.targets:
            gain = target.climbed(mean[index], deviation[index])
            values.append(gain.value)
            by_mean[index], by_variance[index] = gain.by_mean, gain.by_deviation
        by_variance *= 0.5 / deviation
        gradient = np.zeros_like(points)
        for j, (view, part) in enumerate(zip(self.views, parts, strict=True)):
            gradient += view.average(part.gradient(by_mean[..., j], by_variance[..., j]))
        return _averaged(values), gradient


def _averaged(values: Iterable[np.ndarray]) -> np.ndarray:
    """Return the mean (C,) over all hypotheses of values (G, C) by each target."""
    mean: np.ndarray = np.concatenate(list(values)).mean(axis=0)
    return mean


class _Known(NamedTuple):
    """What is known of an objective.

    Attributes:
        belief: particles.
        z: (n,) heights.
        tamed: (n,) raw values, outliers tamed.
    """

    belief: Belief
    z: np.ndarray
    tamed: np.ndarray


def make_front_view(
    state: KernelState,
    hypotheses: int,
    pending: np.ndarray,
    rng: np.random.Generator,
    reference: Sequence[float] | None,
    around: int,
) -> FrontView:
    """Return a view of several objectives; hypotheses of each are drawn, and paired at random.

    Args:
        state: what is carried, with beliefs, and a feasible observation.
        hypotheses: how many.
        pending: (P, D) points without values: they count with values drawn for them.
        rng: randomness of this ask.
        reference: (K,) what is worse than it adds nothing, in raw values; None to derive it from
            the front.
        around: how many observations of the front to draw candidates round.
    """
    x = state.x[state.known]
    known = _known(state)
    feasible = state.feasible[state.known]
    incumbent = state.x[state.incumbent()]
    tamed = np.column_stack([one.tamed for one in known])
    if reference is None:
        reference = _derive(tamed[feasible]).tolist()
    views, fronts, corners, warps = [], [], [], []
    for one, corner in zip(known, reference, strict=True):
        index = rng.permutation(inference.systematic(rng, one.belief.weight, hypotheses))
        equal = np.full(hypotheses, 1.0 / hypotheses)
        draws = rng.standard_normal((hypotheses, len(pending)))
        view = make_view(one.belief, index, equal, x, one.z, pending, draws, None, incumbent)
        view = replace(view, noise=None)
        smooth = inference.smooth(one.belief, one.z).mean[index][:, feasible]
        log_warp = one.belief.hypotheses.log_warp[index]
        height = height_of(corner, one.tamed)
        views.append(view)
        fronts.append(np.concatenate([smooth, view.predict(pending)[0]], axis=1))
        corners.append(warp_at(height, log_warp))
        warps.append(log_warp)
    targets = _targets(
        rng, np.stack(fronts, axis=-1), np.stack(corners, axis=-1), np.stack(warps, axis=-1)
    )
    best = state.x[rng.permutation(state.front())[:around]]
    return FrontView(tuple(views), targets, incumbent, best)


def _derive(values: np.ndarray) -> np.ndarray:
    """Return a reference point (K,) to search by, of feasible values (n, K), where none is given.

    A part of the way from the front's own one to the worst values: one that is close to the front
    keeps from its ends, which are not known yet, and one far away leads to them alone.
    """
    near = pareto.derived_reference(values[pareto.front(values)])
    return near + _FARTHER * np.maximum(values.max(axis=0) - near, 0.0)


def _known(state: KernelState) -> list[_Known]:
    """Return what is known of each objective."""
    known = []
    for objective in state.objectives:
        assert objective.belief is not None
        rows = objective.rows(state.x)
        known.append(_Known(objective.belief, rows.z, rows.tamed))
    return known


def _targets(
    rng: np.random.Generator, w: np.ndarray, reference: np.ndarray, log_warp: np.ndarray
) -> tuple[tuple[np.ndarray, Target], ...]:
    """Return what to add to, of warped values (H, n, K) by H hypotheses of each objective.

    Hypotheses by which the same values are on the front, in the same order, as all without noise,
    are looked through together.
    """
    groups: dict[bytes, tuple[np.ndarray, list[int]]] = {}
    for h, one in enumerate(w):
        inside = np.flatnonzero((one < reference[h]).all(axis=1))
        on_front = inside[pareto.front(one[inside])]
        key = on_front.tobytes() + ranks_of(one[on_front]).tobytes()
        groups.setdefault(key, (on_front, []))[1].append(h)
    targets: list[tuple[np.ndarray, Target]] = []
    for on_front, members in groups.values():
        index = np.array(members)
        given = w[index][:, on_front], reference[index], log_warp[index]
        boxed = w.shape[2] <= MOST_BOXED
        targets.append((index, Boxes.of(*given) if boxed else Lines.of(rng, *given)))
    return tuple(targets)
