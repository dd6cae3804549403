"""Observations kept as rows of memory, read by Gaussian-process regression.

The recurrence emits the hyper-parameters of a few heads, each one hypothesis of the function; a
candidate then reads every head's closed-form posterior (Rasmussen & Williams 2006, eqs. 2.25 and
2.26). What fitting does by iterating at every ask, this does by one step an observation: the
gradient of the log marginal likelihood (their eq. 5.9) moves the length-scales, and is an input of
the recurrence, which corrects them (iterative amortised inference, Marino et al. 2018).

Keys come with the candidates along the last axis, as in `rnnbbo.policies.rows`. H heads, the first
half of them with the Matern-5/2 kernel, the others with the RBF; n rows.
"""

import math
from typing import NamedTuple

import numpy as np

from rnnbbo.policies.evidence import Evidence, scale, standardise
from rnnbbo.policies.kernel.acquisition import log_h
from rnnbbo.policies.ops import (
    Array,
    Namespace,
    Params,
    dense,
    matmul_columns,
    matmul_rows,
    sigmoid,
    softmax,
    swap_last,
)
from rnnbbo.policies.rows import Rows, squares

FEATURES_PER_HEAD = 4
FEATURES_SHARED = 2
INPUTS_PER_HEAD = 5
OWN, SHARED = 3, 4  # numbers that a head is told for every dimension, and once
SHORTEST, LONGEST = 0.12, 0.6  # initial length-scales of the heads, in units of sqrt(D)
NOISE = 0.01  # initial standard deviation of the noise
JITTER = 1e-6
PRIOR_WEIGHT = 2.0  # observations that the prior amplitude, 1, is worth
LEAST_VARIANCE = 1e-6
LEAST_PIVOT = 1e-3
UNIT = 0.01  # of the logarithmic values, in standard deviations
STEEPEST = 30.0  # standardised improvements beyond this count as this


class Hypotheses(NamedTuple):
    """Hyper-parameters of the heads.

    Attributes:
        inverse: (B, H, 1, D) 1 / length-scale.
        slope, bend: (B, H, 1, D) prior standard deviation of the linear and quadratic trend.
        level: (B, H, 1, 1) prior variance of the constant.
        noise: (B, H, 1, 1) variance of the noise.
        mix: (B, H, 1) share of the logarithm in the values.
        bias: (B, H) added to the log marginal likelihood.
    """

    inverse: Array
    slope: Array
    bend: Array
    level: Array
    noise: Array
    mix: Array
    bias: Array


class Fit(NamedTuple):
    """The heads' posteriors given the rows.

    Attributes:
        hypotheses: their hyper-parameters.
        root: (B, H, n, n) inverse of the Cholesky factor of the rows' covariance K.
        alpha: (B, H, n, 1) K^-1 v, v the values.
        amplitude: (B, H, 1) what the unit variance of the kernels stands for, as a deviation.
        best: (B, H, 1) the least posterior mean at a row.
        weight: (B, H) log-probability of each head.
    """

    hypotheses: Hypotheses
    root: Array
    alpha: Array
    amplitude: Array
    best: Array
    weight: Array


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


def init_params(rng: np.random.Generator, context: int, heads: int) -> dict[str, Array]:
    """Draw the weights that emit hyper-parameters from a context of that width."""
    half = (heads + 1) // 2
    lengthscales = np.concatenate(
        [np.geomspace(SHORTEST, LONGEST, half), np.geomspace(SHORTEST, LONGEST, heads - half)]
    )
    own_bias = np.stack([-np.log(lengthscales), *(np.full(heads, -1.0),) * 2], axis=1)
    shared_bias = np.array([[math.log(NOISE), 0.0, -1.5, 0.0]] * heads)
    return {
        "process.own": dense(rng, context, (context, OWN * heads), gain=0.2),
        "process.own_bias": own_bias.ravel().astype(np.float32),
        "process.shared": dense(rng, context, (context, SHARED * heads), gain=0.2),
        "process.shared_bias": shared_bias.ravel().astype(np.float32),
        # Step, steepness and pull back of the length-scales, as logarithms.
        "process.pace": np.log(np.array([[0.25], [0.3], [1.0]]) * np.ones(heads)).astype(
            np.float32
        ),
        "process.temperature": np.zeros(1, dtype=np.float32),
        "process.gain": np.ones(1, dtype=np.float32),
    }


