"""Points that the heads of regression propose: where their averaged improvement is largest.

Among candidates that know nothing of the function, the best is far from the best point there is,
the further the more dimensions. From the best few of them, the gradient leads on.
"""

from collections.abc import Callable

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.policies.candidates import Candidates
from rnnbbo.policies.climb import climb, first_radius
from rnnbbo.policies.evidence import Evidence
from rnnbbo.policies.gp.improvement import log_h_and_ratio
from rnnbbo.policies.gp.kernels import weighted_kernel_and_slope
from rnnbbo.policies.network.archive import squares_ahead
from rnnbbo.policies.network.process_heads import LEAST_VARIANCE, STEEPEST
from rnnbbo.policies.network.regression import Fit, trend_bases, trend_variances
from rnnbbo.policies.ops import Array, Namespace

_STEPS = 5  # evaluations of each climber, beyond the first
FEWEST_TOLD = 5  # values told before it pays to follow the gradient
_LONGEST = 1.0  # length-scale beyond which a step is not longer


def climb_from(
    xp: Namespace, fit: Fit, evidence: Evidence, candidates: Candidates, scores: Array
) -> Array:
    """Return where two climbers get, (B, 2, D), which begin at the best-scored of either kind.

    Args:
        xp: array namespace.
        fit: the heads.
        evidence: incumbent.
        candidates: (B, C, D) points.
        scores: (B, C).
    """
    points, wide = candidates.points, candidates.wide
    batch, _, dim = points.shape
    best = xp.stack(
        [xp.argmax(scores[:, :wide], axis=1), wide + xp.argmax(scores[:, wide:], axis=1)], axis=1
    )
    best = xp.broadcast_to(best[:, :, None], (batch, 2, dim))
    start = xp.astype(xp.take_along_axis(points, best, axis=1), xp.float64)
    inverse = xp.astype(fit.hyperparameters.inverse[:, :, 0], xp.float64)
    unit = xp.clip(xp.exp(-xp.mean(xp.log(inverse), axis=1)), None, _LONGEST)
    unit = xp.reshape(xp.broadcast_to(unit[:, None], start.shape), (-1, dim))
    slope = ascent(xp, fit, evidence)

    def func(x: Array) -> tuple[Array, Array]:
        value, gradient = slope(xp.astype(xp.reshape(x, start.shape), points.dtype))
        flat = xp.reshape(gradient, (-1, dim))
        return xp.astype(xp.reshape(value, (-1,)), x.dtype), xp.astype(flat, x.dtype)

    found, _ = climb(xp, func, xp.reshape(start, (-1, dim)), unit, _STEPS)
    return xp.astype(xp.reshape(found, start.shape), points.dtype)


def plan_climb(
    candidates: Candidates, added: np.ndarray | None = None, again: bool = False
) -> core.ClimbPlan:
    """Return how `climb_from` climbs, for the compiled library.

    Args:
        candidates: (B, C, D) points of both kinds.
        added: (B, C) to add to their scores, or None.
        again: whether what is reached is scored, too.
    """
    radius = first_radius(candidates.points.shape[-1])
    few = candidates.scored or 0
    return core.ClimbPlan(_STEPS, radius, _LONGEST, candidates.wide, added, again, few)


def ascent(xp: Namespace, fit: Fit, evidence: Evidence) -> Callable[[Array], tuple[Array, Array]]:
    """Return a function of points (B, S, D): the averaged improvement (B, S), and its gradient.

    The improvement is that of `process_heads.predict_candidates`.

    All heads at once: for a few points, the number of calls is what takes time.
    """
    h, (batch, heads, n, _) = fit.hyperparameters, fit.root.shape
    best_x = evidence.best_x[:, :, None]
    dim = best_x.shape[1]
    # The sides of all families, one below the other.
    to_distance = xp.concat([one.distance for one in fit.sides], axis=1)
    to_trend = xp.concat([one.trend for one in fit.sides], axis=1)
    smooth = fit.sides[0].trend.shape[1]  # rows of the Matern heads, which come first
    variances = trend_variances(xp, h)[:, :, 0]
    readers, back = fit.reads.mT, fit.root.mT
    across, across_trend = to_distance.mT, to_trend.mT
    noise, weight = h.noise[..., 0], fit.weight[..., None]

    def evaluate(x: Array) -> tuple[Array, Array]:
        points = x.mT
        away = points - best_x
        shape = (batch, heads, n, x.shape[1])
        distance = xp.matmul(to_distance, squares_ahead(xp, away))
        k, bend = _kernels(xp, distance, smooth)
        bases = trend_bases(xp, points, 1)
        k = xp.reshape(k + xp.matmul(to_trend, bases), shape)
        read = xp.matmul(fit.reads, k)
        mean, covariance = read[:, :, 0], read[:, :, 1]
        white = xp.matmul(fit.root, k)
        own = 1.0 + xp.matmul(variances, bases * bases)
        variance = xp.maximum(own - xp.sum(white * white, axis=2), LEAST_VARIANCE)
        apart = xp.maximum(variance - covariance, LEAST_VARIANCE)
        loud = noise / (variance + noise)
        scale = fit.amplitude * fit.amplitude * xp.sqrt(1.0 - loud)
        square = scale * apart
        deviation = xp.sqrt(square)
        z = xp.clip((fit.best - mean) / deviation, -STEEPEST, STEEPEST)
        log_value, ratio = (xp.astype(part, x.dtype) for part in log_h_and_ratio(xp, z))
        weighted = xp.log(deviation) + log_value + weight
        top = xp.max(weighted, axis=1, keepdims=True)
        each = xp.exp(weighted - top)
        total = xp.sum(each, axis=1, keepdims=True)
        value = (top + xp.log(total))[:, 0]
        # dEI = -Phi dmean + phi ds, and phi / h = 1 - z Phi / h.
        each = each / total
        by_mean = -each * ratio / deviation
        by_square = 0.5 * each * (1.0 - z * ratio) / square * scale
        by_square = by_square * xp.astype(apart > LEAST_VARIANCE, x.dtype)
        by_variance = by_square * (1.0 + 0.5 * loud * apart / variance)
        by_row = xp.matmul(readers, xp.stack([by_mean, -by_square], axis=2))
        by_row = by_row - 2.0 * xp.matmul(back, white * by_variance[:, :, None])
        by_row = xp.reshape(by_row, distance.shape)
        near = xp.matmul(across, by_row * bend)
        trend = xp.matmul(across_trend, by_row)
        trend = trend + 2.0 * xp.matmul(variances.mT, by_variance) * bases
        place = bases[:, :dim]
        gradient = 2.0 * trend[:, :dim] + 4.0 * place * trend[:, dim : 2 * dim]
        gradient = gradient - away * near[:, :dim] - 0.5 * near[:, dim : 2 * dim]
        return value, gradient.mT

    return evaluate


def _kernels(xp: Namespace, distance: Array, smooth: int) -> tuple[Array, Array]:
    """Return kernels and slopes of distances (B, H n, S), first `smooth` rows of Matern heads."""
    parts = [weighted_kernel_and_slope(xp, distance[:, :smooth], True)]
    if smooth < distance.shape[1]:
        parts.append(weighted_kernel_and_slope(xp, distance[:, smooth:], False))
    k, slope = (xp.concat(both, axis=1) for both in zip(*parts, strict=True))
    return k, slope
