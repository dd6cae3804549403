import numpy as np
import pytest
import torch

from rnnbbo.errors import ConfigError
from rnnbbo.functions.gp import (
    KERNELS,
    Conditional,
    GPDistribution,
    GPTasks,
    draw_next,
    draw_paths,
)
from rnnbbo.functions.structure import STRUCTURE_PARTS

MIXED = GPDistribution(kernels=KERNELS, amplitude=(0.5, 3.0), **dict.fromkeys(STRUCTURE_PARTS, 0.5))
EACH = [pytest.param({part: 1.0}, id=part) for part in STRUCTURE_PARTS]
CASES = [*EACH, pytest.param(dict.fromkeys(STRUCTURE_PARTS, 1.0), id="all")]
REPLICAS = 6000


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _rand(*shape, seed=0):
    return torch.rand(*shape, generator=_generator(seed), dtype=torch.float64)


def _sample(shares, batch=12, dim=3, seed=0, **more):
    distribution = GPDistribution(kernels=KERNELS, **shares, **more)
    return distribution.sample(batch, dim, _generator(seed), dtype=torch.float64)


def _repeated(tasks, times):
    return tasks.select(torch.zeros(times, dtype=torch.long))


@pytest.mark.parametrize("shares", [{}, *EACH])
def test_parts_leave_the_other_draws_as_they_were(shares):
    distribution = GPDistribution(
        kernels=KERNELS, ard_spread=0.3, amplitude=(0.5, 2.0), noise=(0.01, 0.1), noise_free=0.3
    )
    tasks = GPDistribution(**{**vars(distribution), **shares}).sample(
        3, 2, _generator(11), dtype=torch.float64
    )
    assert tasks.kernel.tolist() == [1, 3, 0]
    lengthscale = np.array(
        [
            [0.11743814594800264, 0.19894528280842194],
            [0.21670818974841605, 0.16943890029761213],
            [0.16737624478453436, 0.27510584487229317],
        ]
    )
    lengthscale /= 2**0.5 if "additive" in shares else 1.0
    np.testing.assert_allclose(tasks.lengthscale, lengthscale, rtol=1e-14)
    amplitude = [1.48337173542118284, 1.24175429418606398, 0.96740006571347981]
    np.testing.assert_allclose(tasks.amplitude, amplitude, rtol=1e-14)
    noise = [0.05139383299512347, 0.01363332976478041, 0.01934558744086186]
    np.testing.assert_allclose(tasks.noise, noise, rtol=1e-14)


