"""Ask and tell, whatever the policy."""

import functools
import itertools
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnnbbo
from rnnbbo import Optimizer, Real, shipped
from rnnbbo.errors import ConfigError, PointError, PolicyError, SpaceError
from rnnbbo.ledger import key
from rnnbbo.policies.kernel.kernel_policy import KernelPolicy
from rnnbbo.policies.network.network import Network
from rnnbbo.policies.protocol import Takes

POLICIES = shipped.available()
MIXED = [(1e-5, 1e-1, "log-uniform"), (1, 64), ("relu", "tanh"), (-5.0, 5.0)]
PLANE = [(-5.0, 10.0), (0.0, 15.0)]

every_policy = pytest.mark.parametrize("policy", POLICIES)


def bowl(x: list[Any]) -> float:
    return sum((v - 2.0) ** 2 for v in x)


def play(optimizer: Optimizer, n: int, scale: float = 1.0, shift: float = 0.0) -> list[list[Any]]:
    points = []
    for _ in range(n):
        x = optimizer.ask()
        optimizer.tell(x, scale * bowl(x) + shift)
        points.append(x)
    return points


def test_what_ships() -> None:
    assert {"dnc", "lstm"} <= set(POLICIES)


@every_policy
def test_points_lie_in_the_space_and_have_plain_types(policy: str) -> None:
    optimizer = Optimizer(MIXED, policy=policy, rng=0)
    for i in range(25):
        x = optimizer.ask()
        rate, width, activation, z = x
        assert [type(v) for v in x] == [float, int, str, float]
        assert 1e-5 <= rate <= 1e-1
        assert 1 <= width <= 64
        assert activation in ("relu", "tanh")
        assert -5 <= z <= 5
        optimizer.tell(x, math.log(rate) ** 2 + width + i % 3)


@every_policy
def test_the_same_seed_gives_the_same_run_and_another_seed_another(policy: str) -> None:
    first, again, other = (play(Optimizer(PLANE, policy=policy, rng=s), 12) for s in (7, 7, 8))
    assert first == again
    assert first != other


@every_policy
def test_a_generator_is_a_seed_too(policy: str) -> None:
    a, b = (Optimizer(PLANE, policy=policy, rng=np.random.default_rng(3)) for _ in range(2))
    assert play(a, 5) == play(b, 5)


@every_policy
def test_proposals_do_not_change_when_values_are_shifted_or_scaled(policy: str) -> None:
    plain = np.array(play(Optimizer(PLANE, policy=policy, rng=1), 15))
    # Powers of two scale without rounding: the run is the same to the bit.
    assert (plain == play(Optimizer(PLANE, policy=policy, rng=1), 15, scale=2.0**40)).all()
    shifted = np.array(play(Optimizer(PLANE, policy=policy, rng=1), 8, shift=4096.0))
    np.testing.assert_allclose(shifted, plain[:8], rtol=1e-3)


@every_policy
def test_many_points_before_any_value_are_distinct_and_spread(policy: str) -> None:
    points = np.array(Optimizer([(0.0, 1.0)] * 3, policy=policy, rng=0).ask(n_points=8))
    assert points.shape == (8, 3)
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1) + 9 * np.eye(8)
    assert distance.min() > 0.02


@every_policy
def test_results_may_come_in_any_order(policy: str) -> None:
    optimizer = Optimizer(PLANE, policy=policy, rng=0)
    points = optimizer.ask(n_points=4)
    for i in (2, 0, 3, 1):
        optimizer.tell(points[i], bowl(points[i]))
        points.append(optimizer.ask())
    optimizer.tell(points[4:], [bowl(x) for x in points[4:]])
    assert optimizer.Xi == [points[i] for i in (2, 0, 3, 1, 4, 5, 6, 7)]
    assert len({tuple(x) for x in points}) == 8
    assert optimizer.result().fun == min(bowl(x) for x in points)


@every_policy
def test_a_small_discrete_space_is_exhausted_before_a_point_repeats(policy: str) -> None:
    optimizer = Optimizer([(1, 4), ("a", "b", "c")], policy=policy, rng=0)
    points = []
    for _ in range(12):
        x = optimizer.ask()
        optimizer.tell(x, x[0] + (x[1] == "b"))
        points.append(tuple(x))
    assert len(set(points)) == 12
    assert optimizer.ask() is not None  # a repetition, not an error


