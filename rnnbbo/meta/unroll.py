"""Runs of a policy on sampled functions, through which it is trained.

Two unrolls: `scored_run` scores candidates and needs no gradient through its queries; `direct_run`
is the paper's, differentiable through queries and values (Chen et al. 2016, section 2).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rnnbbo.errors import ConfigError
from rnnbbo.functions.gp import GPTasks
from rnnbbo.functions.rough_tasks import RoughTasks
from rnnbbo.meta import losses
from rnnbbo.meta.config import TrainConfig
from rnnbbo.meta.family import FamilyQueries, Members
from rnnbbo.meta.queries import GPQueries, Queries, RoughQueries
from rnnbbo.meta.schedule import Episode
from rnnbbo.policies import candidates as points
from rnnbbo.policies.candidates import Candidates
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.ops import namespace
from rnnbbo.policies.protocol import BatchedPolicy

_ROUGH = 4.0  # brings gradients of `improvement_loss` to the size of those of `candidate_loss`


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


class Teacher(NamedTuple):
    """A policy with a scored head that a direct one imitates.

    Attributes:
        policy: the policy.
        params: its weights.
        weight: share of imitation in the loss, from 0 to 1.
    """

    policy: BatchedPolicy
    params: Mapping[str, Tensor]
    weight: float


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
        """Return the index (B, 1) of the proposal that finishes now; None while one is idle."""
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
    """Return the rows of x (B, n, D) at index (B, m)."""
    return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))


def _uniform(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def draw_candidates(state: Any, count: int, generator: torch.Generator) -> Candidates:
    """Draw candidates (B, count, D): half of them uniform, the rest sprayed round the best two."""
    batch, dim = state.q.shape
    wide = max(1, round(0.5 * count))
    flat = _uniform(generator, batch, wide, dim)
    if state.evidence.told == 0:
        rest = _uniform(generator, batch, count - wide, dim)
        return Candidates(torch.cat([flat, rest], dim=1), count)
    xp = namespace(flat)
    near = count - wide
    normal = torch.randn(
        (batch, near, dim), generator=generator, device=generator.device, dtype=flat.dtype
    )
    u_radius = _uniform(generator, batch, near)
    u_keep = _uniform(generator, batch, near, dim)
    return points.spray_best(xp, flat, state.evidence, normal, u_radius, u_keep)


def _start(
    policy: BatchedPolicy, queries: Queries, episode: Episode, generator: torch.Generator
) -> tuple[_Queue, Any]:
    batch, _, dim = queries.x.shape
    x = queries.x.new_zeros((batch, dim), dtype=torch.float32)
    return _Queue(batch, episode.workers, generator), policy.start(x, x[:, 0])


def _observe(queries: Queries, queue: _Queue, state: Any, latest: Tensor, q: Tensor) -> Observation:
    """Return the recurrence's next input: a finished result, or a dummy for idle workers."""
    done = queue.finish()
    if done is None:
        return Observation(latest, torch.zeros_like(latest[:, 0]), q, False)
    x = _pick(queries.x, done)[:, 0]
    return Observation(x.to(latest.dtype), queries.told(done), q, True)


def scored_run(
    policy: BatchedPolicy,
    params: Mapping[str, Tensor],
    queries: Queries,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
) -> Run:
    """Run a scored policy; the loss compares its scores with the utility of the candidates.

    Args:
        policy: a policy with a scored head.
        params: its weights, leaves of the graph.
        queries: of B runs that have not begun.
        episode: dimension, horizon and workers, and how many evaluations come before the loss.
        config: loss, candidates and exploration.
        generator: randomness, on the queries' device.
    """

    def loss(scores: Tensor, utility: Tensor) -> Tensor:
        if config.loss == "improvement":
            return losses.improvement_loss(scores, utility)
        return losses.candidate_loss(scores, utility, config.floor)

    queue, state = _start(policy, queries, episode, generator)
    latest = state.evidence.best_x
    greedy = _uniform(generator, len(latest)) < config.greedy
    terms = []
    for t in range(episode.horizon):
        with torch.no_grad():
            q = _uniform(generator, *latest.shape)
            observation = _observe(queries, queue, state, latest, q)
        trained = t >= episode.skipped
        with torch.set_grad_enabled(trained):
            state = policy.step(params, state, observation)
        with torch.no_grad():
            drawn = draw_candidates(state, config.candidates, generator)
            drawn = drawn._replace(points=queries.settle(drawn.points, generator))
            choices = drawn.points
            pending = _pick(queries.x, queue.pending).to(choices.dtype)
        with torch.set_grad_enabled(trained):
            if config.climbed:
                climbing = torch.no_grad()
                choices, scores = policy.consider(params, state, drawn, pending, climbing)
            else:
                scores = policy.score(params, state, choices, pending)
        if trained:
            with torch.no_grad():
                utility = queries.utility(choices.double(), queue.pending)
            terms.append(loss(scores, utility.to(scores.dtype)).mean())
        with torch.no_grad():
            sampled = torch.multinomial(torch.softmax(scores, dim=1), 1, generator=generator)[:, 0]
            index = torch.where(greedy, scores.argmax(dim=1), sampled)
            lost = _uniform(generator, len(latest)) < config.random_queries
            index = torch.where(lost, torch.zeros_like(index), index)
            latest = _pick(choices, index[:, None])[:, 0]
            queries.evaluate(latest.double())
            queue.propose(t)
    return Run(torch.stack(terms).mean(), queries.x, queries.f)


