"""The networks' compiled parts against the definitions, which are numpy's."""

from collections.abc import Iterator

import numpy as np
import pytest

from rnnbbo import Space, core, minimize_many, shipped
from rnnbbo.core import Library, network, without_core
from rnnbbo.core.loading import _FILE, _OFF
from rnnbbo.core.network import UNSCORED
from rnnbbo.policies import evidence, plateaus
from rnnbbo.policies.candidates import Candidates, draw_in_space
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.gp.improvement import SERIES_SINGLE
from rnnbbo.policies.network import archive, ascent, process_heads, regression
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.network.state import NetworkState

FOUND = core.library()
LEVELS = () if FOUND is None else ("plain", "avx2")[: 1 + (FOUND.level == "avx2")]
pytestmark = pytest.mark.skipif(FOUND is None, reason="the library was not built")
# (problems, dimensions, results)
SHAPES = [(1, 1, 1), (1, 2, 2), (7, 6, 5), (1, 6, 30), (2, 40, 9), (1, 6, 70)]
POLICIES = ("lstm", "dnc", "dnc-rough")


@pytest.fixture(params=LEVELS, autouse=True)
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    compiled = Library(_FILE, request.param)
    monkeypatch.setattr(network, "library", lambda: None if _OFF else compiled)
    return request.param


def a_run(policy, shape, *, equal=False, seed=0):
    """Return a network, its weights and its state after a number of results."""
    (batch, dim, results), rng = shape, np.random.default_rng(seed)
    loaded, net = shipped.load_batched(policy)

    def draw() -> np.ndarray:
        return rng.random((batch, dim)).astype(np.float32)

    with without_core():
        state = net.start(np.zeros((batch, dim), np.float32), np.zeros(batch))
        nothing = np.zeros(batch)
        state = net.step(
            loaded.params, state, Observation(state.evidence.best_x, nothing, draw(), False)
        )
        first = draw()
        for _ in range(results):
            x = first if equal else draw()
            y = 5.0 * np.square(x - 0.3).sum(axis=1).astype(np.float64)
            y = y if equal else y + 0.1 * rng.standard_normal(batch)
            state = net.step(loaded.params, state, Observation(x, y, draw(), True))
    return net, loaded.params, state


