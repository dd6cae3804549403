"""What a policy knows of a run besides its recurrent state, and the inputs made from it.

The values that a user tells are normalised here and nowhere else: every number that a policy sees
of y is a difference of values divided by their standard deviation so far, so that proposals do not
change when y is shifted or scaled by a positive number.

Networks get numbers times a factor: 0.2 log(...), 0.25 log(1 + steps), 0.3 log D and the like, here
and in `archive`, `scored`, `process_heads` and `regression`. A factor brings an input to about unit
size over typical runs; some come with an offset for the same reason. They are part of what the
weights were trained with: to change one is to train again.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.policies.ops import Array, Namespace

FEATURES_PER_DIM = 7
FEATURES_GLOBAL = 9


class Observation(NamedTuple):
    """One input of the recurrence, for a batch of B functions on the unit cube.

    The paper's parallel input (Chen et al. 2016, section 2.3): `told` is its flag o. Without a
    finished result, o = 0, y is a zero dummy, and x is the proposal that is still pending.

    Attributes:
        x: (B, D) the evaluated point, or the latest pending one (the centre when there is none).
        y: (B,) raw value; ignored unless `told`.
        q: (B, D) a quasi-random point, which breaks the symmetry between dimensions.
        told: whether a result is fed (o = 1); one flag for the whole batch.
        seed: of what a step draws at random; the networks draw nothing.
        constraints: (K,) values of constraints, feasible where at most 0, NaN where not known; of
            one function. None where the run has none.
        further: (K - 1,) raw values of the objectives after the first one, whose value is y; of
            one function. None where there is but one.
    """

    x: Array
    y: Array
    q: Array
    told: bool
    seed: tuple[int, ...] = (0,)
    constraints: Array | None = None
    further: Array | None = None


class Evidence(NamedTuple):
    """Summary of a run: steps, running moments of y, incumbent and runner-up.

    Attributes:
        steps: steps taken so far, dummies included.
        told: results fed so far.
        mean: (B,) running mean of y.
        m2: (B,) running sum of squared deviations (Welford 1962).
        best_x: (B, D) incumbent; the centre before any result.
        best_y: (B,) its value.
        second_x: (B, D) runner-up; the incumbent while there is only one result.
        second_y: (B,) its value.
    """

    steps: int
    told: int
    mean: Array
    m2: Array
    best_x: Array
    best_y: Array
    second_x: Array
    second_y: Array


class Inputs(NamedTuple):
    """Inputs of a recurrence: (B, D, FEATURES_PER_DIM) and (B, FEATURES_GLOBAL)."""

    per_dim: Array
    shared: Array


def signed_log(xp: Namespace, x: Array, unit: float) -> Array:
    """Return asinh(x / unit): linear below `unit`, logarithmic above, odd."""
    return xp.asinh(x * (1.0 / unit))


def no_evidence(xp: Namespace, x: Array, y: Array) -> Evidence:
    """Return the evidence before any result; x (B, D), y (B,) give shape, dtype, device only."""
    centre = xp.full_like(x, 0.5)
    zero = xp.zeros_like(y)
    return Evidence(0, 0, zero, zero, centre, zero, centre, zero)


def scale(xp: Namespace, evidence: Evidence) -> Array:
    """Return the deviation of the values told so far, (B,); 1 where they do not differ."""
    variance = evidence.m2 / max(evidence.told, 1)
    return xp.sqrt(xp.where(variance > 0, variance, xp.ones_like(variance)))


def standardise(xp: Namespace, evidence: Evidence, y: Array) -> Array:
    """Return (y - mean) / std over what was told so far; y is (B,) or (B, n)."""
    mean, std = evidence.mean, scale(xp, evidence)
    if y.ndim == 2:
        mean, std = mean[:, None], std[:, None]
    return (y - mean) / std


def value_features(xp: Namespace, evidence: Evidence, y: Array, dtype: Any) -> Array:
    """Return values y (B, n) as (B, n, 3): standardised, above the incumbent, squared."""
    z = xp.asinh(standardise(xp, evidence, y))
    height = (y - evidence.best_y[:, None]) / scale(xp, evidence)[:, None]
    features = xp.stack([z, 0.2 * signed_log(xp, height, 0.01), z * z], axis=-1)
    return xp.astype(features, dtype, copy=False)


def update_evidence(xp: Namespace, evidence: Evidence, observation: Observation) -> Evidence:
    """Return the evidence after one more step."""
    e = evidence._replace(steps=evidence.steps + 1)
    if not observation.told:
        return e
    x, y = observation.x, observation.y
    if e.told == 0:
        return e._replace(told=1, mean=y, best_x=x, best_y=y, second_x=x, second_y=y)
    n = e.told + 1
    delta = y - e.mean
    mean = e.mean + delta / n
    better = y < e.best_y
    if xp is np and len(y) == 1:
        # Of one function nothing has to be put together.
        runs_up = e.told == 1 or y[0] < e.second_y[0]
        second_x, second_y = (x, y) if runs_up else (e.second_x, e.second_y)
        best_x, best_y = e.best_x, e.best_y
        if better[0]:
            best_x, best_y, second_x, second_y = x, y, best_x, best_y
        m2 = e.m2 + delta * (y - mean)
        return Evidence(e.steps, n, mean, m2, best_x, best_y, second_x, second_y)
    # A single result is its own runner-up until another one comes.
    runs_up = (y < e.second_y) if e.told > 1 else xp.ones_like(better)
    second = xp.where(runs_up, y, e.second_y)
    second_x = xp.where(runs_up[:, None], x, e.second_x)
    return e._replace(
        told=n,
        mean=mean,
        m2=e.m2 + delta * (y - mean),
        best_x=xp.where(better[:, None], x, e.best_x),
        best_y=xp.where(better, y, e.best_y),
        second_x=xp.where(better[:, None], e.best_x, second_x),
        second_y=xp.where(better, e.best_y, second),
    )


def rescale_evidence(evidence: Evidence, factor: Array) -> Evidence:
    """Return the evidence of values times a factor (B,), a power of two."""
    e = evidence
    return e._replace(
        mean=e.mean * factor,
        m2=e.m2 * factor * factor,
        best_y=e.best_y * factor,
        second_y=e.second_y * factor,
    )


def make_inputs(xp: Namespace, before: Evidence, now: Evidence, observation: Observation) -> Inputs:
    """Make a recurrence's inputs from an observation.

    Args:
        xp: array namespace.
        before: evidence before the observation.
        now: evidence with it.
        observation: the observation itself.
    """
    x = observation.x
    batch, dim = x.shape
    away = x - now.best_x
    spread = now.second_x - now.best_x
    per_dim = xp.stack(
        [
            2.0 * x - 1.0,
            2.0 * now.best_x - 1.0,
            away,
            0.2 * signed_log(xp, away, 0.005),
            spread,
            0.2 * signed_log(xp, spread, 0.005),
            2.0 * observation.q - 1.0,
        ],
        axis=-1,
    )
    zero = xp.zeros_like(now.mean)
    one = xp.ones_like(now.mean)
    std = scale(xp, now)
    if observation.told and now.told > 1:
        gain = (observation.y - before.best_y) / std
        z = xp.asinh(standardise(xp, now, observation.y))
        log_gain = 0.2 * signed_log(xp, gain, 0.01)
        improved = xp.where(gain < 0, one, zero)
    else:
        z = log_gain = improved = zero
    shared = xp.stack(
        [
            one if observation.told else zero,
            z,
            xp.asinh(standardise(xp, now, now.best_y)),
            0.2 * signed_log(xp, (now.second_y - now.best_y) / std, 0.01),
            log_gain,
            improved,
            one * (0.25 * math.log1p(now.steps)),
            one * (0.25 * math.log1p(now.told)),
            one * (0.3 * math.log(dim)),
        ],
        axis=-1,
    )
    assert per_dim.shape[-1] == FEATURES_PER_DIM and shared.shape == (batch, FEATURES_GLOBAL)
    return Inputs(per_dim, xp.astype(shared, x.dtype, copy=False))


def observe(xp: Namespace, evidence: Evidence, observation: Observation) -> tuple[Evidence, Inputs]:
    """Return the evidence after one more step, and a recurrence's inputs."""
    told = observation.told
    if xp is np:
        e, y = evidence, observation.y if told else None
        steps, results = e.steps + 1, e.told + told
        found = core.observe(steps, results, e[2:], observation.x, y, observation.q)
        if found is not None:
            known, per_dim, shared = found
            return Evidence(steps, results, *known), Inputs(per_dim, shared)
    now = update_evidence(xp, evidence, observation)
    return now, make_inputs(xp, evidence, now, observation)
