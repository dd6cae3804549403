"""Asking and telling with several objectives, by the default and by policies that know of one."""

from typing import Any

import numpy as np
import pytest

from rnnbbo import Optimizer, pareto
from rnnbbo.errors import ObservationError, PolicyError
from rnnbbo.policies.evidence import Observation
from rnnbbo.policies.protocol import Policy
from rnnbbo.scalarisation import draw_weights, scalarise

SPACE = [(-2.0, 2.0), (-2.0, 2.0)]
CORNER = np.array([9.0, 9.0])
BEST = 81.0 - 1.0 / 6.0  # hypervolume of the front (t^2, (1 - t)^2) is that


def bowls(x: list[float]) -> list[float]:
    """Return two objectives; between (0, 0) and (1, 0) one is better or the other."""
    return [x[0] ** 2 + x[1] ** 2, (x[0] - 1.0) ** 2 + x[1] ** 2]


def run(optimizer: Optimizer, count: int) -> np.ndarray:
    """Ask, evaluate and tell so often; return all values."""
    for _ in range(count):
        x = optimizer.ask()
        optimizer.tell(x, bowls(x))
    return np.array(optimizer.yi)


@pytest.mark.parametrize("policy", ["auto", "dnc"])
def test_the_front_is_found(policy: str) -> None:
    optimizer = Optimizer(SPACE, policy=policy, rng=0, reference=CORNER.tolist())
    values = run(optimizer, 16)
    at_random = np.random.default_rng(0).uniform(-2.0, 2.0, (16, 2))
    left = BEST - pareto.hypervolume(values, CORNER)
    assert left < 0.3 * (BEST - pareto.hypervolume(np.array([bowls(x) for x in at_random]), CORNER))
    assert len(pareto.front(values)) >= 5


@pytest.mark.parametrize("policy", ["kernel", "lstm"])
def test_directions_are_a_matter_of_signs(policy: str) -> None:
    smaller = Optimizer(SPACE, policy=policy, rng=1)
    mixed = Optimizer(SPACE, policy=policy, rng=1, directions=["maximize", "minimize"])
    for _ in range(8):
        x = smaller.ask()
        assert mixed.ask() == x
        first, second = bowls(x)
        smaller.tell(x, [first, second])
        mixed.tell(x, [-first, second])
    assert mixed.yi[3] == [-smaller.yi[3][0], smaller.yi[3][1]]
    assert smaller.directions == (False, False) and mixed.directions == (True, False)


@pytest.mark.parametrize("policy", ["kernel", "dnc"])
def test_a_history_gives_the_same_proposals(policy: str) -> None:
    first = Optimizer(SPACE, policy=policy, rng=2)
    run(first, 6)
    pending = first.ask()
    again = Optimizer(SPACE, policy=policy, rng=2)
    told = list(zip(first.Xi, first.yi, strict=True))
    events: list[tuple[Any, ...]] = []
    for x, y in told:
        events += [(x,), (x, y)]
    again.replay([*events, (pending,)])
    twin = first.copy()
    third = Optimizer(SPACE, policy=policy, rng=2)
    third.restore([*events, (pending,)], first.snapshot())
    x = first.ask()
    assert again.ask() == x and twin.ask() == x and third.ask() == x


def test_the_unit_of_an_objective_changes_nothing() -> None:
    plain, scaled = (Optimizer(SPACE, policy="kernel", rng=3) for _ in range(2))
    for _ in range(8):
        x, other = plain.ask(), scaled.ask()
        assert other == pytest.approx(x, abs=1e-6)
        first, second = bowls(x)
        plain.tell(x, [first, second])
        scaled.tell(x, [first, 2.0**40 * second])


def test_a_single_list_is_one_trial() -> None:
    optimizer = Optimizer(SPACE, rng=0)
    optimizer.tell([0.5, 0.5], [1.0, 2.0])
    optimizer.tell([[0.1, 0.2], [0.3, 0.4]], [[3.0, 4.0], [5.0, 6.0]])
    assert optimizer.yi == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert len(optimizer.ask()) == 2


def test_a_failure_is_one_of_all_objectives() -> None:
    optimizer = Optimizer(SPACE, policy="kernel", rng=0)
    optimizer.tell([0.0, 0.0], None)
    optimizer.tell([0.1, 0.0], [1.0, float("nan")])
    optimizer.tell([0.5, 0.5], [1.0, 2.0])
    optimizer.tell([0.7, 0.5], float("nan"))
    run(optimizer, 2)
    assert np.isnan(np.array(optimizer.yi)[[0, 1, 3]]).all()
    assert optimizer.recommend() is not None


