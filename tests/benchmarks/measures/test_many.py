import numpy as np
import pytest

from rnnbbo import core
from rnnbbo.benchmarks.measures.batched_runs import BatchedObjectives, operations, own_seconds
from rnnbbo.many import minimize_many


def test_objectives_are_standardised_and_the_same_one_by_one():
    objectives = BatchedObjectives(5, 3, seed=0)
    points = np.random.default_rng(0).random((400, 5, 3))
    values = np.array([objectives(x) for x in points])
    assert np.all(np.abs(values.mean(axis=0)) < 0.5)
    assert np.all(np.abs(np.log(values.std(axis=0))) < 0.5)
    np.testing.assert_array_equal(BatchedObjectives(5, 3, seed=0)(points[0]), values[0])


def test_the_objectives_time_is_left_out():
    objectives = BatchedObjectives(4, 2, seed=0)

    def run():
        objectives.seconds += 1000.0
        return minimize_many(objectives, [(0.0, 1.0)] * 2, 4, 2, rng=0)

    assert own_seconds(objectives, run)[0] < -900.0


def test_operations_grow_with_the_network():
    counts = {policy: operations(policy, 3, 4, 0) for policy in ("lstm-direct", "lstm", "dnc")}
    assert 1e4 < counts["lstm-direct"] < counts["lstm"] < counts["dnc"] < 1e9


def test_a_row_a_policy_and_one_of_random_search(measured):
    options = "--policies lstm-direct --problems 20 --n-calls 6 --dim 2 --alone 3"
    (subsection,) = measured("many", *options.split())
    assert subsection.text[0].startswith("20 problems in 2 dimensions, 6 evaluations each")
    (table,) = subsection.tables
    assert table.head[:3] == ("policy", "time", "asks a second")
    assert table.head[-1] == "the first 3, one by one"
    assert [row[0].text for row in table.rows] == ["lstm-direct", "random search"]


def test_numpy_and_the_core_stand_beside_each_other(measured):
    here = core.name()
    if here == "numpy":
        pytest.skip("the core was not built")
    options = "--policies lstm,lstm-direct --problems 20 --n-calls 3 --dim 2 --repeats 2"
    (subsection,) = measured("many", *options.split(), "--cores", f"numpy,{here}")
    (table,) = subsection.tables
    assert table.head[:4] == ("policy", "numpy", here, f"numpy / {here}")
    assert [row[0].text for row in table.rows] == ["lstm", "lstm-direct"]
    for row in table.rows:
        assert row[3].value == pytest.approx(row[1].value / row[2].value)
        assert row[4].text.split()[0] == row[5].text.split()[0]
    assert core.name() == here


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--policies lstm,kernel", "'kernel', which does not run in batches"),
        ("--policies lstm,nope", "policy = 'nope'; expected"),
        ("--problems 0", "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(options, expected, refused):
    assert expected in refused("many", *options.split())
