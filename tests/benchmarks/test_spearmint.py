import warnings
from collections.abc import Callable
from math import exp, inf, log

import numpy as np
import pytest
import torch
from botorch.acquisition import ExpectedImprovement
from gpytorch.mlls import ExactMarginalLogLikelihood
from scipy import stats

from rnnbbo.benchmarks.methods.slice_sampling import slice_sample
from rnnbbo.benchmarks.methods.spearmint import Spearmint
from rnnbbo.benchmarks.methods.spearmint_acquisition import IntegratedEI, batched_model, polish
from rnnbbo.benchmarks.methods.spearmint_hyperparameters import (
    FIXED_NOISE,
    MAX_LENGTHSCALE,
    Chain,
    Observed,
    SpearmintHyperparameters,
    log_prior,
)
from rnnbbo.functions.synthetic import branin

SMALL_GRID = 1000


def slices(
    log_density: Callable[[float], float], start: float, width: float, count: int = 4000
) -> np.ndarray:
    rng = np.random.default_rng(0)
    states = [start]
    for _ in range(count):
        states.append(slice_sample(log_density, states[-1], rng, width))
    return np.array(states[1:])


# SciPy's own logarithms, up to a constant, take ten times as long.
def log_normal(x: float) -> float:
    return -0.5 * ((x - 2.0) / 0.5) ** 2


def log_truncated(x: float) -> float:
    return -0.5 * x * x if -0.3 < x < 1.0 else -inf


def log_gamma(x: float) -> float:
    return 2.0 * log(x) - x if x > 0.0 else -inf


@pytest.mark.parametrize(
    ("density", "log_density", "width"),
    [
        (stats.norm(2.0, 0.5), log_normal, 1.0),
        (stats.norm(2.0, 0.5), log_normal, 0.2),
        (stats.truncnorm(-0.3, 1.0), log_truncated, 5.0),
        (stats.gamma(3.0), log_gamma, 1.0),
    ],
)
def test_slice_sampling_has_the_moments_of_its_density(
    density: stats.rv_continuous, log_density: Callable[[float], float], width: float
) -> None:
    drawn = slices(log_density, density.median(), width)
    low, high = density.support()
    assert np.all((drawn > low) & (drawn < high))
    assert drawn.mean() == pytest.approx(density.mean(), abs=0.1 * density.std())
    assert drawn.std() == pytest.approx(density.std(), rel=0.1)
    quartiles = density.ppf([0.25, 0.5, 0.75])
    assert np.mean(drawn[:, None] < quartiles, axis=0) == pytest.approx([0.25, 0.5, 0.75], abs=0.05)


def test_slice_sampling_refuses_to_start_outside_of_the_support() -> None:
    with pytest.raises(ValueError, match=r"-inf at 7\.0"):
        slice_sample(lambda _: -np.inf, 7.0, np.random.default_rng(0))


