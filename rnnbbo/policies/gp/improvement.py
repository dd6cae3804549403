"""Expected improvement in logarithms, with its slope, and how far a look may reach under noise.

EI = s h(z), h(z) = phi(z) + z Phi(z), z = (best - mean) / s (Jones et al. 1998, eq. 15). Far from
any improvement h underflows, log h does not (Ament et al. 2023, section 4). Its slow part there is
tau(u) = h(-u) / phi(u), the integral of s exp(-u s - s^2 / 2) over s > 0, which is smooth and is
interpolated once in Chebyshev polynomials, together with Mills' ratio R(u) = Phi(-u) / phi(u).
"""

import math

import numpy as np

from rnnbbo import core
from rnnbbo.core import normal
from rnnbbo.policies.ops import Array, Namespace

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_MIDDLE = 2.0  # u that the interpolation maps onto the centre of [-1, 1]
_DEGREE = 14


def _interpolate() -> np.ndarray:
    """Return coefficients (_DEGREE + 1, 2) of (1 + u)^2 tau(u) and (1 + u) R(u).

    Chebyshev interpolation over t = (u - c) / (u + c); its polynomials are summed up by powers.
    """
    nodes = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    u = (_MIDDLE * (1.0 + nodes) / (1.0 - nodes))[:, None]
    # Gauss-Legendre in s = q / (1 + u) up to where the integrand has vanished.
    x, w = np.polynomial.legendre.leggauss(80)
    q = 20.0 * (x + 1.0)
    s = q / (1.0 + u)
    integrand = 20.0 * w * np.exp(-u * s - 0.5 * s * s)
    parts = (integrand * q).sum(axis=1), integrand.sum(axis=1)
    chebyshev = [
        np.polynomial.Chebyshev.fit(nodes, part, _DEGREE, domain=(-1, 1)) for part in parts
    ]
    powers = [fit.convert(kind=np.polynomial.Polynomial).coef[::-1] for fit in chebyshev]
    return np.stack(powers, axis=-1)


SERIES = _interpolate()
"""(_DEGREE + 1, 2) coefficients, of the highest power first."""
SERIES_SINGLE = SERIES.astype(np.float32)
"""Likewise in single precision, for the compiled library."""


def _slow_parts(xp: Namespace, u: Array, count: int) -> Array:
    """Return tau(u), and R(u) if `count` is 2, (count, ...), by Horner's rule."""
    series = xp.asarray(SERIES[:, :count], dtype=u.dtype, device=u.device)
    series = xp.reshape(series, (_DEGREE + 1, count) + (1,) * u.ndim)
    t = (u - _MIDDLE) / (u + _MIDDLE)
    total = series[0] * t + series[1]
    for k in range(2, _DEGREE + 1):
        total = total * t + series[k]
    return total


def _compiled(xp: Namespace, name: str, z: Array) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a function of z and its slope, by the compiled library where that can."""
    library = core.library() if xp is np and z.dtype == np.float64 and z.ndim else None
    return None if library is None else normal.with_ratio(library, name, SERIES, z)


def log_h(xp: Namespace, z: Array) -> Array:
    """Return log h(z)."""
    if (found := _compiled(xp, "log_h", z)) is not None:
        return found[0]
    u = xp.abs(z)
    tau = _slow_parts(xp, u, 1)[0] / ((1.0 + u) * (1.0 + u))
    log_phi = -0.5 * u * u - _LOG_SQRT_2PI
    above = u + xp.exp(log_phi) * tau  # h(u) = u + h(-u)
    return xp.where(z > 0, xp.log(above), log_phi + xp.log(tau))


def log_h_and_ratio(xp: Namespace, z: Array) -> tuple[Array, Array]:
    """Return log h(z), and h'(z) / h(z) = Phi(z) / h(z)."""
    if (found := _compiled(xp, "log_h", z)) is not None:
        return found
    u = xp.abs(z)
    parts = _slow_parts(xp, u, 2)
    tail = 1.0 / (1.0 + u)
    tau, mills = parts[0] * (tail * tail), parts[1] * tail
    log_phi = -0.5 * u * u - _LOG_SQRT_2PI
    phi = xp.exp(log_phi)
    above = u + phi * tau
    positive = z > 0
    value = xp.log(xp.where(positive, above, tau)) + xp.where(positive, 0.0, log_phi)
    return value, xp.where(positive, 1.0 - phi * mills, mills) / xp.where(positive, above, tau)


def log_ei(xp: Namespace, best: Array, mean: Array, deviation: Array) -> Array:
    """Return log EI (..., C) below `best` (..., 1) of predictions (..., C)."""
    return xp.log(deviation) + log_h(xp, (best - mean) / deviation)


def reach_factors(
    xp: Namespace, variance: Array, covariance: Array, noise: Array, floor: float
) -> tuple[Array, Array]:
    """Return s^2 - c, at least `floor`, and sqrt(s^2 / (s^2 + noise)): their product is a reach^2.

    Args:
        xp: array namespace.
        variance: s^2 of the keys.
        covariance: c of the keys with the best row.
        noise: variance of an observation's noise.
        floor: least difference.
    """
    return xp.maximum(variance - covariance, floor), xp.sqrt(variance / (variance + noise))


def log_cdf_and_ratio(xp: Namespace, z: Array) -> tuple[Array, Array]:
    """Return log Phi(z), and its slope phi(z) / Phi(z).

    Of a constraint that has to be at most 0, with z = -mean / s, it is the log of the probability
    of feasibility, by which constrained EI multiplies EI (Gardner et al. 2014, eq. 5). Where it
    underflows its logarithm does not (Ament et al. 2023, appendix A).
    """
    if (found := _compiled(xp, "log_cdf", z)) is not None:
        return found
    u = xp.abs(z)
    mills = _slow_parts(xp, u, 2)[1] / (1.0 + u)
    log_phi = -0.5 * u * u - _LOG_SQRT_2PI
    phi = xp.exp(log_phi)
    positive = z > 0
    above = 1.0 - phi * mills  # Phi(u)
    value = xp.where(positive, xp.log1p(-phi * mills), log_phi + xp.log(mills))
    return value, xp.where(positive, phi / above, 1.0 / mills)