def init_state(xp: Namespace, heads: int, x: Array) -> ProcessState:
    """State before the first observation, for a batch shaped like x (B, D)."""
    batch, dim = x.shape
    shift = xp.zeros((batch, heads, dim), dtype=x.dtype, device=x.device)
    inputs = xp.zeros((batch, dim, INPUTS_PER_HEAD * heads), dtype=x.dtype, device=x.device)
    return ProcessState(shift, inputs, None)


def _bounded(xp: Namespace, raw: Array, bound: float) -> Array:
    """Raw numbers, at most `bound` either way: a runaway head would say nothing any more."""
    return bound * xp.tanh(raw * (1.0 / bound))


def emit(xp: Namespace, params: Params, context: Array, shift: Array) -> Hypotheses:
    """Hyper-parameters from the context (B, D, X) and the length-scales' shift (B, H, D)."""
    batch, dim, _ = context.shape
    heads = shift.shape[1]
    own = xp.matmul(context, params["process.own"])
    own = xp.permute_dims(xp.reshape(own, (batch, dim, heads, OWN)), (3, 0, 2, 1))
    bias = xp.reshape(params["process.own_bias"], (heads, OWN))
    log_inverse = bias[:, 0][:, None] + _bounded(xp, own[0] - shift, 3.0)
    inverse = xp.exp(log_inverse) * (1.0 / math.sqrt(dim))
    slope = xp.exp(bias[:, 1][:, None] + _bounded(xp, own[1], 2.0))
    bend = xp.exp(bias[:, 2][:, None] + _bounded(xp, own[2], 2.0))
    shared = matmul_rows(xp, xp.mean(context, axis=1), params["process.shared"])
    shared = xp.reshape(shared, (batch, heads, SHARED))
    bias = xp.reshape(params["process.shared_bias"], (heads, SHARED))
    noise = xp.exp(2.0 * (bias[:, 0] + _bounded(xp, shared[..., 0], 4.0)))
    level = xp.exp(bias[:, 1] + _bounded(xp, shared[..., 1], 2.0))
    return Hypotheses(
        inverse[:, :, None, :],
        slope[:, :, None, :],
        bend[:, :, None, :],
        level[..., None, None],
        noise[..., None, None],
        sigmoid(xp, bias[:, 2] + shared[..., 2])[..., None],
        bias[:, 3] + shared[..., 3],
    )


def _shapes(xp: Namespace, squared: Array) -> tuple[Array, Array]:
    """Kernels of squared scaled distances (B, H, n, m), and c with dk / d log l_d = c w_d^2 D_d^2.

    Rasmussen & Williams 2006, eqs. 4.17 and 4.9.
    """
    half = (squared.shape[1] + 1) // 2
    s = xp.sqrt(5.0 * squared[:, :half] + 1e-20)
    decay = xp.exp(-s)
    gaussian = xp.exp(-0.5 * squared[:, half:])
    matern = (1.0 + s + s * s * (1.0 / 3.0)) * decay
    slope = (5.0 / 3.0) * (1.0 + s) * decay
    return xp.concat([matern, gaussian], axis=1), xp.concat([slope, gaussian], axis=1)


def _lift(xp: Namespace, points: Array, axis: int) -> Array:
    """What trends are linear in: the place in the cube and its square."""
    place = 2.0 * points - 1.0
    return xp.concat([place, place * place], axis=axis)


