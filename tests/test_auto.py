"""The choice of a policy, and handing over from one to another during a run."""

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, auto, minimize
from rnnbbo.errors import ConfigError

BOX = [(0.0, 1.0)] * 2


def bowl(x):
    return float(np.sum((np.array(x) - 0.3) ** 2))


def test_without_a_reason_against_it_the_best_policy_proposes() -> None:
    for n_calls, call_seconds in (
        (None, None),
        (100, None),
        (None, 1e-6),
        (100, 1e-6),
        (9999, 1.0),
    ):
        (only,) = auto.plan(n_calls, call_seconds)
        assert (only.policy, only.begins) == ("kernel", 0)
        assert only.why


def test_many_cheap_evaluations_are_handed_over_when_asking_has_taken_its_time() -> None:
    first, second = auto.plan(100_000, 1e-6)
    assert (first.policy, second.policy) == ("kernel", auto.CHEAP)
    assert second.begins * auto.KERNEL_SECONDS == pytest.approx(auto.PATIENCE_SECONDS)
    assert "100000 evaluations" in second.why
    # The dearer the evaluations, the later; as dear as asks, never.
    assert auto.plan(100_000, 0.001)[1].begins > second.begins
    assert len(auto.plan(100_000, auto.KERNEL_SECONDS)) == 1


def test_the_result_says_which_policy_and_why() -> None:
    result = minimize(bowl, BOX, 4, rng=0)
    assert result.policy == "kernel"
    assert result.policy_why == auto.plan()[0].why
    named = minimize(bowl, BOX, 4, policy="lstm", rng=0)
    assert (named.policy, named.policy_why) == ("lstm", "")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hands over after 8 evaluations."""
    monkeypatch.setattr(auto, "PATIENCE_SECONDS", 8 * auto.KERNEL_SECONDS)


def test_the_new_policy_goes_on_as_if_it_had_been_told_everything(soon: None) -> None:
    optimizer = Optimizer(BOX, n_calls=1000, call_seconds=1e-6, rng=0)
    kernel = Optimizer(BOX, policy="kernel", n_calls=1000, rng=0)
    for step in range(8):
        assert optimizer.policy_name == "kernel"
        x = optimizer.ask()
        assert x == kernel.ask()
        value = float("nan") if step in (0, 5) else bowl(x)
        optimizer.tell(x, value)
        kernel.tell(x, value)
    assert optimizer.policy_name == auto.CHEAP
    assert optimizer.policy_why
    twin = Optimizer(BOX, policy=auto.CHEAP, rng=0)
    twin.tell(optimizer.Xi, optimizer.yi)
    for mine, theirs in zip(optimizer.state.evidence, twin.state.evidence, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    again = optimizer.copy()
    points = [optimizer.ask() for _ in range(3)]
    assert points == [again.ask() for _ in range(3)]
    assert all(point not in optimizer.Xi for point in points)
    result = minimize(bowl, BOX, 30, call_seconds=1e-6, rng=0)
    assert result.policy == auto.CHEAP
    assert len(result.x_iters) == 30


def test_points_in_flight_survive_the_change(soon: None) -> None:
    optimizer = Optimizer(BOX, n_calls=1000, call_seconds=1e-6, rng=0)
    batch = optimizer.ask(n_points=12)
    for x in batch[:8]:
        optimizer.tell(x, bowl(x))
    assert optimizer.policy_name == auto.CHEAP
    new = optimizer.ask(n_points=5)
    assert not [x for x in new if x in batch]
    optimizer.tell(batch[8:], [bowl(x) for x in batch[8:]])
    assert len(optimizer.result().func_vals) == 12


def test_a_study_keeps_one_policy(tmp_path) -> None:
    with Study(tmp_path / "run.db", BOX, policy="auto", rng=0) as study:
        assert study.policy_name == "kernel"
    with Study(tmp_path / "run.db", BOX, policy="auto", resume=True) as study:
        assert study.policy_name == "kernel"


@pytest.mark.parametrize("seconds", [0, -1.0, "fast", True, float("nan")])
def test_malformed_times_are_refused(seconds: object) -> None:
    with pytest.raises(ConfigError, match="call_seconds"):
        Optimizer(BOX, call_seconds=seconds)  # type: ignore[arg-type]
