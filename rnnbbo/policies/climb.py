"""Quasi-Newton ascent of many points at once within the unit cube."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnbbo import core
from rnnbbo.core.climbing import Climbers
from rnnbbo.policies.ops import Array, Namespace

_FIRST_RADIUS = 0.2  # of the trust region, in units times sqrt(D)

# Maps points (S, D) to values (S,) and gradients (S, D).
Climbed = Callable[[Array], tuple[Array, Array]]


class Climb(NamedTuple):
    """State of the S climbers: points, values, gradients, inverse Hessians, trust radii."""

    x: Array
    f: Array
    g: Array
    inverse_hessian: Array
    radius: Array


def first_radius(dim: int) -> float:
    """Return the trust radius to begin with, in units."""
    return _FIRST_RADIUS * math.sqrt(dim)


def climb(
    xp: Namespace, func: Climbed, start: Array, unit: Array, steps: int, gain: float | None = None
) -> tuple[Array, Array]:
    """Maximise from many points at once within the unit cube.

    Each has a BFGS model (Nocedal & Wright 2006, eq. 6.17) and a trust radius, in coordinates
    divided by a unit. A coordinate on the border whose gradient points outward is left there.

    Args:
        xp: array namespace.
        func: what to maximise.
        start: (S, D) points of the cube, float64.
        unit: (D,) or (S, D).
        steps: evaluations beyond the first.
        gain: where no step promises more than this above the best, it ends sooner; None for never.

    Returns:
        The points reached (S, D) and their values (S,).
    """
    count, dim = start.shape
    f, g = func(start)
    library = core.library() if xp is np else None
    if library is not None:
        return _climb_compiled(
            Climbers(library, start, f, g, unit, first_radius(dim)), func, steps, gain
        )
    eye = xp.eye(dim, dtype=start.dtype, device=start.device)
    radius = xp.full_like(f, first_radius(dim))
    state = Climb(start, f, g * unit, xp.broadcast_to(eye, (count, dim, dim)), radius)
    for step in range(steps):
        x, f, g, h, radius = state
        free = ~(((x <= 0.0) & (g < 0.0)) | ((x >= 1.0) & (g > 0.0)))
        slope = xp.where(free, g, 0.0)
        p = xp.where(free, xp.matmul(h, slope[:, :, None])[:, :, 0], 0.0)
        shrink = radius / (xp.sqrt(xp.vecdot(p, p)) + 1e-300)
        # The first step has no model yet: it goes all the way.
        move = p * (shrink if step == 0 else xp.minimum(shrink, 1.0))[:, None]
        if gain is not None and xp.max(f + xp.vecdot(slope, move)) < xp.max(f) + gain:
            break
        trial = xp.minimum(xp.maximum(x + unit * move, 0.0), 1.0)
        ft, gt = func(trial)
        state = _advance(xp, state, (trial - x) / unit, trial, ft, gt * unit, first=step == 0)
    return state.x, state.f


def _climb_compiled(
    climbers: Climbers, func: Climbed, steps: int, gain: float | None
) -> tuple[np.ndarray, np.ndarray]:
    for _ in range(steps):
        trial = climbers.move(gain)
        if trial is None:
            break
        climbers.take(*func(trial))
    return climbers.x, climbers.f


def _advance(
    xp: Namespace, state: Climb, s: Array, trial: Array, ft: Array, gt: Array, first: bool
) -> Climb:
    x, f, g, h, radius = state
    y = g - gt  # of the function to minimise, -f
    sy, yy, ss = xp.vecdot(s, y), xp.vecdot(y, y), xp.vecdot(s, s)
    curved = (sy > 1e-10 * xp.sqrt(yy * ss)) & (yy > 1e-200)
    rho = xp.where(curved, 1.0 / xp.where(curved, sy, 1.0), 0.0)[:, None, None]
    if first:
        h = h * xp.where(curved, sy / xp.where(curved, yy, 1.0), 1.0)[:, None, None]
    eye = xp.eye(s.shape[1], dtype=s.dtype, device=s.device)
    left = eye - rho * s[:, :, None] * y[:, None, :]
    h = xp.matmul(xp.matmul(left, h), left.mT) + rho * s[:, :, None] * s[:, None, :]
    better = ft > f
    length = xp.sqrt(ss)
    radius = xp.where(better, xp.maximum(radius, 2.0 * length), 0.25 * length + 1e-12)
    pick = better[:, None]
    return Climb(
        xp.where(pick, trial, x),
        xp.where(better, ft, f),
        xp.where(pick, gt, g),
        h,
        radius,
    )
