"""Where an acquisition function is largest: candidates, then quasi-Newton steps."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnbbo.policies import candidates as points

WIDE, NEAR = 96, 72  # candidates over the cube, and round the incumbent
RADII = (0.15, 0.02, 0.002)  # of those round the incumbent, in length-scales
PROMISING = 32  # candidates of either kind that get an exact score
STARTS, STEPS = 3, 12  # candidates that are refined, and evaluations of each
GAIN = 0.05  # where no step promises more, in logarithms of the improvement, climbing ends

# Maps points (S, D) to values (S,) and gradients (S, D).
Climbed = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def make_candidates(
    rng: np.random.Generator, incumbent: np.ndarray, lengthscales: np.ndarray
) -> np.ndarray:
    """Candidates (WIDE + NEAR, D).

    Args:
        rng: randomness of this ask.
        incumbent: (D,).
        lengthscales: (H, D) of the hypotheses, in turn the unit of the spray's radii.
    """
    dim = len(incumbent)
    wide = points.quasi_random(np, rng.random((1, dim)), 0, WIDE)[0]
    turn = np.arange(NEAR)
    radius = np.asarray(RADII)[turn % len(RADII), None]
    scale = np.minimum(lengthscales[turn // len(RADII) % len(lengthscales)], 1.0)
    step = radius * scale * rng.standard_normal((NEAR, dim))
    # Every other one moves some coordinates only; the one with the smallest number in any case.
    u = rng.random((NEAR, dim))
    some = (u < max(0.25, 2.0 / dim)) | (u == u.min(axis=1, keepdims=True))
    step = np.where((turn % 2 == 0)[:, None] | some, step, 0.0)
    return np.concatenate([wide, np.clip(incumbent + step, 0.0, 1.0)])


def promising(bound: np.ndarray) -> np.ndarray:
    """Indices of the candidates with the largest bounds (C,), PROMISING of either kind."""
    wide = np.argpartition(-bound[:WIDE], PROMISING)[:PROMISING]
    near = np.argpartition(-bound[WIDE:], PROMISING)[:PROMISING]
    return np.concatenate([wide, WIDE + near])


def starts(scores: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Candidates to refine: the best of the cube and of the spray, since basins differ."""
    best = index[np.argsort(-scores, kind="stable")]
    wide, near = best[best < WIDE], best[best >= WIDE]
    return np.concatenate([wide[: STARTS // 2], near[: STARTS - STARTS // 2]])


class Climb(NamedTuple):
    """State of the S climbers: points, values, gradients, inverse Hessians, trust radii."""

    x: np.ndarray
    f: np.ndarray
    g: np.ndarray
    inverse_hessian: np.ndarray
    radius: np.ndarray


def climb(
    func: Climbed, start: np.ndarray, unit: np.ndarray, steps: int, gain: float = GAIN
) -> tuple[np.ndarray, np.ndarray]:
    """Maximise from many points at once within the unit cube.

    Each has a BFGS model (Nocedal & Wright 2006, eq. 6.17) and a trust radius, in coordinates
    divided by `unit` (D,). A coordinate on the border whose gradient points outward is left there.
    It ends after `steps`, or where no step promises more than `gain`.

    Returns:
        The points reached (S, D) and their values (S,).
    """
    count, dim = start.shape
    f, g = func(start)
    eye = np.broadcast_to(np.eye(dim), (count, dim, dim))
    state = Climb(start, f, g * unit, eye, np.full(count, 0.2 * math.sqrt(dim)))
    for step in range(steps):
        x, f, g, h, radius = state
        free = ~(((x <= 0.0) & (g < 0.0)) | ((x >= 1.0) & (g > 0.0)))
        slope = g * free
        p = (h @ slope[:, :, None])[:, :, 0] * free
        length = np.sqrt(np.vecdot(p, p)) + 1e-300
        shrink = radius / length if step == 0 else np.minimum(1.0, radius / length)
        move = p * shrink[:, None]
        if (f + np.vecdot(slope, move)).max() < f.max() + gain:
            break
        trial = np.minimum(np.maximum(x + unit * move, 0.0), 1.0)
        ft, gt = func(trial)
        gt = gt * unit
        state = _advance(state, (trial - x) / unit, trial, ft, gt, first=step == 0)
    return state.x, state.f


def _advance(
    state: Climb,
    s: np.ndarray,
    trial: np.ndarray,
    ft: np.ndarray,
    gt: np.ndarray,
    first: bool,
) -> Climb:
    x, f, g, h, radius = state
    y = g - gt  # of the function to minimise, -f
    sy, yy, ss = np.vecdot(s, y), np.vecdot(y, y), np.vecdot(s, s)
    curved = (sy > 1e-10 * np.sqrt(yy * ss)) & (yy > 1e-200)
    rho = np.where(curved, 1.0 / np.where(curved, sy, 1.0), 0.0)[:, None, None]
    if first:
        h = h * np.where(curved, sy / np.where(curved, yy, 1.0), 1.0)[:, None, None]
    left = np.eye(s.shape[1]) - rho * s[:, :, None] * y[:, None, :]
    h = left @ h @ left.swapaxes(1, 2) + rho * s[:, :, None] * s[:, None, :]
    better = ft > f
    length = np.sqrt(ss)
    radius = np.where(better, np.maximum(radius, 2.0 * length), 0.25 * length + 1e-12)
    pick = better[:, None]
    return Climb(
        np.where(pick, trial, x),
        np.where(better, ft, f),
        np.where(pick, gt, g),
        h,
        radius,
    )
