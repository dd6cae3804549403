"""A few hypotheses, conditioned on what is known, ready to predict and to be searched."""

from typing import NamedTuple

import numpy as np

from rnnbbo.policies.kernel import acquisition, inference, posterior, search, trend
from rnnbbo.policies.kernel.inference import Belief
from rnnbbo.policies.kernel.posterior import Posterior
from rnnbbo.policies.kernel.trend import Trend
from rnnbbo.policies.kernel.values import standardise, warp


class View(NamedTuple):
    """A few hypotheses. Distances are taken from the incumbent.

    Attributes:
        posterior: of H hypotheses.
        weight: (H,) of sum 1.
        lengthscales: (H, 1, D).
        incumbent: (D,) the observation where most hypotheses have their least posterior mean.
        explore: as in `acquisition.log_ei`.
    """

    posterior: Posterior
    weight: np.ndarray
    lengthscales: np.ndarray
    incumbent: np.ndarray
    explore: float = 0.0

    def features(self, points: np.ndarray) -> np.ndarray | None:
        """`trend.lift` of points (n, D), where there are trends."""
        return None if self.posterior.trend is None else trend.lift(np, points)

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (H, C) at points (C, D), in warped values."""
        keys = (points - self.incumbent) / self.lengthscales
        return posterior.predict(np, self.posterior, keys, self.features(points))

    def score(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Averaged log EI of the candidates (C, D) that may be best, and their indices.

        All get an upper bound in single precision; those with the largest ones an exact score.
        """
        index = search.promising(self._bound(points))
        mean, deviation = [], []
        kept = points[index] - self.incumbent
        features = self.features(points[index])
        # Hypothesis by hypothesis: an array over candidates and rows is the largest there is.
        for h in range(len(self.weight)):
            one = _take(self.posterior, slice(h, h + 1))
            found = posterior.predict(np, one, kept / self.lengthscales[h : h + 1], features)
            mean.append(found[0][0])
            deviation.append(found[1][0])
        best = self.posterior.best
        value = acquisition.log_ei(np, best, np.array(mean), np.array(deviation), self.explore)
        return self.weight @ value, index

    def _bound(self, points: np.ndarray) -> np.ndarray:
        """At least the averaged log EI (C,), rounding aside."""
        p = self.posterior
        rows, alpha = p.rows.astype(np.float32), p.alpha.astype(np.float32)
        centred = (points - self.incumbent).astype(np.float32)
        lengthscales = self.lengthscales.astype(np.float32)
        count = len(self.weight)
        mean, variance = np.empty((2, count, len(points)), np.float32)
        if p.trend is not None:
            keys = trend.lift(np, points)
            s, product = (
                part.astype(np.float32) for part in trend.products(np, keys, p.trend.features)
            )
            norms = trend.squares(np, keys), trend.squares(np, p.trend.features)
        for h in range(count):
            r2 = posterior.distances(
                np, posterior.lift_keys(np, centred / lengthscales[h]), rows[h]
            )
            k = posterior.correlation(np, r2, np.float32(p.rbf[h, 0, 0]))
            if p.trend is not None and p.trend.bend[h, 0, 0] > 0.0:
                bend, rotated = (
                    np.float32(p.trend.bend[h, 0, 0]),
                    np.float32(p.trend.rotated[h, 0, 0]),
                )
                k += trend.combine(bend, rotated, s, product)
                own, theirs = (1.0 + trend.combine(bend, rotated, *norm) for norm in norms)
                # The deviation that the one row leaves that tells most.
                variance[h] = own - np.max(k * k / theirs.astype(np.float32), axis=-1)
            else:
                variance[h] = 1.0 - np.square(np.max(k, axis=-1))
            mean[h] = k @ alpha[h]
        deviation = p.amplitude * np.sqrt(np.maximum(variance, posterior.FLOOR))
        return self.weight @ acquisition.log_ei(np, p.best, p.mean + mean, deviation, self.explore)

    def climbed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Averaged log EI (S,) of points (S, D) and its gradient (S, D)."""
        value, gradient = acquisition.log_ei_and_gradient(
            np,
            self.posterior,
            self.lengthscales,
            points - self.incumbent,
            self.features(points),
            self.explore,
        )
        average = self.weight @ gradient.reshape(len(gradient), -1)
        return self.weight @ value, average.reshape(points.shape)


def _take(p: Posterior, index: slice) -> Posterior:
    """The posterior of some hypotheses."""
    fields = [field[index] for field in p[:-1]]
    t = p.trend
    bent = None if t is None else Trend(t.features, t.bend[index], t.rotated[index])
    return Posterior(*fields, bent if bent is not None and bent.bend.any() else None)


def make_view(
    belief: Belief,
    index: np.ndarray,
    weight: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    pending: np.ndarray,
    draws: np.ndarray | None = None,
    explore: float = 0.0,
) -> View:
    """Condition the hypotheses at `index` (H,) on observations (n, D), and pending points (P, D).

    Each hypothesis draws values for the pending points from its posterior, a fantasy (Snoek et al.
    2012, section 3.2), by standard normal numbers `draws` (H, P); by None they have their mean.
    `explore` is that of `acquisition.log_ei`.
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
    points = x
    if len(pending):
        extra = (pending - incumbent) / lengthscales
        r2 = posterior.distances(np, posterior.lift_keys(np, extra), rows)
        cross = posterior.correlation(np, r2, rbf)
        block = posterior.covariance(np, extra, rbf, nugget)
        if h.curved.any():
            cross = cross + inference.trends(h, pending, x)
            block = block + inference.trends(h, pending, pending)
        inverse = posterior.append(np, inverse, cross, block)
        rows = np.concatenate([rows, posterior.lift_rows(np, extra)], axis=1)
        points = np.concatenate([x, pending])
        # Whitened values W (y - mean) are independent, with the amplitude as their deviation.
        drawn = np.zeros((len(index), len(pending))) if draws is None else draws
        white = np.concatenate([read.residual, read.amplitude[:, None] * drawn], axis=1)
        alpha = (white[:, None, :] @ inverse)[:, 0]
    bent = None
    if h.curved.any():
        bent = Trend(trend.lift(np, points), h.bend[:, None, None], h.rotated[:, None, None])
    conditioned = Posterior(
        rows, rbf, inverse, alpha, read.mean[:, None], read.amplitude[:, None], best, bent
    )
    return View(conditioned, weight, lengthscales, incumbent, explore)
