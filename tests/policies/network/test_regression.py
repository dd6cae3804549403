"""Regression on the observations, against a textbook written out and against definitions."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.gaussian_process.kernels import RBF, Matern

from rnnbbo.policies.evidence import Evidence, Observation, no_evidence, update_evidence
from rnnbbo.policies.network.archive import Archive
from rnnbbo.policies.network.regression import (
    _JITTER,
    _LEAST_PIVOT,
    _PRIOR_WEIGHT,
    Fit,
    Hyperparameters,
    condition,
    predict_heads,
)

D, N, C, HEADS = 3, 9, 7, 4
ONE = np.ones(1)


def hypotheses(seed: int = 0, heads: int = HEADS, noise: float = 1e-4) -> Hyperparameters:
    rng = np.random.default_rng(seed)

    def positive(*shape: int) -> np.ndarray:
        return np.exp(0.5 * rng.standard_normal((1, heads, *shape)))

    return Hyperparameters(
        inverse=2.0 * positive(1, D),
        slope=0.5 * positive(1, D),
        bend=0.5 * positive(1, D),
        level=positive(1, 1),
        noise=np.full((1, heads, 1, 1), noise),
        mix=np.zeros((1, heads, 1)),
        bias=np.zeros((1, heads)),
    )


def told(x: np.ndarray, y: np.ndarray) -> tuple[Evidence, Archive]:
    evidence = no_evidence(np, x[:1], y[:1])
    for one, value in zip(x, y, strict=True):
        evidence = update_evidence(
            np, evidence, Observation(one[None], value[None], one[None], True)
        )
    return evidence, Archive(x[None], y[None])


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(1).random((N, D))


@pytest.fixture
def keys() -> np.ndarray:
    return np.random.default_rng(2).random((C, D))


def values(x: np.ndarray) -> np.ndarray:
    return np.sin(5.0 * x[:, 0]) + x[:, 1] ** 2


def prior(h: Hyperparameters, head: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Covariance of a head, with scikit-learn's kernels and trends written out."""
    scale = 1.0 / h.inverse[0, head, 0]
    kernel = Matern(scale, nu=2.5) if head < (h.inverse.shape[1] + 1) // 2 else RBF(scale)
    p, q = 2.0 * a - 1.0, 2.0 * b - 1.0
    linear = (p * h.slope[0, head] ** 2) @ q.T
    quadratic = (p**2 * h.bend[0, head] ** 2) @ (q**2).T
    return kernel(a, b) + linear + quadratic + h.level[0, head]


def standardised(y: np.ndarray) -> np.ndarray:
    z = np.arcsinh((y - y.mean()) / y.std())
    return (z - z.mean()) / z.std()


def fitted(h: Hyperparameters, x: np.ndarray, y: np.ndarray) -> tuple[Fit, Any, Any, Evidence]:
    evidence, rows = told(x, y)
    return *condition(np, h, ONE, evidence, rows), evidence


