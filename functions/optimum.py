"""The optimum of a batch of differentiable functions on the unit cube, for evaluation."""

from collections.abc import Callable

import torch
from torch import Tensor

_HISTORY = 10  # M, the memory of the nonmonotone line search
_SUFFICIENT = 1e-4  # gamma, the sufficient decrease
_ROUNDINGS = 4.0  # a predicted decrease of so many roundings of f ends the search
_STEPS = (1e-10, 1e10)  # the range of the spectral step


def find_minimum(
    function: Callable[[Tensor], Tensor],
    dim: int,
    generator: torch.Generator,
    n_candidates: int | None = None,
    n_starts: int = 16,
    n_steps: int = 200,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float64,
) -> tuple[Tensor, Tensor]:
    """Minimize B functions on the unit cube: dense search, then local refinement.

    A scrambled Sobol sequence is searched first; the best points, kept apart from each other,
    are then refined together by the spectral projected gradient method.

    Args:
        function: maps `(B, n, D)` to `(B, n)`, or `(1, n, D)` to `(B, n)` by broadcasting; row b
            belongs to function b. Differentiable.
        dim: D.
        generator: seeds the scrambling.
        n_candidates: points of the dense search; by default 4096 * D, at most 32768.
        n_starts: points that are refined.
        n_steps: steps of the refinement at most; it ends where no start gets lower.
        device: where `function` computes.
        dtype: what it computes in; float64 finds an optimum to about 1e-8, float32 to 1e-4.

    Returns:
        x `(B, D)` and f `(B,)`, detached.
    """
    n_candidates = n_candidates or min(4096 * dim, 32768)
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    sobol = torch.quasirandom.SobolEngine(dim, scramble=True, seed=seed)
    points = sobol.draw(n_candidates, dtype=torch.float64).to(device, dtype)
    with torch.no_grad():
        # Blocks bound the memory that a path's features take.
        blocks = [function(block[None]) for block in points.split(1024)]
        values = torch.cat(blocks, dim=1)
        start = _spread_best(points, values, min(n_starts, n_candidates))
    x, f = _spectral_projected_gradient(function, start, n_steps)
    best = f.argmin(dim=1)
    rows = torch.arange(len(best), device=best.device)
    return x[rows, best], f[rows, best]


def _spread_best(points: Tensor, values: Tensor, n: int) -> Tensor:
    """Pick `n` points a function `(B, n, D)`: the lowest, and low ones with no better one near."""
    batch, dim = values.shape[0], points.shape[1]
    pool = values.topk(min(len(points), 16 * n), dim=1, largest=False).indices
    candidates = points[pool]  # (B, P, D), best first
    distance = torch.cdist(candidates, candidates)
    # A candidate's distance to the nearest better one: local minima of the search stand out.
    better = torch.ones_like(distance[0], dtype=torch.bool).tril(-1)
    isolation = distance.masked_fill(~better, torch.inf).amin(dim=2)
    spacing = 2.0 * len(points) ** (-1.0 / dim)
    size, plain = candidates.shape[1], n - n // 2
    order = torch.arange(size, device=points.device).expand(batch, -1)
    rank = torch.where(isolation > spacing, order, order + size)
    # The best few are taken anyway; the rest of the starts goes to the isolated ones.
    chosen = rank[:, plain:].topk(n - plain, dim=1, largest=False).indices + plain
    chosen = torch.cat([order[:, :plain], chosen], dim=1)
    return candidates.gather(1, chosen[:, :, None].expand(-1, -1, dim))


def _value_and_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_(True)
        f = function(leaf)
        (gradient,) = torch.autograd.grad(f.sum(), leaf)
    return f.detach(), gradient


def _spectral_projected_gradient(
    function: Callable[[Tensor], Tensor], x: Tensor, n_steps: int
) -> tuple[Tensor, Tensor]:
    """Refine every start `(B, n, D)` on its own (Birgin, Martinez & Raydan 2000, SPG2).

    It handles the bounds exactly, needs first derivatives only, and every start of every
    function takes its step in the same evaluation.
    """
    f, g = _value_and_gradient(function, x)
    best_x, best_f = x, f
    recent = f[None]
    active = torch.ones_like(f, dtype=torch.bool)
    step = 1.0 / g.abs().amax(-1, keepdim=True).clamp_min(1e-12)
    for _ in range(n_steps):
        direction = (x - step * g).clamp(0.0, 1.0) - x
        slope = (direction * g).sum(-1)
        # A start has arrived where the decrease to be hoped for is below rounding, or where no
        # step along the direction brings one.
        active = active & (-slope > _ROUNDINGS * torch.finfo(f.dtype).eps * f.abs())
        if not bool(active.any()):
            break
        reference = recent.amax(0)
        share = torch.ones_like(f)
        with torch.no_grad():
            for _ in range(30):
                new_f = function(x + share[..., None] * direction)
                too_high = active & (new_f > reference + _SUFFICIENT * share * slope)
                if not bool(too_high.any()):
                    break
                share = torch.where(too_high, 0.5 * share, share)
        active = active & ~too_high
        new_x = torch.where(active[..., None], x + share[..., None] * direction, x)
        new_x = new_x.clamp(0.0, 1.0)
        new_f, new_g = _value_and_gradient(function, new_x)
        s, y = new_x - x, new_g - g
        curvature = (s * y).sum(-1, keepdim=True)
        spectral = s.square().sum(-1, keepdim=True) / curvature.clamp_min(1e-300)
        step = torch.where(curvature > 0, spectral, _STEPS[1]).clamp(*_STEPS)
        x, f, g = new_x, new_f, new_g
        recent = torch.cat([recent, f[None]])[-_HISTORY:]
        improved = f < best_f
        best_x = torch.where(improved[..., None], x, best_x)
        best_f = torch.where(improved, f, best_f)
    return best_x, best_f
