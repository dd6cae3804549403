"""A few hypotheses, conditioned on what is known, ready to predict and to be searched.

The letters are those of the package's page of notation.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from rnnbbo import core
from rnnbbo.core.kernel import Predictor
from rnnbbo.policies.climb import climb, first_radius
from rnnbbo.policies.gp import factors, improvement, kernels
from rnnbbo.policies.gp.factors import JITTER
from rnnbbo.policies.gp.improvement import log_ei
from rnnbbo.policies.kernel import covariance, inference, posterior, search
from rnnbbo.policies.kernel.covariance import Additive, Trend
from rnnbbo.policies.kernel.hypotheses import Hypotheses
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.posterior import Noise, Posterior
from rnnbbo.policies.ops import Array


@dataclass(frozen=True)
class View:
    """A few hypotheses, conditioned on what is known. Distances are taken from the incumbent.

    Attributes:
        points: (m, D) what is conditioned on: observations, and points without a value.
        hypotheses: H of them.
        inverse: (H, m, m) W.
        alpha: (H, m).
        mean: (H, 1) constant means.
        amplitude: (H, 1).
        best: (H, 1) the values to improve on.
        noise: None where no hypothesis has any.
        weight: (H,) of sum 1.
        incumbent: (D,) the observation where most hypotheses have their least posterior mean.
    """

    points: np.ndarray
    hypotheses: Hypotheses
    inverse: np.ndarray
    alpha: np.ndarray
    mean: np.ndarray
    amplitude: np.ndarray
    best: np.ndarray
    noise: Noise | None
    weight: np.ndarray
    incumbent: np.ndarray

    @cached_property
    def lengthscales(self) -> np.ndarray:
        """(H, 1, D)."""
        return np.exp(self.hypotheses.log_lengthscale)[:, None, :]

    @cached_property
    def posterior(self) -> Posterior:
        """What numpy predicts with."""
        h = self.hypotheses
        rows = kernels.lift_rows(np, (self.points - self.incumbent) / self.lengthscales)
        bent = None
        if h.curved.any():
            bent = Trend(covariance.trend_features(np, self.points), h.bend[:, None, None])
        parts = None
        if h.share.any():
            parts = Additive(rows[..., : self.points.shape[1]], h.share[:, None, None])
        rbf = h.rbf[:, None, None]
        return Posterior(
            rows,
            rbf,
            self.inverse,
            self.alpha,
            self.mean,
            self.amplitude,
            self.best,
            bent,
            self.noise,
            parts,
        )

    @cached_property
    def compiled(self) -> Predictor | None:
        """What predicts in place of numpy, where the compiled library is there."""
        library = core.library()
        if library is None:
            return None
        noise = None if self.noise is None else (self.noise.variance, self.noise.link)
        return Predictor(
            library,
            self.points,
            inference.particles(self.hypotheses),
            self.inverse,
            self.alpha,
            self.mean,
            self.amplitude,
            self.best,
            noise,
            self.weight,
            improvement.SERIES,
        )

    def features(self, points: np.ndarray) -> np.ndarray | None:
        """Return `trend_features` of points (n, D), where there are trends."""
        return None if self.posterior.trend is None else covariance.trend_features(np, points)

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation (H, C) at points (C, D), in warped values."""
        if self.compiled is not None:
            return self.compiled.predict(points)
        keys = (points - self.incumbent) / self.lengthscales
        return posterior.predict(np, self.posterior, keys, self.features(points))

    def slopes(self, points: np.ndarray) -> "PredictedSlopes":
        """Return predictions at points (C, D), and how to follow them; of a view without noise."""
        if self.compiled is not None:
            mean, deviation, by_mean, by_variance = self.compiled.predict_with_slopes(points)

            def along(a: np.ndarray, b: np.ndarray) -> np.ndarray:
                gradient: np.ndarray = a[..., None] * by_mean + b[..., None] * by_variance
                return gradient

            return PredictedSlopes(mean, deviation, along)
        keys, features = (points - self.incumbent) / self.lengthscales, self.features(points)
        mean, deviation, slopes = posterior.predict_with_slopes(np, self.posterior, keys, features)

        def gradient_by(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            gradient: np.ndarray = posterior.gradient_by(
                np, self.posterior, self.lengthscales, keys, features, slopes, a, b
            )
            return gradient

        return PredictedSlopes(mean, deviation, gradient_by)

    def score(self, points: np.ndarray) -> np.ndarray:
        """Return the averaged log EI (C,) of points (C, D)."""
        if self.compiled is not None:
            return self.compiled.log_ei(points)
        p = self.posterior
        mean, deviation = np.empty((2, len(self.weight), len(points)))
        more = None if p.trend is None else _Products.of(points, p.trend)
        for h, one in self._each():
            k = self._correlations(h, points - self.incumbent, p.rows[h])
            own: Array | float = 1.0
            if more is not None and one.trend is not None:
                bend = one.trend.bend.item()
                k += bend * more.cross
                own = 1.0 + bend * more.points
            mean[h], deviation[h] = posterior.mean_and_reach(np, one, k, own)
        return self.weight @ log_ei(np, p.best, mean, deviation)

    def score_promising(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `score` of the candidates (C, D) with the largest bounds, and their indices."""
        if self.compiled is not None:
            return self.compiled.score_promising(points, search.WIDE, search.PROMISING)
        index = search.promising(self.bound(points))
        return self.score(points[index]), index

    def _each(self) -> Iterator[tuple[int, Posterior]]:
        """Yield one hypothesis after another: an array over candidates and rows is the largest."""
        t = self.posterior.trend
        for h in range(len(self.weight)):
            one = None
            if t is not None and t.bend[h, 0, 0] > 0.0:
                one = Trend(t.features, t.bend[h, 0])
            noise = self.posterior.noise
            if noise is not None:
                noise = Noise(noise.variance[h], noise.link[h])
            rows, rbf, inverse, alpha, mean, amplitude, best = (
                field[h] for field in self.posterior[:7]
            )
            yield h, Posterior(rows, rbf, inverse, alpha, mean, amplitude, best, one, noise)

    def _correlations(self, h: int, centred: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return k of `centred` points (C, D) with hypothesis h's rows."""
        keys = centred / self.lengthscales[h]
        rbf = float(self.posterior.rbf[h, 0, 0])
        k = kernels.correlate(np, keys, rows, rbf)
        parts = self.posterior.additive
        if parts is None or not parts.share[h]:
            return k
        return covariance.with_additive(
            np, k, keys, rows[:, : keys.shape[1]], parts.share[h].item()
        )

    def bound(self, points: np.ndarray) -> np.ndarray:
        """Return at least the averaged log EI (C,) of points (C, D), rounding aside."""
        if self.compiled is not None:
            return self.compiled.bound(points)
        p = self.posterior
        mean, variance = np.empty((2, len(self.weight), len(points)))
        more = None if p.trend is None else _Products.of(points, p.trend)
        for h, one in self._each():
            k = self._correlations(h, points - self.incumbent, p.rows[h])
            if more is not None and one.trend is not None:
                bend = one.trend.bend.item()
                k += bend * more.cross
                # The deviation that the one row leaves that tells most.
                told = np.max(k * k / (1.0 + bend * more.rows), axis=-1)
                variance[h] = 1.0 + bend * more.points - told
            else:
                variance[h] = 1.0 - np.square(np.max(k, axis=-1))
            mean[h] = k @ p.alpha[h]
        deviation = p.amplitude * np.sqrt(np.maximum(variance, posterior.FLOOR))
        value = log_ei(np, p.best, p.mean + mean, deviation)
        return self.weight @ value

    def lowered(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return minus the averaged posterior mean (S,) of points (S, D), and its gradient."""
        if self.compiled is not None:
            return self.compiled.lowered(points)
        value, gradient = posterior.mean_and_gradient(
            np, self.posterior, self.lengthscales, points - self.incumbent, self.features(points)
        )
        return -self.average(value), -self.average(gradient)

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the averaged log EI (S,) of points (S, D) and its gradient (S, D)."""
        if self.compiled is not None:
            return self.compiled.log_ei_climbed(points)
        value, gradient = posterior.log_ei_and_gradient(
            np,
            self.posterior,
            self.lengthscales,
            points - self.incumbent,
            self.features(points),
        )
        return self.average(value), self.average(gradient)

    def climb(
        self,
        start: np.ndarray,
        unit: np.ndarray,
        steps: int,
        gain: float,
        lowered: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Climb from points (S, D) by the averaged log EI, or by minus the mean."""
        if self.compiled is not None:
            radius = first_radius(len(unit))
            return self.compiled.ascend(start, unit, steps, radius, gain, lowered)
        return climb(np, self.lowered if lowered else self.climbed, start, unit, steps, gain)

    def average(self, values: np.ndarray) -> np.ndarray:
        """Average values (H, ...) over the hypotheses."""
        return (self.weight @ values.reshape(len(values), -1)).reshape(values.shape[1:])


class PredictedSlopes(NamedTuple):
    """Predictions of H hypotheses at points (C, D).

    Attributes:
        mean: (H, C).
        deviation: (H, C).
        gradient: of slopes (H, C) by the mean and by the variance, the gradient (H, C, D) of what
            has them.
    """

    mean: np.ndarray
    deviation: np.ndarray
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]


class _Products(NamedTuple):
    """What the trends of all hypotheses at some points have in common, where tau is 1.

    Attributes:
        cross: (C, m) covariances of the points and the rows.
        points: (C,) variances of the points.
        rows: (m,) variances of the rows.
    """

    cross: np.ndarray
    points: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, t: Trend) -> Self:
        """Return those of points (C, D)."""
        keys, rows = covariance.trend_features(np, points), t.features
        squares = covariance.trend_squares(np, keys), covariance.trend_squares(np, rows)
        return cls(covariance.trend_products(np, keys, rows), *squares)


def make_view(
    belief: Belief,
    index: np.ndarray,
    weight: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    pending: np.ndarray,
    draws: np.ndarray | None = None,
    passed: np.ndarray | None = None,
    incumbent: np.ndarray | None = None,
) -> View:
    """Condition the hypotheses at `index` (H,) on heights z (n,) of observations x (n, D).

    And on pending points (P, D):
    Each hypothesis draws values for the pending points from its posterior, a fantasy (Snoek et al.
    2012, section 3.2), by standard normal numbers `draws` (H, P); by None they have their mean.

    Args:
        belief: the particles.
        index: which of them.
        weight: (H,) theirs.
        x: the observations.
        z: their heights.
        pending: points without a value.
        draws: of their fantasies.
        passed: (n,) observations that are none to improve on; None for no others than outliers.
        incumbent: (D,) from where distances are taken; None for the view's own.
    """
    h, inverse = belief.hypotheses.take(index), belief.inverse[index]
    known = inference.whiten_heights(h, inverse, z, belief.out)
    alpha = known.alpha
    smooth = known.smooth
    ignored = belief.out if passed is None else belief.out | passed
    smooth[:, ignored] = np.inf
    lowest = smooth.argmin(axis=1)
    each = np.arange(len(index))
    best = smooth[each, lowest][:, None]
    if incumbent is None:
        incumbent = x[int((weight @ (smooth == best)).argmax())]
    points = x
    if len(pending):
        near, rest = pending - incumbent, x - incumbent
        cross = covariance.correlations(h, near, rest)
        block = covariance.with_nugget(
            np, covariance.correlations(h, near, near), h.nugget[:, None]
        )
        if h.curved.any():
            cross = cross + covariance.trend_covariances(h, pending, x)
            block = block + covariance.trend_covariances(h, pending, pending)
        inverse = factors.append_rows(np, inverse, cross, block)
        points = np.concatenate([x, pending])
        # Whitened values W (w - mean) are independent, with the amplitude as their deviation.
        drawn = np.zeros((len(index), len(pending))) if draws is None else draws
        white = np.concatenate([known.residual, known.amplitude[:, None] * drawn], axis=1)
        alpha = (white[:, None, :] @ inverse)[:, 0]
    noise = None
    if h.noisy.any():
        variance = h.nugget[:, None] - JITTER
        # The best row's column of K^-1 = W^T W.
        link = variance * (inverse[each, :, lowest][:, None, :] @ inverse)[:, 0]
        noise = Noise(variance, link)
    mean, amplitude = known.mean[:, None], known.amplitude[:, None]
    return View(points, h, inverse, alpha, mean, amplitude, best, noise, weight, incumbent)
