import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from rnnbbo import Optimizer, Real, minimize_many
from rnnbbo.errors import ConfigError, ObservationError, PolicyError, SpaceError

BOX = [(-1.0, 1.0)] * 3
CENTRES = np.random.default_rng(0).uniform(-0.8, 0.8, (40, 3))
POLICIES = ["dnc", "lstm", "dnc-direct", "lstm-direct", "snail-direct"]


def bowls(x):
    return np.sum((x - CENTRES[: len(x)]) ** 2, axis=1)


def run(n_problems=40, n_calls=12, f=bowls, bounds=BOX, **options):
    return minimize_many(f, bounds, n_problems, n_calls, rng=0, **options)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_result_is_what_was_evaluated(policy):
    seen = []

    def f(x):
        seen.append(x.copy())
        return bowls(x)

    result = run(f=f, policy=policy)
    assert len(seen) == result.nit == 12
    np.testing.assert_array_equal(result.x_iters, np.stack(seen, axis=1))
    assert np.all(np.abs(result.x_iters) <= 1.0)
    values = np.stack([bowls(x) for x in seen], axis=1)
    np.testing.assert_array_equal(result.func_vals, values)
    np.testing.assert_array_equal(result.fun, values.min(axis=1))
    np.testing.assert_array_equal(bowls(result.x), result.fun)
    assert (len(result), result.nfev, result.policy) == (40, 480, policy)
    assert result.success.all()
    assert not result.n_failed.any()
    # No problem is asked for a point twice.
    assert all(len(np.unique(points, axis=0)) == 12 for points in result.x_iters)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_problem_does_not_depend_on_those_beside_it(policy):
    whole = run(policy=policy)
    for options in ({"chunk": 7}, {"chunk": 1, "n_problems": 5}, {"threads": 3, "chunk": 10}):
        part = run(policy=policy, **options)
        # Products of other shapes round differently by a last bit, which a run carries on.
        np.testing.assert_allclose(
            part.x_iters[:, :4], whole.x_iters[: len(part), :4], rtol=0, atol=1e-4
        )
        assert np.array_equal(part.x_iters[:, 0], whole.x_iters[: len(part), 0])


def test_same_seed_same_run():
    np.testing.assert_array_equal(run().x_iters, run().x_iters)
    assert not np.array_equal(run(n_calls=1).x, minimize_many(bowls, BOX, 40, 1, rng=1).x)
    generator = minimize_many(bowls, BOX, 40, 1, rng=np.random.default_rng(1))
    assert generator.x.shape == (40, 3)


@pytest.mark.parametrize("policy", POLICIES)
def test_it_gets_as_far_as_one_optimizer_a_problem(policy):
    alone = []
    for centre in CENTRES[:12]:
        optimizer = Optimizer(BOX, policy=policy, rng=0)
        for _ in range(20):
            x = optimizer.ask()
            optimizer.tell(x, float(np.sum((x - centre) ** 2)))
        alone.append(optimizer.result().fun)
    together = run(n_calls=20, policy=policy).fun
    # Mean logarithms of 12 and 40 runs: a fault in batching costs far more than this.
    assert np.log(together).mean() < np.log(alone).mean() + 1.5


def test_the_policy_learns_from_each_problems_own_values():
    result = run(n_calls=25)
    assert np.median(np.linalg.norm(result.x - CENTRES, axis=1)) < 0.15
    assert result.fun.mean() < 0.1 * result.func_vals[:, :5].min(axis=1).mean()


def test_failures_are_recorded_and_never_the_best():
    def f(x):
        y = bowls(x)
        y[3] = np.nan  # always
        y[4] = -np.inf if f.calls < 2 else y[4]
        y[5] = np.inf if f.calls == 6 else y[5]
        y[6] = 1e300
        f.calls += 1
        return y

    f.calls = 0
    result = run(f=f, chunk=8)
    assert result.n_failed[:8].tolist() == [0, 0, 0, 12, 2, 1, 0, 0]
    assert result.success.tolist() == [i != 3 for i in range(40)]
    assert np.isnan(result.x[3]).all()
    assert result.fun[3] == math.inf
    assert np.isfinite(result.fun[4])
    assert result.func_vals[4, 0] == math.inf
    assert np.all(np.abs(result.x_iters) <= 1.0)
    assert len(np.unique(result.x_iters[3], axis=0)) == 12
    untouched = run()
    np.testing.assert_allclose(result.x_iters[7, :4], untouched.x_iters[7, :4], atol=1e-4)


def test_boxes_of_each_problem():
    low = np.random.default_rng(1).uniform(-5.0, 0.0, (40, 3))
    bounds = np.stack([low, low + 2.0], axis=-1)
    result = run(bounds=bounds)
    assert np.all((result.x_iters >= low[:, None]) & (result.x_iters <= low[:, None] + 2.0))


def test_logarithmic_dimensions():
    bounds = [(1e-6, 1.0, "log-uniform"), Real(-3.0, 3.0), (0, 5)]
    result = run(bounds=bounds, n_calls=20)
    points = result.x_iters.reshape(-1, 3)
    for column, (low, high) in zip(points.T, [(1e-6, 1.0), (-3.0, 3.0), (0.0, 5.0)], strict=True):
        assert column.min() >= low
        assert column.max() <= high
    first = result.x_iters[:, 0]
    assert 0.3 < np.mean(first[:, 0] < 1e-3) < 0.7  # even in the logarithm


