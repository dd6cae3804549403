"""The policy as an optimizer uses it, and the population of hypotheses behind it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnnbbo import Optimizer, shipped
from rnnbbo.errors import ConfigError
from rnnbbo.functions.synthetic import get_problem
from rnnbbo.policies.climb import climb
from rnnbbo.policies.kernel import inference, prior, thinning
from rnnbbo.policies.kernel.hypotheses import heights
from rnnbbo.policies.kernel.kernel_policy import KernelConfig, KernelPolicy
from rnnbbo.policies.kernel.prior import Prior
from rnnbbo.policies.kernel.view import make_view

NOTHING = np.zeros(0, dtype=bool)


def inliers(values: np.ndarray) -> np.ndarray:
    return np.zeros(len(values), dtype=bool)


def run(name: str, dim: int, n_calls: int, seed: int = 0) -> Optimizer:
    problem = get_problem(name, dim)
    optimizer = Optimizer(list(problem.bounds), policy="kernel", rng=seed)
    for _ in range(n_calls):
        x = optimizer.ask()
        optimizer.tell(x, float(problem.func(np.array(x))))
    return optimizer


@pytest.mark.parametrize(
    ("name", "dim", "n_calls", "share"),
    [("branin", 2, 40, 1e-6), ("hartmann3", 3, 60, 1e-6), ("sphere", 4, 60, 1e-5)],
)
def test_smooth_functions_are_solved_to_many_digits(
    name: str, dim: int, n_calls: int, share: float
) -> None:
    problem = get_problem(name, dim)
    u = np.random.default_rng(0).random((1000, dim))
    values = np.array([problem.unit(point) for point in u])
    regret = run(name, dim, n_calls).result().fun - problem.minimum
    assert 0.0 <= regret + 1e-9 < share * (values.max() - values.min())


def test_the_same_seed_gives_the_same_points() -> None:
    first, again, other = (run("branin", 2, 12, seed).Xi for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_a_scale_and_a_shift_of_the_values_change_little() -> None:
    """Rounding aside, every step works on standardised values."""

    def points(scale: float, shift: float) -> np.ndarray:
        optimizer = Optimizer([(0.0, 1.0)] * 2, policy="kernel", rng=0)
        for _ in range(8):
            x = optimizer.ask()
            optimizer.tell(x, scale * ((x[0] - 0.3) ** 2 + np.cos(5 * x[1])) + shift)
        return np.array(optimizer.Xi)

    assert_allclose(points(1.0, 0.0), points(2.0**40, 0.0), atol=1e-9)
    assert_allclose(points(1.0, 0.0), points(1.0, 8.0), atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1e300, -3.5])
def test_constant_values_keep_it_exploring(value: float) -> None:
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy="kernel", rng=0)
    for _ in range(15):
        optimizer.tell(optimizer.ask(), value)
    x = np.array(optimizer.Xi)
    assert len(np.unique(x, axis=0)) == 15
    nearest = np.sort(np.linalg.norm(x[:, None] - x[None], axis=-1), axis=1)[:, 1]
    assert nearest.min() > 0.02


def test_points_that_all_but_coincide_are_safe() -> None:
    optimizer = Optimizer([(0.0, 1.0)] * 2, policy="kernel", rng=0)
    for i in range(30):
        optimizer.tell([0.5 + i * 1e-13, 0.5], 1.0 + (i % 2) * 1e-9)
    for _ in range(3):
        x = optimizer.ask()
        assert np.all(np.isfinite(x))
        optimizer.tell(x, x[0])
    for _ in range(3):  # and the same point with values that contradict each other
        optimizer.tell([0.25, 0.25], float(np.random.default_rng(0).standard_normal()))
    assert np.all(np.isfinite(optimizer.ask()))


def test_failures_and_huge_values_are_survived() -> None:
    optimizer = Optimizer([(0.0, 1.0)] * 2, policy="kernel", rng=0)
    for y in [np.nan, None, 1e300, -1e300, 3.0, np.inf, 1e-300, 2.0, np.nan, 1.0]:
        x = optimizer.ask()
        assert np.all((np.array(x) >= 0) & (np.array(x) <= 1))
        optimizer.tell(x, y)
    assert optimizer.result().fun == -1e300


def test_points_in_flight_are_kept_apart() -> None:
    optimizer = run("branin", 2, 12)
    batch = np.array(optimizer.ask(n_points=6))
    scaled = (batch - batch.mean(axis=0)) / 15.0
    distance = np.linalg.norm(scaled[:, None] - scaled[None], axis=-1)
    # Values drawn for what is pending let a batch gather in a valley, never in one place.
    assert distance[np.triu_indices(6, 1)].min() > 1e-5
    assert distance.max() > 0.1


def test_mixed_spaces_are_searched_on_their_own_points() -> None:
    optimizer = Optimizer(
        [(1, 9), ("a", "b", "c"), (1e-4, 1.0, "log-uniform")], policy="kernel", rng=0
    )
    for _ in range(25):
        x = optimizer.ask()
        assert optimizer.space.check(x) == x
        optimizer.tell(x, (x[0] - 4) ** 2 + 3 * (x[1] != "b") + (np.log10(x[2]) + 2) ** 2)
    best = optimizer.result()
    assert best.x[:2] == [4, "b"]
    assert best.fun < 0.01


def test_a_step_leaves_the_state_that_it_was_given() -> None:
    optimizer = run("branin", 2, 10)
    before = optimizer.state
    copies = [np.copy(before.x), np.copy(before.belief.inverse), np.copy(before.belief.log_weight)]
    optimizer.tell(optimizer.ask(), 1.0)
    assert_allclose(before.x, copies[0])
    assert_allclose(before.belief.inverse, copies[1])
    assert_allclose(before.belief.log_weight, copies[2])
    assert optimizer.state is not before


def test_memory_is_bounded_and_keeps_the_best() -> None:
    rng = np.random.default_rng(0)
    policy = KernelPolicy(KernelConfig(max_rows=24))
    from rnnbbo.policies.evidence import Observation

    state = policy.init(2)
    best = np.inf
    for t in range(80):
        x = rng.random((1, 2))
        y = float(np.sum((x - 0.4) ** 2))
        best = min(best, y)
        state = policy.step({}, state, Observation(x, np.array([y]), x, True, seed=(t,)))
        assert len(state.y) <= 24
        assert state.y.min() == best
    assert state.belief is not None
    assert state.belief.inverse.shape[1:] == (len(state.y), len(state.y))


def test_thinning_keeps_every_scale_round_the_incumbent() -> None:
    rng = np.random.default_rng(0)
    radius = 10.0 ** -rng.uniform(0, 5, 300)
    angle = rng.uniform(0, 2 * np.pi, 300)
    x = 0.5 + 0.4 * radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    y = np.square(x - 0.5).sum(axis=1)
    kept = thinning.thin(x, y, 60)
    assert len(kept) == 60
    assert np.all(np.diff(kept) > 0)
    assert y.argmin() in kept
    decades = np.floor(-np.log10(radius[kept]))
    assert min(np.bincount(decades.astype(int), minlength=5)[:5]) >= 5


def test_hypotheses_are_drawn_from_their_prior() -> None:
    """The density's differences are those of frequencies, coordinate by coordinate."""
    p = Prior(lengthscale=-1.0, growth=0.8, common_spread=0.6, own_spread=0.4, curved=0.3)
    p = p._replace(separable=0.3, glitchy=0.4)
    h = prior.draw_hypotheses(np.random.default_rng(0), p, 40_000, 3)
    logs = h.log_lengthscale - (-1.0 + 0.8 * np.log(3))
    covariance = 0.4**2 * np.eye(3) + 0.6**2
    assert_allclose(np.cov(logs.T), covariance, atol=0.02)
    expected = -0.5 * np.einsum("ni,ij,nj->n", logs, np.linalg.inv(covariance), logs)
    for values, centre, spread in (
        (h.log_noise, p.noise, p.noise_spread),
        (h.log_warp, p.warp, p.warp_spread),
        (h.log_trend, p.trend, p.trend_spread),
    ):
        assert values.mean() == pytest.approx(centre, abs=0.05)
        assert values.std() == pytest.approx(spread, rel=0.02)
        expected = expected - 0.5 * ((values - centre) / spread) ** 2
    rest = prior.prior_log_density(p, h) - expected
    switches = np.column_stack([h.rbf, h.noisy, h.curved, h.separable, h.glitchy])
    for combination in np.unique(switches, axis=0):
        group = np.all(switches == combination, axis=1)
        assert np.ptp(rest[group]) < 1e-9
        assert rest[group][0] == pytest.approx(np.log(group.mean()), abs=0.25)


