import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from rnnbbo.errors import ConfigError
from rnnbbo.functions import perturb
from rnnbbo.functions.gp import (
    KERNELS,
    GPDistribution,
    GPTasks,
    draw_next,
    draw_paths,
    find_minimum,
    gp_problem,
)

REPLICAS = 4000
FEATURES = 64
# A normal estimate leaves five standard errors once in two million times.
BOUND = 5.0


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _replicas(name, lengthscale=(0.3, 0.6), amplitude=1.5):
    """The same process many times over, and five points, two of them close."""
    tasks = GPTasks(
        kernel=torch.full((REPLICAS,), KERNELS.index(name)),
        lengthscale=torch.tensor([lengthscale]).double().repeat(REPLICAS, 1),
        amplitude=torch.full((REPLICAS,), amplitude).double(),
        noise=torch.zeros(REPLICAS).double(),
    )
    points = [[0.1, 0.2], [0.12, 0.2], [0.5, 0.5], [0.9, 0.1], [0.4, 0.9]]
    x = torch.tensor(points).double().expand(REPLICAS, -1, -1)
    return tasks, x, tasks.select([0]).covariance(x[:1], x[:1])[0]


def _sequential(tasks, x, seed):
    generator = _generator(seed)
    f = torch.zeros(tasks.batch, 0).double()
    for i in range(x.shape[1]):
        eps = torch.randn(tasks.batch, generator=generator, dtype=torch.float64)
        drawn = draw_next(tasks, x[:, :i], f, x[:, i], eps, jitter=1e-9)
        f = torch.cat([f, drawn[:, None]], dim=1)
    return f


def _sample_covariance(f):
    return f.T @ f / len(f)


def _standard_error(k, features=None):
    """Of the product of two zero-mean normals, averaged over the replicas.

    Var(f_i f_j) = k_ii k_jj + k_ij^2. Random features add twice the variance of the correlation
    that they approximate, a mean of M cosines: at most 1 / M.
    """
    prior = k[0, 0] ** 2
    extra = 0.0 if features is None else 2 * prior / features
    return torch.sqrt((prior + k**2 + extra) / REPLICAS)


@pytest.mark.parametrize("name", KERNELS)
def test_sequential_draws_and_sample_paths_have_the_kernels_covariance(name):
    tasks, x, k = _replicas(name)
    exact = _sequential(tasks, x, seed=1)
    paths = draw_paths(tasks, FEATURES, _generator(2))(x)
    se_exact, se_paths = _standard_error(k), _standard_error(k, FEATURES)
    got_exact, got_paths = _sample_covariance(exact), _sample_covariance(paths)
    assert ((got_exact - k).abs() < BOUND * se_exact).all()
    assert ((got_paths - k).abs() < BOUND * se_paths).all()
    both = torch.sqrt(se_exact**2 + se_paths**2)
    assert ((got_exact - got_paths).abs() < BOUND * both).all()
    for f in (exact, paths):
        assert (f.mean(0).abs() < BOUND * 1.5 / REPLICAS**0.5).all()


def test_the_covariance_check_can_tell_kernels_apart():
    tasks, x, _ = _replicas("rbf")
    _, _, other = _replicas("matern12")
    got = _sample_covariance(_sequential(tasks, x, seed=1))
    assert not ((got - other).abs() < BOUND * _standard_error(other)).all()


@pytest.mark.parametrize("name", KERNELS)
def test_frequencies_follow_the_kernels_spectral_density(name):
    features = 50_000
    distribution = GPDistribution(kernels=(name,), ard_spread=0.3)
    tasks = distribution.sample(3, 3, _generator(), dtype=torch.float64)
    path = draw_paths(tasks, features, _generator(1))
    x = torch.rand(3, 6, 3, generator=_generator(2), dtype=torch.float64)
    # E cos(omega . (x - x')) is the correlation (Bochner); a cosine's variance is at most 1.
    difference = x[:, :, None, :] - x[:, None, :, :]
    angle = torch.einsum("bijd,bmd->bijm", difference, path.omega)
    error = torch.cos(angle).mean(-1) - tasks.covariance(x, x)
    assert error.abs().max() < BOUND / features**0.5


def test_a_conditional_draw_continues_a_sample_path():
    # Dense noise-free values pin the function down, so the exact conditional must predict the
    # path: an error in the scale of either would show.
    distribution = GPDistribution(kernels=("rbf",), lengthscale=(0.3, 0.3))
    tasks = distribution.sample(8, 1, _generator(), dtype=torch.float64)
    path = draw_paths(tasks, 4096, _generator(1))
    x = torch.linspace(0, 1, 15).double()[None, :, None].expand(8, -1, -1)
    x_new = torch.full((8, 1), 0.53).double()
    drawn = draw_next(tasks, x, path(x), x_new, torch.zeros(8).double(), jitter=1e-10)
    torch.testing.assert_close(drawn, path(x_new[:, None])[:, 0], rtol=0, atol=1e-3)


def test_draws_repeat_a_value_at_a_repeated_point():
    tasks, x, _ = _replicas("matern52")
    tasks, x = tasks.select(slice(50)), x[:50]
    f = _sequential(tasks, x, seed=3)
    again = draw_next(tasks, x, f, x[:, 2], torch.randn(50, generator=_generator(4)).double())
    assert (again - f[:, 2]).abs().max() < 5 * 1.5e-3


