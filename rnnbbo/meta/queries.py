"""What a batch of runs asked and was told, and which candidate would be the best next query."""

from dataclasses import replace
from typing import Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from rnnbbo.functions.gp import Conditional, GPTasks, draw_next, expected_improvement
from rnnbbo.functions.rough_tasks import RoughTasks

QUERY_JITTER = 1e-8  # float64: resolves improvements of 1e-4 of the amplitude
_IGNORED = 1e3  # noise that leaves a point out of a posterior's mean, in amplitudes


class Queries(Protocol):
    """Queries and values of a batch of runs, in the order of asking.

    Attributes:
        x: (B, t, D) queries.
        f: (B, t) true values at them.
    """

    x: Tensor
    f: Tensor

    def evaluate(self, x: Tensor) -> None:
        """Evaluate the queries (B, D)."""
        ...

    def told(self, index: Tensor) -> Tensor:
        """Return the values (B,) that the policy is told of the queries at index (B, 1)."""
        ...

    def settle(self, candidates: Tensor, generator: torch.Generator) -> Tensor:
        """Return candidates (B, C, D) moved to points that may be asked."""
        ...

    def utility(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """Return what a scored head should prefer, (B, C), not negative.

        Args:
            candidates: (B, C, D).
            pending: (B, P) indices of the queries that have no result yet.
        """
        ...


class Warp(NamedTuple):
    """Monotone warp of the told values: (exp(a f) - 1) / a, the identity where a = 0; a is (B,)."""

    a: Tensor

    def __call__(self, f: Tensor) -> Tensor:
        """Warp values (B,) or (B, n)."""
        a = self.a if f.ndim == 1 else self.a[:, None]
        return torch.where(a == 0, f, torch.expm1(a * f) / a.where(a != 0, 1.0))


def draw_warp(batch: int, share: float, generator: torch.Generator, like: Tensor) -> Warp:
    """Draw warps for a batch: `share` of them bend, half upwards and half downwards."""

    def uniform() -> Tensor:
        u = torch.rand(batch, generator=generator, device=generator.device, dtype=torch.float64)
        return u.to(like)

    strength = (0.3 + 1.7 * uniform()) * torch.where(uniform() < 0.5, -1.0, 1.0)
    return Warp(torch.where(uniform() < share, strength, 0.0))


def improvements(asked: Tensor, values: Tensor) -> Tensor:
    """Return improvements (B, C) of values (B, C) on everything asked so far, (B, t).

    At first, on the median candidate. Results that are still pending count too: no candidate is
    worth what another one brings.
    """
    if asked.shape[1] == 0:
        level = values.median(dim=1, keepdim=True).values
    else:
        level = asked.amin(dim=1, keepdim=True)
    return (level - values).clamp_min(0.0)


_Tasks = TypeVar("_Tasks", GPTasks, RoughTasks)


class _NoisyQueries(Generic[_Tasks]):
    """Runs whose values are told with noise, some of them through a warp, in float64."""

    def __init__(self, tasks: _Tasks, generator: torch.Generator, warped: float) -> None:
        """Start B runs; a share `warped` of them is told bent values."""
        self.tasks: _Tasks = tasks
        self.generator = generator
        self.warp = draw_warp(tasks.batch, warped, generator, tasks.noise)
        batch, dim, like = tasks.batch, tasks.dim, tasks.noise
        self.x = like.new_zeros(batch, 0, dim)
        self.f = like.new_zeros(batch, 0)
        self.y = like.new_zeros(batch, 0)  # with noise, before the warp

    def told(self, index: Tensor) -> Tensor:
        """Return warped values (B,), float32, at index (B, 1)."""
        return self.warp(self.y.gather(1, index)[:, 0]).float()

    def _append(self, x: Tensor, f: Tensor, y: Tensor) -> None:
        self.x = torch.cat([self.x, x[:, None, :]], dim=1)
        self.f = torch.cat([self.f, f[:, None]], dim=1)
        self.y = torch.cat([self.y, y[:, None]], dim=1)


class GPQueries(_NoisyQueries[GPTasks]):
    """Runs on Gaussian processes, whose values are drawn as they are asked for, in float64."""

    def _normal(self) -> Tensor:
        like = self.tasks.amplitude
        return torch.randn(
            like.shape, generator=self.generator, device=like.device, dtype=like.dtype
        )

    def evaluate(self, x: Tensor) -> None:
        """Draw f at the queries (B, D) given everything drawn before, and a noisy y."""
        f = draw_next(self.tasks, self.x, self.f, x, self._normal(), QUERY_JITTER)
        y = f + self.tasks.noise * self._normal()
        self._append(x, f, y)

    def settle(self, candidates: Tensor, generator: torch.Generator) -> Tensor:
        """Return the candidates: every point may be asked."""
        return candidates

    def utility(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """Return what a scored head should prefer, (B, C).

        Expected improvement; before any result, when every value is as likely everywhere, the
        reduction of the variance over the candidates, which spreads the first points. Trends are
        left out there: what lowers their variance is the corners.
        """
        if pending.shape[1] == self.x.shape[1]:
            plain = replace(self.tasks, structure=None)
            prior = Conditional(plain, self.x, self.f, jitter=QUERY_JITTER)
            return prior.variance_reduction(candidates)
        return self.improvement(candidates, pending)

    def improvement(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """Return EI (B, C): of the results' mean, and the spread that pending queries leave.

        Pending queries count at their expected value (Ginsbourger et al. 2010, kriging believer):
        the mean stays, the variance shrinks. With noise the incumbent is the lowest posterior mean.
        """
        tasks, n, waiting = self.tasks, self.x.shape[1], pending.shape[1]
        everything = Conditional(tasks, self.x, self.y, jitter=QUERY_JITTER)
        mean, std = everything.mean_std(candidates)
        if waiting == n:
            return expected_improvement(torch.zeros_like(std), std, 0.0)
        if waiting:
            noise = tasks.noise[:, None].expand(-1, n)
            ignored = (_IGNORED * tasks.amplitude)[:, None].expand(-1, waiting)
            results = Conditional(
                tasks, self.x, self.y, noise.scatter(1, pending, ignored), jitter=QUERY_JITTER
            )
            mean, _ = results.mean_std(candidates)
        else:
            results = everything
        best_y = self.y.scatter(1, pending, torch.inf).amin(dim=1)
        if bool((tasks.noise > 0).any()):
            smooth = results.mean_std(self.x)[0].scatter(1, pending, torch.inf).amin(dim=1)
            best_y = torch.where(tasks.noise > 0, smooth, best_y)
        return expected_improvement(mean, std, best_y[:, None])


class RoughQueries(_NoisyQueries[RoughTasks]):
    """Runs on rough functions, whose values alone are known, in float64."""

    def evaluate(self, x: Tensor) -> None:
        """Evaluate the queries (B, D)."""
        f = self.tasks(x[:, None, :])[:, 0]
        y = self.tasks.observe(f, self.generator)
        self._append(x, f, y)

    def settle(self, candidates: Tensor, generator: torch.Generator) -> Tensor:
        """Return the candidates on the space, some with other integers and categories."""
        return self.tasks.declared.vary(self.tasks.declared.snap(candidates), generator)

    def utility(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """Return improvements (B, C), as `improvements` has them."""
        return improvements(self.f, self.tasks(candidates))