def test_a_bowl_with_ripples_speaks_for_a_trend() -> None:
    rng = np.random.default_rng(3)
    x = rng.random((40, 2))
    y = (x[:, 0] - 0.3) ** 2 + 4.0 * (x[:, 1] - 0.8) ** 2 + 0.05 * np.cos(40.0 * x).sum(axis=1)
    one = prior.draw_hypotheses(rng, Prior(noisy=0.01), 1, 2)
    one = one._replace(log_lengthscale=np.log([[0.05, 0.05]]), curved=np.zeros(1))
    both = [one, one._replace(curved=np.ones(1), log_trend=np.log([5.0]))]
    targets = []
    for h in both:
        belief = inference.Belief(h, np.zeros(1), np.zeros(1), np.zeros((1, 0, 0)), NOTHING)
        targets.append(
            inference.rebuild_belief(
                Prior(curved=0.5), belief, x, heights(y), inliers(y)
            ).log_target[0]
        )
    assert targets[1] > targets[0] + 5.0


def test_a_sum_of_functions_of_one_coordinate_speaks_for_an_additive_kernel() -> None:
    rng = np.random.default_rng(4)
    x = rng.random((30, 5))
    for sign, y in ((1.0, np.sin(7.0 * x).sum(axis=1)), (-1.0, np.sin(7.0 * x).prod(axis=1))):
        one = prior.draw_hypotheses(np.random.default_rng(0), Prior(noisy=0.01, curved=0.01), 1, 5)
        one = one._replace(log_lengthscale=np.log(np.full((1, 5), 0.9)), separable=np.zeros(1))
        targets = []
        for h in (one, one._replace(separable=np.ones(1))):
            belief = inference.Belief(h, np.zeros(1), np.zeros(1), np.zeros((1, 0, 0)), NOTHING)
            even = Prior(separable=0.5)
            targets.append(
                inference.rebuild_belief(even, belief, x, heights(y), inliers(y)).log_target[0]
            )
        assert sign * (targets[1] - targets[0]) > 2.0


