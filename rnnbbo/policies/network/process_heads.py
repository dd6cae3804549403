"""Candidates read the observations by heads of Gaussian-process regression.

The recurrence emits the hyper-parameters of a few heads, each one hypothesis of the function; a
candidate then reads every head's closed-form posterior. What fitting does by iterating at every
ask, this does by one step an observation: the gradient of the log marginal likelihood (Rasmussen &
Williams 2006, eq. 5.9) moves the length-scales, and is an input of the recurrence, which corrects
them (iterative amortised inference, Marino et al. 2018). Factors before what it is told and before
features bring them to about unit size: `rnnbbo.policies.evidence`.
"""

import math
from typing import NamedTuple

import numpy as np

from rnnbbo.core import network as core
from rnnbbo.policies.evidence import Evidence
from rnnbbo.policies.gp.improvement import log_h, reach_factors
from rnnbbo.policies.network.archive import Archive
from rnnbbo.policies.network.regression import (
    Fit,
    Hyperparameters,
    condition,
    head_values,
    predict_heads,
)
from rnnbbo.policies.ops import (
    Array,
    Namespace,
    Params,
    dense,
    matmul_rows,
    sigmoid,
    softmax,
)

FEATURES_PER_HEAD = 4
FEATURES_SHARED = 2
INPUTS_PER_HEAD = 5
_OWN, _SHARED = 3, 4  # numbers that a head is told for every dimension, and once
_SHORTEST, _LONGEST = 0.12, 0.6  # initial length-scales of the heads, in units of sqrt(D)
_NOISE = 0.01  # initial standard deviation of the noise
LEAST_VARIANCE = 1e-6
STEEPEST = 30.0  # standardised improvements beyond this count as this


class ProcessState(NamedTuple):
    """What is carried from observation to observation.

    Attributes:
        shift: (B, H, D) what the gradients have added to the log length-scales.
        inputs: (B, D, INPUTS_PER_HEAD H) what the recurrence is told of the last fit.
        fit: the last fit, None before the first observation.
    """

    shift: Array
    inputs: Array
    fit: Fit | None


def init_heads(rng: np.random.Generator, context: int, heads: int) -> dict[str, Array]:
    """Draw the weights that emit hyper-parameters from a context of that width."""
    half = (heads + 1) // 2
    lengthscales = np.concatenate(
        [np.geomspace(_SHORTEST, _LONGEST, half), np.geomspace(_SHORTEST, _LONGEST, heads - half)]
    )
    # Long length-scales begin with stronger trends.
    trends = np.where(np.arange(heads) % half % 2 == 0, -1.5, 0.0)
    own_bias = np.stack([-np.log(lengthscales), trends, trends], axis=1)
    shared_bias = np.array([[math.log(_NOISE), 0.0, -1.5, 0.0]] * heads)
    return {
        "process.own": dense(rng, context, (context, _OWN * heads), gain=0.2),
        "process.own_bias": own_bias.ravel().astype(np.float32),
        "process.shared": dense(rng, context, (context, _SHARED * heads), gain=0.2),
        "process.shared_bias": shared_bias.ravel().astype(np.float32),
        # Step, steepness and pull back of the length-scales, as logarithms.
        "process.pace": np.log(np.array([[0.25], [0.3], [1.0]]) * np.ones(heads)).astype(
            np.float32
        ),
        "process.temperature": np.zeros(1, dtype=np.float32),
        "process.gain": np.ones(1, dtype=np.float32),
    }


def no_fit(xp: Namespace, heads: int, x: Array) -> ProcessState:
    """Return the state before the first observation, for a batch shaped like x (B, D)."""
    batch, dim = x.shape
    shift = xp.zeros((batch, heads, dim), dtype=x.dtype, device=x.device)
    inputs = xp.zeros((batch, dim, INPUTS_PER_HEAD * heads), dtype=x.dtype, device=x.device)
    return ProcessState(shift, inputs, None)


def _bounded(xp: Namespace, raw: Array, bound: float) -> Array:
    """Bound raw numbers by `bound` either way: a runaway head would say nothing any more."""
    return bound * xp.tanh(raw * (1.0 / bound))


