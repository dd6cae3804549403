"""The closed forms, against scikit-learn's Gaussian process, SciPy, and finite differences."""

import array_api_compat.torch as torch
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, linalg, stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, Kernel, Matern, RationalQuadratic

from rnnbbo.policies.gp import factors, improvement
from rnnbbo.policies.kernel import covariance, inference, posterior
from rnnbbo.policies.kernel.acquisition import Acquisition
from rnnbbo.policies.kernel.covariance import Additive, Trend
from rnnbbo.policies.kernel.fantasies import to_improve_on
from rnnbbo.policies.kernel.hypotheses import Hypotheses, heights, warp
from rnnbbo.policies.kernel.posterior import Noise
from rnnbbo.policies.kernel.view import View, make_view

N, DIM = 14, 3
NO_WARP = 25.0  # log c so large that the warp changes nothing


def inliers(x: np.ndarray) -> np.ndarray:
    return np.zeros(len(x), dtype=bool)


def belief_of(h: Hypotheses, x: np.ndarray) -> inference.Belief:
    even = np.zeros(h.size)
    return inference.Belief(h, even, even, inference.factorise(h, x, inliers(x)), inliers(x))


def some(count: int = 4, seed: int = 0) -> Hypotheses:
    """Kernels in turn, noise in the second half, a trend in all but the first; the last two add."""
    rng = np.random.default_rng(seed)
    return Hypotheses(
        np.log(rng.uniform(0.2, 1.0, (count, DIM))),
        np.arange(count) % 2.0,
        (np.arange(count) // 2) % 2.0,
        np.log(rng.uniform(0.05, 0.3, count)),
        np.full(count, NO_WARP),
        (np.arange(count) > 0) * 1.0,
        np.log(rng.uniform(0.5, 2.0, count)),
        (np.arange(count) > 1) * 1.0,
        np.zeros(count),
    )


class WithTrend(Kernel):
    """Stationary kernels of scikit-learn's, of all coordinates and of one, and a polynomial."""

    def __init__(self, base: Kernel, bend: float, single: list[Kernel]) -> None:
        self.base, self.bend, self.single = base, bend, single

    def __call__(self, x: np.ndarray, y: np.ndarray | None = None, eval_gradient: bool = False):
        k = self.base(x, y)
        if self.single:
            each = [
                one(x[:, [d]], None if y is None else y[:, [d]])
                for d, one in enumerate(self.single)
            ]
            k = 0.25 * k + 0.75 * np.mean(each, axis=0)
        for i, one in enumerate(x):
            for j, other in enumerate(x if y is None else y):
                a, b = (2 * one - 1) / np.sqrt(DIM), (2 * other - 1) / np.sqrt(DIM)
                k[i, j] += self.bend * (a @ b + DIM * (a**2 @ b**2))
        return k

    def diag(self, x: np.ndarray) -> np.ndarray:
        return np.diag(self(x))

    def is_stationary(self) -> bool:
        return False


def data(n: int = N, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random((n, DIM))
    return x, np.sin(4.0 * x).sum(axis=1) + x[:, 0]


def kernel_of(h: Hypotheses, i: int) -> Kernel:
    scale = np.exp(h.log_lengthscale[i])
    base = RBF(scale) if h.rbf[i] else Matern(scale, nu=2.5)
    # Length-scales of D dimensions are sqrt(D) times as long.
    single = [RationalQuadratic(one) for one in scale / np.sqrt(DIM)] if h.separable[i] else []
    return WithTrend(base, h.bend[i], single)


@pytest.mark.parametrize("i", range(4))
def test_predictions_are_those_of_a_gaussian_process(i: int) -> None:
    h, (x, y) = some(), data()
    one = h.take(np.array([i]))
    inverse = inference.factorise(one, x, inliers(x))
    view = make_view(
        inference.Belief(one, np.zeros(1), np.zeros(1), inverse, inliers(x)),
        np.array([0]),
        np.ones(1),
        x,
        heights(y),
        np.zeros((0, DIM)),
    )
    p = view.posterior
    keys = np.random.default_rng(2).random((20, DIM))
    mean, deviation = view.predict(keys)

    # The values as the view holds them, less the mean that it found; the amplitude rescales.
    z = heights(y)
    peer = GaussianProcessRegressor(kernel_of(h, i), alpha=h.nugget[i], optimizer=None)
    peer.fit(x, z - p.mean[0, 0])
    expected, spread = peer.predict(keys, return_std=True)
    assert_allclose(mean[0], expected + p.mean[0, 0], rtol=1e-6, atol=1e-7)
    assert_allclose(deviation[0] / p.amplitude[0], spread, rtol=1e-4, atol=1e-6)


def test_mean_and_amplitude_are_the_profiled_ones() -> None:
    h, (x, y) = some(), data()
    inverse = inference.factorise(h, x, inliers(x))
    u, o = inference.whiten(inverse, np.broadcast_to(y, (4, N)))
    reading = posterior.profile_out(np, u, o, np.zeros(4), np.full(4, y.var()), np.full(4, len(y)))
    for i in range(4):
        k = kernel_of(h, i)(x) + h.nugget[i] * np.eye(N)
        one = np.ones(N)
        mean = one @ np.linalg.solve(k, y) / (one @ np.linalg.solve(k, one))
        square = (y - mean) @ np.linalg.solve(k, y - mean)
        assert reading.mean[i] == pytest.approx(mean, rel=1e-6)
        assert reading.amplitude[i] ** 2 == pytest.approx((square + y.var()) / N, rel=1e-5)


def test_the_evidence_is_the_likelihood_with_mean_and_amplitude_integrated_out() -> None:
    """By quadrature over the amplitude; contrasts of the values do not depend on the mean."""
    h, (x, y) = some(2), data(5)
    inverse = inference.factorise(h, x, inliers(x))
    u, o = inference.whiten(inverse, np.broadcast_to(y, (2, 5)))
    diagonal = np.diagonal(inverse, axis1=1, axis2=2)
    spread = np.full(2, y.var())
    half = -np.log(diagonal).sum(1)
    found = posterior.profile_out(np, u, o, half, spread, np.full(2, 5)).evidence
    logs = []
    contrasts = linalg.null_space(np.ones((1, 5)))
    for i in range(2):
        k = kernel_of(h, i)(x) + h.nugget[i] * np.eye(5)

        def density(log_s2: float, k: np.ndarray = k) -> float:
            s2 = np.exp(log_s2)
            # 1 / s2 ~ Gamma(1/2, spread/2), in units of log s2.
            prior = stats.gamma.pdf(1.0 / s2, 0.5, scale=2.0 / y.var()) / s2
            covariance = s2 * contrasts.T @ k @ contrasts
            return float(stats.multivariate_normal.pdf(y @ contrasts, cov=covariance) * prior)

        logs.append(np.log(integrate.quad(density, -8.0, 12.0, epsabs=0.0, limit=200)[0]))
    assert found[1] - found[0] == pytest.approx(logs[1] - logs[0], abs=1e-3)


def test_appending_rows_equals_factorising_again() -> None:
    h, (x, _) = some(), data()
    inverse = inference.factorise(h, x[:4], inliers(x[:4]))
    for n in range(5, N + 1):
        inverse = inference.extend(h, inverse, x[:n], inliers(x[:n]))
    assert_allclose(inverse, inference.factorise(h, x, inliers(x)), rtol=1e-5, atol=1e-8)
    k = np.array([kernel_of(h, i)(x) + h.nugget[i] * np.eye(N) for i in range(4)])
    assert_allclose(covariance.covariance(h, x, inliers(x)), k, rtol=1e-9)
    eye = np.broadcast_to(np.eye(N), k.shape)
    assert_allclose(inverse @ k @ inverse.swapaxes(1, 2), eye, atol=1e-7)


@pytest.mark.parametrize("n", [3, 24, 25, 70])
def test_triangular_inverses(n: int) -> None:
    factor = np.tril(np.random.default_rng(n).standard_normal((2, n, n)) / n) + np.eye(n)
    expected = [linalg.solve_triangular(one, np.eye(n), lower=True) for one in factor]
    assert_allclose(factors.invert_lower(np, factor), expected, rtol=1e-9, atol=1e-12)


def test_pending_points_lower_the_deviation_there_and_nothing_else() -> None:
    h, (x, y) = some(), data()
    belief = belief_of(h, x)
    pending = np.array([[0.9, 0.1, 0.2]])
    index, weight = np.arange(4), np.full(4, 0.25)
    without = make_view(belief, index, weight, x, heights(y), pending[:0])
    given = make_view(belief, index, weight, x, heights(y), pending)
    keys = np.concatenate([pending, np.random.default_rng(3).random((9, DIM))])
    m0, s0 = without.predict(keys)
    m1, s1 = given.predict(keys)
    assert_allclose(m0, m1, rtol=1e-9, atol=1e-9)
    assert np.all(s1 <= s0 * (1.0 + 1e-9))
    assert np.all(s1[:2, 0] < 1e-3 * s0[:2, 0])  # the hypotheses without noise


@pytest.mark.parametrize("missing", [1e-12, 1e-6, 1e-3, 0.5])
def test_rounding_of_any_size_leaves_a_factor_to_append(missing: float) -> None:
    # With points that all but coincide, the complement of two new ones is rounded to below zero.
    inverse, cross = np.eye(3)[None], np.full((1, 2, 3), 3**-0.5)
    block = np.full((1, 2, 2), 1.0) - missing * np.eye(2)
    assert np.isfinite(factors.append_rows(np, inverse, cross, block)).all()


def test_drawn_values_of_pending_points_are_those_of_the_posterior() -> None:
    h, (x, y) = some(), data()
    belief = belief_of(h, x)
    pending = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.5]])
    index, weight = np.arange(4), np.full(4, 0.25)

    def means(first: float, second: float) -> np.ndarray:
        draws = np.tile([first, second], (4, 1))
        view = make_view(belief, index, weight, x, heights(y), pending, draws)
        return view.predict(pending)[0][:2]  # without noise

    view = make_view(belief, index, weight, x, heights(y), pending[:0])
    mean, deviation = (part[:2] for part in view.predict(pending))
    assert_allclose(means(0.0, 0.0), mean, rtol=1e-6, atol=1e-6)
    # The first moves by its own deviation; the second with it, and by what is left of its own.
    first, second = means(1.0, 0.0) - mean, means(0.0, 1.0) - mean
    assert_allclose(first[:, 0], deviation[:, 0], rtol=1e-4)
    assert_allclose(second[:, 0], 0.0, atol=1e-4)
    assert_allclose(np.hypot(first[:, 1], second[:, 1]), deviation[:, 1], rtol=1e-4)


