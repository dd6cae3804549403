"""Runs of a policy on sampled functions, through which it is trained.

Two unrolls: `scored_run` scores candidates and needs no gradient through its queries; `direct_run`
is the paper's, differentiable through queries and values (Chen et al. 2016, section 2). In both,
values come from the exact conditional of the process given everything drawn before.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from rnnbbo.functions.gp import Conditional, GPTasks, draw, expected_improvement
from rnnbbo.meta import losses
from rnnbbo.meta.config import TrainConfig
from rnnbbo.meta.schedule import Episode
from rnnbbo.policies import candidates as points
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import namespace
from rnnbbo.policies.policy import Policy, PolicyState

JITTER = 1e-8  # float64: resolves improvements of 1e-4 of the amplitude
IGNORED = 1e3  # noise that leaves a point out of a posterior's mean, in amplitudes


class Run(NamedTuple):
    """Outcome of a batch of runs.

    Attributes:
        loss: scalar, with gradient.
        x: (B, T, D) queries in the order of asking, without gradient.
        f: (B, T) true values at the queries, without gradient.
    """

    loss: Tensor
    x: Tensor
    f: Tensor


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


class _Queue:
    """Which proposal finishes at which step: the first of N workers, in random order."""

    def __init__(self, batch: int, workers: int, generator: torch.Generator) -> None:
        device = generator.device
        self._pending = torch.zeros(batch, 0, dtype=torch.long, device=device)
        self._generator, self._workers, self._batch = generator, workers, batch

    def propose(self, step: int) -> None:
        new = torch.full((self._batch, 1), step, device=self._pending.device)
        self._pending = torch.cat([self._pending, new], dim=1)

    def finish(self) -> Tensor | None:
        """Index (B, 1) of the proposal that finishes now, or None while workers are idle."""
        n = self._pending.shape[1]
        if n < self._workers:
            return None
        u = torch.rand(self._batch, n, generator=self._generator, device=self._pending.device)
        order = u.argsort(dim=1)
        done = self._pending.gather(1, order[:, :1])
        self._pending = self._pending.gather(1, order[:, 1:])
        return done

    @property
    def pending(self) -> Tensor:
        """Indices (B, P) of the proposals without a result."""
        return self._pending


def _pick(x: Tensor, index: Tensor) -> Tensor:
    """Rows of x (B, n, D) at index (B, m)."""
    return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))


def _uniform(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def draw_candidates(state: PolicyState, count: int, generator: torch.Generator) -> Tensor:
    """Candidates (B, count, D): half of them uniform, the rest sprayed round the best two."""
    batch, dim = state.q.shape
    wide = max(1, round(0.5 * count))
    flat = _uniform(generator, batch, wide, dim)
    if state.evidence.told == 0:
        return torch.cat([flat, _uniform(generator, batch, count - wide, dim)], dim=1)
    xp = namespace(flat)
    near = count - wide
    normal = torch.randn(
        (batch, near, dim), generator=generator, device=generator.device, dtype=flat.dtype
    )
    centres = points.spray_centres(xp, state.evidence, near)
    sprayed = points.spray(
        xp,
        centres,
        normal,
        _uniform(generator, batch, near),
        _uniform(generator, batch, near, dim),
    )
    return torch.cat([flat, sprayed], dim=1)


class _History:
    """Queries and values of a batch of runs, in float64, in the order of asking."""

    def __init__(self, tasks: GPTasks, generator: torch.Generator, warp: Warp) -> None:
        self.tasks, self.generator, self.warp = tasks, generator, warp
        batch, dim, like = tasks.batch, tasks.dim, tasks.amplitude
        self.x = like.new_zeros(batch, 0, dim)
        self.f = like.new_zeros(batch, 0)
        self.y = like.new_zeros(batch, 0)  # with noise, before the warp

    def _normal(self) -> Tensor:
        like = self.tasks.amplitude
        return torch.randn(
            like.shape, generator=self.generator, device=like.device, dtype=like.dtype
        )

    def evaluate(self, x: Tensor) -> None:
        """Query (B, D): draw f there given everything drawn before, and a noisy y."""
        f = draw(self.tasks, self.x, self.f, x, self._normal(), JITTER)
        y = f + self.tasks.noise * self._normal()
        self.x = torch.cat([self.x, x[:, None, :]], dim=1)
        self.f = torch.cat([self.f, f[:, None]], dim=1)
        self.y = torch.cat([self.y, y[:, None]], dim=1)

    def told(self, index: Tensor) -> Tensor:
        """Warped values (B,) at index (B, 1)."""
        return self.warp(self.y.gather(1, index)[:, 0])

    def utility(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """What a scored head should prefer, (B, C).

        Expected improvement; before any result, when every value is as likely everywhere, the
        reduction of the variance over the candidates, which spreads the first points.
        """
        if pending.shape[1] == self.x.shape[1]:
            prior = Conditional(self.tasks, self.x, self.f, jitter=JITTER)
            return prior.variance_reduction(candidates)
        return self.improvement(candidates, pending)

    def improvement(self, candidates: Tensor, pending: Tensor) -> Tensor:
        """EI (B, C) given the finished results, its spread given the pending queries too.

        Pending queries count at their expected value (Ginsbourger et al. 2010, kriging believer):
        the mean stays, the variance shrinks. With noise the incumbent is the lowest posterior mean.
        """
        tasks, n, waiting = self.tasks, self.x.shape[1], pending.shape[1]
        everything = Conditional(tasks, self.x, self.y, jitter=JITTER)
        mean, std = everything.mean_std(candidates)
        if waiting == n:
            return expected_improvement(torch.zeros_like(std), std, 0.0)
        if waiting:
            noise = tasks.noise[:, None].expand(-1, n)
            ignored = (IGNORED * tasks.amplitude)[:, None].expand(-1, waiting)
            results = Conditional(
                tasks, self.x, self.y, noise.scatter(1, pending, ignored), jitter=JITTER
            )
            mean, _ = results.mean_std(candidates)
        else:
            results = everything
        best_y = self.y.scatter(1, pending, torch.inf).amin(dim=1)
        if bool((tasks.noise > 0).any()):
            smooth = results.mean_std(self.x)[0].scatter(1, pending, torch.inf).amin(dim=1)
            best_y = torch.where(tasks.noise > 0, smooth, best_y)
        return expected_improvement(mean, std, best_y[:, None])


def _start(
    policy: Policy,
    tasks: GPTasks,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
) -> tuple[_History, _Queue, PolicyState]:
    warp = draw_warp(tasks.batch, config.warped, generator, tasks.noise)
    history = _History(tasks, generator, warp)
    x = tasks.amplitude.new_zeros((tasks.batch, tasks.dim), dtype=torch.float32)
    return history, _Queue(tasks.batch, episode.workers, generator), policy.init(x, x[:, 0])


def _observe(
    history: _History, queue: _Queue, state: PolicyState, latest: Tensor, q: Tensor
) -> Observation:
    """Next input of the recurrence: a finished result, or a dummy for idle workers."""
    done = queue.finish()
    if done is None:
        return Observation(latest, torch.zeros_like(latest[:, 0]), q, False)
    x = _pick(history.x, done)[:, 0]
    return Observation(x.to(latest.dtype), history.told(done).to(latest.dtype), q, True)


def scored_run(
    policy: Policy,
    params: Mapping[str, Tensor],
    tasks: GPTasks,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
) -> Run:
    """Run a scored policy; the loss compares its scores with the true expected improvement.

    Args:
        policy: a policy with a scored head.
        params: its weights, leaves of the graph.
        tasks: B processes in float64.
        episode: dimension, horizon and workers.
        config: candidates, exploration and warps.
        generator: randomness, on the tasks' device.
    """
    history, queue, state = _start(policy, tasks, episode, config, generator)
    latest = state.evidence.best_x
    greedy = _uniform(generator, tasks.batch) < config.greedy
    terms = []
    for t in range(episode.horizon):
        with torch.no_grad():
            q = _uniform(generator, *latest.shape)
            observation = _observe(history, queue, state, latest, q)
        state = policy.step(params, state, observation)
        with torch.no_grad():
            choices = draw_candidates(state, config.candidates, generator)
            pending = _pick(history.x, queue.pending).to(choices.dtype)
        scores = policy.score(params, state, choices, pending)
        with torch.no_grad():
            utility = history.utility(choices.double(), queue.pending)
        terms.append(losses.candidate_loss(scores, utility.to(scores.dtype)).mean())
        with torch.no_grad():
            sampled = torch.multinomial(torch.softmax(scores, dim=1), 1, generator=generator)[:, 0]
            index = torch.where(greedy, scores.argmax(dim=1), sampled)
            lost = _uniform(generator, tasks.batch) < config.random_queries
            index = torch.where(lost, torch.zeros_like(index), index)
            latest = _pick(choices, index[:, None])[:, 0]
            history.evaluate(latest.double())
            queue.propose(t)
    return Run(torch.stack(terms).mean(), history.x, history.f)


def direct_run(
    policy: Policy,
    params: Mapping[str, Tensor],
    tasks: GPTasks,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
) -> Run:
    """Run a direct policy, differentiable through its queries and their values.

    Arguments as for `scored_run`. The loss is the mean over steps of L_sum, L_EI or L_OI in units
    of the amplitude.
    """
    history, queue, state = _start(policy, tasks, episode, config, generator)
    latest = state.evidence.best_x
    shift = _uniform(generator, *latest.shape)
    xp = namespace(shift)
    terms = []
    for t in range(episode.horizon):
        q = points.quasi_random(xp, shift, t, 1)[:, 0]
        state = policy.step(params, state, _observe(history, queue, state, latest, q))
        latest = policy.point(params, state)
        x = latest.double()
        if config.loss == "ei" and t > 0:
            ei = history.improvement(x[:, None, :], queue.pending)[:, 0]
            terms.append(losses.expected_improvement(ei) / tasks.amplitude)
        history.evaluate(x)
        value = history.f[:, -1]
        if config.loss == "sum":
            terms.append(losses.observed(value) / tasks.amplitude)
        elif config.loss == "oi" and t > 0:
            best = history.f[:, :-1].amin(dim=1)
            terms.append(losses.observed_improvement(value, best) / tasks.amplitude)
        queue.propose(t)
    return Run(torch.stack(terms).mean(), history.x.detach(), history.f.detach())


def run(
    policy: Policy,
    params: Mapping[str, Tensor],
    tasks: GPTasks,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
) -> Run:
    """Run a policy with the unroll that its head needs."""
    unroll = scored_run if policy.scores else direct_run
    return unroll(policy, params, tasks, episode, config, generator)