def direct_run(
    policy: BatchedPolicy,
    params: Mapping[str, Tensor],
    queries: GPQueries,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
    teacher: Teacher | None = None,
) -> Run:
    """Run a direct policy, differentiable through its queries and their values.

    The values come from the exact conditional of the process given everything drawn before.
    Arguments as for `scored_run`. The loss is the mean over steps of L_sum, L_EI or L_OI in units
    of the amplitude. A teacher is told what this policy is told, and its own next query is what
    imitation wants; so the states that it is asked about are those that this policy comes to.
    """
    queue, state = _start(policy, queries, episode, generator)
    if teacher is not None:
        _, guide = _start(teacher.policy, queries, episode, generator)
    amplitude = queries.tasks.amplitude
    latest = state.evidence.best_x
    shift = _uniform(generator, *latest.shape)
    xp = namespace(shift)
    terms, copied = [], []
    for t in range(episode.horizon):
        q = points.quasi_random(xp, shift, t, 1)[:, 0]
        observation = _observe(queries, queue, state, latest, q)
        state = policy.step(params, state, observation)
        latest = policy.point(params, state)
        if teacher is not None:
            with torch.no_grad():
                guide = teacher.policy.step(teacher.params, guide, observation)
                pending = _pick(queries.x, queue.pending).to(latest.dtype)
                wanted = _choice(teacher, guide, pending, config.candidates, generator)
            copied.append(losses.imitation_loss(latest, wanted))
        x = latest.double()
        if config.loss == "ei" and t > 0:
            ei = queries.improvement(x[:, None, :], queue.pending)[:, 0]
            terms.append(losses.ei_loss(ei) / amplitude)
        queries.evaluate(x)
        value = queries.f[:, -1]
        if config.loss == "sum":
            terms.append(losses.sum_loss(value) / amplitude)
        elif config.loss == "oi" and t > 0:
            best = queries.f[:, :-1].amin(dim=1)
            terms.append(losses.oi_loss(value, best) / amplitude)
        queue.propose(t)
    loss = torch.stack(terms).mean()
    if teacher is not None:
        share = teacher.weight
        loss = (1.0 - share) * loss + share * torch.stack(copied).mean()
    return Run(loss, queries.x.detach(), queries.f.detach())


def _choice(
    teacher: Teacher, state: Any, pending: Tensor, count: int, generator: torch.Generator
) -> Tensor:
    """Return the best-scored of a teacher's candidates, (B, D)."""
    choices = draw_candidates(state, count, generator).points
    best = teacher.policy.score(teacher.params, state, choices, pending).argmax(dim=1)
    return _pick(choices, best[:, None])[:, 0]


def run_policy(
    policy: BatchedPolicy,
    params: Mapping[str, Tensor],
    functions: GPTasks | RoughTasks | Members,
    episode: Episode,
    config: TrainConfig,
    generator: torch.Generator,
    teacher: Teacher | None = None,
) -> Run:
    """Run a policy with the unroll that its head needs; a teacher is for direct heads.

    Raises:
        ConfigError: the loss needs what is known of processes only, and these are members of a
            family.
    """
    if isinstance(functions, Members):
        if config.loss != "improvement":
            raise ConfigError(
                f"train.loss = {config.loss!r}; expected 'improvement' for a family of functions, "
                "and a policy with a scored head"
            )
        queries = FamilyQueries(functions, generator.device)
        return scored_run(policy, params, queries, episode, config, generator)
    if isinstance(functions, RoughTasks):
        # No posterior of these is known, and so no expected improvement.
        by_values = replace(config, loss="improvement")
        rough = RoughQueries(functions, generator, config.warped)
        outcome = scored_run(policy, params, rough, episode, by_values, generator)
        return outcome._replace(loss=_ROUGH * outcome.loss)
    drawn = GPQueries(functions, generator, config.warped)
    if policy.scores:
        return scored_run(policy, params, drawn, episode, config, generator)
    return direct_run(policy, params, drawn, episode, config, generator, teacher)
