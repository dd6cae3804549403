import numpy as np
import pytest
import torch
from scipy.special import gamma, kv

from rnnbbo.errors import ConfigError
from rnnbbo.functions.gp import KERNELS, GPDistribution, GPTasks

NU = {"matern52": 2.5, "matern32": 1.5, "matern12": 0.5}


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _rand(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, generator=_generator(seed), dtype=torch.float64).to(dtype)


def _reference(name, a, b, lengthscale, amplitude):
    """One entry, by the general Matern formula (Rasmussen & Williams 2006, eq. 4.14)."""
    r = np.sqrt((((a - b) / lengthscale) ** 2).sum())
    if name == "rbf":
        return amplitude**2 * np.exp(-(r**2) / 2)
    if r == 0:
        return amplitude**2
    nu = NU[name]
    s = np.sqrt(2 * nu) * r
    return amplitude**2 * 2 ** (1 - nu) / gamma(nu) * s**nu * kv(nu, s)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_covariance_of_a_mixed_batch_is_the_textbook_one(dtype, tolerance):
    dim = 3
    tasks = GPTasks(
        kernel=torch.arange(4),
        lengthscale=(0.3 + _rand(4, dim)).to(dtype),
        amplitude=torch.tensor([1.0, 2.0, 0.5, 1.0], dtype=dtype),
        noise=torch.full((4,), 0.3, dtype=dtype),
    )
    a, b = _rand(4, 5, dim, seed=1, dtype=dtype), _rand(4, 6, dim, seed=2, dtype=dtype)
    k = tasks.covariance(a, b)
    assert k.dtype == dtype
    expected = [
        [
            [
                _reference(name, a[t, i].numpy(), b[t, j].numpy(), tasks.lengthscale[t].numpy(), s)
                for j in range(6)
            ]
            for i in range(5)
        ]
        for t, (name, s) in enumerate(zip(KERNELS, (1.0, 2.0, 0.5, 1.0), strict=True))
    ]
    np.testing.assert_allclose(k.numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_coincident_points_have_the_prior_variance_and_finite_gradients(dtype):
    tasks = GPDistribution(kernels=KERNELS).sample(40, 4, _generator(), dtype=dtype)
    x = _rand(40, 3, 4, dtype=dtype).requires_grad_(True)
    k = tasks.covariance(x, torch.cat([x, x], dim=1))
    variance = torch.diagonal(k, dim1=1, dim2=2)
    torch.testing.assert_close(
        variance, torch.ones_like(variance), rtol=0, atol=5e-3 if dtype == torch.float32 else 1e-6
    )
    (gradient,) = torch.autograd.grad(k.sum(), x)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", KERNELS)
def test_covariance_is_differentiable(name):
    tasks = GPDistribution(kernels=(name,)).sample(2, 2, _generator(), dtype=torch.float64)
    a, b = _rand(2, 3, 2, seed=1).requires_grad_(True), _rand(2, 2, 2, seed=2).requires_grad_(True)
    assert torch.autograd.gradcheck(tasks.covariance, (a, b))


def test_hyperparameters_fill_their_ranges_log_uniformly():
    distribution = GPDistribution(
        kernels=KERNELS,
        lengthscale=(0.1, 1.0),
        amplitude=(0.01, 100.0),
        noise=(1e-3, 1e-1),
        noise_free=0.25,
    )
    n, dim = 4000, 4
    tasks = distribution.sample(n, dim, _generator(), dtype=torch.float64)
    assert (tasks.batch, tasks.dim) == (n, dim)
    assert torch.equal(tasks.lengthscale, tasks.lengthscale[:, :1].expand(-1, dim))
    noisy = tasks.noise > 0
    share = tasks.noise[noisy] / tasks.amplitude[noisy]
    for value, low, high in [
        (tasks.lengthscale[:, 0] / dim**0.5, 0.1, 1.0),
        (tasks.amplitude, 0.01, 100.0),
        (share, 1e-3, 1e-1),
    ]:
        assert value.min() >= low * (1 - 1e-9)
        assert value.max() <= high * (1 + 1e-9)
        u = (value.log() - np.log(low)) / np.log(high / low)
        # A uniform's mean has standard error 1 / sqrt(12 n).
        assert abs(float(u.mean()) - 0.5) < 5 / np.sqrt(12 * len(u))
    counts = torch.bincount(tasks.kernel, minlength=4).double() / n
    assert (counts - 0.25).abs().max() < 5 * np.sqrt(0.25 * 0.75 / n)
    assert abs(float(noisy.double().mean()) - 0.75) < 5 * np.sqrt(0.25 * 0.75 / n)


def test_ard_spread_is_the_deviation_of_log_lengthscales_within_a_function():
    distribution = GPDistribution(ard_spread=0.5)
    tasks = distribution.sample(2000, 5, _generator(), dtype=torch.float64)
    spread = tasks.lengthscale.log().var(dim=1).mean()
    # A variance from 2000 * 4 degrees of freedom has relative standard error sqrt(2 / 8000).
    assert float(spread) == pytest.approx(0.25, rel=5 * np.sqrt(2 / 8000))


def test_noise_from_zero_is_uniform_and_none_by_default():
    assert not GPDistribution().sample(50, 2, _generator()).noise.any()
    noise = GPDistribution(noise=(0.0, 0.2)).sample(2000, 2, _generator()).noise
    assert noise.max() <= 0.2
    assert abs(float(noise.mean()) - 0.1) < 5 * 0.2 / np.sqrt(12 * 2000)


def test_the_seed_fixes_the_tasks_in_either_precision():
    distribution = GPDistribution(kernels=KERNELS, ard_spread=0.2, noise=(0.01, 0.1))
    one, same = (distribution.sample(8, 3, _generator(5)) for _ in range(2))
    double = distribution.sample(8, 3, _generator(5), dtype=torch.float64)
    other = distribution.sample(8, 3, _generator(6))
    for name in ("kernel", "lengthscale", "amplitude", "noise"):
        assert torch.equal(getattr(one, name), getattr(same, name))
    assert torch.equal(one.lengthscale, double.lengthscale.float())
    assert not torch.equal(one.lengthscale, other.lengthscale)


def test_select_takes_a_part_of_the_batch():
    tasks = GPDistribution(kernels=KERNELS, noise=(0.1, 0.2)).sample(6, 2, _generator())
    part = tasks.select([4, 1])
    x = _rand(6, 3, 2, dtype=torch.float32)
    torch.testing.assert_close(
        part.covariance(x[[4, 1]], x[[4, 1]]), tasks.covariance(x, x)[[4, 1]]
    )
    assert torch.equal(part.noise, tasks.noise[[4, 1]])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kernels", ()),
        ("kernels", "rbf"),
        ("kernels", ("rbf", "cubic")),
        ("kernels", 3),
        ("lengthscale", (0.0, 1.0)),
        ("lengthscale", (0.5, 0.1)),
        ("lengthscale", (0.1,)),
        ("lengthscale", 0.1),
        ("lengthscale", ("a", "b")),
        ("lengthscale", (0.1, float("nan"))),
        ("ard_spread", -0.1),
        ("ard_spread", None),
        ("amplitude", (-1.0, 1.0)),
        ("amplitude", (1.0, float("inf"))),
        ("noise", (-0.1, 0.1)),
        ("noise", (0.2, 0.1)),
        ("noise_free", 1.5),
        ("noise_free", True),
    ],
)
def test_bad_fields_are_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=f"^{field} = .*expected"):
        GPDistribution(**{field: value})


def test_lists_as_a_configuration_file_gives_them_are_accepted():
    distribution = GPDistribution(kernels=["rbf"], lengthscale=[0.1, 1])
    assert distribution == GPDistribution(kernels=("rbf",), lengthscale=(0.1, 1.0))


@pytest.mark.parametrize(("batch", "dim"), [(0, 1), (1, 0), (-1, 2)])
def test_empty_batches_and_dimensions_are_refused(batch, dim):
    with pytest.raises(ConfigError, match="expected integers"):
        GPDistribution().sample(batch, dim, _generator())
