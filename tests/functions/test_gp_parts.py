import numpy as np
import pytest
import torch

from rnnbbo.functions.gp import (
    KERNELS,
    Conditional,
    GPDistribution,
    draw_next,
    draw_paths,
    gp_problem,
)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _rand(*shape, seed=0):
    return torch.rand(*shape, generator=_generator(seed), dtype=torch.float64)


def _sample(shares, batch=12, dim=3, seed=0):
    distribution = GPDistribution(kernels=KERNELS, **shares)
    return distribution.sample(batch, dim, _generator(seed), dtype=torch.float64)


@pytest.mark.parametrize("shares", [{"sums": 1.0}, {"additive": 1.0, "sums": 1.0, "rotated": 1.0}])
def test_frequencies_follow_the_spectral_density_of_the_stationary_part(shares):
    tasks = _sample(shares, batch=8)
    features = 20_000
    path = draw_paths(tasks, features, _generator(1))
    difference = _rand(8, 4, 1, 3, seed=2) - _rand(8, 1, 4, 3, seed=3)
    angle = torch.einsum("bijd,bmd->bijm", difference, path.omega)
    k = tasks.covariance(_rand(8, 4, 3, seed=2), _rand(8, 4, 3, seed=3))
    # E cos(omega . (x - x')) is the correlation (Bochner); a cosine's variance is at most 1.
    assert (torch.cos(angle).mean(-1) - k).abs().max() < 5 / features**0.5


def test_half_of_the_trends_are_bowls_with_their_minimum_in_the_cube():
    tasks = _sample({"trends": 1.0, "rotated": 1.0}, batch=400, dim=2)
    axis = torch.linspace(0, 1, 41).double()
    grid = torch.cartesian_prod(axis, axis).expand(400, -1, -1)
    mean = tasks.mean(grid)
    bowl = mean.abs().amax(dim=1) > 0
    assert abs(float(bowl.double().mean()) - 0.5) < 5 * 0.5 / 400**0.5
    lowest = grid[bowl, mean[bowl].argmin(dim=1)]
    # A centre is at most 0.4 from the cube's, and the grid's points at most 0.0125 from it along
    # a well curved axis; a flat axis, crossing at an angle, may miss by more.
    assert ((lowest - 0.5).abs() < 0.4 + 0.2).all()
    # Convex: the middle of a segment is no higher than its ends' mean.
    a, b = _rand(400, 50, 2, seed=1), _rand(400, 50, 2, seed=2)
    assert (tasks.mean((a + b) / 2) <= (tasks.mean(a) + tasks.mean(b)) / 2 + 1e-9).all()


def test_where_the_rest_is_pinned_down_draws_follow_a_bowl():
    tasks = _sample({"trends": 1.0}, batch=60, dim=2)
    x, x_new = _rand(60, 6, 2, seed=1), _rand(60, 9, 2, seed=2)
    got, _ = Conditional(tasks, x, tasks.mean(x)).mean_std(x_new)
    torch.testing.assert_close(got, tasks.mean(x_new), rtol=0, atol=1e-9)
    nothing = Conditional(tasks, x[:, :0], x[:, :0, 0])
    mean, std = nothing.mean_std(x_new)
    torch.testing.assert_close(mean, tasks.mean(x_new))
    torch.testing.assert_close(std.square(), tasks.variance(x_new))
    drawn = draw_next(tasks, x[:, :0], x[:, :0, 0], x_new[:, 0], torch.zeros(60).double())
    torch.testing.assert_close(drawn, tasks.mean(x_new)[:, 0])


def test_a_conditional_recovers_a_sample_path():
    # Dense values pin a smooth function down, so an error of scale in either would show.
    tasks = GPDistribution(
        kernels=("rbf",), lengthscale=(0.4, 0.6), trends=1.0, ripples=1.0, bent=1.0
    ).sample(6, 1, _generator(), dtype=torch.float64)
    path = draw_paths(tasks, 4096, _generator(1))
    x = torch.linspace(0, 1, 40).double()[None, :, None].expand(6, -1, -1)
    x_new = torch.tensor([[0.031], [0.53], [0.87]]).double().expand(6, -1, -1)
    mean, _ = Conditional(tasks, x, path(x), jitter=1e-10).mean_std(x_new)
    torch.testing.assert_close(mean, path(x_new), rtol=0, atol=5e-3)


def test_stepped_functions_are_constant_within_a_step():
    tasks = _sample({"stepped": 1.0}, batch=30, dim=1)
    grid = torch.linspace(0, 1, 2001).double()[None, :, None]
    values = draw_paths(tasks, 64, _generator(1))(grid)
    levels = [len(torch.unique(row)) for row in values]
    assert min(levels) >= 2
    assert max(levels) <= 12
    assert len(set(levels)) > 3
    jumps = (values.diff(dim=1) != 0).sum(dim=1)
    assert [n - 1 for n in levels] == jumps.tolist()


@pytest.mark.parametrize("kernel", KERNELS)
def test_additive_functions_have_no_interactions(kernel):
    distribution = GPDistribution(kernels=(kernel,), additive=1.0, sums=1.0, bent=1.0)
    tasks = distribution.sample(5, 2, _generator(), dtype=torch.float64)
    f = draw_paths(tasks, 64, _generator(1))
    corners = [[0.1, 0.3], [0.8, 0.6], [0.1, 0.6], [0.8, 0.3]]
    a, b, c, d = f(torch.tensor([corners]).double()).unbind(dim=1)
    torch.testing.assert_close(a + b, c + d)
    # The covariance alone knows it too: three corners determine the fourth.
    x = torch.tensor([corners]).double().expand(5, -1, -1)
    y = torch.stack([a, b, c], dim=1)
    mean, std = Conditional(tasks, x[:, :3], y, 0 * y, jitter=1e-12).mean_std(x[:, 3:])
    torch.testing.assert_close(mean[:, 0], d, rtol=0, atol=1e-4)
    assert std.max() < 1e-3


def test_a_sum_varies_faster_than_its_first_kernel():
    plain, both = (
        GPDistribution(kernels=("matern52",), sums=share).sample(
            50, 2, _generator(), dtype=torch.float64
        )
        for share in (0.0, 1.0)
    )
    x = _rand(50, 1, 2)
    near = plain.covariance(x, x + 0.05)
    assert (both.covariance(x, x + 0.05) < near).all()


def test_a_problem_of_a_structured_distribution_knows_its_minimum():
    problem = gp_problem(GPDistribution(trends=1.0, ripples=1.0, rotated=1.0), 2, 1, 64)
    values = problem.func(_rand(500, 2).numpy())
    assert values.shape == (500,)
    assert (values >= problem.minimum - 1e-9).all()
    assert float(problem.func(np.array(problem.minimizers[0]))) == pytest.approx(problem.minimum)