def emit(xp: Namespace, params: Params, context: Array, shift: Array) -> Hyperparameters:
    """Make hyper-parameters of the context (B, D, X) and the length-scales' shift (B, H, D)."""
    batch, dim, _ = context.shape
    heads = shift.shape[1]
    own = xp.matmul(context, params["process.own"])
    own = xp.permute_dims(xp.reshape(own, (batch, dim, heads, _OWN)), (3, 0, 2, 1))
    bias = xp.reshape(params["process.own_bias"], (heads, _OWN))
    log_inverse = bias[:, 0][:, None] + _bounded(xp, own[0] - shift, 3.0)
    inverse = xp.exp(log_inverse) * (1.0 / math.sqrt(dim))
    slope = xp.exp(bias[:, 1][:, None] + _bounded(xp, own[1], 2.0))
    bend = xp.exp(bias[:, 2][:, None] + _bounded(xp, own[2], 2.0))
    shared = matmul_rows(xp, xp.mean(context, axis=1), params["process.shared"])
    shared = xp.reshape(shared, (batch, heads, _SHARED))
    bias = xp.reshape(params["process.shared_bias"], (heads, _SHARED))
    noise = xp.exp(2.0 * (bias[:, 0] + _bounded(xp, shared[..., 0], 4.0)))
    level = xp.exp(bias[:, 1] + _bounded(xp, shared[..., 1], 2.0))
    return Hyperparameters(
        inverse[:, :, None, :],
        slope[:, :, None, :],
        bend[:, :, None, :],
        level[..., None, None],
        noise[..., None, None],
        sigmoid(xp, bias[:, 2] + shared[..., 2])[..., None],
        bias[:, 3] + shared[..., 3],
    )


def refit(
    xp: Namespace,
    params: Params,
    state: ProcessState,
    context: Array,
    evidence: Evidence,
    archive: Archive,
) -> ProcessState:
    """Condition the heads on the rows, and move their length-scales up the likelihood."""
    if xp is np:
        found = core.refit(params, context, state.shift, known_values(evidence, archive))
        if found is not None:
            *fit, shift, inputs = found
            return ProcessState(shift, inputs, Fit.of_arrays(fit))
    temperature = xp.exp(params["process.temperature"])
    emitted = emit(xp, params, context, state.shift)
    posterior, gradient, residual = condition(xp, emitted, temperature, evidence, archive)
    if not isinstance(gradient, np.ndarray):
        gradient, residual = gradient.detach(), residual.detach()
    pace, steep, pull = xp.exp(params["process.pace"])[:, :, None]
    shift = state.shift + pace * xp.tanh(steep * (gradient - pull * state.shift))
    batch, heads, dim = shift.shape
    own = [xp.tanh(0.2 * gradient), 0.5 * shift]
    surprise = 0.3 * xp.asinh(residual[..., -1])
    doubt = 0.3 * xp.log(xp.mean(residual * residual, axis=-1) + 1e-3)
    told = [0.2 * xp.clip(posterior.weight, -20.0, None), surprise, doubt]
    shared = [xp.broadcast_to(part[..., None], (batch, heads, dim)) for part in told]
    inputs = xp.permute_dims(xp.concat(own + shared, axis=1), (0, 2, 1))
    return ProcessState(shift, inputs, posterior)


def known_values(evidence: Evidence, archive: Archive) -> core.Values:
    """Return the values told and the rows, as the compiled library takes them."""
    e = evidence
    return core.Values(e.told, e.best_x, e.best_y, e.mean, e.m2, archive.x, archive.y)


def predict_candidates(
    xp: Namespace,
    params: Params,
    fit: Fit | None,
    evidence: Evidence,
    keys: Array,
    pending: Array | None,
) -> tuple[Array, Array]:
    """Predict every key (B, D, C) by every head.

    Points that are pending (B, P, D) count at their expected values (Ginsbourger et al. 2010,
    kriging believer): they leave the mean and shrink the deviation.

    Returns:
        (B, FEATURES_PER_HEAD H + FEATURES_SHARED, C): each head's mean below its best and the
        log of how far a look may lower it, both in deviations of the values, their ratio and the
        log expected improvement; and over all heads the log of the mean expected improvement, and
        the mean probability of improving. And the former alone, weighted, as a score (B, C). Zeros
        without rows.
    """
    batch, _, count = keys.shape
    if fit is None:
        heads = params["process.pace"].shape[1]
        shape = (batch, FEATURES_PER_HEAD * heads + FEATURES_SHARED, count)
        nothing = xp.zeros(shape, dtype=keys.dtype, device=keys.device)
        return nothing, nothing[:, 0]
    gain, deviation, z, log_improvement = _improvement(xp, fit, evidence, keys, pending)
    average = _average(xp, fit, log_improvement)
    chance = xp.sum(softmax(xp, fit.weight)[..., None] * sigmoid(xp, 1.7 * z), axis=1)
    each = [
        gain,
        0.2 * xp.log(deviation),
        0.3 * xp.asinh(z),
        0.1 * xp.clip(log_improvement, -50.0, None),
    ]
    features = [*each, 0.1 * xp.clip(average, -50.0, None)[:, None], chance[:, None]]
    return xp.concat(features, axis=1), params["process.gain"] * average