def test_paths_are_differentiable_seeded_and_shared_points_broadcast():
    tasks = GPDistribution(kernels=KERNELS).sample(4, 3, _generator(), dtype=torch.float64)
    path = draw_paths(tasks, 32, _generator(1))
    x = torch.rand(4, 5, 3, generator=_generator(2), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(path, (x,))
    assert torch.equal(path(x), draw_paths(tasks, 32, _generator(1))(x))
    assert not torch.equal(path(x), draw_paths(tasks, 32, _generator(2))(x))
    shared = x[:1].detach()
    torch.testing.assert_close(path(shared), path(shared.expand(4, -1, -1)))
    single = draw_paths(tasks.to("cpu", torch.float32), 32, _generator(1))
    torch.testing.assert_close(single(x.float()).double(), path(x), rtol=0, atol=1e-3)


def test_a_path_without_features_is_refused():
    with pytest.raises(ConfigError, match="n_features = 0"):
        draw_paths(GPDistribution().sample(1, 1, _generator()), 0, _generator())


@pytest.mark.parametrize(("dim", "grid"), [(1, 5001), (2, 101)])
def test_the_minimum_of_sample_paths_beats_a_dense_grid(dim, grid):
    tasks = GPDistribution().sample(6, dim, _generator(dim), dtype=torch.float64)
    path = draw_paths(tasks, 256, _generator(1))
    x, f = find_minimum(path, dim, _generator(2))
    assert x.shape == (6, dim)
    assert ((x >= 0) & (x <= 1)).all()
    torch.testing.assert_close(path(x[:, None])[:, 0], f)
    axis = torch.linspace(0, 1, grid).double()
    points = torch.cartesian_prod(*[axis] * dim).reshape(-1, dim)
    values = torch.cat([path(block[None]) for block in points.split(4096)], dim=1)
    assert (f <= values.amin(1)).all()


def test_the_minimum_in_six_dimensions_is_a_local_one_to_high_precision():
    tasks = GPDistribution(lengthscale=(0.2, 0.5)).sample(3, 6, _generator(), dtype=torch.float64)
    path = draw_paths(tasks, 256, _generator(1))
    x, f = find_minimum(path, 6, _generator(2), n_candidates=4096)
    for b in range(3):

        def value(point, b=b):
            leaf = torch.tensor(point).requires_grad_(True)
            out = path(leaf.expand(1, 1, 6))[b, 0]
            out.backward()
            return out.item(), leaf.grad.numpy()

        polished = minimize(value, x[b].numpy(), jac=True, bounds=[(0, 1)] * 6)
        assert polished.fun >= float(f[b]) - 1e-7


def test_minima_inside_on_faces_and_in_narrow_valleys_are_found():
    centre = torch.tensor([[0.3, 0.7], [-0.5, 0.4], [2.0, -1.0]]).double()

    def bowls(x):
        return ((x - centre[:, None, :]) ** 2 * torch.tensor([1.0, 100.0])).sum(-1)

    x, f = find_minimum(bowls, 2, _generator(), n_candidates=64)
    torch.testing.assert_close(x, centre.clamp(0, 1), rtol=0, atol=1e-6)
    torch.testing.assert_close(f, bowls(centre.clamp(0, 1)[:, None])[:, 0])

    def rosenbrock(x):
        u, v = 4 * x[..., 0] - 2, 4 * x[..., 1] - 2
        return 100 * (v - u**2) ** 2 + (u - 1) ** 2

    x, f = find_minimum(rosenbrock, 2, _generator())
    assert float(f[0]) < 1e-8
    torch.testing.assert_close(x[0], torch.tensor([0.75, 0.75]).double(), rtol=0, atol=1e-4)


def test_the_search_is_fixed_by_its_generator():
    path = draw_paths(GPDistribution().sample(2, 2, _generator()), 64, _generator(1))
    one, same = (find_minimum(path, 2, _generator(3), dtype=torch.float32) for _ in range(2))
    assert one[0].dtype == torch.float32
    assert torch.equal(one[0], same[0])
    assert torch.equal(one[1], same[1])


def test_gp_problems_are_seeded_and_declare_their_optimum():
    one, same, other = (gp_problem(GPDistribution(), 2, seed, n_features=256) for seed in (7, 7, 8))
    assert one.bounds == ((0.0, 1.0), (0.0, 1.0))
    assert one.minimum == same.minimum != other.minimum
    assert one([0.2, 0.4]) == same([0.2, 0.4]) != other([0.2, 0.4])
    assert one(one.minimizers[0]) == pytest.approx(one.minimum, abs=1e-12)
    points = np.random.default_rng(0).random((20_000, 2))
    assert one.func(points).min() >= one.minimum
    with pytest.raises(ConfigError, match="margin"):
        perturb(one, np.random.default_rng(0))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tasks_paths_and_posteriors_live_on_the_device_asked_for():
    tasks = GPDistribution(kernels=KERNELS).sample(4, 2, _generator(), device="cuda")
    x = torch.rand(4, 5, 2, device="cuda")
    path = draw_paths(tasks, 64, _generator())
    value = draw_next(tasks, x, path(x), x[:, 0], torch.zeros(4, device="cuda"))
    assert value.device.type == "cuda"
    found, _ = find_minimum(path, 2, _generator(), device="cuda", dtype=torch.float32)
    assert found.device.type == "cuda"