def some_points(state: NetworkState, count=33, seed=1):
    """Return points over the cube, and as many near the incumbents."""
    rng, centre = np.random.default_rng(seed), state.evidence.best_x
    shape = (len(centre), count, centre.shape[1])
    points = rng.random(shape)
    near = centre[:, None] + 0.05 * rng.standard_normal(shape)
    points[:, count // 2 :] = np.clip(near, 0.0, 1.0)[:, count // 2 :]
    return points.astype(np.float32)


def doubled(tree):
    """Return a tree of arrays in double precision."""
    if isinstance(tree, dict):
        return {name: doubled(one) for name, one in tree.items()}
    if isinstance(tree, tuple):
        parts = [doubled(one) for one in tree]
        return tuple(parts) if type(tree) is tuple else type(tree)(*parts)
    return tree.astype(np.float64) if hasattr(tree, "dtype") else tree


def leaves(tree) -> Iterator[np.ndarray]:
    for one in tree:
        if isinstance(one, tuple):
            yield from leaves(one)
        elif hasattr(one, "dtype"):
            yield one


def assert_as_near(got, numpy, exact) -> None:
    """Compare with a result in double precision: the error is about that of numpy's singles.

    Of nine tenths of the numbers: where a variance is all but zero rounding alone decides.
    """
    assert got.shape == numpy.shape and got.dtype == numpy.dtype
    unit = 1.0 + np.abs(exact).max()
    error, allowed = (np.quantile(np.abs(one - exact), 0.9) for one in (got, numpy))
    assert error <= 4.0 * allowed + 1e-5 * unit
    assert np.abs(got - exact).max() <= 5e-3 * unit


def assert_close(got, wanted, tolerance=1e-5) -> None:
    assert got.shape == wanted.shape and got.dtype == wanted.dtype
    assert np.abs(got - wanted).max(initial=0.0) <= tolerance * (1.0 + np.abs(wanted).max())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_is_that_of_numpy(policy, shape):
    net, params, state = a_run(policy, shape)
    rng = np.random.default_rng(2)
    x = rng.random(shape[:2]).astype(np.float32)
    for told in (True, False):
        observation = Observation(x, rng.standard_normal(shape[0]), x[:, ::-1].copy(), told)
        got = net.step(params, state, observation)
        with without_core():
            wanted = net.step(params, state, observation)
        for one, other in zip(leaves(got[:5]), leaves(wanted[:5]), strict=True):
            assert_close(one, other)
        assert_close(got.processes.inputs, wanted.processes.inputs)
        assert_close(got.processes.shift, wanted.processes.shift)


@pytest.mark.parametrize("policy", ["lstm-direct", "dnc-direct"])
def test_a_step_without_heads_is_that_of_numpy(policy):
    net, params, state = a_run(policy, (3, 6, 4))
    observation = Observation(state.q, np.ones(3), state.q, True)
    got = net.step(params, state, observation)
    with without_core():
        wanted = net.step(params, state, observation)
    for one, other in zip(leaves(got), leaves(wanted), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("results", [0, 1, 2])
def test_the_first_results_are_taken_in_as_by_numpy(results):
    _, _, state = a_run("lstm", (4, 3, results))
    rng = np.random.default_rng(3)
    for told in (True, False):
        x, q = rng.random((2, 4, 3)).astype(np.float32)
        observation = Observation(x, rng.standard_normal(4), q, told)
        got = evidence.observe(np, state.evidence, observation)
        with without_core():
            wanted = evidence.observe(np, state.evidence, observation)
        assert got[0][:2] == wanted[0][:2]
        for one, other in zip(leaves(got), leaves(wanted), strict=True):
            assert_close(one, other, 1e-6)
        for one, other in zip(got[0][2:], wanted[0][2:], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fit_is_that_of_numpy_with_the_same_hyperparameters(shape):
    net, params, state = a_run("lstm", shape)
    context, now, kept = net.context(np, state), state.evidence, state.archive
    got = process_heads.refit(np, params, state.processes, context, now, kept)
    h = got.fit.hyperparameters
    with without_core():
        emitted = process_heads.emit(np, params, context, state.processes.shift)
        heat = np.exp(params["process.temperature"])
        wanted, _, _ = regression.condition(np, h, heat, now, kept)
    for one, other in zip(h, emitted, strict=True):
        np.testing.assert_allclose(one, other, rtol=3e-6, atol=1e-6)
    for one, other in zip(got.fit.arrays, wanted.arrays, strict=True):
        assert_close(one, other, 1e-6)


def test_equal_rows_are_fitted_as_by_numpy():
    net, params, state = a_run("dnc", (2, 3, 6), equal=True)
    points = some_points(state, 8)
    got = net.score(params, state, points)
    with without_core():
        wanted = net.score(params, state, points)
    assert np.isfinite(got).all()
    assert_close(got, wanted, 1e-4)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pending", [0, 1, 19])
def test_scores_are_those_of_numpy(policy, shape, pending):
    net, params, state = a_run(policy, shape)
    points = some_points(state)
    rng = np.random.default_rng(4)
    waiting = rng.random((shape[0], pending, shape[1])).astype(np.float32)
    got = net.score(params, state, points, waiting)
    with without_core():
        numpy = net.score(params, state, points, waiting)
        exact = net.score(*doubled((params, state, points, waiting)))
    assert_as_near(got, numpy, exact)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17])
def test_any_number_of_points_is_scored(count):
    net, params, state = a_run("dnc", (2, 6, 7))
    points = some_points(state)
    all_of_them = net.score(params, state, points)
    np.testing.assert_array_equal(
        net.score(params, state, points[:, :count]), all_of_them[:, :count]
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_climbed_has_the_values_and_gradients_of_numpy(shape):
    _, _, state = a_run("lstm", (1, *shape[1:]))
    fit, now = state.processes.fit, state.evidence
    points = some_points(state, 6)
    value, gradient = network.ascent(
        fit.arrays, SERIES_SINGLE, now.best_x, points[0].astype(np.float64)
    )
    with without_core():
        numpy = ascent.ascent(np, fit, now)(points)
        exact = ascent.ascent(np, *doubled((fit, now)))(points.astype(np.float64))
    assert_as_near(value.astype(np.float32), numpy[0][0], exact[0][0])
    assert_as_near(gradient.astype(np.float32), numpy[1][0], exact[1][0])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", [(1, 1, 5), (7, 6, 9), (2, 40, 6)])
def test_it_climbs_to_where_numpy_does(policy, shape):
    net, params, state = a_run(policy, shape)
    given = Candidates(some_points(state), 16)
    points, scores = net.consider(params, state, given)
    with without_core():
        wanted = net.consider(params, state, given)
    assert_close(points, wanted[0], 1e-3)
    assert_close(scores[:, -2:], net.score(params, state, points[:, -2:]), 1e-5)
    assert_close(scores, wanted[1], 1e-3)


def test_climbs_begin_where_scores_and_what_is_added_are_best():
    net, params, state = a_run("lstm", (1, 2, 6))
    points = some_points(state, 20)
    added = np.full((1, 20), -1e3)
    added[0, [3, 15]] = 0.0
    how = ascent.plan_climb(Candidates(points, 10), added)._replace(steps=1, radius=1e-9)
    _, found = net._head.look(params, net.context(np, state), state, points, None, how)
    assert_close(found[0], points[0, [3, 15]], 1e-6)


def test_weights_of_zero_score_by_the_heads_alone():
    net, params, state = a_run("lstm", (2, 3, 4))
    params = {name: 0.0 * w if name.startswith("score") else w for name, w in params.items()}
    points = some_points(state)
    got = net.score(params, state, points)
    across = points.swapaxes(1, 2)
    fit = state.processes.fit
    with without_core():
        _, prior = process_heads.predict_candidates(np, params, fit, state.evidence, across, None)
    assert_close(got, prior)


def test_arrays_of_any_layout_are_taken():
    net, params, state = a_run("dnc", (3, 4, 5))
    points = some_points(state)
    wanted = net.score(params, state, points)
    fixed = {name: w.copy() for name, w in params.items()}
    for w in fixed.values():
        w.flags.writeable = False
    np.testing.assert_array_equal(net.score(fixed, state, np.asfortranarray(points)), wanted)


def test_double_precision_is_left_to_numpy():
    net, params, state = a_run("lstm", (1, 3, 5))
    points = some_points(state)
    exact = net.score(*doubled((params, state, points)))
    assert exact.dtype == np.float64
    # But for what policies share, logarithms of the normal distribution.
    np.testing.assert_allclose(exact, _without(net, *doubled((params, state, points))), rtol=1e-12)


def _without(net: Network, *given):
    with without_core():
        return net.score(*given)


def test_a_covariance_that_is_not_positive_definite_is_left_to_numpy():
    net, params, state = a_run("lstm", (1, 3, 5))
    known = process_heads.known_values(state.evidence, state.archive)
    x = known.x.copy()
    x[0, 2] = np.nan
    context, shift = net.context(np, state), state.processes.shift
    assert network.refit(params, context, shift, known) is not None
    assert network.refit(params, context, shift, known._replace(x=x)) is None


@pytest.mark.parametrize("policy", ["lstm", "dnc"])
def test_many_problems_are_worked_on_as_by_numpy(policy):
    def f(x: np.ndarray) -> np.ndarray:
        return np.square(x - np.linspace(0.2, 0.7, 32)[:, None]).sum(axis=1)

    box = [(0.0, 1.0)] * 3
    got = minimize_many(f, box, 32, 7, policy=policy, rng=3, threads=1)
    with without_core():
        wanted = minimize_many(f, box, 32, 7, policy=policy, rng=3, threads=1)
    # Where two candidates are as good the last bit decides.
    same = (np.abs(got.x_iters - wanted.x_iters) < 1e-3).all(axis=(1, 2))
    assert same.mean() > 0.8


@pytest.mark.parametrize(("batch", "dim", "n"), [(1, 1, 2), (1, 6, 48), (5, 3, 9), (2, 40, 64)])
def test_the_row_that_tells_least_is_dropped(batch: int, dim: int, n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.random((batch, n, dim)).astype(np.float32), rng.random((batch, n))
    new, value = rng.random((batch, dim)).astype(np.float32), rng.random(batch)
    new[0] = x[0, n // 2] + np.float32(1e-3)  # next to another one
    best = x[np.arange(batch), y.argmin(axis=1)]
    rows = archive.Archive(x, y)
    found = archive.keep(np, rows, new, value, best, n)
    with without_core():
        expected = archive.keep(np, rows, new, value, best, n)
    assert np.array_equal(found.x, expected.x) and np.array_equal(found.y, expected.y)


@pytest.mark.parametrize("dim", [1, 6])
def test_candidates_of_a_box_are_drawn_at_once(dim: int) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((3, 1, dim)).astype(np.float32), [2.0, 1.0, 1.5]
    known = evidence.no_evidence(np, x[0], np.zeros(1))
    for one, value in zip(x, y, strict=True):
        q = Observation(one, np.array([value]), one, True)
        known = evidence.update_evidence(np, known, q)
    flat = plateaus.find(x[:, 0].astype(np.float64), np.array(y), np.zeros(0, np.intp))
    space = Space([(0.0, 1.0)] * dim)

    def drawn() -> Candidates:
        return draw_in_space(np.random.default_rng(4), space, known, flat)

    found = drawn()
    with without_core():
        expected = drawn()
    assert found.wide == expected.wide
    np.testing.assert_allclose(found.points, expected.points, atol=1e-12)


@pytest.mark.parametrize("policy", POLICIES)
def test_candidates_that_are_ranked_first(policy: str) -> None:
    """The best three of either kind get their scores; and no other one is chosen for them."""
    net, params, state = a_run(policy, (2, 6, 30))
    given = Candidates(some_points(state), 16, scored=3)
    points, found = net.consider(params, state, given)
    with without_core():
        same, expected = net.consider(params, state, given)
    assert np.array_equal(found > UNSCORED, expected > UNSCORED)
    assert ((found[:, :16] > UNSCORED).sum(axis=1) == 3).all()
    assert ((found[:, 16:33] > UNSCORED).sum(axis=1) == 3).all()
    np.testing.assert_allclose(points, same, atol=2e-3)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-2)
    every = net.score(params, state, given.points)
    scored = found[:, :33] > UNSCORED
    np.testing.assert_allclose(found[:, :33][scored], every[scored], rtol=1e-4, atol=1e-3)