@pytest.mark.parametrize("dim", [1, 2])
def test_no_hypothesis_is_additive_in_two_dimensions(dim: int) -> None:
    rng = np.random.default_rng(0)
    x, belief = rng.random((12, dim)), inference.start_belief(rng, Prior(separable=0.9), dim)
    for n in range(1, 13):
        belief = inference.update_belief(
            rng, Prior(separable=0.9), belief, x[:n], heights(x[:n].sum(axis=1)), inliers(x[:n])
        )
    assert not belief.hypotheses.separable.any()
    assert np.isfinite(belief.log_target).all()


def test_particles_find_the_lengthscales_of_the_data() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((60, 2))
    y = np.sin(9.0 * x[:, 0])  # the second coordinate has no influence
    belief = inference.start_belief(rng, Prior(), 2)
    for n in range(1, 61):
        belief = inference.update_belief(
            rng, Prior(), belief, x[:n], heights(y[:n]), inliers(y[:n])
        )
    found = np.exp(belief.weight @ belief.hypotheses.log_lengthscale)
    assert found[0] < 0.7
    assert found[1] > 3 * found[0]
    assert belief.weight @ belief.hypotheses.noisy < 0.3


def test_particles_find_the_noise() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((80, 2))
    y = np.sin(4.0 * x[:, 0]) + 0.3 * rng.standard_normal(80)
    belief = inference.start_belief(rng, Prior(), 2)
    for n in range(1, 81):
        belief = inference.update_belief(
            rng, Prior(), belief, x[:n], heights(y[:n]), inliers(y[:n])
        )
    assert belief.weight @ belief.hypotheses.noisy > 0.7  # 0.2 before any value


def test_moves_leave_the_posterior_as_it_is() -> None:
    """Weights that tells brought along are those of particles that were weighted at the end."""
    rng = np.random.default_rng(2)
    x, y = rng.random((10, 2)), rng.standard_normal(10)
    belief = inference.start_belief(rng, Prior(), 2)
    for n in range(1, 11):
        belief = inference.update_belief(
            rng, Prior(), belief, x[:n], heights(y[:n]), inliers(y[:n])
        )
    again = inference.rebuild_belief(Prior(), belief, x, heights(y), inliers(y))
    assert_allclose(belief.log_target, again.log_target, rtol=1e-6, atol=1e-6)
    assert_allclose(belief.inverse, again.inverse, rtol=1e-4, atol=1e-6)


def test_climbing_finds_the_maximum_also_on_the_border() -> None:
    centre = np.array([0.3, 1.2])  # outside in the second coordinate

    def func(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = np.array([1.0, 20.0])
        return -(scale * (x - centre) ** 2).sum(axis=1), -2.0 * scale * (x - centre)

    start = np.random.default_rng(0).random((5, 2))
    found, values = climb(np, func, start, np.ones(2), 25, gain=1e-9)
    assert_allclose(found, np.broadcast_to([0.3, 1.0], (5, 2)), atol=1e-5)
    assert_allclose(values, func(found)[0])
    assert np.all(values >= func(start)[0])


@pytest.mark.parametrize(("key", "value"), [("hypotheses", 0), ("max_rows", 1.5)])
def test_malformed_sizes_are_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"policy.{key}"):
        KernelConfig(**{key: value})  # type: ignore[arg-type]


