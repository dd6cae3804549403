"""Stationary kernels of unit variance, for batches that mix them."""

from collections.abc import Sequence

import torch
from torch import Tensor

KERNELS = ("rbf", "matern52", "matern32", "matern12")

# With s = sqrt(2 nu) r, every kernel here is (1 + a1 s + a2 s^2) exp(-e), where e = r^2 / 2 for
# the RBF and e = s for the Matern kernels (Rasmussen & Williams 2006, eqs. 4.9, 4.16 and 4.17).
# One exponential then serves a batch of mixed kernels.
_TWO_NU = (1.0, 5.0, 3.0, 1.0)
_A1 = (0.0, 1.0, 1.0, 0.0)
_A2 = (0.0, 1.0 / 3.0, 0.0, 0.0)
_RBF = KERNELS.index("rbf")

# Squared distances below this count as zero: the square root's slope there is infinite.
_SMALLEST_SQUARED_DISTANCE = {torch.float32: 1e-12, torch.float64: 1e-24}


def two_nu(kernel: Tensor, dtype: torch.dtype) -> Tensor:
    """Return twice the Matern smoothness nu of kernels `(B,)`; meaningless (1) for the RBF."""
    return _constant(_TWO_NU, kernel, dtype)


def is_rbf(kernel: Tensor) -> Tensor:
    """Return which of the kernels `(B,)` are the RBF, boolean."""
    return kernel == _RBF


def stationary_correlation(kernel: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the correlation of f between two sets of points.

    The kernels are those of Rasmussen & Williams (2006), section 4.2.1. First derivatives are
    finite where points coincide: zero for the kernels that have a slope there, zero by convention
    for the Matern-1/2.

    Args:
        kernel: `(B,)`, integer indices into `KERNELS`.
        a: `(B, n, D)`, divided by the length-scales; best near the origin, because the square of
            a distance is found by expanding it.
        b: `(B, m, D)`, likewise.

    Returns:
        `(B, n, m)`.
    """
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b takes O(n m) memory instead of O(n m D).
    squares = a.square().sum(-1)[:, :, None] + b.square().sum(-1)[:, None, :]
    squared = torch.baddbmm(squares, a, b.transpose(1, 2), alpha=-2.0)
    dtype = squared.dtype
    squared = squared.clamp_min(_SMALLEST_SQUARED_DISTANCE.get(dtype, 1e-12))
    s = (squared * two_nu(kernel, dtype)[:, None, None]).sqrt()
    exponent = torch.where(is_rbf(kernel)[:, None, None], 0.5 * squared, s)
    a1 = _constant(_A1, kernel, dtype)[:, None, None]
    a2 = _constant(_A2, kernel, dtype)[:, None, None]
    return (1.0 + s * (a1 + a2 * s)) * torch.exp(-exponent)


def additive_correlation(kernel: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the mean over the dimensions of the correlations that each one alone has.

    The functions are sums of functions of one input (Duvenaud et al. 2011, "Additive Gaussian
    processes", order one). Arguments and result are those of `stationary_correlation`; it takes D
    times as many operations on `(B, n, m)` numbers.
    """
    dtype, dim = a.dtype, a.shape[2]
    root = two_nu(kernel, dtype).sqrt()[:, None, None]
    a, b = ((part * root).transpose(1, 2).contiguous() for part in (a, b))
    a1 = _constant(_A1, kernel, dtype)[:, None, None]
    a2 = _constant(_A2, kernel, dtype)[:, None, None]
    # The exponent -e is s (e1 + e2 s): products and sums are faster than a choice.
    rbf = is_rbf(kernel)[:, None, None].to(dtype)
    one, e1, e2 = torch.ones_like(rbf), rbf - 1.0, -0.5 * rbf
    total = torch.zeros((), dtype=dtype, device=a.device)
    # Dimension by dimension, the numbers at work stay in a processor's cache.
    for d in range(dim):
        s = (a[:, d, :, None] - b[:, d, None, :]).abs()
        polynomial = torch.addcmul(one, s, torch.addcmul(a1, a2, s))
        total = torch.addcmul(total, polynomial, torch.exp(s * torch.addcmul(e1, e2, s)))
    return total / dim


def _constant(table: Sequence[float], kernel: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.tensor(table, dtype=dtype, device=kernel.device)[kernel]