def _row_factors(xp: Namespace, h: Hypotheses, b: Array, x: Array) -> tuple[Array, Array]:
    """The rows' side of squared distances, (B, H n, 2 D + 1), and of trends, (B, H n, 2 D).

    Args:
        xp: array namespace.
        h: hyper-parameters.
        b: (B, n, D) the rows, from the incumbent.
        x: (B, n, D) the rows.
    """
    batch, n, dim = b.shape
    heads = h.inverse.shape[1]
    w = h.inverse * h.inverse
    wb = w * b[:, None]
    wbb = xp.sum(wb * b[:, None], axis=-1, keepdims=True)
    w = xp.broadcast_to(w, (batch, heads, n, dim))
    distance = xp.concat([w, -2.0 * wb, wbb], axis=-1)
    trend = xp.concat([h.slope * h.slope, h.bend * h.bend], axis=-1)
    trend = trend * _lift(xp, x, -1)[:, None]
    return (
        xp.reshape(distance, (batch, heads * n, 2 * dim + 1)),
        xp.reshape(trend, (batch, heads * n, 2 * dim)),
    )


def _values(xp: Namespace, h: Hypotheses, evidence: Evidence, y: Array) -> tuple[Array, Array]:
    """What the heads model of y (B, n): (B, H, n), and the log of the slope by y, (B, H).

    A mixture of arsinh of the standardised value and of the height above the incumbent, which is
    linear below UNIT and logarithmic above; centred, with standard deviation 1.
    """
    n = y.shape[1]
    z = standardise(xp, evidence, y)
    height = (y - evidence.best_y[:, None]) / scale(xp, evidence)[:, None]
    height = height * (1.0 / UNIT)
    flat, steep = xp.asinh(z), 0.2 * xp.asinh(height)
    d_flat = 1.0 / xp.sqrt(1.0 + z * z)
    d_steep = (0.2 / UNIT) / xp.sqrt(1.0 + height * height)
    v = (1.0 - h.mix) * flat[:, None] + h.mix * steep[:, None]
    slope = (1.0 - h.mix) * d_flat[:, None] + h.mix * d_steep[:, None]
    v = v - xp.mean(v, axis=-1, keepdims=True)
    deviation = xp.sqrt(xp.mean(v * v, axis=-1, keepdims=True) + 1e-12)
    log_slope = xp.sum(xp.log(slope), axis=-1) - n * xp.log(deviation[..., 0])
    return v / deviation, log_slope


def _double(xp: Namespace, h: Hypotheses) -> Hypotheses:
    return Hypotheses(*(xp.astype(part, xp.float64) for part in h))


