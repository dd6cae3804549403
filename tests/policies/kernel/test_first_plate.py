"""The design that a run begins with where several points are asked for at once."""

from itertools import combinations

import numpy as np
import pytest

from rnnbbo import Optimizer
from rnnbbo.policies.kernel.first_plate import HIGH, LOW, levels, next_run
from rnnbbo.space import Space


def design(dim: int) -> np.ndarray:
    rows = []
    while (found := levels(len(rows), dim)) is not None:
        rows.append(found)
    return np.array(rows)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 6, 7, 8, 15, 16, 40])
def test_every_pair_of_parameters_is_in_each_of_the_four_ways_equally_often(dim: int) -> None:
    runs = design(dim)
    assert len(runs) & (len(runs) - 1) == 0 and len(runs) > dim
    assert set(runs.ravel()) == {LOW, HIGH}
    high = runs == HIGH
    assert (high.sum(axis=0) == len(runs) / 2).all()
    for i, j in combinations(range(dim), 2):
        assert (high[:, i] & high[:, j]).sum() == len(runs) / 4


@pytest.mark.parametrize(("dim", "runs"), [(1, 2), (2, 4), (3, 8), (4, 8), (7, 8), (8, 16)])
def test_it_has_the_runs_of_the_smallest_design(dim: int, runs: int) -> None:
    assert len(design(dim)) == runs
    assert len(np.unique(design(dim), axis=0)) == runs


def test_with_four_parameters_no_pair_stands_for_another_parameter() -> None:
    signs = np.where(design(4) == HIGH, 1, -1)
    for i, j in combinations(range(4), 2):
        for k in set(range(4)) - {i, j}:
            assert (signs[:, i] * signs[:, j]) @ signs[:, k] == 0


def test_a_plate_is_the_centre_and_a_design_and_goes_on_over_the_cube() -> None:
    asked = np.array(Optimizer([(0.0, 1.0)] * 3, rng=0).ask(12))
    assert (asked[0] == 0.5).all()
    assert (asked[1:9] == design(3)).all()
    assert not np.isin(asked[9:], [LOW, HIGH]).any()


def test_where_one_point_is_asked_for_there_is_no_design() -> None:
    optimizer = Optimizer([(0.0, 1.0)] * 3, rng=0)
    for _ in range(4):
        point = optimizer.ask()
        assert not np.isin(point, [LOW, HIGH]).any()
        optimizer.tell(point, sum(point))


def test_categories_are_those_of_a_quasi_random_point() -> None:
    space = Space([(0.0, 1.0), ("a", "b", "c")])
    q = np.random.default_rng(0).random((1, space.cube_dim))
    run = next_run(space, 1, q)
    assert run[0, 0] == LOW
    assert (run[:, 1:] == space.snap(q)[:, 1:]).all()
    kinds = {point[1] for point in Optimizer(space, rng=0).ask(8)}
    assert kinds == {"a", "b", "c"}


def test_a_run_that_is_not_allowed_is_left_out() -> None:
    asked = Optimizer({"a": (0.0, 1.0), "b": (0.0, 1.0)}, where="a + b <= 1.2", rng=0).ask(8)
    assert all(point["a"] + point["b"] <= 1.2 for point in asked)
    assert {"a": HIGH, "b": HIGH} not in asked
    assert {"a": LOW, "b": HIGH} in asked


def test_categories_alone_have_no_design() -> None:
    space = Space([("a", "b", "c"), (True, False)])
    assert len(next_run(space, 1, np.full((1, space.cube_dim), 0.4))) == 0
    assert len(Optimizer(space, rng=0).ask(5)) == 5