def test_another_number_of_objectives_is_refused() -> None:
    optimizer = Optimizer(SPACE, rng=0)
    optimizer.tell([0.5, 0.5], [1.0, 2.0])
    with pytest.raises(ObservationError, match="list of 2 numbers"):
        optimizer.tell([0.1, 0.5], [1.0, 2.0, 3.0])
    with pytest.raises(ObservationError, match="list of 2 numbers"):
        optimizer.tell([0.1, 0.5], 1.0)
    assert len(optimizer.Xi) == 1
    single = Optimizer(SPACE, rng=0)
    single.tell([0.5, 0.5], 1.0)
    with pytest.raises(ObservationError, match="one number"):
        single.tell([0.1, 0.5], [1.0, 2.0])


def test_points_that_are_pending_are_kept_away_from() -> None:
    for policy in ("kernel", "lstm"):
        optimizer = Optimizer(SPACE, policy=policy, rng=4)
        run(optimizer, 8)
        plate = np.array(optimizer.ask(4))
        apart = np.abs(plate[:, None] - plate).max(axis=2)[np.triu_indices(4, 1)]
        assert apart.min() > 1e-3


def test_constraints_of_several_objectives() -> None:
    optimizer = Optimizer(SPACE, policy="kernel", rng=5)
    for _ in range(16):
        x = optimizer.ask()
        optimizer.tell(x, bowls(x), constraints={"above": 0.5 - x[0]})
    late = np.array(optimizer.Xi[8:])
    assert (late[:, 0] >= 0.45).mean() > 0.6
    best = optimizer.recommend()
    assert best is not None and best[0] >= 0.5


def test_five_objectives() -> None:
    optimizer = Optimizer([(0.0, 1.0)] * 3, policy="kernel", rng=6)
    centres = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1.0]])
    for _ in range(8):
        x = optimizer.ask()
        optimizer.tell(x, np.square(np.array(x) - centres).sum(axis=1))
    assert np.array(optimizer.yi).shape == (8, 5)


class OwnPolicy(Policy):
    """Remembers the values that it was told; proposes at random."""

    about = "remembers"

    def init(self, dim: int) -> tuple[float, ...]:
        return ()

    def step(self, params: Any, state: tuple[float, ...], observation: Observation) -> Any:
        return (*state, float(observation.y[0])) if observation.told else state

    def choices(
        self, params: Any, state: Any, pending: Any, space: Any, rng: np.random.Generator
    ) -> np.ndarray:
        return rng.random((1, space.cube_dim))


def test_a_policy_of_one_objective_is_told_one_value() -> None:
    optimizer = Optimizer(SPACE, policy=OwnPolicy(), rng=8)
    run(optimizer, 5)
    told = np.array(optimizer.state)
    assert told.shape == (5,) and np.isfinite(told).all()


def test_scalarised_values_are_the_published_ones() -> None:
    values = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [np.nan, np.nan], [2.0, 3.0]])
    points = np.linspace(0.0, 1.0, 5)[:, None]
    found = scalarise(points, values, np.array([0.25, 0.75]))
    expected = [0.75 + 0.05 * 0.75, 0.25 + 0.05 * 0.25, 0.375 + 0.05 * 0.5]
    assert found[:3] == pytest.approx(expected)
    assert np.isnan(found[3]) and found[4] == pytest.approx(2.25 + 0.05 * 2.75)
    weights = draw_weights(np.random.default_rng(0), 4)
    assert weights.shape == (4,) and weights.sum() == pytest.approx(1.0) and (weights > 0).all()


def test_whatever_the_weights_the_least_value_is_on_the_front() -> None:
    rng = np.random.default_rng(9)
    values, points = rng.random((40, 3)), rng.random((40, 2))
    on_front = set(pareto.front(values).tolist())
    for _ in range(20):
        assert int(scalarise(points, values, draw_weights(rng, 3)).argmin()) in on_front


def test_earlier_studies_are_of_one_objective() -> None:
    optimizer = Optimizer(SPACE, rng=0, prior=([[0.0, 0.0], [1.0, 1.0]], [1.0, 2.0]))
    with pytest.raises(PolicyError, match="prior, and values of 2 objectives"):
        optimizer.tell([0.5, 0.5], [1.0, 2.0])
    optimizer.tell([0.5, 0.5], 1.0)