def fit(
    xp: Namespace, params: Params, h: Hypotheses, evidence: Evidence, rows: Rows
) -> tuple[Fit, Array, Array]:
    """Condition every head on the rows, in double precision.

    Args:
        xp: array namespace.
        params: weights from `init_params`.
        h: hyper-parameters.
        evidence: for normalising the values.
        rows: n >= 1 observations, the latest the last.

    Returns:
        The fit, in the precision of `h`; the gradient (B, H, D) of the log marginal likelihood
        by log length-scales; and the standardised leave-one-out residuals (B, H, n) (Rasmussen &
        Williams 2006, eq. 5.12).
    """
    dtype, h32 = h.inverse.dtype, h
    h = _double(xp, h)
    x = xp.astype(rows.x, xp.float64)
    batch, n, dim = x.shape
    heads = h.inverse.shape[1]
    b = x - xp.astype(evidence.best_x, xp.float64)[:, None, :]
    distance, trend = _row_factors(xp, h, b, x)
    squared = xp.clip(xp.matmul(distance, squares(xp, swap_last(xp, b))), 0.0, None)
    squared = xp.reshape(squared, (batch, heads, n, n))
    kernel, slope = _shapes(xp, squared)
    trends = xp.reshape(xp.matmul(trend, swap_last(xp, _lift(xp, x, -1))), (batch, heads, n, n))
    eye = xp.eye(n, dtype=x.dtype, device=x.device)
    covariance = kernel + trends + h.level + (h.noise + JITTER) * eye
    factor = xp.linalg.cholesky(covariance)
    root = xp.linalg.inv(factor)
    v, log_slope = _values(xp, h, evidence, xp.astype(rows.y, xp.float64))
    white = xp.matmul(root, v[..., None])
    alpha = xp.matmul(swap_last(xp, root), white)
    fitted = xp.sum(white * white, axis=(-2, -1))
    variance = (PRIOR_WEIGHT + fitted) / (PRIOR_WEIGHT + n)
    determinant = xp.sum(xp.log(xp.linalg.diagonal(factor)), axis=-1)
    likelihood = log_slope - 0.5 * (PRIOR_WEIGHT + n) * xp.log(variance) - determinant
    temperature = xp.exp(params["process.temperature"])
    logits = temperature * xp.astype(likelihood, dtype) + h32.bias
    weight = logits - xp.max(logits, axis=-1, keepdims=True)
    weight = weight - xp.log(xp.sum(xp.exp(weight), axis=-1, keepdims=True))
    smooth = v - (h.noise + JITTER)[..., 0] * alpha[..., 0]
    amplitude = xp.sqrt(variance)[..., None]
    posterior = Fit(
        h32,
        xp.astype(root, dtype),
        xp.astype(alpha, dtype),
        xp.astype(amplitude, dtype),
        xp.astype(xp.min(smooth, axis=-1, keepdims=True), dtype),
        weight,
    )
    inverse = xp.matmul(swap_last(xp, root), root)
    pull = alpha * swap_last(xp, alpha) / variance[..., None, None] - inverse
    pull = pull * slope  # eq. 5.9, but for the factor of each dimension
    sides = xp.sum(pull, axis=-1)[..., None]
    b4 = b[:, None]
    moved = xp.sum(sides * b4 * b4, axis=2) - xp.sum(xp.matmul(pull, b4) * b4, axis=2)
    gradient = h.inverse[:, :, 0, :] ** 2 * moved
    spread = xp.sqrt(xp.linalg.diagonal(inverse)) * amplitude
    residual = alpha[..., 0] / spread
    return posterior, xp.astype(gradient, dtype), xp.astype(residual, dtype)


def step(
    xp: Namespace,
    params: Params,
    state: ProcessState,
    context: Array,
    evidence: Evidence,
    rows: Rows,
) -> ProcessState:
    """Condition the heads on the rows, and move their length-scales up the likelihood."""
    posterior, gradient, residual = fit(
        xp, params, emit(xp, params, context, state.shift), evidence, rows
    )
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


def _explained(xp: Namespace, covariance: Array, noise: Array) -> Array:
    """Variance of keys that observations of other points would take away, (B, H, C).

    A Cholesky factorization that never fails: in single precision, pivots may come out negative.

    Args:
        xp: array namespace.
        covariance: (B, H, m, m + C) of the other points with themselves and the keys.
        noise: (B, H, 1) variance of the noise.
    """
    total = 0.0
    for _ in range(covariance.shape[2]):
        first = covariance[:, :, 0]
        pivot = xp.clip(first[..., :1], 0.0, None) + noise + LEAST_PIVOT
        row = first[..., 1:] / xp.sqrt(pivot)
        left = covariance.shape[2] - 1
        covariance = covariance[:, :, 1:, 1:] - row[:, :, :left, None] * row[:, :, None, :]
        total = total + row[..., left:] * row[..., left:]
    return total