def averaged(
    xp: Namespace, fit: Fit, evidence: Evidence, keys: Array, pending: Array | None
) -> Array:
    """Return the log of the mean improvement at every key (B, D, C) by all heads, (B, C)."""
    return _average(xp, fit, _improvement(xp, fit, evidence, keys, pending)[-1])


def _improvement(
    xp: Namespace, fit: Fit, evidence: Evidence, keys: Array, pending: Array | None
) -> tuple[Array, Array, Array, Array]:
    """Return mean below the best, reach, their ratio, and log expected improvement, (B, H, C)."""
    mean, variance, covariance = predict_heads(xp, fit, evidence, keys, pending)
    variance = xp.maximum(variance, LEAST_VARIANCE)
    # Another look at what is all but known counts for little.
    own_noise = fit.hyperparameters.noise[..., 0]
    apart, share = reach_factors(xp, variance, covariance, own_noise, LEAST_VARIANCE)
    deviation = xp.sqrt(apart * share) * fit.amplitude
    gain = fit.best - mean
    z = xp.clip(gain / deviation, -STEEPEST, STEEPEST)
    slow = xp.astype(log_h(xp, z), keys.dtype, copy=False)
    return gain, deviation, z, xp.log(deviation) + slow


def _average(xp: Namespace, fit: Fit, log_improvement: Array) -> Array:
    """Return the log of the mean of improvements (B, H, C) over heads, by their probabilities."""
    weighted = log_improvement + fit.weight[..., None]
    top = xp.max(weighted, axis=1, keepdims=True)
    return (top + xp.log(xp.sum(xp.exp(weighted - top), axis=1, keepdims=True)))[:, 0]


def mean_noise(xp: Namespace, fit: Fit) -> Array:
    """Return the noise's deviation in deviations of the values, (B,): the heads' average."""
    own = xp.sqrt(fit.hyperparameters.noise)[:, :, 0, 0] * fit.amplitude[..., 0]
    return xp.sum(softmax(xp, fit.weight) * own, axis=-1)


class AtRows(NamedTuple):
    """What H heads say of the n rows of one function, for numpy, each in its own warped values.

    Attributes:
        weight: (H,) probabilities of the heads.
        values: (H, n) the values as told.
        mean: (H, n) posterior means.
        noise: (H,) deviation of the noise.
    """

    weight: np.ndarray
    values: np.ndarray
    mean: np.ndarray
    noise: np.ndarray

    def best(self, as_told: float) -> int:
        """Return the row of the least mean plus `as_told` times its value, averaged."""
        return int((self.weight @ (self.mean + as_told * self.values)).argmin())

    def gap(self, row: int, lowest: int) -> float:
        """Return how far the value at a row is above another one's, averaged."""
        return float(self.weight @ (self.values[:, row] - self.values[:, lowest]))

    def in_values(self, row: int, y: np.ndarray) -> tuple[float, float]:
        """Return the mean at a row and the noise above it in the unit of values y (n,), averaged.

        A warp is known where values are: between them it is interpolated.
        """
        order = np.argsort(y, kind="stable")

        def unwarped(at: np.ndarray) -> float:
            heads = zip(at, self.values[:, order], strict=True)
            each = [np.interp(one, values, y[order]) for one, values in heads]
            return float(self.weight @ each)

        mean = unwarped(self.mean[:, row])
        return mean, unwarped(self.mean[:, row] + self.noise) - mean


def at_rows(fit: Fit, evidence: Evidence, archive: Archive) -> AtRows:
    """Return what the heads say of the rows, for one function and numpy."""
    h = fit.hyperparameters
    mean, _, _ = predict_heads(np, fit, evidence, archive.x.swapaxes(1, 2), None)
    values, _ = head_values(np, h, evidence, archive.y)
    noise = np.sqrt(h.noise)[:, :, 0, 0] * fit.amplitude[..., 0]
    weight = softmax(np, fit.weight)[0].astype(np.float64)
    return AtRows(weight, values[0], mean[0], noise[0])