def test_log_improvement_is_exact_far_into_the_tail() -> None:
    z = np.array([-35.0, -8.0, -1.0, -0.2, 0.0, 0.3, 2.0, 9.0])
    h = stats.norm.pdf(z) + z * stats.norm.cdf(z)
    # h(z) = phi(z) (1 + z R), R = Phi(z) / phi(z); its tail series where the difference cancels.
    tail = (
        stats.norm.logpdf(z)
        - 2 * np.log(np.abs(z) + 1e-9)
        + np.log1p(-3 / (z * z + 1e-9) + 15 / (z**4 + 1e-9))
    )
    expected = np.where(z < -30, tail, np.log(np.maximum(h, 1e-300)))
    assert_allclose(improvement.log_h(np, z), expected, rtol=1e-6, atol=1e-7)
    value, ratio = improvement.log_h_and_ratio(np, z)
    assert_allclose(value, improvement.log_h(np, z), rtol=1e-12)
    step = 1e-5
    slope = (improvement.log_h(np, z + step) - improvement.log_h(np, z - step)) / (2 * step)
    assert_allclose(ratio, slope, rtol=1e-5)


def test_the_gradient_is_that_of_the_average() -> None:
    h, (x, y) = some(), data()
    belief = belief_of(h, x)
    weight = np.array([0.1, 0.2, 0.3, 0.4])
    view = make_view(belief, np.arange(4), weight, x, heights(y), np.array([[0.3, 0.3, 0.3]]))
    points = np.random.default_rng(5).random((6, DIM))
    value, gradient = view.climbed(points)
    step = 1e-6
    for d in range(DIM):
        move = step * np.eye(DIM)[d]
        slope = (view.climbed(points + move)[0] - view.climbed(points - move)[0]) / (2 * step)
        assert_allclose(gradient[:, d], slope, rtol=1e-4, atol=1e-4)
    candidates = np.random.default_rng(6).random((352, DIM))
    scores, index = Acquisition(view).score(candidates)
    assert_allclose(scores, view.climbed(candidates[index])[0], rtol=1e-7, atol=1e-9)
    # No candidate that was passed over on its upper bound is better.
    best = view.climbed(candidates)[0].max()
    assert scores.max() == pytest.approx(best)
    assert value.shape == (6,)