def test_factors_that_overflowed_are_made_again() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.random((12, 2)), rng.standard_normal(12)
    belief = inference.start_belief(rng, Prior(), 2)
    for n in range(1, 12):
        belief = inference.update_belief(
            rng, Prior(), belief, x[:n], heights(y[:n]), inliers(y[:n])
        )
    broken = belief.inverse.copy()
    broken[3] *= 1e200
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        belief = inference.update_belief(
            rng, Prior(), belief._replace(inverse=broken), x, heights(y), inliers(y)
        )
    assert np.isfinite(belief.log_weight).all()
    again = inference.rebuild_belief(Prior(), belief, x, heights(y), inliers(y))
    assert_allclose(belief.log_target, again.log_target, rtol=1e-6, atol=1e-6)


def test_it_begins_in_the_centre_and_models_from_the_third_point_on() -> None:
    points = run("branin", 2, 3).Xi
    assert_allclose(points[0], [2.5, 7.5])
    others = [run("branin", 2, 3, seed).Xi for seed in (1, 2)]
    assert all(other[0] == points[0] for other in others)
    assert points[1] not in (others[0][1], others[1][1])  # quasi-random, with a shift of its own
    at_once = Optimizer([(0.0, 1.0)] * 2, policy="kernel", rng=0).ask(n_points=4)
    assert at_once[0] == [0.5, 0.5]
    assert len({tuple(x) for x in at_once}) == 4


def test_the_incumbent_is_refined_in_turn() -> None:
    """Where more is expected elsewhere, digits of the best valley would be left unknown."""

    def func(x: np.ndarray) -> float:
        return float(np.sum((x - 0.37) ** 2) - 0.2 * np.exp(-np.sum((x - 0.8) ** 2) / 0.02))

    named = shipped.load("kernel")
    closer = []
    for seed in range(6):
        # Values at given points: in a run, what rounding changes would grow with every ask.
        rng = np.random.default_rng(seed)
        x = np.concatenate([rng.random((24, 2)), 0.37 + 0.05 * rng.standard_normal((10, 2))])
        distance = []
        for every in (10**9, 5):
            policy = KernelPolicy(KernelConfig(refine_every=every))
            optimizer = Optimizer([(0.0, 1.0)] * 2, policy=replace(named, policy=policy), rng=seed)
            optimizer.replay((point.tolist(), func(point)) for point in x)
            batch = np.array(optimizer.ask(n_points=5))
            distance.append(np.linalg.norm(batch - 0.37, axis=1))
        plain, refined = distance
        closer.append(refined[0] < 0.3 * plain[0])
        assert refined[0] < 1e-3
        # One of a batch refines; the others look for something else.
        assert np.median(refined[1:]) > 5.0 * refined[0]
    assert sum(closer) >= 3


def test_the_gradient_of_the_mean_is_that_of_the_average() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((12, 3))
    belief = inference.start_belief(rng, Prior(curved=0.7), 3)
    for n in range(1, 13):
        belief = inference.update_belief(
            rng, Prior(), belief, x[:n], heights(np.sin(4.0 * x[:n]).sum(axis=1)), inliers(x[:n])
        )
    index, weight = np.array([0, 5, 9]), np.array([0.2, 0.3, 0.5])
    values = np.sin(4.0 * x).sum(axis=1)
    view = make_view(belief, index, weight, x, heights(values), x[:0])
    points = rng.random((6, 3))
    value, gradient = view.lowered(points)
    assert_allclose(value, -weight @ view.predict(points)[0], rtol=1e-9, atol=1e-9)
    step = 1e-6 * np.eye(3)
    for d in range(3):
        slope = (view.lowered(points + step[d])[0] - view.lowered(points - step[d])[0]) / 2e-6
        assert_allclose(gradient[:, d], slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", [2, 5])
def test_factors_survive_points_that_all_but_coincide(seed: int) -> None:
    """A smooth run ends in one place; no inverse factor of K >= JITTER is larger than 1e6."""
    branin = get_problem("branin")
    optimizer = Optimizer([(0.0, 1.0)] * 2, policy="kernel", rng=seed)
    for _ in range(50):
        x = optimizer.ask()
        optimizer.tell(x, float(branin.unit(np.array(x))))
        assert np.abs(optimizer.state.belief.inverse).max() < 2e6
    pending = optimizer.ask(n_points=8)
    assert len({tuple(x) for x in pending}) == 8
