"""Expected improvement in logarithms, averaged over weighted hypotheses, and its gradient.

EI = s h(z), h(z) = phi(z) + z Phi(z), z = (best - mean) / s (Jones et al. 1998, eq. 15). Far from
any improvement h underflows, log h does not (Ament et al. 2023, section 4). Its slow part there is
tau(u) = h(-u) / phi(u), the integral of s exp(-u s - s^2 / 2) over s > 0, which is smooth and is
interpolated once in Chebyshev polynomials, together with Mills' ratio R(u) = Phi(-u) / phi(u).
"""

import math

import numpy as np

from rnnbbo.policies.kernel.posterior import Posterior, predict_with_slopes
from rnnbbo.policies.ops import Array, Namespace

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_MIDDLE = 2.0  # u that the interpolation maps onto the centre of [-1, 1]
_DEGREE = 14


def _interpolate() -> tuple[list[float], list[float]]:
    """Chebyshev coefficients of (1 + u)^2 tau(u) and (1 + u) R(u) over (u - c) / (u + c)."""
    nodes = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    u = (_MIDDLE * (1.0 + nodes) / (1.0 - nodes))[:, None]
    # Gauss-Legendre in s = q / (1 + u) up to where the integrand has vanished.
    x, w = np.polynomial.legendre.leggauss(80)
    q = 20.0 * (x + 1.0)
    s = q / (1.0 + u)
    integrand = 20.0 * w * np.exp(-u * s - 0.5 * s * s)
    tau, mills = (integrand * q).sum(axis=1), integrand.sum(axis=1)
    fit = np.polynomial.chebyshev.chebfit
    return fit(nodes, tau, _DEGREE).tolist(), fit(nodes, mills, _DEGREE).tolist()


_TAU, _MILLS = _interpolate()


def _clenshaw(t: Array, coefficients: list[float]) -> Array:
    """Sum of Chebyshev polynomials at t."""
    twice = 2.0 * t
    b1, b2 = t * 0.0 + coefficients[-1], 0.0
    for c in coefficients[-2:0:-1]:
        b1, b2 = twice * b1 - b2 + c, b1
    return t * b1 - b2 + coefficients[0]


def log_h(xp: Namespace, z: Array) -> Array:
    """log h(z)."""
    u = xp.abs(z)
    tau = _clenshaw((u - _MIDDLE) / (u + _MIDDLE), _TAU) / ((1.0 + u) * (1.0 + u))
    log_phi = -0.5 * u * u - _LOG_SQRT_2PI
    above = u + xp.exp(log_phi) * tau  # h(u) = u + h(-u)
    return xp.where(z > 0, xp.log(above), log_phi + xp.log(tau))


def log_h_and_ratio(xp: Namespace, z: Array) -> tuple[Array, Array]:
    """log h(z), and h'(z) / h(z) = Phi(z) / h(z)."""
    u = xp.abs(z)
    t = (u - _MIDDLE) / (u + _MIDDLE)
    tau = _clenshaw(t, _TAU) / ((1.0 + u) * (1.0 + u))
    mills = _clenshaw(t, _MILLS) / (1.0 + u)
    log_phi = -0.5 * u * u - _LOG_SQRT_2PI
    phi = xp.exp(log_phi)
    above = u + phi * tau
    value = xp.where(z > 0, xp.log(above), log_phi + xp.log(tau))
    return value, xp.where(z > 0, (1.0 - phi * mills) / above, mills / tau)


def log_ei(xp: Namespace, best: Array, mean: Array, deviation: Array) -> Array:
    """log EI (..., C) below `best` (..., 1) of predictions (..., C)."""
    return xp.log(deviation) + log_h(xp, (best - mean) / deviation)


def log_ei_and_gradient(
    xp: Namespace, p: Posterior, lengthscales: Array, points: Array
) -> tuple[Array, Array]:
    """log EI (..., C) and its gradient (..., C, D).

    Args:
        xp: array namespace.
        p: hypotheses (...).
        lengthscales: (..., 1, D).
        points: (..., C, D) or a shape that broadcasts to it; not scaled, from the same origin as
            the rows.
    """
    dim = points.shape[-1]
    keys = points / lengthscales
    mean, deviation, slopes = predict_with_slopes(xp, p, keys)
    z = (p.best - mean) / deviation
    log_value, ratio = log_h_and_ratio(xp, z)
    # dEI = -Phi dmean + phi ds, and phi / h = 1 - z Phi / h.
    d_mean = -ratio / deviation
    d_variance = 0.5 * (1.0 - z * ratio) / (deviation * deviation)
    c = (d_mean[..., None] * slopes.mean + d_variance[..., None] * slopes.variance) * slopes.slope
    sums = xp.matmul(c, p.rows)  # of c times row, and of c
    pull = sums[..., :dim] - sums[..., dim : dim + 1] * keys
    return xp.log(deviation) + log_value, pull / lengthscales
