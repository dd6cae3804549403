"""What happens to the inputs of a function before anything else: steps, bends and rotations."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rnnbbo.functions.batched import Batched, Randomness

STEP_COUNTS = (2, 12)
BEND = 0.4  # standard deviation of the logarithm of a bend's two parameters
# Closest to 0 and 1 that a bend looks: its slope may be infinite there.
_MARGIN = 1e-6


@dataclass(frozen=True)
class Steps(Batched):
    """Inputs rounded to the middle of k equal cells of [0, 1]: plateaus and jumps.

    Attributes:
        count: `(B, D)`, k; 0 where a dimension has no steps.
    """

    count: Tensor

    def __call__(self, u: Tensor) -> Tensor:
        """Map `(B, n, D)` in the unit cube; the gradient is zero along a stepped dimension."""
        return to_middles(u, self.count[:, None, :])


def to_middles(u: Tensor, count: Tensor) -> Tensor:
    """Return coordinates u at the middles of `count` equal cells of [0, 1]; as they are at 0."""
    cells = count.clamp_min(1.0)
    cell = torch.minimum(torch.floor(u * cells), cells - 1.0).clamp_min(0.0)
    return torch.where(count > 0, (cell + 0.5) / cells, u)


def draw_steps(source: Randomness, share: float) -> Steps | None:
    """Draw steps for a share of the batch; k is a log-uniform integer, each dimension its own.

    A dimension has steps with probability 1/2, and at least one dimension has.
    """
    has = source.chance(share)
    low, high = STEP_COUNTS
    count = source.log_uniform(low, high + 1, source.dim).floor().clamp(low, high)
    chosen = source.chance(0.5, source.dim)
    instead = torch.nn.functional.one_hot(source.integer(source.dim), source.dim).bool()
    chosen = torch.where(chosen.any(dim=1, keepdim=True), chosen, instead)
    return Steps(count * (chosen & has[:, None])) if bool(has.any()) else None


@dataclass(frozen=True)
class Bends(Batched):
    """A monotone map of [0, 1] to itself in each dimension: the CDF of Kumaraswamy (1980).

    Snoek et al. (2014), "Input warping for Bayesian optimization of non-stationary functions",
    use it for the same purpose.

    Attributes:
        a: `(B, D)`, positive.
        b: `(B, D)`, positive.
        has: `(B,)`, boolean: elsewhere inputs stay as they are.
    """

    a: Tensor
    b: Tensor
    has: Tensor

    def __call__(self, u: Tensor) -> Tensor:
        """Map `(B, n, D)` in the unit cube: 1 - (1 - u^a)^b, with finite gradients."""
        inside = u.clamp(_MARGIN, 1.0 - _MARGIN)
        bent = 1.0 - (1.0 - inside ** self.a[:, None, :]) ** self.b[:, None, :]
        return torch.where(self.has[:, None, None], bent, u)


def draw_bends(source: Randomness, share: float) -> Bends | None:
    """Draw bends for a share of the batch; log a and log b are normal."""
    has = source.chance(share)
    a, b = torch.exp(BEND * source.normal(2, source.dim)).unbind(dim=1)
    return Bends(a, b, has) if bool(has.any()) else None


def draw_rotation(source: Randomness, share: float) -> Tensor | None:
    """Draw rotations `(B, D, D)` for a share of the batch, the identity for the rest.

    The orthogonal factor of a normal matrix is uniformly distributed once the other factor's
    diagonal is positive (Mezzadri 2007). None where D is 1.
    """
    if source.dim == 1:
        return None
    has = source.chance(share)
    q, r = torch.linalg.qr(source.normal(source.dim, source.dim))
    q = q * r.diagonal(dim1=1, dim2=2).sign()[:, None, :]
    rotation = torch.where(has[:, None, None], q, torch.eye(source.dim).to(q))
    return rotation if bool(has.any()) else None
