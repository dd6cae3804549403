"""What the kernel policy computes in C against its definition, which is numpy's."""

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo import Optimizer, Space, core, shipped
from rnnbbo.core import Library, belief, without_core
from rnnbbo.policies.climb import climb
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.gp import improvement
from rnnbbo.policies.kernel import feasibility, inference
from rnnbbo.policies.kernel.hypotheses import Hypotheses, heights
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.kernel.prior import DEFAULT_PRIOR, draw_hypotheses
from rnnbbo.policies.kernel.view import View, make_view
from rnnbbo.policies.outliers import tame

LOADING = importlib.import_module("rnnbbo.core.loading")
FOUND = core.library()
LEVELS = () if FOUND is None else ("plain", "avx2")[: 1 + (FOUND.level == "avx2")]
pytestmark = pytest.mark.skipif(FOUND is None, reason="the library was not built")
SHAPES = [(1, 3), (2, 8), (3, 9), (6, 25), (6, 62), (40, 17)]  # dimensions, observations


@pytest.fixture(params=LEVELS, autouse=True)
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    compiled = Library(LOADING._FILE, request.param)
    monkeypatch.setattr(LOADING, "_loaded", lambda: compiled)
    return request.param


def drawn(dim: int, count: int = 16, seed: int = 0) -> Hypotheses:
    """Hypotheses of every kind, all with some noise: covariances are then well conditioned."""
    h = draw_hypotheses(np.random.default_rng(seed), DEFAULT_PRIOR, count, dim)
    turn = np.arange(count)
    return h._replace(
        rbf=turn % 2.0,
        noisy=np.ones(count),
        log_noise=np.log(0.05 + 0.1 * (turn % 3)),
        curved=(turn // 2) % 2.0,
        separable=(turn // 4) % 2.0 * (dim > 2),  # in two dimensions there are none
        glitchy=(turn // 8) % 2.0,
    )


def data(dim: int, n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observations, heights, and which of them are outliers."""
    rng = np.random.default_rng(seed)
    x = rng.random((n, dim))
    out = np.zeros(n, bool)
    out[n // 2] = n > 4
    return x, heights(np.sin(5.0 * x).sum(axis=1) + 0.1 * rng.standard_normal(n)), out


def both(func: Any) -> tuple[Any, Any]:
    """Return what a function returns with the compiled library, and without it."""
    with without_core():
        without = func()
    return func(), without


def assert_same(a: Any, b: Any, rtol: float = 1e-9) -> None:
    if isinstance(a, tuple):
        for one, other in zip(a, b, strict=True):
            assert_same(one, other, rtol)
        return
    scale = np.abs(b).max(initial=0.0) if np.ndim(b) else 0.0
    assert_allclose(a, b, rtol=rtol, atol=rtol * scale)


def belief_of(dim: int, n: int) -> inference.Belief:
    h, (x, z, out) = drawn(dim), data(dim, n)
    weight = np.log(np.random.default_rng(3).random(h.size))
    empty = inference.Belief(h, weight, np.zeros(h.size), np.zeros((h.size, 0, 0)), out[:0])
    with without_core():
        return inference.rebuild_belief(DEFAULT_PRIOR, empty, x, z, out)


def view_of(dim: int, n: int, noisy: bool = True) -> View:
    belief = belief_of(dim, n)
    x, z, _ = data(dim, n)
    view = make_view(belief, np.arange(5) * 3, np.full(5, 0.2), x, z, x[:0])
    return view if noisy else replace(view, noise=None)


def test_logarithms_of_the_normal_distribution() -> None:
    z = np.concatenate([-np.logspace(2, -9, 40), [0.0], np.logspace(-9, 2, 41)]).reshape(2, 41)
    for func in (improvement.log_h_and_ratio, improvement.log_cdf_and_ratio):
        assert_same(*both(lambda func=func: func(np, z)), 1e-12)
    found, expected = both(lambda: improvement.log_h(np, z.T))
    assert_same(found, expected, 1e-12)


@pytest.mark.parametrize(("dim", "n"), SHAPES)
def test_factors(dim: int, n: int) -> None:
    h, (x, _, out) = drawn(dim), data(dim, n)
    found, expected = both(lambda: inference.factorise(h, x, out))
    assert_same(found, expected)


@pytest.mark.parametrize(("dim", "n"), [*SHAPES, (2, 1), (5, 2)])
def test_a_tell(dim: int, n: int) -> None:
    """Appended rows, densities, resampling, proposals, and moves that are accepted."""
    x, z, out = data(dim, n)
    before = (
        belief_of(dim, n - 1)
        if n > 1
        else belief_of(dim, 1)._replace(
            inverse=np.zeros((16, 0, 0)), log_target=np.zeros(16), out=out[:0]
        )
    )
    kept = [np.array(one) for one in before.hypotheses]

    def told() -> inference.Belief:
        rng = np.random.default_rng(7)
        return inference.update_belief(rng, DEFAULT_PRIOR, before, x, z, out)

    found, expected = both(told)
    assert_same(tuple(found.hypotheses), tuple(expected.hypotheses))
    assert_same((found.inverse, found.log_target), (expected.inverse, expected.log_target), 1e-8)
    assert_same(found.log_weight, expected.log_weight, 1e-8)
    for one, other in zip(before.hypotheses, kept, strict=True):  # a state is a value
        assert np.array_equal(one, other)


def test_moves_leave_the_belief_as_it_was() -> None:
    x, z, _ = data(3, 12)
    before = belief_of(3, 12)
    kept = before.inverse.copy(), before.log_target.copy(), before.hypotheses.log_noise.copy()
    rng = np.random.default_rng(0)
    after = inference.move_all(rng, DEFAULT_PRIOR, before, x, z, 3)
    assert not np.array_equal(after.inverse, before.inverse)
    now = before.inverse, before.log_target, before.hypotheses.log_noise
    assert all(map(np.array_equal, kept, now))


def test_a_point_told_twice_without_noise_is_left_to_numpy() -> None:
    """Its factor is lost; what follows is the same."""
    h = drawn(2)._replace(noisy=np.zeros(16), curved=np.zeros(16), glitchy=np.zeros(16))
    x, z, out = data(2, 8)
    x[-1] = x[0]
    with without_core():
        inverse = inference.factorise(h, x[:-1], out[:-1])
    even = np.zeros(16)
    belief = inference.Belief(h, even, even, inverse, out[:-1])
    found, expected = both(
        lambda: inference.update_belief(np.random.default_rng(0), DEFAULT_PRIOR, belief, x, z, out)
    )
    assert np.isfinite(found.log_target).all()
    assert_same(tuple(found.hypotheses), tuple(expected.hypotheses))


@pytest.mark.parametrize("noisy", [True, False])
@pytest.mark.parametrize(("dim", "n"), SHAPES)
@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 21])
def test_predictions(dim: int, n: int, count: int, noisy: bool) -> None:
    compiled = view_of(dim, n, noisy)
    with without_core():
        plain = view_of(dim, n, noisy)
        assert plain.compiled is None
    points = np.random.default_rng(5).random((count, dim))
    points[0] = np.abs(compiled.points[0] - 0.01)  # next to an observation
    assert compiled.compiled is not None
    for ask in ("predict", "score", "bound", "climbed", "lowered"):
        assert_same(getattr(compiled, ask)(points), getattr(plain, ask)(points), 1e-8)
    if not noisy:
        for ask in (feasibility._log_chance, feasibility._climbed):
            assert_same(ask(compiled, points), ask(plain, points), 1e-8)


@pytest.mark.parametrize(("dim", "n"), SHAPES)
def test_screening_and_climbing(dim: int, n: int) -> None:
    compiled = view_of(dim, n)
    with without_core():
        plain = view_of(dim, n)
        points = np.random.default_rng(5).random((168, dim))
        scores, index = plain.score_promising(points)
        start, unit = points[index[:3]], np.full(dim, 0.3)
        climbed = plain.climb(start, unit, 12, 0.05)
        lowered = plain.climb(start, unit, 16, 3e-9, lowered=True)
    found, which = compiled.score_promising(points)
    assert sorted(which) == sorted(index)
    assert_same(found[np.argsort(which)], scores[np.argsort(index)], 1e-8)
    assert_same(compiled.climb(start, unit, 12, 0.05), climbed, 1e-6)
    assert_same(compiled.climb(start, unit, 16, 3e-9, lowered=True), lowered, 1e-6)


@pytest.mark.parametrize("gain", [None, 1e-3])
@pytest.mark.parametrize("dim", [1, 2, 6])
def test_climbing_of_any_function(dim: int, gain: float | None) -> None:
    centre = np.linspace(-0.1, 0.8, dim)  # the first coordinate ends on the border

    def func(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = x - centre
        return -(away**2 + 0.3 * away**4).sum(axis=1), -(2 * away + 1.2 * away**3)

    start = np.random.default_rng(0).random((4, dim))
    found, expected = both(lambda: climb(np, func, start, np.full(dim, 0.2), 20, gain))
    assert_same(found, expected)
    if gain is None:
        assert_allclose(found[0], np.tile(np.maximum(centre, 0.0), (4, 1)), atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [1, 2, 5, 17, 300, 1000])
def test_outliers(n: int, seed: int) -> None:
    rng = np.random.default_rng((seed, n))
    x, y = rng.random((n, 3)), rng.standard_normal(n)
    high = rng.random(n) < 0.1 * (seed % 3)
    y[high] = 10.0 ** rng.integers(1, 8, int(high.sum()))
    if n > 2:
        y[rng.random(n) < 0.1 * (seed % 2)] = np.nan
        y[rng.random(n) < 0.05 * (seed % 4)] = np.inf
    y[0] = -0.5
    if seed > 5:
        x[: n // 2] = x[0]  # all at one place
    found, expected = both(lambda: tame(x, y))
    assert np.array_equal(found.out, expected.out)
    assert np.array_equal(found.y, expected.y)


@pytest.mark.parametrize("n", [1, 2, 9, 300])
def test_outliers_and_heights(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.random((n, 3)), rng.standard_normal(n)
    y[n // 2 :: 7] = 1e6
    state = KernelPolicy().init(3)._replace(x=x, y=y)
    assert_same(*both(lambda: tuple(state.inliers())), 1e-12)
    assert_same(*both(lambda: tuple(state._replace(y=np.ones(n)).inliers())), 1e-12)


def told(policy: Any, params: Any, n: int, noise: float = 0.1) -> Any:
    """Return the state of a policy that was told so many values of a bowl with waves."""
    rng, state = np.random.default_rng(3), policy.init(4)
    for i in range(n):
        x = rng.random((1, 4))
        y = np.square(x - 0.3).sum(axis=1) + 0.3 * np.sin(9 * x).sum(axis=1)
        y += noise * rng.standard_normal(1)
        state = policy.step(params, state, Observation(x, y, rng.random((1, 4)), True, (5, i)))
    return state


@pytest.mark.parametrize("n", [10, 14, 29, 45])
def test_an_ask_at_once_is_what_its_steps_are(n: int) -> None:
    """With and without refining: 14, 29 and none of the others are followed by such an ask."""
    policy, space = KernelPolicy(), Space([(0.0, 1.0)] * 4)
    state = told(policy, {}, n)

    def asked() -> np.ndarray:
        return policy.choices({}, state, state.x[:0], space, np.random.default_rng(1))

    found, expected = both(asked)
    assert_allclose(found, expected, atol=1e-6)
    assert policy._refines(n) == (n in (14, 29))
    assert len(found) == 67 + policy._refines(n) or policy._refines(n)


@pytest.mark.parametrize("n", [7, 14])
def test_an_advised_ask_at_once_is_what_its_steps_are(n: int) -> None:
    loaded = shipped.load("kernel")
    policy, space = loaded.policy, Space([(0.0, 1.0)] * 4)
    state = told(policy, loaded.params, n)

    def asked() -> np.ndarray:
        rng = np.random.default_rng(1)
        return policy.choices(loaded.params, state, state.x[:0], space, rng)

    found, expected = both(asked)
    assert found.shape == expected.shape
    # What is tied but for rounding changes places: all are there, the best ones where they were.
    apart = np.abs(found[:, None] - expected).max(axis=2)
    assert apart.min(axis=1).max() < 1e-3
    assert_allclose(found[:3], expected[:3], atol=1e-3)


def test_moves_that_fail_are_made_by_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same random numbers, whether factors were put together before, or not."""
    for n in (9, 62):  # all particles go on; some of them
        x, z, out = data(3, n)
        before = belief_of(3, n - 1)

        def grown() -> inference.Belief:
            rng = np.random.default_rng(7)
            return inference.update_belief(rng, DEFAULT_PRIOR, before, x, z, out)  # noqa: B023

        with without_core():
            expected = grown()
        with monkeypatch.context() as patch:
            patch.setattr(belief, "move", lambda *_, **__: None)
            found = grown()
        assert_same(tuple(found.hypotheses), tuple(expected.hypotheses))
        assert_same(found.inverse, expected.inverse, 1e-8)
        assert_same(found.log_weight, expected.log_weight, 1e-8)


def run(policy: Any, dim: int, n: int, noise: float, **options: Any) -> np.ndarray:
    rng = np.random.default_rng(4)
    optimizer = Optimizer([(0.0, 1.0)] * dim, policy=policy, rng=2, **options)
    points = []
    for _ in range(n):
        x = optimizer.ask()
        y = float(np.square(np.array(x) - 0.3).sum() + np.sin(9 * np.array(x)).sum())
        points.append(x)
        optimizer.tell(x, y + noise * rng.standard_normal())
    return np.array(points)


@pytest.mark.parametrize(("dim", "noise", "n"), [(1, 0.1, 40), (6, 0.1, 60), (6, 0.0, 25)])
def test_a_run_is_the_same(dim: int, noise: float, n: int) -> None:
    """Refining asks and whole ones, past a change of the number of particles."""
    found, expected = both(lambda: run(KernelPolicy(), dim, n, noise))
    assert_allclose(found, expected, atol=1e-6)


def test_an_advised_run_begins_the_same() -> None:
    """The adviser computes in single precision: rounding shows sooner."""
    found, expected = both(lambda: run("kernel", 6, 8, 0.1))
    assert_allclose(found, expected, atol=1e-4)


def test_an_ask_with_points_pending_is_the_same() -> None:
    def asked() -> list[list[float]]:
        optimizer = Optimizer([(0.0, 1.0)] * 2, policy=KernelPolicy(), rng=0)
        for x in ([0.1, 0.2], [0.7, 0.4], [0.5, 0.9], [0.3, 0.6]):
            optimizer.tell(x, float(np.sum(x)) ** 2)
        return optimizer.ask(4)

    found, expected = both(asked)
    assert_allclose(found, expected, atol=1e-7)


def test_several_objectives_and_constraints_are_the_same() -> None:
    def asked() -> list[Any]:
        several, limited = (
            Optimizer([(0.0, 1.0)] * 2, policy=KernelPolicy(), rng=0) for _ in range(2)
        )
        for i in range(10):
            x = several.ask()
            several.tell(x, [x[0] + 0.1 * x[1], (1.0 - x[0]) ** 2 + x[1]])
            x = limited.ask()
            y = None if i == 4 else float(np.sum(x))
            limited.tell(x, y, constraints={} if i == 4 else {"c": 0.8 - x[0] - x[1]})
        return [several.ask(), limited.ask()]

    found, expected = both(asked)
    assert_allclose(found, expected, atol=1e-5)


def test_a_policy_that_is_loaded_without_it_can_go_on_with_it() -> None:
    """A view keeps what it was made with; the next one takes what there is then."""
    policy = shipped.load("kernel")
    with without_core():
        optimizer = Optimizer([(0.0, 1.0)] * 3, policy=policy, rng=0)
        for _ in range(6):
            x = optimizer.ask()
            optimizer.tell(x, float(np.sum(x)))
    x = optimizer.ask()
    optimizer.tell(x, float(np.sum(x)))
    assert len(optimizer.ask()) == 3
