"""Many values without an ask among them: cheap, and the same however they are handed over."""

from typing import Any

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.policies.protocol import BULK, Policy

PLANE = [(0.0, 1.0), (0.0, 1.0)]


def bowl(x: list[float]) -> float:
    return (x[0] - 0.3) ** 2 + 2.0 * (x[1] - 0.6) ** 2 + 0.1 * float(np.cos(9.0 * x[0]))


def rows(n: int) -> list[tuple[list[float], float]]:
    points = np.random.default_rng(0).random((n, 2)).tolist()
    return [(x, bowl(x)) for x in points]


@pytest.mark.parametrize(
    "policy", [pytest.param("kernel", marks=pytest.mark.slow), "lstm", "lstm-direct"]
)
def test_the_state_follows_from_the_history_alone(policy: str) -> None:
    known = rows(2 * BULK + 30)
    at_once = Optimizer(PLANE, policy=policy, rng=0)
    at_once.tell([x for x, _ in known], [y for _, y in known])
    looked_at = Optimizer(PLANE, policy=policy, rng=0)
    for i, one in enumerate(known):
        looked_at.replay([one])
        if i in (3, BULK - 2, BULK - 1, 2 * BULK - 2, 2 * BULK):
            assert looked_at.state.evidence.told == i + 1
    assert looked_at.ask(2) == at_once.ask(2)
    assert looked_at.recommend() == at_once.recommend()


def test_asks_among_the_values_part_them() -> None:
    """A run that asks takes every step, however many values it has."""
    known = rows(2 * BULK)
    in_turn = Optimizer(PLANE, policy="lstm", rng=0)
    for x, y in known:
        in_turn.replay([(x,), (x, y)])
    state = in_turn.state
    steps = Optimizer(PLANE, policy="lstm", rng=0)
    for x, y in known:
        steps.add_pending(x)
        steps.replay([(x, y)])
        steps.state  # noqa: B018, it is worked out
    np.testing.assert_array_equal(state.archive.x, steps.state.archive.x)
    np.testing.assert_array_equal(state.processes.shift, steps.state.processes.shift)


@pytest.mark.slow
def test_most_values_of_a_bulk_cost_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    from rnnbbo.policies.kernel.kernel_policy import KernelPolicy

    taken = []
    step = KernelPolicy.step
    monkeypatch.setattr(
        KernelPolicy, "step", lambda *args: taken.append(1) or step(*args)  # type: ignore[func-returns-value]
    )  # fmt: skip
    optimizer = Optimizer(PLANE, policy="kernel", rng=0)
    optimizer.replay(rows(4 * BULK + 3))
    assert optimizer.state.evidence.told == 4 * BULK + 3
    assert len(taken) == BULK + 3
    assert len(optimizer.state.y) <= optimizer.state.belief.inverse.shape[1] <= 200
    best = min(rows(4 * BULK + 3), key=lambda row: row[1])[0]
    assert optimizer.recommend() == best


def test_a_policy_of_ones_own_takes_every_step() -> None:
    class Counts(Policy):
        def init(self, dim: int) -> Any:
            return np.zeros(dim), 0

        def step(self, params: Any, state: Any, observation: Any) -> Any:
            return state[0] + observation.x[0], state[1] + observation.told

        def choices(self, params: Any, state: Any, *_: Any) -> np.ndarray:
            return (state[0] / max(state[1], 1))[None]

    known = rows(BULK + 50)
    optimizer = Optimizer(PLANE, policy=Counts())
    optimizer.tell([x for x, _ in known], [y for _, y in known])
    np.testing.assert_allclose(optimizer.ask(), np.mean([x for x, _ in known], axis=0))


@pytest.mark.parametrize("place", ["step", "choices"])
@pytest.mark.parametrize("during", ["tell", "ask"])
def test_an_interrupted_call_leaves_the_state_of_the_history(
    place: str, during: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value is told once, whole, or not at all; an ask was made, or not."""
    from rnnbbo.policies.network.network import Network

    def run(interrupts: bool) -> list[list[float]]:
        optimizer = Optimizer(PLANE, policy="lstm", rng=0)
        for t in range(6):
            x = optimizer.ask()
            if interrupts and t == 3 and during == "ask":
                interrupted(optimizer.ask)
            if t == 3 and during == "ask":
                optimizer.ask()  # a second point is pending
            if interrupts and t == 3 and during == "tell":
                interrupted(lambda: optimizer.tell(x, bowl(x)))  # noqa: B023
                assert len(optimizer.yi) == t + 1
            else:
                optimizer.tell(x, bowl(x))
        return [*optimizer.Xi, optimizer.ask()]

    def interrupted(call: Any) -> None:
        def stop(*args: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Network, place, stop)
            with pytest.raises(KeyboardInterrupt):
                call()

    assert run(True) == run(False)
