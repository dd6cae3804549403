"""The say that a trained network has at first."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rnnbbo import Optimizer, Space, checkpoint, shipped
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.kernel.advice import Hearing
from rnnbbo.policies.kernel.kernel_policy import KernelConfig, KernelPolicy, KernelState
from rnnbbo.policies.protocol import Adviser

CUBE = Space([(0.0, 1.0)] * 3)


def value(x: object) -> float:
    u = np.asarray(x)
    return float(np.sum((u - 0.3) ** 2) + 0.1 * np.cos(15 * u).sum())


def alone(config: KernelConfig | None = None) -> checkpoint.Checkpoint:
    """The policy without a network."""
    policy = KernelPolicy(config or KernelConfig())
    return replace(shipped.load("kernel"), policy=policy, params={})


def told(count: int) -> KernelState:
    policy, rng = KernelPolicy(), np.random.default_rng(0)
    state = policy.init(3)
    for n in range(count):
        x = rng.random((1, 3))
        observation = Observation(x, np.array([value(x)]), rng.random((1, 3)), True, seed=(n,))
        state = policy.step({}, state, observation)
    return state


def test_the_shipped_kernel_is_advised_by_the_shipped_network() -> None:
    kernel, network = shipped.load("kernel"), shipped.load(shipped.ADVISER)
    assert isinstance(kernel.policy, KernelPolicy)
    assert kernel.policy.adviser == network.policy
    assert checkpoint.digest_of(kernel.params) == checkpoint.digest_of(network.params)


class Stand(Adviser):
    """An adviser of fixed points, and of a score."""

    def __init__(self, points: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> None:
        self.points, self.score = points, score

    def init(self, dim: int) -> int:
        return 0

    def step(self, params: object, state: int, observation: Observation) -> int:
        return state + 1

    def choices(self, *_: object) -> np.ndarray:
        return self.points

    def score_points(
        self, params: object, state: int, points: np.ndarray, *_: object
    ) -> np.ndarray:
        return self.score(points)


def test_advice_joins_the_candidates_and_their_values() -> None:
    state = told(8)._replace(adviser=Hearing(0))
    theirs = np.array([[0.11, 0.22, 0.33], [0.9, 0.8, 0.7]])
    seen = []

    def score(points: np.ndarray) -> np.ndarray:
        seen.append(points)
        return np.where((points == theirs[1]).all(axis=1), 1e6, 0.0)

    def ranked(adviser: Adviser | None) -> np.ndarray:
        policy, rng = KernelPolicy(adviser=adviser), np.random.default_rng(1)
        return policy.choices({}, state, np.zeros((0, 3)), CUBE, rng)

    before, after = ranked(None), ranked(Stand(theirs, score))
    assert after[0].tolist() == theirs[1].tolist()
    (points,) = seen
    assert len(points) == len(after) == len(before) + 2
    # Without weight nothing but the new candidates is changed.
    same = ranked(Stand(theirs, lambda points: np.zeros(len(points))))
    others = [x for x in same.tolist() if x not in theirs.tolist()]
    np.testing.assert_allclose(others, before, rtol=1e-9, atol=1e-12)  # by other sums, if compiled


def test_its_weight_fades_with_the_values_told() -> None:
    policy = replace(shipped.load("kernel").policy, config=KernelConfig(advised=20))
    assert [policy.advice_weight(told) for told in (0, 5, 20, 300)] == [1.0, 0.75, 0.0, 0.0]
    assert KernelPolicy().advice_weight(0) == 0.0


@pytest.mark.parametrize("dim", [1, 4])
def test_once_it_has_faded_the_network_is_gone(dim: int) -> None:
    kernel = shipped.load("kernel")
    short = replace(kernel, policy=replace(kernel.policy, config=KernelConfig(advised=10)))
    advised, plain = (
        Optimizer([(0.0, 1.0)] * dim, policy=one, rng=3)
        for one in (short, alone(KernelConfig(advised=10)))
    )
    differ = []
    for n in range(14):
        x = advised.ask()
        differ.append(x != plain.copy().ask())
        assert (advised.state.adviser is None) == (n >= 10)
        y = float(np.sum((np.array(x) - 0.3) ** 2))
        advised.tell(x, y)
        plain.add_pending(x)
        plain.tell(x, y)
    # The centre comes first in any case; from the tenth value on nothing but the kernel speaks.
    assert not any([differ[0], *differ[10:]])
    assert any(differ[2:10])


def test_pending_points_are_known_to_both() -> None:
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy="kernel", rng=0)
    for _ in range(6):
        x = optimizer.ask()
        optimizer.tell(x, value(x))
    batch = optimizer.ask(n_points=6)
    assert len({tuple(np.round(x, 6)) for x in batch}) == 6
    assert optimizer.state.adviser.state.evidence.steps == optimizer.state.evidence.steps
