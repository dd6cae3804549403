import numpy as np
import pytest

from rnnbbo import Categorical, Integer, Optimizer, Space
from rnnbbo.policies import candidates


def spray(rng: np.random.Generator, centre: np.ndarray, count: int, radius: float) -> np.ndarray:
    return np.clip(centre + radius * rng.standard_normal((count, len(centre))), 0.0, 1.0)


def test_reals_alone_stay_as_they_were_sprayed() -> None:
    rng, space = np.random.default_rng(0), Space([(0.0, 1.0)] * 3)
    centre = np.array([0.2, 0.5, 0.9])
    points = spray(rng, centre, 40, 0.1)
    before = rng.bit_generator.state
    assert np.array_equal(candidates.snap_near(rng, space, points, centre), points)
    assert rng.bit_generator.state == before


def test_no_candidate_is_its_centre_again() -> None:
    rng = np.random.default_rng(0)
    space = Space([Integer(0, 9), ("a", "b", "c"), ("x", "y")])
    centre = space.to_cube([4, "b", "y"])
    points = candidates.snap_near(
        rng, space, spray(rng, centre, 100, 0.002), centre.astype(np.float32)
    )
    assert np.array_equal(points, space.snap(points))
    assert not (points == centre).all(axis=1).any()


def test_a_quarter_changes_integers_or_categories_and_keeps_its_reals() -> None:
    rng = np.random.default_rng(0)
    space = Space([(0.0, 1.0), ("a", "b", "c")])
    centre = space.to_cube([0.5, "b"])
    sprayed = spray(rng, centre, 100, 0.01)
    points = candidates.snap_near(rng, space, sprayed, centre)
    assert np.array_equal(points[:, 0], sprayed[:, 0])
    other = (points[:, 1:] != centre[1:]).any(axis=1)
    assert other.tolist() == [i % 4 == 0 for i in range(100)]


@pytest.mark.parametrize("policy", ["kernel", "dnc", "lstm"])
def test_few_evaluations_solve_a_sum_over_categories(policy: str) -> None:
    """6 choices of 5: the number of wrong ones. One look at each choice of each would take 25."""
    target = np.random.default_rng(3).integers(5, size=6)
    needed = []
    for seed in range(6):
        optimizer = Optimizer([Categorical(list("abcde"))] * 6, policy=policy, rng=seed)
        wrong = 6
        while wrong:
            x = optimizer.ask()
            wrong = sum("abcde".index(c) != t for c, t in zip(x, target, strict=True))
            optimizer.tell(x, wrong)
            assert len(optimizer.yi) <= 40
        needed.append(len(optimizer.yi))
    assert np.median(needed) <= 18  # 10 to 14, give or take 2 by the luck of six seeds


@pytest.mark.parametrize("dim", [1, 2, 17])
def test_one_quasi_random_point_is_that_of_the_sequence(dim: int) -> None:
    shift = np.random.default_rng(0).random((1, dim))
    for index in (0, 1, 77, 100_003):
        expected = candidates.quasi_random(np, shift, index, 1)[0]
        assert np.array_equal(candidates.quasi_random_point(shift, index), expected)
