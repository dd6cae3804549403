"""Losses of an optimizer over a run. Every one is minimised.

Chen et al. 2016, section 2.2, for the paper's three; each is given per step and summed by the
caller.
"""

from torch import Tensor
from torch.nn.functional import log_softmax


def sum_loss(value: Tensor) -> Tensor:
    """Return a term of L_sum, f(x_t). Shape (B,)."""
    return value


def ei_loss(ei: Tensor) -> Tensor:
    """Return a term of L_EI, -EI(x_t | y_1..t-1), of the generating process's EI. Shape (B,)."""
    return -ei


def oi_loss(value: Tensor, best: Tensor) -> Tensor:
    """Return a term of L_OI, min(0, f(x_t) - min_{i<t} f(x_i)), the inner minimum held constant."""
    return (value - best.detach()).clamp_max(0.0)


def imitation_loss(x: Tensor, wanted: Tensor) -> Tensor:
    """Return queries' (B, D) mean squared distance per dimension from a teacher's; (B,)."""
    return (x - wanted.detach()).square().mean(dim=1)


def candidate_loss(scores: Tensor, utility: Tensor, floor: float) -> Tensor:
    """Return -log(sum_c softmax(score)_c u_c / max u + floor), shape (B,).

    The expected utility of a query drawn from the scores, relative to the best candidate's. Its
    logarithm keeps the gradient alive while the scores are far from good; the floor bounds it.

    Args:
        scores: (B, C).
        utility: (B, C), not negative, without gradient; a row of zeros gives no gradient.
        floor: added inside the logarithm.
    """
    top = utility.max(dim=1, keepdim=True).values
    known = top > 0
    relative = utility / top.where(known, 1.0)
    gain = (log_softmax(scores, dim=1).exp() * relative).sum(dim=1)
    return (-(gain + floor).log()).where(known[:, 0], 0.0)


def improvement_loss(scores: Tensor, improvement: Tensor) -> Tensor:
    """Return -sum_c softmax(score)_c i_c / max i, (B,): the share of the improvement to be had.

    Unlike `candidate_loss` it is linear in what is told of one function, so that its mean over
    functions prefers the candidate that is best in the mean, and not the one that is best the most
    often.

    Args:
        scores: (B, C).
        improvement: (B, C) on these functions, not negative, without gradient; a row of zeros
            gives no gradient.
    """
    top = improvement.max(dim=1, keepdim=True).values
    relative = improvement / top.where(top > 0, 1.0)
    return -(log_softmax(scores, dim=1).exp() * relative).sum(dim=1)