def test_torch_gives_what_numpy_gives():
    torch = pytest.importorskip("torch")
    centres = torch.as_tensor(CENTRES)

    def f(x):
        assert isinstance(x, torch.Tensor)
        assert x.dtype == torch.float64
        return torch.sum((x - centres) ** 2, dim=1)

    result = run(f=f, bounds=torch.tensor(BOX, dtype=torch.float64), n_calls=6)
    assert isinstance(result.x, torch.Tensor)
    whole = run(n_calls=6)
    np.testing.assert_allclose(result.x_iters[:, :4].numpy(), whole.x_iters[:, :4], atol=1e-3)
    on_cpu = run(f=f, device="cpu", n_calls=2)
    np.testing.assert_array_equal(on_cpu.x_iters.numpy(), result.x_iters[:, :2].numpy())


def test_an_interrupt_carries_what_was_found():
    def f(x):
        f.calls += 1
        if f.calls == 4:
            raise KeyboardInterrupt
        return bowls(x)

    f.calls = 0
    with pytest.raises(KeyboardInterrupt) as hit:
        run(f=f)
    assert hit.value.result.func_vals.shape == (40, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"bounds": []}, SpaceError, "expected a list of dimensions"),
        ({"bounds": 3}, SpaceError, "bounds = 3"),
        ({"bounds": [("a", "b")]}, SpaceError, "dimension 0"),
        ({"bounds": [(0.0, 1.0), (1.0, 1.0)]}, SpaceError, "dimension 1"),
        ({"bounds": np.zeros((7, 3, 2))}, SpaceError, r"\(40, D, 2\)"),
        ({"bounds": np.zeros((40, 3, 2))}, SpaceError, "dimension 0 of the bounds of problem 0"),
        ({"n_problems": 0}, ConfigError, "n_problems = 0"),
        ({"n_calls": 1.5}, ConfigError, "n_calls = 1.5"),
        ({"chunk": 0}, ConfigError, "chunk = 0"),
        ({"threads": -1}, ConfigError, "threads = -1"),
        ({"policy": "kernel"}, PolicyError, "which does not run in batches; expected one of dnc"),
        ({"policy": "gru"}, PolicyError, "policy = 'gru'; expected"),
        ({"f": lambda x: 1.0}, ObservationError, r"shape \(\)"),
        ({"f": lambda x: x}, ObservationError, r"shape \(40, 3\); expected one number a problem"),
        ({"f": lambda x: ["a"] * len(x)}, ObservationError, r"shape \(40,\)"),
        ({"f": lambda x: None}, ObservationError, "expected one number a problem"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        run(**arguments)


@pytest.mark.parametrize(
    "answer",
    [
        lambda y: np.ma.array(y, mask=[True, False, False]),
        lambda y: np.ma.array(y.astype(object), mask=[True, False, False]),
        lambda y: [np.ma.masked, Decimal(float(y[1])), [float(y[2])]],
        lambda y: np.array([None, *y[1:]], dtype=object),
        lambda y: [float("nan"), *y[1:]],
    ],
    ids=["masked", "masked objects", "a list", "objects", "nan"],
)
def test_a_missing_value_fails_its_problem_alone(answer):
    result = run(3, 3, f=lambda x: answer(bowls(x)))
    assert np.isinf(result.func_vals[0]).all()
    assert np.isfinite(result.func_vals[1:]).all()
    plain = run(3, 3, f=lambda x: np.where([True, False, False], np.nan, bowls(x)))
    np.testing.assert_array_equal(result.x_iters, plain.x_iters)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"f": 3}, ConfigError, "f = 3; expected a function"),
        ({"n_problems": 10**400}, ConfigError, "expected an integer below 2\\*\\*63"),
        ({"bounds": np.array(1.0)}, SpaceError, "expected a list of dimensions"),
        ({"bounds": [(0.0, 10**400)]}, SpaceError, "expected a finite number"),
        ({"bounds": [[[0.0, 10**400]]] * 40}, SpaceError, "no array of numbers"),
        ({"f": lambda x: ["a"] * 40}, ObservationError, "expected one number a problem"),
        ({"f": lambda x: (v for v in x)}, ObservationError, "expected one number a problem"),
    ],
)
def test_odd_arguments_are_refused_by_name(arguments, error, words):
    with pytest.raises(error, match=words):
        run(**arguments)


def test_bounds_of_other_libraries_are_numbers():
    odd = [(Decimal(-1), np.array(1.0)), (np.float32(-1), 1), (-1, Fraction(1))]
    np.testing.assert_array_equal(run(2, 2, bounds=odd).x_iters, run(2, 2).x_iters)


def test_the_size_of_penalties_changes_nothing():
    def penalised(size):
        def func(x):
            y = np.square(x - np.array([0.3, 0.6])).sum(axis=-1)
            return np.where(x[..., 0] + x[..., 1] > 1.0, size, y)

        return func

    runs = [run(6, 12, penalised(size), [(0.0, 1.0)] * 2, policy="lstm") for size in (1e5, 1e200)]
    assert (runs[0].func_vals == 1e5).any(axis=1).sum() >= 3
    np.testing.assert_allclose(runs[0].x_iters, runs[1].x_iters, atol=0.02)
    assert (runs[0].fun < 0.15).all()