def some_data(n: int = 9, dim: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.random((n, dim))
    y = np.sin(4.0 * x).sum(axis=1)
    return x, (y - y.mean()) / y.std()


def some_samples(dim: int = 3) -> list[SpearmintHyperparameters]:
    rng = np.random.default_rng(4)
    return [
        SpearmintHyperparameters(0.3, 1.7, 1e-3, rng.uniform(0.2, 2.0, dim)),
        SpearmintHyperparameters(-0.1, 40.0, 1e-7, rng.uniform(0.2, 2.0, dim)),
        SpearmintHyperparameters(0.0, 0.2, 0.5, rng.uniform(0.2, 2.0, dim)),
    ]


def test_likelihood_is_that_of_gpytorch() -> None:
    x, y = some_data()
    model = batched_model(x, y, some_samples()).train()
    likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
    with torch.no_grad():
        expected = likelihood(model(*model.train_inputs), model.train_targets) * len(y)
    data = Observed(x, y)
    found = [data.log_likelihood(data.correlation(s.lengthscales), s) for s in some_samples()]
    assert found == pytest.approx(expected.tolist(), rel=1e-6)


def test_a_singular_covariance_has_no_likelihood() -> None:
    data = Observed(np.full((4, 1), 0.5), np.arange(4.0))
    # This noise takes the jitter away.
    at = SpearmintHyperparameters(0.0, 1.0, -1e-6, np.ones(1))
    assert data.log_likelihood(data.correlation(at.lengthscales), at) == -np.inf


def test_the_chain_samples_the_posterior() -> None:
    """Against sums over a grid of log amplitude, mean and length-scale, in one dimension."""
    data = Observed(np.array([[0.1], [0.45], [0.6]]), np.array([1.2, -1.2, 0.0]))
    logs, means = np.linspace(-4.0, 12.0, 40), np.linspace(-1.19, 1.19, 9)
    scales = (np.arange(30) + 0.5) * MAX_LENGTHSCALE / 30
    log_density = np.empty((len(scales), len(logs), len(means)))
    for i, scale in enumerate(scales):
        correlation = data.correlation(np.array([scale]))
        for j, logarithm in enumerate(logs):
            for k, mean in enumerate(means):
                at = SpearmintHyperparameters(mean, exp(logarithm), FIXED_NOISE, np.array([scale]))
                likelihood = data.log_likelihood(correlation, at)
                log_density[i, j, k] = likelihood + log_prior(at) + logarithm
    weights = np.exp(log_density - log_density.max())
    weights /= weights.sum()

    samples = Chain(1, np.random.default_rng(0), infer_noise=False).sample(data, 3000)[100:]
    for values, axis, drawn in [
        (scales, 0, [float(s.lengthscales[0]) for s in samples]),
        (logs, 1, [np.log(s.amplitude) for s in samples]),
        (means, 2, [s.mean for s in samples]),
    ]:
        marginal = weights.sum(axis=tuple({0, 1, 2} - {axis}))
        mean = values @ marginal
        std = np.sqrt((values - mean) ** 2 @ marginal)
        assert np.mean(drawn) == pytest.approx(mean, abs=0.15 * std)
        assert np.std(drawn) == pytest.approx(std, rel=0.15)
    assert {s.noise for s in samples} == {FIXED_NOISE}


def test_the_chain_finds_the_noise_and_keeps_within_the_priors() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((60, 2))
    y = np.sin(5.0 * x[:, 0]) + 0.3 * rng.standard_normal(60)
    y = (y - y.mean()) / y.std()
    samples = Chain(2, rng).sample(Observed(x, y), 60)[20:]
    share = np.var(np.sin(5.0 * x[:, 0])) + 0.09
    assert np.median([s.noise for s in samples]) == pytest.approx(0.09 / share, rel=0.5)
    scales = np.array([s.lengthscales for s in samples])
    assert np.all((scales > 0.0) & (scales <= MAX_LENGTHSCALE))
    # The second coordinate has no influence.
    assert np.median(scales[:, 1]) > np.median(scales[:, 0])
    assert all(y.min() <= s.mean <= y.max() for s in samples)


@pytest.mark.parametrize("best", [-2.0, 0.4])
def test_integrated_improvement_is_the_mean_of_botorchs(best: float) -> None:
    x, y = some_data()
    model = batched_model(x, y, some_samples())
    points = torch.as_tensor(np.random.default_rng(5).random((300, 3)))
    with torch.no_grad():
        botorch = ExpectedImprovement(model, best_f=best, maximize=False)
        expected = botorch(points[:, None, None]).mean(dim=1)
    found = IntegratedEI(model, best).of_many(points)
    assert found.shape == (300,)
    assert found.numpy() == pytest.approx(expected.numpy(), rel=1e-6, abs=1e-12)


def test_polishing_never_lowers_the_acquisition() -> None:
    x, y = some_data()
    acquisition = IntegratedEI(batched_model(x, y, some_samples()), float(y.min()))
    starts = torch.as_tensor(np.random.default_rng(6).random((40, 3)))
    starts[0] = 1.0
    ends, values = polish(acquisition, starts)
    before = acquisition.of_many(starts)
    assert torch.all(values >= before)
    assert torch.mean((values > before).double()) > 0.8
    assert torch.all((ends >= 0.0) & (ends <= 1.0))
    assert values.numpy() == pytest.approx(acquisition.of_many(ends).numpy(), rel=1e-9)


def trace(seed: int, count: int, failed: tuple[int, ...] = (), **options: object) -> np.ndarray:
    """The points and values of a run on Branin, (count, 3)."""
    problem = branin()
    method = Spearmint(2, count, seed, **{"grid": SMALL_GRID, **options})  # type: ignore[arg-type]
    rows = []
    for t in range(count):
        x = method.ask()
        rows.append([*x, problem.unit(x)])
        method.tell(x, np.inf if t in failed else rows[-1][-1])
    return np.array(rows)


def test_a_run_repeats_bit_for_bit_with_its_seed() -> None:
    first, again = (trace(seed=1, count=7, failed=(1, 4)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.any(first[0] == trace(seed=2, count=1)[0])
    assert np.all((first[:, :2] >= 0.0) & (first[:, :2] <= 1.0))


def test_a_run_warns_of_nothing_and_leaves_the_global_generators_alone() -> None:
    before = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace(seed=0, count=6)
    assert np.array_equal(before[0], np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(before[1], torch.random.get_rng_state())


def test_the_grid_goes_on_until_two_different_values_are_known() -> None:
    method = Spearmint(2, 10, 0, grid=SMALL_GRID)
    points = []
    for _ in range(9):
        points.append(method.ask())
        method.tell(points[-1], np.nan)
    assert len(np.unique(points, axis=0)) == 9


@pytest.mark.slow
def test_branin_is_solved_in_25_evaluations() -> None:
    assert trace(seed=0, count=25)[:, 2].min() - branin().minimum < 0.05
    assert trace(seed=0, count=25, infer_noise=False)[:, 2].min() - branin().minimum < 0.2


def test_a_tiny_lengthscale_whose_distances_are_rounded_is_no_crash() -> None:
    x = np.random.default_rng(0).random((97, 4))
    x[::2, 3] = x[0, 3]
    sample = SpearmintHyperparameters(0.0, 1.6, 1e-5, np.array([2.0, 2.0, 2.0, 3e-7]))
    model = batched_model(x, np.zeros(len(x)), [sample])
    values = IntegratedEI(model, -1.0)(torch.rand(3, 1, 4, dtype=torch.double))
    assert values.isfinite().all()
