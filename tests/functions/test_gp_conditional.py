import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

from rnnbbo.errors import RnnbboError
from rnnbbo.functions.gp import (
    KERNELS,
    Conditional,
    GPDistribution,
    draw_next,
    draw_paths,
    expected_improvement,
)

ALL = GPDistribution(
    kernels=KERNELS, ard_spread=0.3, amplitude=(0.5, 3.0), noise=(0.01, 0.3), noise_free=0.25
)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _rand(*shape, seed=0):
    return torch.rand(*shape, generator=_generator(seed), dtype=torch.float64)


def _case(batch=12, n=7, dim=3, distribution=ALL):
    tasks = distribution.sample(batch, dim, _generator(), dtype=torch.float64)
    return (
        tasks,
        _rand(batch, n, dim, seed=1),
        _rand(batch, n, seed=2),
        _rand(batch, 5, dim, seed=3),
    )


def test_posterior_is_the_textbook_formula():
    tasks, x, y, x_new = _case()
    mean, std = Conditional(tasks, x, y, jitter=1e-12).mean_std(x_new)
    k, c = tasks.covariance(x, x).numpy(), tasks.covariance(x, x_new).numpy()
    for b in range(tasks.batch):
        # Rasmussen & Williams (2006), eqs. 2.25 and 2.26, by a dense solve.
        noisy = k[b] + float(tasks.noise[b]) ** 2 * np.eye(7)
        weights = np.linalg.solve(noisy, c[b])
        variance = float(tasks.amplitude[b]) ** 2 - (weights * c[b]).sum(0)
        np.testing.assert_allclose(mean[b], weights.T @ y[b].numpy(), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(std[b], np.sqrt(variance), rtol=1e-5, atol=1e-7)


def test_posterior_is_the_one_scikit_learn_computes():
    tasks, x, y, x_new = _case()
    mean, std = Conditional(tasks, x, y, jitter=1e-10).mean_std(x_new)
    nu = {1: 2.5, 2: 1.5, 3: 0.5}
    for b in range(tasks.batch):
        scale, kind = tasks.lengthscale[b].numpy(), int(tasks.kernel[b])
        kernel = RBF(scale) if kind == 0 else Matern(scale, nu=nu[kind])
        amplitude = ConstantKernel(float(tasks.amplitude[b]) ** 2)
        alpha = float(tasks.noise[b]) ** 2 + 1e-10 * float(tasks.amplitude[b]) ** 2
        model = GaussianProcessRegressor(amplitude * kernel, alpha=alpha, optimizer=None)
        model.fit(x[b].numpy(), y[b].numpy())
        expected_mean, expected_std = model.predict(x_new[b].numpy(), return_std=True)
        np.testing.assert_allclose(mean[b], expected_mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(std[b], expected_std, rtol=1e-4, atol=1e-5)


def test_single_precision_agrees_with_double():
    distribution = GPDistribution(noise=(0.01, 0.1))
    tasks, x, y, x_new = _case(distribution=distribution)
    mean, std = Conditional(tasks, x, y).mean_std(x_new)
    single = Conditional(tasks.to("cpu", torch.float32), x.float(), y.float())
    mean32, std32 = single.mean_std(x_new.float())
    assert mean32.dtype == std32.dtype == torch.float32
    torch.testing.assert_close(mean32.double(), mean, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(std32.double(), std, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-5), (torch.float32, 2e-3)])
def test_noise_free_observations_are_interpolated(dtype, tolerance):
    tasks, x, _, _ = _case(distribution=GPDistribution())
    f = draw_paths(tasks, 256, _generator())(x)
    tasks = tasks.to("cpu", dtype)
    mean, std = Conditional(tasks, x.to(dtype), f.to(dtype)).mean_std(x.to(dtype))
    assert (mean.double() - f).abs().max() < tolerance
    # A jitter j leaves a standard deviation of sqrt(j), 1e-3 here, at an observed point.
    assert std.max() < 2e-3


def test_far_away_the_prior_returns():
    tasks, x, y, _ = _case(distribution=GPDistribution(amplitude=(2.0, 2.0)))
    mean, std = Conditional(tasks, x, y).mean_std(x + 100.0)
    assert mean.abs().max() < 1e-9
    assert torch.allclose(std, torch.full_like(std, 2.0))


def test_without_observations_the_posterior_is_the_prior():
    tasks, x, y, x_new = _case()
    mean, std = Conditional(tasks, x[:, :0], y[:, :0]).mean_std(x_new)
    assert torch.equal(mean, torch.zeros(12, 5, dtype=torch.float64))
    torch.testing.assert_close(std, tasks.amplitude[:, None].expand(-1, 5))
    eps = _rand(12)
    torch.testing.assert_close(
        draw_next(tasks, x[:, :0], y[:, :0], x_new[:, 0], eps), tasks.amplitude * eps
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_coincident_points_neither_fail_nor_lose_their_gradient(dtype):
    tasks, x, _, _ = _case(distribution=GPDistribution(kernels=KERNELS))
    tasks, x = tasks.to("cpu", dtype), x.to(dtype)
    x = torch.cat([x, x, x], dim=1).requires_grad_(True)
    y = torch.ones(x.shape[:2], dtype=dtype)
    mean, std = Conditional(tasks, x, y).mean_std(x)
    assert (mean - 1).abs().max() < 1e-2
    assert (std > 0).all()
    (gradient,) = torch.autograd.grad(mean.sum() + std.sum(), x)
    assert torch.isfinite(gradient).all()


def test_jitter_is_raised_where_needed_and_only_there():
    tasks, x, y, _ = _case(batch=2, distribution=GPDistribution(kernels=("rbf",)))
    x[0] = x[0, :1]  # a singular covariance
    conditional = Conditional(tasks, x, y, jitter=0.0)
    assert conditional.jitter[0] > 0
    assert conditional.jitter[1] == 0
    assert torch.isfinite(conditional.mean_std(x)[0]).all()


def test_what_no_jitter_can_save_is_an_error():
    tasks, x, y, _ = _case()
    x[3, 2, 1] = torch.nan
    with pytest.raises(RnnbboError, match="1 of 12 Gaussian processes"):
        Conditional(tasks, x, y)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_huge_noise_leaves_a_point_out(dtype):
    tasks, x, y, x_new = (
        part.to(dtype=dtype) if isinstance(part, torch.Tensor) else part.to("cpu", dtype)
        for part in _case(distribution=GPDistribution(noise=(0.05, 0.1)))
    )
    noise = tasks.noise[:, None].repeat(1, 7)
    noise[:, 2] = 1e6
    kept = [0, 1, 3, 4, 5, 6]
    got = Conditional(tasks, x, y, noise).mean_std(x_new)
    expected = Conditional(tasks, x[:, kept], y[:, kept]).mean_std(x_new)
    tolerance = 1e-3 if dtype == torch.float32 else 1e-8
    torch.testing.assert_close(got, expected, rtol=tolerance, atol=tolerance)


def test_the_standard_deviation_never_falls_to_zero():
    tasks, x, y, _ = _case(distribution=GPDistribution(amplitude=(10.0, 10.0)))
    _, std = Conditional(tasks, x, y, torch.zeros(12).double(), jitter=1e-14).mean_std(x)
    torch.testing.assert_close(std.min(), torch.tensor(10.0 * 1e-4).double(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", KERNELS)
def test_posterior_draw_and_improvement_are_differentiable(name):
    tasks, x, y, x_new = _case(batch=2, n=3, dim=2, distribution=GPDistribution(kernels=(name,)))
    x, y, x_new = (part.requires_grad_(True) for part in (x, y, x_new))

    def posterior(x, y, x_new):
        return Conditional(tasks, x, y).mean_std(x_new)

    def improvement(x, y, x_new):
        return expected_improvement(*posterior(x, y, x_new), y.amin(1, keepdim=True))

    def drawn(x, y, x_new, eps):
        return draw_next(tasks, x, y, x_new[:, 0], eps)

    assert torch.autograd.gradcheck(posterior, (x, y, x_new))
    assert torch.autograd.gradcheck(improvement, (x, y, x_new))
    assert torch.autograd.gradcheck(drawn, (x, y, x_new, _rand(2, seed=4).requires_grad_(True)))


@pytest.mark.parametrize(
    ("mean", "std", "best"),
    [(0.0, 1.0, 0.0), (1.0, 0.5, -0.3), (-2.0, 0.1, 1.0), (3.0, 2.0, -4.0), (0.1, 3.0, 0.2)],
)
def test_expected_improvement_is_the_integral(mean, std, best):
    # The integrand is negligible 12 standard deviations below the mean, or below `best`.
    low = min(mean, best) - 12 * std
    expected, _ = quad(
        lambda y: (best - y) * norm.pdf(y, mean, std), low, best, points=[min(mean, best)]
    )
    got = expected_improvement(torch.tensor(mean).double(), torch.tensor(std).double(), best)
    assert float(got) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_expected_improvement_is_finite_and_not_negative_at_the_extremes(dtype):
    mean = torch.tensor([-5.0, 0.0, 5.0, 1e3], dtype=dtype).repeat(3, 1).requires_grad_(True)
    std = torch.tensor([[0.0], [1e-6], [1.0]], dtype=dtype).requires_grad_(True)
    ei = expected_improvement(mean, std, 0.0)
    assert (ei >= 0).all()
    # Without uncertainty the improvement is certain.
    torch.testing.assert_close(ei[0], torch.tensor([5.0, 0.0, 0.0, 0.0], dtype=dtype))
    gradients = torch.autograd.grad(ei.sum(), (mean, std))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
