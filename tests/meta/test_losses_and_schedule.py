"""Losses against values worked out by hand; schedules by their ends and their monotony."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from rnnbbo.meta import losses, schedule


def test_observed_improvement_counts_only_improvement_and_holds_the_best_constant() -> None:
    value = torch.tensor([1.0, 3.0], requires_grad=True)
    best = torch.tensor([2.0, 2.0], requires_grad=True)
    loss = losses.oi_loss(value, best)
    assert_close(loss, torch.tensor([-1.0, 0.0]))
    loss.sum().backward()
    assert_close(value.grad, torch.tensor([1.0, 0.0]))
    assert best.grad is None


def test_sum_and_expected_improvement() -> None:
    value = torch.tensor([0.5, -2.0])
    assert_close(losses.sum_loss(value), value)
    assert_close(losses.ei_loss(value), -value)


def test_candidate_loss_by_hand() -> None:
    scores = torch.log(torch.tensor([[0.5, 0.25, 0.25]]))
    utility = torch.tensor([[1.0, 2.0, 0.0]])
    # 0.5 * 1/2 + 0.25 * 1 + 0
    assert_close(losses.candidate_loss(scores, utility, 0.0), torch.tensor([-math.log(0.5)]))


def test_candidate_loss_is_least_when_the_best_candidate_is_sure() -> None:
    utility = torch.tensor([[1.0, 2.0, 0.5]])
    sure = losses.candidate_loss(torch.tensor([[0.0, 60.0, 0.0]]), utility, 0.0)
    assert_close(sure, torch.zeros(1))
    wrong = losses.candidate_loss(torch.tensor([[0.0, 0.0, 600.0]]), utility, 1e-3)
    assert torch.isfinite(wrong).all()
    assert wrong > 1


def test_candidate_loss_does_not_depend_on_the_units_of_utility_or_a_shift_of_scores() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(4, 9, generator=generator)
    utility = torch.rand(4, 9, generator=generator)
    plain = losses.candidate_loss(scores, utility, 1e-3)
    assert_close(losses.candidate_loss(scores + 3, 1e-20 * utility, 1e-3), plain)


def test_candidates_without_utility_give_no_gradient() -> None:
    scores = torch.randn(2, 5, requires_grad=True)
    losses.candidate_loss(scores, torch.zeros(2, 5), 1e-3).sum().backward()
    assert_close(scores.grad, torch.zeros(2, 5))


def test_learning_rate_warms_up_then_falls_to_a_hundredth() -> None:
    rates = [schedule.learning_rate(u, 100, 1.0, 10) for u in range(101)]
    assert rates[0] == 0.1
    assert rates[10] == max(rates) == 1.0
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
    assert rates[100] == pytest.approx(0.01)


def test_imitation_fades_out() -> None:
    assert [schedule.imitation_weight(u, 100, 0.5) for u in (0, 25, 50, 99)] == [1.0, 0.5, 0.0, 0.0]
    assert schedule.imitation_weight(0, 100, 0.0) == 0.0


def test_imitation_is_the_mean_squared_distance_per_dimension() -> None:
    x = torch.tensor([[0.1, 0.5], [0.3, 0.3]], requires_grad=True)
    teacher = torch.tensor([[0.1, 0.1], [0.3, 0.3]])
    assert_close(losses.imitation_loss(x, teacher), torch.tensor([0.08, 0.0]))


def test_horizon_grows_then_stays() -> None:
    horizons = [schedule.longest_horizon(u, 100, 10, 40, 0.5) for u in range(101)]
    assert horizons[0] == 10
    assert horizons[50:] == [40] * 51
    assert horizons == sorted(horizons)


def test_episodes_stay_in_their_ranges_and_mix() -> None:
    rng = np.random.default_rng(0)
    drawn = [schedule.draw_episode(rng, (1, 2, 5), 20, (2, 4), 0.5) for _ in range(300)]
    assert {e.dim for e in drawn} == {1, 2, 5}
    assert {e.workers for e in drawn} == {1, 2, 4}
    assert {e.horizon for e in drawn} == set(range(10, 21))
    sequential = [schedule.draw_episode(rng, (2,), 20, (8,), 1.0).workers for _ in range(20)]
    assert set(sequential) == {1}


def test_an_unroll_may_begin_anywhere_in_a_run() -> None:
    rng = np.random.default_rng(0)
    drawn = [schedule.draw_episode(rng, (2,), 20, (2,), 0.5, unroll=6) for _ in range(600)]
    assert {e.horizon - e.skipped for e in drawn} == {6}
    assert {e.skipped for e in drawn} == set(range(15))
    short = [schedule.draw_episode(rng, (2,), 6, (2,), 0.5, unroll=6) for _ in range(50)]
    assert {e.skipped for e in short} == {0}
    assert {e.horizon for e in short} == {3, 4, 5, 6}


def test_there_are_never_more_workers_than_leave_a_result_to_learn_from() -> None:
    rng = np.random.default_rng(0)
    assert all(
        e.workers < e.horizon
        for e in (schedule.draw_episode(rng, (2,), 4, (8,), 0.0) for _ in range(50))
    )