@pytest.mark.parametrize("i", range(4))
def test_the_reach_lies_between_improvement_and_what_a_look_changes(i: int) -> None:
    """Their geometric mean, from the joint posterior of keys and best row by scikit-learn."""
    h, (x, y) = some(), data()
    y = y + 0.3 * np.random.default_rng(3).standard_normal(N)
    one = h.take(np.array([i]))
    belief = belief_of(one, x)
    view = make_view(belief, np.array([0]), np.ones(1), x, heights(y), x[:0])
    keys = np.concatenate([np.random.default_rng(2).random((20, DIM)), view.incumbent[None]])
    peer = GaussianProcessRegressor(kernel_of(h, i), alpha=h.nugget[i], optimizer=None)
    peer.fit(x, heights(y))
    _, joint = peer.predict(np.concatenate([view.incumbent[None], keys]), return_cov=True)
    variance, linked = np.diag(joint)[1:], joint[0, 1:]
    noise = h.nugget[i] - factors.JITTER
    # At the best point itself the difference is rounding, of either sign.
    change = np.maximum(variance - linked, 0.0) / np.sqrt(variance + noise)
    wanted = np.sqrt(np.sqrt(variance) * change) if noise > 0 else np.sqrt(variance)
    p = view.posterior
    moved = (keys - view.incumbent) / view.lengthscales
    k, *_ = posterior.covariances_with_slopes(np, p, moved, view.features(keys))
    own = 1.0
    if p.trend is not None:
        own = 1.0 + p.trend.bend[..., 0] * covariance.trend_squares(np, view.features(keys))
    reach = posterior.reach_of(np, p, k, own)[0] / p.amplitude[0]
    assert_allclose(reach[:-1], wanted[:-1], rtol=1e-3, atol=1e-6)
    # To look at the best point again promises nothing, however little is known of it.
    assert reach[-1] < 1e-3


