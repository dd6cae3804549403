"""Constraints, which are kept at most 0, without a model of them.

A policy minimizes one number. Beside constraints c_j it is told the augmented Lagrangian (Hestenes
1969, Powell 1969, Rockafellar 1973) in place of the value f,

    L = f + sum_j (max(0, lambda_j + rho c_j)^2 - lambda_j^2) / (2 rho),

which is smooth across the border of what is feasible, and at the right multipliers lambda least at
the best feasible point. The multipliers follow from the trials: at the right ones f + lambda c is
nowhere below the best feasible value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

_FIRST = 64  # trials up to which multipliers are found anew after each
_GROWTH = 1.1  # and later, whenever there are so many times more
_ROUNDS = 100
_REACH = 0.5  # of the distance to the trials that a step may rely on
_MISFIT = 0.1  # of their range, where a linear model is believed
_INSIDE = 1e-3  # of what is stepped over


def constraint_matrix(constraints: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Return constraints (n, m), one column a name; NaN where a trial has none of the name.

    Infinity becomes twice the largest finite number of its column.
    """
    names = sorted({name for one in constraints for name in one})
    c = np.array([[one.get(name, math.nan) for name in names] for one in constraints])
    c = c.reshape(len(constraints), len(names))
    largest = np.max(np.abs(c), axis=0, initial=0.0, where=np.isfinite(c))
    bound = 2.0 * np.where(largest > 0.0, np.minimum(largest, 1e300), 1.0)
    return np.clip(c, -bound, bound)


def stand_ins(values: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return what a policy is told in place of values.

    Without a feasible trial it is how much the constraints are violated.

    Args:
        values: (n,) values to minimize, finite, in the order told.
        c: (n, m) their constraints; NaN counts as met.
    """
    c = np.nan_to_num(c, nan=0.0)
    infeasible = (c > 0.0).any(axis=1)
    if not infeasible.any():
        return values
    first = int(_FIRST * _GROWTH ** math.floor(math.log(max(len(values) / _FIRST, 1.0), _GROWTH)))
    kinds = [int(np.argmax(one)) + 1 for one in (infeasible, ~infeasible) if one.any()]
    settled = min(len(values), max(first, *kinds))
    return _Lagrangian.of(values[:settled], c[:settled]).told(values, c)


@dataclass(frozen=True)
class _Lagrangian:
    """The augmented Lagrangian.

    Attributes:
        unit: (m,) of the constraints.
        multipliers: (m,), lambda, in these units.
        rho: the weight of squares.
        bend: value beyond which an infeasible trial counts with the logarithm alone.
        spread: scale of that logarithm.
        feasible: whether a trial is.
    """

    unit: np.ndarray
    multipliers: np.ndarray
    rho: float
    bend: float
    spread: float
    feasible: bool

    @classmethod
    def of(cls, values: np.ndarray, c: np.ndarray) -> Self:
        """Return the one that fits values (n,) and constraints (n, m)."""
        unit = np.median(np.abs(c), axis=0)
        unit = np.where(unit > 0.0, unit, np.maximum(np.abs(c).max(axis=0), 1e-300))
        c = c / unit
        violation = np.maximum(c, 0.0).sum(axis=1)
        bad = violation > 0.0
        if bad.all():
            return cls(unit, np.zeros(c.shape[1]), 1.0, math.inf, 1.0, False)
        best, bend = values[~bad].min(), values[~bad].max()
        spread = bend - best if bend > best else 1.0
        # The least weight of the violation by which no infeasible trial is better than the best.
        slope = max(0.0, np.max((best - values[bad]) / violation[bad], initial=0.0))
        near = np.argsort(values + slope * violation, kind="stable")
        near = near[: max(2 * (c.shape[1] + 3), len(values) // 3)]
        multipliers = _multipliers(values[near] - best, c[near])
        rho = max(slope, 1e-3 * spread)
        return cls(unit, multipliers, float(rho), float(bend), float(spread), True)

    def told(self, values: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Return what is told of values (n,) with constraints (n, m)."""
        c = c / self.unit
        bad = (c > 0.0).any(axis=1)
        if not self.feasible:
            return np.maximum(c, 0.0).sum(axis=1)
        own, rho = self.multipliers, self.rho
        squares = np.maximum(own + rho * c, 0.0) ** 2 - own**2
        told = values + squares.sum(axis=1) / (2.0 * rho)
        beyond = np.maximum(told - self.bend, 0.0)
        bent = self.bend + self.spread * np.log1p(beyond / self.spread)
        return np.where(bad & (beyond > 0.0), bent, told)


def _multipliers(above: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return lambda >= 0 (m,) by which above + c lambda (n,) is least negative, by Newton's steps.

    Args:
        above: (n,) values above the best feasible one.
        c: (n, m) constraints.
    """
    found = np.zeros(c.shape[1])
    ridge = 1e-12 * max(float((c**2).sum()), 1e-300) * np.eye(c.shape[1])
    for _ in range(_ROUNDS):
        lacking = np.minimum(above + c @ found, 0.0)
        active = lacking < 0.0
        step = np.linalg.solve(c[active].T @ c[active] + ridge, -c[active].T @ lacking[active])
        new = np.maximum(found + step, 0.0)
        if np.allclose(new, found, rtol=1e-9, atol=0.0):
            break
        found = new
    return found


def step_inside(u: np.ndarray, known: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return a point (D,) of the cube, moved to where it is probably feasible.

    Near the border a linear model of the nearest trials says on which side a point lies; the step
    is the shortest one. Where they do not tell, the point stays.

    Args:
        u: (D,) the point.
        known: (n, D) trials.
        c: (n, m) their constraints.
    """
    complete = ~np.isnan(c).any(axis=1)
    known, c = known[complete], c[complete]
    if len(u) >= len(known) or not (c > 0.0).any() or not (c <= 0.0).all(axis=1).any():
        return u
    distance = np.sqrt(((known - u) ** 2).sum(axis=1))
    near = np.argsort(distance, kind="stable")[: 2 * len(u) + 1]
    radius = distance[near].max()
    if radius == 0.0:
        return u
    weight = 1.0 / (distance[near] / radius + 0.05)
    design = np.column_stack([np.ones(len(near)), (known[near] - u) / radius])
    found = np.linalg.lstsq(design * weight[:, None], c[near] * weight[:, None], rcond=1e-8)[0]
    misfit = (np.abs(design @ found - c[near]) * weight[:, None]).max(axis=0) / weight.max()
    here, slope = found[0], found[1:].T
    believed = misfit <= _MISFIT * np.ptp(c[near], axis=0)
    crossed = (here > 0.0) & believed
    if not crossed.any():
        return u
    target = -np.maximum(misfit, _INSIDE * np.abs(here))
    step = np.linalg.lstsq(slope[crossed], (target - here)[crossed], rcond=1e-8)[0]
    if np.linalg.norm(step) > _REACH:
        return u
    return np.clip(u + radius * step, 0.0, 1.0)