def test_a_plain_distribution_draws_no_more_than_it_did():
    generator = _generator(11)
    distribution = GPDistribution(
        kernels=KERNELS, ard_spread=0.3, amplitude=(0.5, 2.0), noise=(0.01, 0.1), noise_free=0.3
    )
    tasks = distribution.sample(3, 2, generator, dtype=torch.float64)
    assert tasks.structure is None

    def uniform(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    after = [0.50570714901904490, 0.77884665406959286]
    np.testing.assert_allclose(uniform(2), after, rtol=1e-14)
    x, f = uniform(3, 4, 2), torch.randn(3, 4, generator=generator, dtype=torch.float64)
    first = [2.20039170544645124, 0.21005897831456485, 0.17737924577435782, 0.33622452410562698]
    np.testing.assert_allclose(tasks.covariance(x, x)[0, 0], first, rtol=1e-12)
    drawn = [1.36790468269864385, -1.49957997247138719, 1.35160804129564949]
    np.testing.assert_allclose(draw_next(tasks, x, f, x[:, 0] * 0.5, f[:, 0]), drawn, rtol=1e-9)
    path = [0.40338554259377402, -0.86776993827002968, -1.81546375581428276, 0.85456686646823288]
    np.testing.assert_allclose(draw_paths(tasks, 8, generator)(x)[0], path, rtol=1e-9)
    np.testing.assert_allclose(uniform(1), 0.70289881379371710, rtol=1e-14)


@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize(
    "shares", [*CASES, pytest.param(dict.fromkeys(STRUCTURE_PARTS, 0.5), id="mixed")]
)
def test_covariances_are_symmetric_and_positive_semidefinite(shares, dim):
    tasks = _sample(shares, dim=dim)
    x = _rand(12, 25, dim, seed=1)
    x[:, 20:] = x[:, :5] + 1e-3  # close ones, some of them beyond the border
    k = tasks.covariance(x, x)
    torch.testing.assert_close(k, tasks.covariance(x, x.clone()), rtol=0, atol=1e-10)
    torch.testing.assert_close(k, k.transpose(1, 2), rtol=0, atol=1e-10)
    assert torch.linalg.eigvalsh(k).min() > -1e-9
    variance = torch.diagonal(k, dim1=1, dim2=2)
    torch.testing.assert_close(variance, tasks.variance(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shares", CASES)
def test_sample_paths_have_the_covariance_and_the_mean(shares):
    one = _sample(shares, batch=1, seed=3)
    x = _rand(1, 5, 3, seed=4)
    k, mean = one.covariance(x, x)[0], one.mean(x)[0]
    f = draw_paths(_repeated(one, REPLICAS), 64, _generator(5))(x)
    # Var(f_i f_j) = k_ii k_jj + k_ij^2, and at most 2 k_ii k_jj / M more from M features.
    product = torch.outer(k.diagonal(), k.diagonal())
    error = torch.sqrt((product * (1 + 2 / 64) + k**2) / REPLICAS)
    got = (f - mean).T @ (f - mean) / REPLICAS
    assert ((got - k).abs() < 5 * error).all()
    assert ((f.mean(0) - mean).abs() < 5 * (k.diagonal() / REPLICAS).sqrt()).all()


def test_sequential_draws_have_the_covariance_and_the_mean():
    one = _sample(dict.fromkeys(STRUCTURE_PARTS, 1.0), batch=1, seed=3)
    x = _rand(1, 4, 3, seed=4)
    tasks, points = _repeated(one, REPLICAS), x.expand(REPLICAS, -1, -1)
    f = torch.zeros(REPLICAS, 0).double()
    generator = _generator(6)
    for i in range(4):
        eps = torch.randn(REPLICAS, generator=generator, dtype=torch.float64)
        new = draw_next(tasks, points[:, :i], f, points[:, i], eps, jitter=1e-9)
        f = torch.cat([f, new[:, None]], dim=1)
    k, mean = one.covariance(x, x)[0], one.mean(x)[0]
    error = torch.sqrt((torch.outer(k.diagonal(), k.diagonal()) + k**2) / REPLICAS)
    assert (((f - mean).T @ (f - mean) / REPLICAS - k).abs() < 5 * error).all()
    assert ((f.mean(0) - mean).abs() < 5 * (k.diagonal() / REPLICAS).sqrt()).all()


@pytest.mark.parametrize("dim", [1, 2, 6])
@pytest.mark.parametrize("shares", CASES)
def test_the_mean_square_over_the_cube_is_the_amplitudes_square(shares, dim):
    tasks = _sample(shares, batch=40, dim=dim, amplitude=(0.5, 3.0))
    x = _rand(40, 4000, dim, seed=7)
    square = tasks.variance(x) + tasks.mean(x).square()
    ratio = square.mean(dim=1) / tasks.amplitude.square()
    torch.testing.assert_close(ratio, torch.ones(40).double(), rtol=0, atol=0.15)
    assert float(ratio.mean()) == pytest.approx(1.0, abs=0.02)


def test_select_and_to_take_the_structure_along():
    tasks = MIXED.sample(16, 3, _generator(), dtype=torch.float64)
    x = _rand(16, 4, 3, seed=1)
    for index in ([3, 1], slice(2, 9), torch.tensor([15, 0, 0])):
        part = tasks.select(index)
        torch.testing.assert_close(
            part.covariance(x[index], x[index]), tasks.covariance(x, x)[index]
        )
        torch.testing.assert_close(part.mean(x[index]), tasks.mean(x)[index])
        torch.testing.assert_close(part.variance(x[index]), tasks.variance(x)[index])
    single = tasks.to("cpu", torch.float32)
    k = single.covariance(x.float(), x.float())
    assert k.dtype == single.mean(x.float()).dtype == torch.float32
    back = single.to("cpu", torch.float64)
    torch.testing.assert_close(back.covariance(x, x), tasks.covariance(x, x), rtol=0, atol=1e-3)
    path = draw_paths(single, 32, _generator(1))(x.float())
    assert path.dtype == torch.float32
    torch.testing.assert_close(
        path.double(), draw_paths(tasks, 32, _generator(1))(x), rtol=0, atol=2e-2
    )


def test_the_seed_fixes_the_structure():
    x = _rand(8, 4, 3)
    one, same, other = (
        MIXED.sample(8, 3, _generator(seed), dtype=torch.float64).covariance(x, x)
        for seed in (5, 5, 6)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("shares", CASES)
def test_gradients_are_finite_at_the_border_and_where_points_coincide(shares):
    tasks = _sample(shares, batch=20, dim=2)
    corners = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5], [0.5, 0.5]]
    x = torch.tensor([corners]).double().repeat(20, 1, 1).requires_grad_(True)
    mean, std = Conditional(tasks, x, x.sum(-1)).mean_std(x)
    path = draw_paths(tasks, 16, _generator())(x)
    (gradient,) = torch.autograd.grad(mean.sum() + std.sum() + path.sum(), x)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_covariance_mean_and_variance_are_differentiable(kernel):
    shares = {part: 1.0 for part in STRUCTURE_PARTS if part != "stepped"}
    tasks = GPDistribution(kernels=(kernel,), **shares).sample(
        2, 2, _generator(), dtype=torch.float64
    )
    a, b = (_rand(2, 3, 2, seed=seed).requires_grad_(True) for seed in (1, 2))
    assert torch.autograd.gradcheck(tasks.covariance, (a, b))
    assert torch.autograd.gradcheck(lambda x: (tasks.mean(x), tasks.variance(x)), (a,))


def test_shares_are_those_asked_for():
    n = 2000
    tasks = GPDistribution(**dict.fromkeys(STRUCTURE_PARTS, 0.3)).sample(n, 2, _generator())
    s = tasks.structure
    assert isinstance(tasks, GPTasks)
    eye = torch.eye(2)
    has = {
        "sums": s.second.share > 0,
        "trends": s.trend.constant > 0,
        "ripples": s.ripples.std > 0,
        "additive": s.additive,
        "rotated": (s.rotation != eye).flatten(1).any(dim=1),
        "bent": s.bends.has,
        "stepped": (s.steps.count > 0).any(dim=1),
    }
    for part in STRUCTURE_PARTS:
        assert abs(float(has[part].double().mean()) - 0.3) < 5 * (0.21 / n) ** 0.5, part


@pytest.mark.parametrize("part", STRUCTURE_PARTS)
@pytest.mark.parametrize("value", [-0.1, 1.5, True, None, "0.5", float("nan")])
def test_wrong_shares_are_refused_by_name(part, value):
    with pytest.raises(ConfigError, match=f"^{part} = .*expected a share in"):
        GPDistribution(**{part: value})