def all_heads(
    posterior: Fit, evidence: Evidence, keys: np.ndarray, pending: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    mean, variance, _ = predict_heads(np, posterior, evidence, keys.T[None], pending)
    return mean[0], variance[0]


def textbook(
    h: Hyperparameters, head: int, x: np.ndarray, v: np.ndarray, keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    k = prior(h, head, x, x) + (h.noise[0, head, 0, 0] + _JITTER) * np.eye(len(x))
    cross = prior(h, head, x, keys)
    mean = cross.T @ np.linalg.solve(k, v)
    covariance = prior(h, head, keys, keys) - cross.T @ np.linalg.solve(k, cross)
    return mean, covariance


@pytest.mark.parametrize("heads", [1, 3, 4])
def test_predictions_are_those_of_a_gaussian_process(
    points: np.ndarray, keys: np.ndarray, heads: int
) -> None:
    h = hypotheses(heads=heads)
    posterior, _, _, evidence = fitted(h, points, values(points))
    mean, variance = all_heads(posterior, evidence, keys)
    for head in range(heads):
        wanted, covariance = textbook(h, head, points, standardised(values(points)), keys)
        assert_allclose(mean[head], wanted, atol=1e-6)
        assert_allclose(variance[head], np.diag(covariance), atol=1e-6)


def test_amplitude_best_and_weights(points: np.ndarray) -> None:
    h = hypotheses(noise=0.05)
    posterior, _, _, evidence = fitted(h, points, values(points))
    v = standardised(values(points))
    evidences = []
    for head in range(HEADS):
        k = prior(h, head, points, points) + (0.05 + _JITTER) * np.eye(N)
        variance = (_PRIOR_WEIGHT + v @ np.linalg.solve(k, v)) / (_PRIOR_WEIGHT + N)
        assert_allclose(posterior.amplitude[0, head, 0] ** 2, variance)
        assert_allclose(
            posterior.best[0, head, 0],
            all_heads(posterior, evidence, points)[0][head].min(),
            atol=1e-5,
        )
        evidences.append(
            -0.5 * (_PRIOR_WEIGHT + N) * np.log(variance) - 0.5 * np.linalg.slogdet(k)[1]
        )
    wanted = np.exp(evidences) / np.exp(evidences).sum()
    assert_allclose(np.exp(posterior.weight[0]), wanted, rtol=1e-6)


def test_the_best_row_is_doubtful_by_the_noise(points: np.ndarray, keys: np.ndarray) -> None:
    """Its posterior covariance with a key, with the rest of the textbook's."""
    h = hypotheses(noise=0.2)
    posterior, _, _, evidence = fitted(h, points, values(points))
    _, _, found = predict_heads(np, posterior, evidence, keys.T[None], None)
    v = standardised(values(points))
    for head in range(HEADS):
        means, _ = textbook(h, head, points, v, points)
        best = points[means.argmin()][None]
        _, covariance = textbook(h, head, points, v, np.concatenate([best, keys]))
        assert_allclose(found[0, head], covariance[0, 1:], atol=1e-6)
        assert np.abs(covariance[0, 1:]).max() > 0.01


def test_the_gradient_is_that_of_the_log_marginal_likelihood(points: np.ndarray) -> None:
    h = hypotheses()
    y = values(points)
    _, gradient, _, _ = fitted(h, points, y)
    e = 1e-5

    def evidence_of(head: int, inverse: np.ndarray) -> float:
        # The other heads stay as they are, so that log-odds differ by this head's evidence alone.
        weight = fitted(h._replace(inverse=inverse), points, y)[0].weight[0]
        return weight[head] - weight[head - 1]

    for head in range(HEADS):
        for d in range(D):
            up, down = h.inverse.copy(), h.inverse.copy()
            up[0, head, 0, d] *= np.exp(-e)  # a longer length-scale
            down[0, head, 0, d] *= np.exp(e)
            slope = (evidence_of(head, up) - evidence_of(head, down)) / (2 * e)
            assert_allclose(gradient[0, head, d], slope, rtol=1e-4, atol=1e-5)


def test_residuals_are_those_of_leaving_one_out(points: np.ndarray) -> None:
    h = hypotheses(noise=0.01)
    posterior, _, residual, _ = fitted(h, points, values(points))
    v = standardised(values(points))
    for head in range(HEADS):
        for i in range(N):
            rest = np.arange(N) != i
            mean, covariance = textbook(h, head, points[rest], v[rest], points[i : i + 1])
            deviation = np.sqrt(covariance[0, 0] + 0.01 + _JITTER)
            wanted = (v[i] - mean[0]) / (deviation * posterior.amplitude[0, head, 0])
            assert_allclose(residual[0, head, i], wanted, rtol=1e-6)


def test_pending_points_take_variance_away_and_leave_the_mean(
    points: np.ndarray, keys: np.ndarray
) -> None:
    h = hypotheses()
    posterior, _, _, evidence = fitted(h, points, values(points))
    pending = np.random.default_rng(3).random((1, 4, D))
    mean, variance = all_heads(posterior, evidence, keys)
    same, less = all_heads(posterior, evidence, keys, pending)
    assert_allclose(same, mean)
    together = np.concatenate([pending[0], keys])
    for head in range(HEADS):
        _, k = textbook(h, head, points, values(points), together)
        noise = (h.noise[0, head, 0, 0] + _LEAST_PIVOT) * np.eye(4)
        gone = k[4:, :4] @ np.linalg.solve(k[:4, :4] + noise, k[:4, 4:])
        assert_allclose(less[head], variance[head] - np.diag(gone), atol=1e-6)


def test_values_under_the_logarithm_keep_their_order(points: np.ndarray) -> None:
    y = np.exp(6.0 * points[:, 0])
    h = hypotheses()._replace(
        mix=np.full((1, HEADS, 1), 0.9), noise=np.full((1, HEADS, 1, 1), 1e-6)
    )
    posterior, _, _, evidence = fitted(h, points, y)
    mean, _ = all_heads(posterior, evidence, points)
    for head in range(HEADS):
        assert (np.argsort(mean[head]) == np.argsort(y)).all()


@pytest.mark.parametrize("value", [0.0, 1e90])
def test_equal_values_and_coincident_points_stay_finite(value: float) -> None:
    x = np.full((6, D), 0.25)
    posterior, gradient, residual, evidence = fitted(hypotheses(), x, np.full(6, value))
    mean, variance = all_heads(posterior, evidence, x, np.full((1, 5, D), 0.25))
    for array in (*posterior[1:6], gradient, residual, mean, variance):
        assert np.isfinite(array).all()
