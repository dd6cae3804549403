"""The choice of a policy, and handing over from one to another during a run."""

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, auto, minimize
from rnnbbo.errors import ConfigError, StudyError

BOX = [(0.0, 1.0)] * 2


def bowl(x):
    return float(np.sum((np.array(x) - 0.3) ** 2))


def test_without_a_reason_against_it_the_best_policies_propose() -> None:
    for n_calls, call_seconds in (
        (None, None),
        (100, None),
        (None, 1e-6),
        (100, 1e-6),
        (9999, 1.0),
    ):
        first, second = auto.make_stages(n_calls, call_seconds)
        assert (first.policies, first.begins) == (("kernel",), 0)
        assert second.policies == ("kernel", auto.TURNS)
        assert first.why
        assert second.why


def test_many_cheap_evaluations_go_on_without_the_dear_policy() -> None:
    *before, last = auto.make_stages(100_000, 1e-6)
    assert [stage.policies for stage in before] == [("kernel",), ("kernel", auto.TURNS)]
    assert last.policies == (auto.TURNS,)
    assert last.begins * auto.KERNEL_SECONDS == pytest.approx(auto.PATIENCE_SECONDS)
    assert "100000 evaluations" in last.why
    # The more expensive the evaluations, the later; as expensive as asks, never.
    assert auto.make_stages(100_000, 0.001)[-1].begins > last.begins
    assert len(auto.make_stages(100_000, auto.KERNEL_SECONDS)) == 2


def test_the_result_says_which_policy_and_why() -> None:
    result = minimize(bowl, BOX, 4, rng=0)
    assert result.policy == "kernel"
    assert result.policy_why == auto.make_stages()[0].why
    named = minimize(bowl, BOX, 4, policy="lstm", rng=0)
    assert (named.policy, named.policy_why) == ("lstm", "")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes turns after 8 evaluations, and goes on without the kernel after 16."""
    monkeypatch.setattr(auto, "CROWDED", 8)
    monkeypatch.setattr(auto, "PATIENCE_SECONDS", 16 * auto.KERNEL_SECONDS)


def test_a_new_policy_knows_what_was_told_and_what_goes_on_is_not_interrupted(soon: None) -> None:
    optimizer = Optimizer(BOX, n_calls=1000, call_seconds=1e-6, rng=0)
    kernel = Optimizer(BOX, policy="kernel", n_calls=1000, rng=0)
    for step in range(16):
        assert optimizer.policy_name == ("kernel" if step < 8 else f"kernel+{auto.TURNS}")
        x = optimizer.ask()
        theirs = kernel.ask()
        assert x == theirs or step >= 8
        value = float("nan") if step in (0, 5) else bowl(x)
        optimizer.tell(x, value)
        kernel.tell(x, value)
        if step < 15:  # the kernel goes on as if it were alone
            np.testing.assert_array_equal(optimizer.state.y, kernel.state.y)
    assert optimizer.policy_name == auto.TURNS
    assert optimizer.policy_why
    twin = Optimizer(BOX, policy=auto.TURNS, rng=0)
    twin.ask()
    twin.tell(optimizer.Xi, optimizer.yi)
    assert optimizer.state.evidence.told == twin.state.evidence.told == 15  # one failed first
    np.testing.assert_array_equal(optimizer.state.evidence.best_x, twin.state.evidence.best_x)
    again = optimizer.copy()
    points = [optimizer.ask() for _ in range(3)]
    assert points == [again.ask() for _ in range(3)]
    assert all(point not in optimizer.Xi for point in points)
    result = minimize(bowl, BOX, 30, call_seconds=1e-6, rng=0)
    assert len(result.x_iters) == 30


def test_policies_propose_in_turn(soon: None) -> None:
    optimizer = Optimizer(BOX, rng=0)
    for _ in range(8):
        x = optimizer.ask()
        optimizer.tell(x, bowl(x))
    alone = {name: Optimizer(BOX, policy=name, rng=0) for name in ("kernel", auto.TURNS)}
    for other in alone.values():
        for point, value in zip(optimizer.Xi, optimizer.yi, strict=True):
            other.add_pending(point)
            other.tell(point, value)
    for turn in (auto.TURNS, "kernel", auto.TURNS, "kernel"):
        x = optimizer.ask()
        assert x == alone[turn].copy().ask()
        optimizer.tell(x, bowl(x))
        for other in alone.values():
            other.add_pending(x)
            other.tell(x, bowl(x))


def test_points_in_flight_survive_the_change(soon: None) -> None:
    optimizer = Optimizer(BOX, n_calls=1000, call_seconds=1e-6, rng=0)
    batch = optimizer.ask(n_points=24)
    for x in batch[:16]:
        optimizer.tell(x, bowl(x))
    assert optimizer.policy_name == auto.TURNS
    new = optimizer.ask(n_points=5)
    assert not [x for x in new if x in batch]
    optimizer.tell(batch[16:], [bowl(x) for x in batch[16:]])
    assert len(optimizer.result().func_vals) == 24


def test_a_study_follows_the_plan_and_resumes_it(tmp_path, soon: None) -> None:
    points = []
    optimizer = Optimizer(BOX, rng=0)
    for _ in range(12):
        with Study(tmp_path / "run.db", BOX, policy="auto", rng=0, resume=True) as study:
            assert study.policy_name == "auto"
            trial = study.ask()
            study.tell(trial, bowl(trial.x))
        points.append(trial.x)
        x = optimizer.ask()
        optimizer.tell(x, bowl(x))
    assert points == optimizer.Xi
    with pytest.raises(StudyError, match="another policy: 'auto', not 'lstm'"):
        Study(tmp_path / "run.db", BOX, policy="lstm", resume=True)


@pytest.mark.parametrize("seconds", [0, -1.0, "fast", True, float("nan")])
def test_malformed_times_are_refused(seconds: object) -> None:
    with pytest.raises(ConfigError, match="call_seconds"):
        Optimizer(BOX, call_seconds=seconds)  # type: ignore[arg-type]
