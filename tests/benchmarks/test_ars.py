"""Augmented random search against a step of its algorithm that is worked out by hand."""

import numpy as np
import pytest

from rnnbbo.benchmarks.methods.ars import ARS, SmallARS


def weights(u: np.ndarray) -> np.ndarray:
    return 4.0 * u - 2.0


@pytest.mark.parametrize("method", [ARS, SmallARS])
def test_a_step_goes_along_the_best_directions_by_the_spread_of_their_rewards(method) -> None:
    run = method(3, 100, 4)
    start = weights(run.recommend())
    assert np.any(start) != method.from_zero
    asked, rewards = [], np.random.default_rng(1).normal(size=2 * method.directions)
    for reward in rewards:
        u = run.ask()
        asked.append(weights(u))
        run.tell(u, -reward)
    plus, minus = np.array(asked[::2]), np.array(asked[1::2])
    assert plus + minus == pytest.approx(2 * np.broadcast_to(start, plus.shape))
    deltas = (plus - minus) / (2 * method.noise)
    order = sorted(range(method.directions), key=lambda k: -max(rewards[2 * k : 2 * k + 2]))
    used = order[: method.best]
    spread = np.std([rewards[2 * k + side] for k in used for side in (0, 1)])
    step = sum((rewards[2 * k] - rewards[2 * k + 1]) * deltas[k] for k in used)
    moved = weights(run.recommend()) - start
    assert moved == pytest.approx(method.step_size / (method.best * spread) * step)


def test_rewards_that_are_all_equal_move_nothing_and_a_failure_is_the_worst() -> None:
    run = ARS(2, 100, 0)
    for t in range(16):
        run.tell(run.ask(), np.nan if t == 7 else 3.0)
    assert weights(run.recommend()) == pytest.approx([0.0, 0.0])


def test_it_climbs_a_slope() -> None:
    run = ARS(4, 2000, 0)
    values = []
    for _ in range(2000):
        u = run.ask()
        values.append(float(np.sum((u - 0.7) ** 2)))
        run.tell(u, values[-1])
    assert values[-1] < 0.1 * values[0]
