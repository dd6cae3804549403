"""Unrolls: the functions they draw, the order of results, and where gradients flow."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from rnnbbo.functions.gp import Conditional, GPDistribution, GPTasks
from rnnbbo.functions.rough_tasks import RoughDistribution
from rnnbbo.meta import queries as queries_module
from rnnbbo.meta import unroll
from rnnbbo.meta.config import LOSSES, TrainConfig
from rnnbbo.meta.queries import GPQueries
from rnnbbo.meta.schedule import Episode
from rnnbbo.policies.network.architecture import HEADS, RECURRENCES, NetworkConfig
from rnnbbo.policies.network.network import Network

CONFIG = TrainConfig(name="test", candidates=12)
KINDS = [(r, h, loss) for r in RECURRENCES for h in HEADS for loss in LOSSES[HEADS[h].scores]]


def make(recurrence: str, head: str) -> tuple[Network, dict[str, Tensor]]:
    policy = Network(NetworkConfig(recurrence, head, hidden=8, layer=12, forms=4))
    weights = policy.init_params(np.random.default_rng(0))
    return policy, {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}


def tasks(batch: int = 5, dim: int = 2, noise_free: float = 1.0) -> GPTasks:
    distribution = GPDistribution(noise=(0.1, 0.2), noise_free=noise_free)
    return distribution.sample(batch, dim, torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize(("recurrence", "head", "loss"), KINDS)
@pytest.mark.parametrize("workers", [1, 3])
def test_every_loss_trains_every_policy_it_is_for(
    recurrence: str, head: str, loss: str, workers: int
) -> None:
    policy, params = make(recurrence, head)
    config = dataclasses.replace(CONFIG, loss=loss)
    generator = torch.Generator().manual_seed(0)
    run = unroll.run_policy(policy, params, tasks(), Episode(2, 8, workers), config, generator)
    assert run.x.shape == (5, 8, 2)
    assert run.f.shape == (5, 8)
    assert ((run.x >= 0) & (run.x <= 1)).all()
    assert not run.x.requires_grad
    run.loss.backward()
    gradients = [p.grad for p in params.values() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in gradients)
    assert sum(float(g.abs().sum()) for g in gradients) > 0


def test_points_that_the_policy_climbs_to_are_candidates_too() -> None:
    policy = Network(NetworkConfig("lstm", "scored", hidden=8, layer=12, forms=4, process_heads=2))
    weights = policy.init_params(np.random.default_rng(0))
    params = {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}
    compared, climbed = [], []

    def score(params, state, candidates, pending=None):
        compared.append(candidates)
        return Network.score(policy, params, state, candidates, pending)

    def climb(state, candidates, scores):
        assert not torch.is_grad_enabled()
        climbed.append(Network.climbed(policy, state, candidates, scores))
        assert not climbed[-1].requires_grad
        return climbed[-1]

    object.__setattr__(policy, "score", score)
    object.__setattr__(policy, "climbed", climb)
    config = dataclasses.replace(CONFIG, climbed=True, greedy=1.0, random_queries=0.0)
    generator = torch.Generator().manual_seed(0)
    run = unroll.run_policy(policy, params, tasks(), Episode(2, 12, 1, 4), config, generator)
    assert climbed
    for found in climbed:
        assert any(found is candidates for candidates in compared)
    places = torch.cat(climbed, dim=1).double()
    asked = (run.x[:, :, None] == places[:, None]).all(dim=-1).any(dim=-1)
    assert asked.any(), "the greatest of its heads' improvement is never the best-scored"
    run.loss.backward()


@pytest.mark.parametrize("recurrence", RECURRENCES)
def test_evaluations_before_the_unroll_are_made_alike_and_give_no_gradient(recurrence: str) -> None:
    policy, params = make(recurrence, "scored")
    weights = list(params.values())

    def trained(horizon: int, skipped: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = torch.Generator().manual_seed(0)
        episode = Episode(2, horizon, 2, skipped)
        run = unroll.run_policy(policy, params, tasks(), episode, CONFIG, generator)
        gradient = torch.autograd.grad(run.loss, weights, allow_unused=True, materialize_grads=True)
        return run.x, run.loss.detach(), torch.cat([g.flatten() for g in gradient])

    x, _, whole = trained(8, 0)
    same, loss, _ = trained(8, 5)
    assert_close(same, x, rtol=0, atol=0)
    # Of the three evaluations with gradient, each alone has the loss that it has among them.
    alone = [trained(t + 1, t) for t in (5, 6, 7)]
    assert_close(loss, torch.stack([each[1] for each in alone]).mean())
    # What flows back through the evaluations before is gone.
    last = 8 * whole - 7 * trained(7, 0)[2]
    assert not torch.allclose(last, alone[2][2], rtol=0.05, atol=1e-3)


def test_the_same_generator_gives_the_same_run() -> None:
    policy, params = make("dnc", "scored")
    first, again, other = (
        unroll.run_policy(
            policy, params, tasks(), Episode(2, 6, 2), CONFIG, torch.Generator().manual_seed(s)
        )
        for s in (4, 4, 5)
    )
    assert_close(first.x, again.x, rtol=0, atol=0)
    assert_close(first.loss, again.loss, rtol=0, atol=0)
    assert (first.x != other.x).any()


def test_values_are_a_draw_of_the_process() -> None:
    # Whitened by the covariance of the visited points, the values are independent normals.
    t = tasks(batch=400)
    policy, params = make("lstm", "scored")
    run = unroll.run_policy(
        policy, params, t, Episode(2, 6, 1), CONFIG, torch.Generator().manual_seed(0)
    )
    covariance = t.covariance(run.x, run.x) + 1e-8 * torch.eye(6)
    factor = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, run.f[..., None], upper=False)[..., 0]
    n = white.numel()
    # Standard errors of the mean, and of the mean square of n normals: five of each.
    assert abs(float(white.mean())) < 5 / n**0.5
    assert abs(float(white.square().mean()) - 1) < 5 * (2 / n) ** 0.5


def test_workers_hold_results_back_and_deliver_each_once() -> None:
    generator = torch.Generator().manual_seed(0)
    queue = unroll._Queue(4, 3, generator)
    delivered: list[Tensor] = []
    for step in range(10):
        done = queue.finish()
        assert (done is None) == (step < 3)
        if done is not None:
            delivered.append(done)
        queue.propose(step)
        assert queue.pending.shape[1] == min(step + 1, 3)
    everything = torch.cat([*delivered, queue.pending], dim=1)
    assert_close(everything.sort(dim=1).values, torch.arange(10).expand(4, -1))


def queries(t: GPTasks, n: int) -> GPQueries:
    generator = torch.Generator().manual_seed(0)
    h = GPQueries(t, generator, warped=0.0)
    for _ in range(n):
        h.evaluate(torch.rand(t.batch, t.dim, generator=generator, dtype=torch.float64))
    return h


def test_pending_queries_lower_the_utility_round_them_and_hide_their_value() -> None:
    t = tasks()
    h = queries(t, 6)
    pending = torch.full((5, 1), 3)
    near = h.x[:, 3:4] + 1e-3
    none = torch.zeros(5, 0, dtype=torch.long)
    without = GPQueries(t, h.generator, warped=0.0)
    keep = [0, 1, 2, 4, 5]
    without.x, without.f, without.y = h.x[:, keep], h.f[:, keep], h.y[:, keep]
    assert (h.improvement(near, pending) <= without.improvement(near, none) + 1e-9).all()
    assert (h.improvement(near, pending) < 0.1).all()
    # Whatever the pending value is, the utility is the same.
    other = GPQueries(t, h.generator, warped=0.0)
    other.x, other.f, other.y = h.x, h.f, h.y.clone()
    other.y[:, 3] += 7.0
    far = torch.rand(5, 9, 2, generator=h.generator, dtype=torch.float64)
    # The left-out point keeps a noise of 1e3 amplitudes, so a trace of 1e-6 remains.
    assert_close(other.improvement(far, pending), h.improvement(far, pending), atol=1e-4, rtol=1e-3)


def test_with_noise_the_incumbent_is_the_lowest_posterior_mean() -> None:
    t = tasks(noise_free=0.0)
    h = queries(t, 8)
    c = torch.rand(5, 7, 2, generator=h.generator, dtype=torch.float64)
    posterior = Conditional(t, h.x, h.y, jitter=queries_module.QUERY_JITTER)
    mean, std = posterior.mean_std(c)
    best = posterior.mean_std(h.x)[0].amin(1, keepdim=True)
    z = (best - mean) / std
    normal = torch.distributions.Normal(torch.zeros(1).double(), torch.ones(1).double())
    expected = std * (z * normal.cdf(z) + normal.log_prob(z).exp())
    assert_close(h.improvement(c, torch.zeros(5, 0, dtype=torch.long)), expected)


def test_the_first_points_are_worth_what_they_explain() -> None:
    t = tasks()
    h = queries(t, 0)
    none = torch.zeros(5, 0, dtype=torch.long)
    grid = torch.cartesian_prod(*[torch.linspace(0, 1, 9, dtype=torch.float64)] * 2)
    utility = h.utility(grid.expand(5, -1, -1), none)
    assert (grid[utility.argmax(1)] == 0.5).all()  # the centre explains most of the square


def test_warps_are_monotone_and_a_share_of_functions_has_none() -> None:
    generator = torch.Generator().manual_seed(0)
    warp = queries_module.draw_warp(200, 0.3, generator, torch.zeros(1, dtype=torch.float64))
    share = float((warp.a != 0).double().mean())
    assert 0.15 < share < 0.45
    f = torch.linspace(-3, 3, 50, dtype=torch.float64).expand(200, -1)
    assert (warp(f).diff(dim=1) > 0).all()
    assert_close(warp(f)[warp.a == 0], f[warp.a == 0])
    assert_close(warp(torch.zeros(200, dtype=torch.float64)), torch.zeros(200).double())


def test_the_direct_unroll_differentiates_through_the_function() -> None:
    policy, params = make("lstm", "direct")
    config = dataclasses.replace(CONFIG, loss="sum", warped=0.0)

    def loss(scale: float) -> Tensor:
        moved = dict(params)
        moved["point.bias"] = params["point.bias"] + scale * direction
        generator = torch.Generator().manual_seed(0)
        return unroll.run_policy(policy, moved, tasks(), Episode(2, 4, 1), config, generator).loss

    direction = torch.tensor([0.3, -0.5, 0.2, 0.4, 0.6, -0.1])
    loss(0.0).backward()
    slope = float((params["point.bias"].grad * direction).sum())
    with torch.no_grad():
        difference = float(loss(1e-2) - loss(-1e-2)) / 2e-2
    assert slope == pytest.approx(difference, rel=0.03)


@pytest.mark.parametrize("workers", [1, 3])
def test_rough_functions_train_scored_policies_by_their_values(workers: int) -> None:
    functions = RoughDistribution(mixed=1.0).sample(4, 5, torch.Generator().manual_seed(3))
    for recurrence in RECURRENCES:
        policy, params = make(recurrence, "scored")
        generator = torch.Generator().manual_seed(0)
        run = unroll.run_policy(
            policy, params, functions, Episode(5, 6, workers), CONFIG, generator
        )
        assert_close(functions.declared.snap(run.x), run.x)  # only points of the space are asked
        assert_close(run.f, functions(run.x))
        run.loss.backward()
        assert sum(float(p.grad.abs().sum()) for p in params.values() if p.grad is not None) > 0