def read(
    xp: Namespace,
    params: Params,
    fit: Fit | None,
    evidence: Evidence,
    rows: Rows,
    keys: Array,
    pending: Array | None,
) -> tuple[Array, Array]:
    """Predict every key (B, D, C) by every head.

    Points that are pending (B, P, D) count at their expected values (Ginsbourger et al. 2010,
    kriging believer): they leave the mean and shrink the deviation.

    Returns:
        (B, FEATURES_PER_HEAD H + FEATURES_SHARED, C): each head's mean below its best and the
        log deviation, both in deviations of the values, the standardised improvement and the log
        expected improvement; and over all heads the log of the mean expected improvement, and the
        mean probability of improving. And the former alone, weighted, as a score (B, C). Zeros
        without rows.
    """
    batch, dim, count = keys.shape
    if fit is None:
        heads = params["process.pace"].shape[1]
        shape = (batch, FEATURES_PER_HEAD * heads + FEATURES_SHARED, count)
        nothing = xp.zeros(shape, dtype=keys.dtype, device=keys.device)
        return nothing, nothing[:, 0]
    h, n = fit.hypotheses, rows.y.shape[1]
    heads = h.inverse.shape[1]
    best_x = evidence.best_x[:, :, None]
    distance, trend = _row_factors(xp, h, rows.x - evidence.best_x[:, None, :], rows.x)

    def cross(points: Array, distance: Array, trend: Array, m: int) -> Array:
        """Covariance of m rows with points (B, D, c): (B, H, m, c)."""
        c = points.shape[2]
        squared = matmul_columns(xp, distance, squares(xp, points - best_x))
        squared = xp.reshape(xp.clip(squared, 0.0, None), (batch, heads, m, c))
        trends = matmul_columns(xp, trend, _lift(xp, points, 1))
        return _shapes(xp, squared)[0] + (xp.reshape(trends, (batch, heads, m, c)) + h.level)

    def whiten(k: Array) -> Array:
        c = k.shape[3]
        flat = matmul_columns(
            xp, xp.reshape(fit.root, (batch * heads, n, n)), xp.reshape(k, (batch * heads, n, c))
        )
        return xp.reshape(flat, (batch, heads, n, c))

    k = cross(keys, distance, trend, n)
    mean = xp.sum(k * fit.alpha, axis=2)
    white = whiten(k)
    lifted = _lift(xp, keys, 1)
    weights = xp.concat([h.slope * h.slope, h.bend * h.bend], axis=-1)[:, :, 0]
    prior = 1.0 + h.level[..., 0] + xp.matmul(weights, lifted * lifted)
    variance = prior - xp.sum(white * white, axis=2)
    if pending is not None and pending.shape[1]:
        m = pending.shape[1]
        columns = swap_last(xp, pending)
        theirs = _row_factors(xp, h, pending - evidence.best_x[:, None, :], pending)
        known = whiten(cross(columns, distance, trend, n))
        both = cross(xp.concat([columns, keys], axis=2), *theirs, m)
        both = both - xp.matmul(swap_last(xp, known), xp.concat([known, white], axis=3))
        variance = variance - _explained(xp, both, h.noise[..., 0])
    variance = xp.clip(variance, LEAST_VARIANCE, None)
    deviation = xp.sqrt(variance) * fit.amplitude
    gain = fit.best - mean
    z = xp.clip(gain / deviation, -STEEPEST, STEEPEST)
    log_deviation = xp.log(deviation)
    slow = xp.astype(log_h(xp, z), keys.dtype, copy=False)
    log_improvement = log_deviation + slow
    weighted = log_improvement + fit.weight[..., None]
    top = xp.max(weighted, axis=1, keepdims=True)
    average = (top + xp.log(xp.sum(xp.exp(weighted - top), axis=1, keepdims=True)))[:, 0]
    chance = xp.sum(softmax(xp, fit.weight)[..., None] * sigmoid(xp, 1.7 * z), axis=1)
    each = [
        gain,
        0.2 * log_deviation,
        0.3 * xp.asinh(z),
        0.1 * xp.clip(log_improvement, -50.0, None),
    ]
    features = [*each, 0.1 * xp.clip(average, -50.0, None)[:, None], chance[:, None]]
    return xp.concat(features, axis=1), params["process.gain"] * average
