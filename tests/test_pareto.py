"""Fronts and hypervolumes."""

import itertools

import numpy as np
import pytest

from rnnbbo import pareto


def test_front_of_known_values() -> None:
    values = np.array([[2.0, 2.0], [1.0, 3.0], [2.0, 3.0], [3.0, 1.0], [1.0, 3.0], [np.nan, 0.0]])
    assert pareto.front(values).tolist() == [1, 0, 3]


def test_front_is_what_the_definition_says() -> None:
    rng = np.random.default_rng(0)
    for dim in (1, 2, 3, 4):
        values = rng.integers(0, 6, (600, dim)).astype(float)
        found = set(pareto.front(values).tolist())
        for i, value in enumerate(values):
            dominated = ((values <= value).all(axis=1) & (values < value).any(axis=1)).any()
            first = (values == value).all(axis=1).argmax() == i
            assert (i in found) == (first and not dominated)


def test_front_without_values() -> None:
    assert pareto.front(np.zeros((0, 2))).tolist() == []
    assert pareto.front(np.array([[np.inf, 1.0]])).tolist() == []


def test_hypervolume_of_known_fronts() -> None:
    reference = np.array([4.0, 4.0])
    values = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])
    assert pareto.hypervolume(values, reference) == 3.0 + 2.0 + 1.0
    assert pareto.hypervolume(np.array([[4.0, 0.0], [5.0, 5.0]]), reference) == 0.0
    assert pareto.hypervolume(np.zeros((0, 2)), reference) == 0.0
    assert pareto.hypervolume(np.array([[1.0, 2.0, 3.0]]), np.array([2.0, 4.0, 6.0])) == 6.0


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
def test_hypervolume_by_inclusion_and_exclusion(dim: int) -> None:
    rng = np.random.default_rng(dim)
    for _ in range(5):
        values, reference = rng.random((7, dim)), np.full(dim, 0.9)
        inside = values[(values < reference).all(axis=1)]
        expected = 0.0
        for size in range(1, len(inside) + 1):
            for some in itertools.combinations(inside, size):
                corner = np.max(some, axis=0)
                expected -= (-1.0) ** size * np.prod(reference - corner)
        assert pareto.hypervolume(values, reference) == pytest.approx(expected, abs=1e-12)


def test_reference_lies_beyond_the_front() -> None:
    values = np.array([[0.0, 10.0], [1.0, 5.0]])
    assert pareto.derived_reference(values) == pytest.approx([1.1, 10.5])
    assert pareto.derived_reference(np.array([[-2.0, 0.0]])) == pytest.approx([-1.8, 0.1])


def test_compromise_is_near_the_best_of_each() -> None:
    values = np.array([[0.0, 10.0], [9.0, 9.0], [0.4, 3.0], [1.0, 0.0]])
    assert pareto.compromise(values) == 2
    assert pareto.compromise(np.array([[3.0, 4.0]])) == 0