@pytest.mark.parametrize("policy", ["lstm", "dnc"])
def test_rounding_makes_no_point_new(policy: str) -> None:
    # The optimum is on a bound of the logarithmic axis, where the policies' candidates crowd, and
    # differ by less than what is left of them in user units.
    space = [(1, 5, "log-uniform"), (1e-5, 1e-1, "log-uniform"), ("a", "b")]
    optimizer = Optimizer(space, policy=policy, rng=1)
    for _ in range(70):
        x = optimizer.ask()
        assert x not in optimizer.Xi
        optimizer.tell(x, bowl(x[:2]))


@every_policy
@pytest.mark.parametrize("dim", [1, 20])
def test_any_dimension(policy: str, dim: int) -> None:
    optimizer = Optimizer([(-1.0, 1.0)] * dim, policy=policy, rng=0)
    points = np.array(play(optimizer, 6))
    assert points.shape == (6, dim)
    assert (np.abs(points) <= 1).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None, np.float32("nan")])
@pytest.mark.parametrize("at", [0, 1, 5])
def test_a_failed_trial_never_becomes_the_best_and_the_run_goes_on(bad: Any, at: int) -> None:
    optimizer = Optimizer(PLANE, rng=0)
    for i in range(8):
        x = optimizer.ask()
        optimizer.tell(x, bad if i == at else bowl(x))
        assert all(math.isfinite(v) for v in optimizer.ask())
    result = optimizer.result()
    assert result.n_failed == 1
    assert math.isfinite(result.fun)
    assert result.func_vals[at] == math.inf
    assert math.isnan(optimizer.yi[at])


def test_only_failures() -> None:
    optimizer = Optimizer(PLANE, rng=0)
    points = [optimizer.ask()]
    for _ in range(6):
        optimizer.tell(points[-1], math.nan)
        points.append(optimizer.ask())
    assert len({tuple(x) for x in points}) == 7
    assert not optimizer.result().success
    assert optimizer.result().x is None


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_values_are_kept_as_told(scale: float) -> None:
    optimizer = Optimizer(PLANE, rng=0)
    with np.errstate(all="raise", under="ignore"):
        points = play(optimizer, 10, scale=scale)
    assert optimizer.yi == [scale * bowl(x) for x in points]


def test_equal_values_do_no_harm() -> None:
    optimizer = Optimizer(PLANE, rng=0)
    for _ in range(10):
        optimizer.tell(optimizer.ask(), 1.0)
    assert len({tuple(x) for x in optimizer.Xi}) == 10


def test_points_never_asked_for_may_be_told() -> None:
    optimizer = Optimizer(PLANE, rng=0)
    optimizer.tell([[2.0, 2.0], [3, 3]], [0.0, 2.0])
    assert optimizer.result().x == [2.0, 2.0]
    assert optimizer.ask() not in ([2.0, 2.0], [3.0, 3.0])


def test_a_finished_point_is_no_longer_pending() -> None:
    optimizer = Optimizer(PLANE, rng=0)
    points = optimizer.ask(n_points=3)
    assert len(optimizer._ledger.waiting(Takes.ALL)) == 3
    optimizer.tell(points[1], 1.0)
    assert {key(u) for u in optimizer._ledger.waiting(Takes.ALL)} == {
        key(optimizer.space.to_cube(points[i])) for i in (0, 2)
    }


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dimensions": []}, SpaceError, "at least one dimension"),
        ({"dimensions": [(3.0, 3.0)]}, SpaceError, "3.0"),
        ({"policy": "gru"}, PolicyError, "policy = 'gru'; expected one of .*dnc"),
        ({"n_calls": 0}, ConfigError, "n_calls = 0"),
        ({"n_calls": 2.5}, ConfigError, "n_calls = 2.5"),
        ({"rng": -1}, ConfigError, "rng = -1"),
        ({"rng": "seed"}, ConfigError, "rng = 'seed'"),
    ],
)
def test_bad_arguments_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Optimizer(**{"dimensions": PLANE, **arguments})


@pytest.mark.parametrize("n", [0, -1, 1.5, "two", True])
def test_bad_numbers_of_points_are_refused(n: Any) -> None:
    with pytest.raises(ConfigError, match="n_points"):
        Optimizer(PLANE).ask(n)


def test_skopt_dimensions_are_understood() -> None:
    skopt_space = pytest.importorskip("skopt.space")
    theirs = [skopt_space.Real(-5.0, 10.0, name="a"), skopt_space.Categorical(["u", "v"], name="b")]
    optimizer = Optimizer(theirs, rng=0)
    assert optimizer.space.names == ["a", "b"]
    assert isinstance(optimizer.space.dimensions[0], Real)
    assert optimizer.ask()[1] in ("u", "v")