def test_numpy_and_torch_agree() -> None:
    h, (x, y) = some(), data()
    belief = belief_of(h, x)
    view = make_view(belief, np.arange(4), np.full(4, 0.25), x, heights(y), x[:0])
    points = np.random.default_rng(7).random((5, DIM))
    p = view.posterior
    assert p.trend is not None and p.noise is not None and p.additive is not None
    as_torch = posterior.Posterior(
        *(torch.asarray(field) for field in p[:7]),
        Trend(*(torch.asarray(field) for field in p.trend)),
        Noise(*(torch.asarray(field) for field in p.noise)),
        Additive(*(torch.asarray(field) for field in p.additive)),
    )
    lengthscales, moved = torch.asarray(view.lengthscales), torch.asarray(points - view.incumbent)
    features = covariance.trend_features(torch, torch.asarray(points))
    there = posterior.predict(torch, as_torch, moved / lengthscales, features)
    for a, b in zip(view.predict(points), there, strict=True):
        assert_allclose(a, b.numpy(), rtol=1e-9, atol=1e-12)
    value, gradient = posterior.log_ei_and_gradient(torch, as_torch, lengthscales, moved, features)
    expected, slope = view.climbed(points)
    assert_allclose(value.mean(axis=0).numpy(), expected, rtol=1e-9)
    assert_allclose(gradient.mean(axis=0).numpy(), slope, rtol=1e-7, atol=1e-9)


def test_the_warp_is_monotone_and_its_jacobian_is_its_derivative() -> None:
    z = heights(np.array([3.0, -1.0, 200.0, 0.5]))
    assert z.min() == 0.0
    assert z.std() == pytest.approx(1.0)
    log_c = np.array([-3.0, 0.0, NO_WARP])
    w, jacobian, spread = warp(z, log_c)
    assert_allclose(w[2], z, rtol=1e-6)
    assert np.all(np.diff(w[:, np.argsort(z)], axis=1) > 0)
    step = 1e-6
    slope = (warp(z + step, log_c)[0] - warp(z - step, log_c)[0]) / (2 * step)
    assert_allclose(jacobian, np.log(slope).sum(axis=1), rtol=1e-5, atol=1e-6)
    assert_allclose(spread, w.var(axis=1))


def test_what_was_drawn_for_pending_points_is_to_be_improved_on() -> None:
    h, (x, y) = some(), data()
    belief = belief_of(h, x)
    pending = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.5]])
    index, weight = np.arange(4), np.full(4, 0.25)

    def views(draw: float) -> tuple[View, View]:
        draws = np.full((4, 2), draw)
        view = make_view(belief, index, weight, x, heights(y), pending, draws)
        return view, to_improve_on(view, pending)

    plain, high = views(30.0)
    assert_allclose(high.best, plain.best)
    assert plain.noise is not None and high.noise is not None
    assert_allclose(high.noise.link, plain.noise.link)
    plain, low = views(-30.0)
    drawn, _ = plain.predict(pending)
    assert (drawn.min(axis=1) < plain.best[:, 0]).all()
    assert_allclose(low.best[:, 0], drawn.min(axis=1))
    # Then the row that noise is common to is that of the least of them: K^-1 e_b.
    row = len(x) + drawn.argmin(axis=1)
    assert low.noise is not None
    for i in range(4):
        precision = low.inverse[i].T @ low.inverse[i]
        assert_allclose(low.noise.link[i], low.noise.variance[i] * precision[row[i]], atol=1e-9)
    # Where a low value was drawn, there is nothing more to expect.
    assert (low.score(pending) < plain.score(pending) - 10.0).all()
