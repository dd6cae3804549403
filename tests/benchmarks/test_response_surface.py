"""The classical design: what its fractions are, and that surfaces lead to a quadratic's minimum."""

import numpy as np
import pytest

from rnnbbo.benchmarks.methods.response_surface import ResponseSurface, fraction, quadratic


@pytest.mark.parametrize(("dim", "most", "runs"), [(3, 21, 8), (5, 21, 16), (6, 40, 32), (7, 8, 8)])
def test_a_fraction_is_orthogonal(dim: int, most: int, runs: int) -> None:
    design = fraction(dim, most)
    assert design.shape == (runs, dim)
    assert set(design.ravel()) == {-1.0, 1.0}
    np.testing.assert_array_equal(design.T @ design, runs * np.eye(dim))
    assert (design.sum(axis=0) == 0.0).all()


def test_a_half_of_six_factors_confounds_no_two_interactions() -> None:
    x = fraction(6, 40)
    pairs = np.array([x[:, i] * x[:, j] for i in range(6) for j in range(i)])
    both = np.concatenate([x.T, pairs])
    np.testing.assert_array_equal(both @ both.T, 32 * np.eye(len(both)))


def test_a_quadratic_has_all_terms() -> None:
    np.testing.assert_array_equal(quadratic(np.array([[2.0, 3.0]])), [[1, 2, 3, 4, 6, 9]])


def test_it_begins_with_a_central_composite_design_and_goes_to_the_minimum() -> None:
    centre = np.array([0.6, 0.35, 0.5])
    method = ResponseSurface(3, 40, 0)
    points = []
    for _ in range(40):
        points.append(method.ask())
        method.tell(points[-1], float(np.sum((points[-1] - centre) ** 2)))
    first = np.array(points[:15])
    assert len(np.unique(first, axis=0)) == 15
    assert set(first.ravel()) == {0.0, 0.5, 1.0}
    assert ((first == 0.5).sum(axis=1) == 0).sum() == 8
    assert ((first == 0.5).sum(axis=1) == 2).sum() == 6
    # All later points lie round the surface's minimum, half as far away.
    second = np.array(points[15:30])
    assert np.abs(second - centre).max() < 0.25 + 0.06
    assert min(np.abs(one - centre).max() for one in second) < 0.06