@every_policy
def test_the_policy_improves_on_its_first_points(policy: str) -> None:
    # 40 queries of a smooth bowl, with a fixed seed: far better than its first five.
    optimizer = Optimizer([(-5.0, 10.0)] * 2, policy=policy, rng=0)
    values = [bowl(x) for x in play(optimizer, 40)]
    assert min(values) < 0.1 * min(values[:5]) + 1e-9


@every_policy
def test_a_replayed_history_makes_an_equal_optimizer(policy: str) -> None:
    first = Optimizer(PLANE, policy=policy, rng=0)
    events: list[tuple[Any, ...]] = []
    waiting = []
    for t in range(12):
        waiting.append(first.ask())
        events.append((waiting[-1],))
        if t % 3:  # sometimes two results at once, sometimes none
            for _ in range(t % 3):
                if waiting:
                    x = waiting.pop(t % len(waiting))
                    first.tell(x, bowl(x))
                    events.append((x, bowl(x)))
    again = Optimizer(PLANE, policy=policy, rng=0)
    again.replay(events)
    called = Optimizer(PLANE, policy=policy, rng=0)
    for event in events:
        if len(event) == 1:
            called.add_pending(*event)
        else:
            called.tell(*event)
    points = first.ask(n_points=3)
    assert again.ask(n_points=3) == points
    assert called.ask(n_points=3) == points


@every_policy
def test_what_is_worked_out_at_the_tell_changes_no_point(policy: str) -> None:
    optimizer = Optimizer(PLANE, policy=policy, rng=0)
    waiting = optimizer.ask(n_points=3)
    for _ in range(10):
        x = waiting.pop(0)
        optimizer.tell(x, bowl(x))
        late = optimizer.copy()
        idle = [replace(one, prepared=None) for one in late._lineup.proposers]
        late._lineup = replace(late._lineup, proposers=tuple(idle))
        points = optimizer.ask(n_points=2)
        assert late.ask(n_points=2) == points
        waiting.append(points[0])
        optimizer.tell(points[1], bowl(points[1]))


@every_policy
def test_an_ask_after_a_tell_finds_its_work_done(
    policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimizer = Optimizer(PLANE, policy=policy, rng=0)
    play(optimizer, 8)

    def fail(*args: Any) -> None:
        raise AssertionError("worked at the ask")

    for owner, name in ((Network, "score"), (Network, "point"), (KernelPolicy, "choices")):
        monkeypatch.setattr(owner, name, fail)
    optimizer.ask()
    with pytest.raises(AssertionError, match="worked at the ask"):
        optimizer.ask()  # another point is pending now


@every_policy
def test_a_copy_goes_on_alike_and_apart(policy: str) -> None:
    optimizer = Optimizer(PLANE, policy=policy, rng=0)
    play(optimizer, 4)
    optimizer.ask()
    twin = optimizer.copy()
    points = play(twin, 4)
    assert len(optimizer.Xi) == 4
    assert play(optimizer, 4) == points


def test_a_pending_point_must_be_in_the_space() -> None:
    optimizer = Optimizer([(0.0, 1.0)], rng=0)
    with pytest.raises(PointError):
        optimizer.add_pending([2.0])
    assert optimizer.ask() == Optimizer([(0.0, 1.0)], rng=0).ask()


@pytest.mark.parametrize("policy", [None, "lstm-direct"])
def test_an_interrupt_at_any_moment_leaves_what_was_asked_and_told(policy):
    """Whatever line an interrupt comes in: an event has happened, or it has not."""
    space = [(0.0, 1.0), ("a", "b")]

    def interrupted(action, after):
        """Do it, and interrupt it after so many lines of the package; tell whether that was so."""
        lines = itertools.count()
        package = str(Path(rnnbbo.__file__).parent)

        def trace(frame, event, _):
            if not frame.f_code.co_filename.startswith((package + "/optimizer", package + "/ledg")):
                return None
            if event == "line" and next(lines) == after:
                raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            action()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False

    def later(optimizer):
        points = []
        for y in (0.5, 0.25):
            points.append(optimizer.ask())
            optimizer.tell(points[-1], y)
        return points, optimizer.Xi, optimizer.yi

    begun = Optimizer(space, policy=policy, rng=0)
    begun.tell(begun.ask(), 1.0)
    waiting = begun.ask()
    for action in (lambda one: one.tell(waiting, 2.0), lambda one: one.ask()):
        done = begun.copy()
        action(done)
        expected = [later(begun.copy()), later(done)]
        for after in itertools.count():
            one = begun.copy()
            if not interrupted(functools.partial(action, one), after):
                break
            assert later(one) in expected
        assert after > 20
