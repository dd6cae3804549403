"""Studies of several objectives: what the file keeps, and tables of them."""

import json
import sqlite3

import numpy as np
import pytest

from rnnbbo import Optimizer, Study, minimize
from rnnbbo.errors import ConfigError, ObservationError, StudyError, TableError, TrialError
from rnnbbo.sheet import objective_columns, objectives_in
from rnnbbo.study.plate import plate_csv, plate_rows

BOX = [(-2.0, 3.0), (-2.0, 3.0)]
QUICK = {"policy": "lstm-direct", "rng": 3}
DOWN_UP = ["minimize", "maximize"]


def two(x):
    return [x[0] ** 2 + x[1] ** 2, (x[0] - 2) ** 2 + (x[1] - 1) ** 2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


@pytest.mark.parametrize("policy", ["kernel", "lstm-direct"])
def test_a_study_goes_on_as_one_run(path, policy):
    options = {"policy": policy, "rng": 3, "directions": DOWN_UP, "reference": [9.0, 0.0]}
    whole = minimize(two, BOX, 9, **options)
    minimize(two, BOX, 4, study=path, **options)
    with sqlite3.connect(path) as connection:
        (settings,) = connection.execute("SELECT settings FROM study").fetchone()
        rows = connection.execute("SELECT value, objectives FROM trial").fetchall()
    assert json.loads(settings) == {"directions": DOWN_UP, "reference": [9.0, 0.0]}
    assert [json.loads(text) for _, text in rows] == whole.func_vals[:4].tolist()
    assert all(value is None for value, _ in rows)
    result = minimize(two, BOX, 9, study=path, resume=True)
    assert result.x_iters == whole.x_iters
    np.testing.assert_array_equal(result.func_vals, whole.func_vals)
    assert result.front.indices == whole.front.indices
    assert (result.hypervolume, result.reference) == (whole.hypervolume, [9.0, 0.0])
    with Study(path, resume=True) as study:
        assert (study.signs, study.maximize, study.n_objectives) == ((False, True), False, 2)
        assert study.reference == [9.0, 0.0]
        assert study.recommend() == whole.x
        study.backup(path.with_name("copy.db"))
    with Study(path.with_name("copy.db"), resume=True) as study:
        assert study.result().hypervolume == whole.hypervolume


def test_a_study_is_not_mixed_with_another_direction_or_reference(path):
    Study(path, BOX, **QUICK, directions=DOWN_UP, reference=[1.0, 2.0]).close()
    for other, message in (
        ({"directions": ["maximize"] * 2}, r"directions = \['minimize', 'maximize'\], not \['max"),
        ({"maximize": False}, "not maximize = False; its values are not to be mixed"),
        ({"reference": [1.0, 3.0]}, r"another reference point: \[1.0, 2.0\], not \[1.0, 3.0\]"),
    ):
        with pytest.raises(StudyError, match=message):
            Study(path, resume=True, **other)
    Study(path, resume=True, directions=DOWN_UP, reference=[1, 2]).close()


def test_tells_are_of_one_number_of_objectives(path):
    with Study(path, BOX, **QUICK) as study:
        assert study.n_objectives is None
        first, second = study.ask_new(2)
        study.tell(first, None)
        assert study.n_objectives is None
        study.tell(second, np.array([1.0, -0.0]))
        assert study.n_objectives == 2
        third = study.ask()
        for wrong in (1.0, [1.0, 2.0, 3.0], "a", [1.0, "a"]):
            with pytest.raises(ObservationError):
                study.tell(third, wrong)
        study.tell(third, [1.0, float("nan")])
        study.add([[0.0, 0.0], [1.0, 1.0]], [[0.0, 5.0], [2.0, 1.0]])
        study.add([2.0, 1.0], [5.0, 0.0])
        with pytest.raises(TrialError, match=r"was told before, with the value \[1.0, 0.0\]"):
            study.tell(second, [3.0, 4.0])
        values = [trial.value for trial in study.told()]
    assert values == [None, [1.0, 0.0], None, [0.0, 5.0], [2.0, 1.0], [5.0, 0.0]]
    optimizer = Optimizer(BOX, **QUICK)
    with Study(path, resume=True) as study:
        for trial in study.trials():
            if trial.number < 3:
                optimizer.add_pending(trial.x)
        for trial in study.told():
            optimizer.tell(trial.x, trial.value)
        assert study.result().front.values.tolist() == optimizer.result().front.values.tolist()


def test_directions_and_a_reference_say_how_many_there_are(path):
    for more in ({"directions": DOWN_UP}, {"reference": [1.0, 2.0]}):
        file = path.with_name(f"{next(iter(more))}.db")
        with Study(file, BOX, **QUICK, **more) as study:
            assert study.n_objectives == 2
            with pytest.raises(ObservationError, match="list of 2 numbers"):
                study.tell(study.ask(), 1.0)


def test_one_changed_number_is_noticed(path):
    minimize(two, BOX, 2, study=path, **QUICK)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE trial SET objectives = '[1.0, 2.0]' WHERE number = 1")
    with pytest.raises(StudyError, match="a row of its table trial has changed"):
        Study(path, resume=True)


def test_a_plate_of_several_objectives_goes_out_and_comes_back(path, tmp_path):
    with Study(path, BOX, **QUICK, directions=DOWN_UP) as study:
        trials = study.ask_new(4)
        rows = plate_rows(study.space, trials, n_objectives=study.n_objectives, decimal_comma=True)
        assert rows[0] == ["trial", "x0", "x1", "value_1", "value_2"]
        filled = [["0,5", "3"], ["fail", ""], ["", ""], ["1", "nan"]]
        rows[1:] = [[*row[:-2], *cells] for row, cells in zip(rows[1:], filled, strict=True)]
        file = tmp_path / "plate.csv"
        file.write_text(plate_csv(rows, decimal_comma=True))
        taken = study.take_table(file)
        assert (taken.told, taken.open) == ([0, 1, 3], 1)
        assert [trial.value for trial in study.told()] == [[0.5, 3.0], None, None]
        assert study.take_table(file).unchanged == 3
        again = plate_rows(study.space, study.trials(), n_objectives=2)
        assert [row[-2:] for row in again[1:]] == [
            *(["0.5", "3.0"], ["fail", "fail"], ["", ""], ["fail", "fail"])
        ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"value_1": [1, 2], "value_2": [1, None]}, "row 1, value_2 = nothing; expected a number"),
        ({"value_1": [1, "x"], "value_2": [1, 1]}, "row 1, value_1 = 'x'; expected a number"),
        ({"value": [1, 2]}, "row 0, number of values = 1; expected 2; row 1"),
        ({"value_1": [1, 2], "value_3": [1, 2]}, "columns unknown = 'value_3'"),
        ({"value_1": [1, 2], "value": [1, 2]}, "columns 'value' and 'value_1'; expected value, or"),
    ],
)
def test_wrong_cells_are_refused_and_nothing_is_taken(path, columns, message):
    with Study(path, BOX, **QUICK, directions=DOWN_UP) as study:
        with pytest.raises(TableError, match=message):
            study.take_table({"x0": [0.0, 1.0], "x1": [0.0, 1.0], **columns})
        assert study.trials() == []


def test_columns_give_way_to_parameters_of_their_names():
    assert objective_columns(1, ["value_1"]) == ["value"]
    assert objective_columns(2, ["value_1"]) == ["value_value_1", "value_2"]
    assert objectives_in(["value_1", "value_value_1", "value_2"], ["value_1"]) == [
        *("value_value_1", "value_2")
    ]
    assert objectives_in(["value_1", "value_2"], ["value_1", "value_2"]) == []


def test_a_study_begins_with_another_one_of_the_same_directions(path):
    minimize(two, BOX, 3, study=path, directions=DOWN_UP, **QUICK)
    result = minimize(two, BOX, 2, x0=str(path), directions=DOWN_UP, **QUICK)
    assert (result.nfev, result.func_vals.shape) == (2, (5, 2))
    with pytest.raises(StudyError, match="the other direction"):
        minimize(two, BOX, 2, x0=str(path), **QUICK)
    with pytest.raises(ConfigError, match="prior"):
        minimize(two, BOX, 2, prior=str(path), rng=0)
