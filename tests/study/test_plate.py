"""Plates: asked for, written as a table, filled in and taken back."""

import math

import pytest

from rnnbbo import Optimizer, Study
from rnnbbo.errors import TableError, TrialError
from rnnbbo.space import Categorical, Integer, Real, Space
from rnnbbo.study.plate import plate_csv, plate_rows
from rnnbbo.trial import Outcome, Trial

SPACE = Space(
    [
        Real(20.0, 90.0, name="temp"),
        Real(1e-6, 1e-2, "log-uniform", name="dose"),
        Integer(1, 10**7, name="count"),
        Categorical(["tris", "=x", 0.5, "1.5", True], name="value"),
    ]
)
QUICK = {"policy": "lstm-direct", "rng": 3}
PLAIN = Space([Real(0.0, 1.0, name="a"), Categorical(["u", "v"], name="b")])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


def written(tmp_path, rows, **options):
    file = tmp_path / "plate.csv"
    file.write_text(plate_csv(rows, **options), "utf-8-sig", newline="")
    return file


def filled(study, trials, values, **options):
    """Return the cells of a plate with values filled in."""
    rows = plate_rows(study.space, trials, **options)
    return [rows[0], *([*row[:-1], text] for row, text in zip(rows[1:], values, strict=True))]


def told(study):
    return {trial.number: trial.value for trial in study.told()}


def test_new_points_are_those_of_an_optimizer_and_none_is_given_out_twice(path):
    optimizer = Optimizer(SPACE, **QUICK)
    with Study(path, SPACE, **QUICK) as study:
        first = study.ask_new(3)
        assert [trial.x for trial in first] == optimizer.ask(3)
    with Study(path, resume=True) as study:
        second = study.ask_new(2)
        assert [trial.x for trial in second] == optimizer.ask(2)
        assert [trial.number for trial in second] == [3, 4]
        assert [trial.state for trial in study.trials()[:3]] == ["waiting"] * 3
        assert study.ask().number == 0


@pytest.mark.parametrize("decimal_comma", [False, True])
def test_a_plate_goes_out_and_comes_back(path, tmp_path, decimal_comma):
    with Study(path, SPACE, **QUICK) as study:
        trials = study.ask_new(8)
        values = ["0.25", "-1e-3", "", "fail", "NaN", "3", "", "7.5"]
        if decimal_comma:
            values = [text.replace(".", ",") for text in values]
        rows = filled(study, trials, values, decimal_comma=decimal_comma)
        assert rows[0] == ["trial", "temp", "dose", "count", "param_value", "value"]
        file = written(tmp_path, rows, decimal_comma=decimal_comma)
        taken = study.take_table(file)
        assert (taken.told, taken.planned) == ([0, 1, 3, 4, 5, 7], [])
        assert (taken.unchanged, taken.open) == (0, 2)
        assert told(study) == {0: 0.25, 1: -1e-3, 3: None, 4: None, 5: 3.0, 7: 7.5}
        before = study.trials()
        again = study.take_table(file)
        assert (again.told, again.planned, again.unchanged, again.open) == ([], [], 6, 2)
        assert study.trials() == before
        rows[3][-1] = "9"
        assert study.take_table(written(tmp_path, rows, decimal_comma=decimal_comma)).told == [2]
        assert told(study)[2] == 9.0


def test_every_category_and_number_comes_back_as_it_was(tmp_path):
    points = [
        [20.0, 1e-6, 1, "tris"],
        [90.0, 1e-2, 10**7, "=x"],
        [math.nextafter(90.0, 0.0), 1.2345678901234e-6, 9_999_999, 0.5],
        [33.333333333333336, 0.0099999999999, 3, "1.5"],
        [55.0, 1e-4, 4, True],
    ]
    trials = [Trial(i, x) for i, x in enumerate(points)]
    for decimal_comma in (False, True):
        rows = plate_rows(SPACE, trials, decimal_comma=decimal_comma)
        file = written(tmp_path, rows, decimal_comma=decimal_comma)
        with Study(tmp_path / f"{decimal_comma}.db", SPACE, **QUICK) as study:
            for i, x in enumerate(points):
                study.add(x, float(i))
            taken = study.take_table(file)
            assert (taken.unchanged, taken.open) == (5, 0)


def test_numbers_are_short_where_that_tells_them_apart():
    narrow = Space([Real(1000.0, 1000.001, name="a"), Real(0.0, 1.0, name="b")])
    ((_, *cells, _),) = plate_rows(narrow, [Trial(0, [1000.0005123, 1 / 3])])[1:]
    assert cells[1] == "0.333333"
    assert abs(float(cells[0]) - 1000.0005123) < 1e-8
    # Rounded to six digits it would lie beyond the bound.
    bound = Space([Real(0.0, 0.12345649, name="a")])
    ((_, cell, _),) = plate_rows(bound, [Trial(0, [0.12345649])])[1:]
    assert float(cell) <= 0.12345649


def test_a_told_trial_is_written_with_what_was_told():
    trials = [Trial(0, [0.5, "u"], Outcome(0.1 + 0.2)), Trial(1, [0.25, "v"], Outcome(error="no"))]
    assert [row[-1] for row in plate_rows(PLAIN, trials)] == ["value", repr(0.1 + 0.2), "fail"]


def test_rows_without_a_number_are_points_of_ones_own(path):
    own = {"a": [0.25, 0.25, 0.75, 0.5], "b": ["u", "u", "v", "u"], "value": [1.0, 1.0, None, 2.0]}
    with Study(path, PLAIN, **QUICK) as study:
        taken = study.take_table(own)
        assert (taken.told, taken.planned, taken.unchanged) == ([0, 1, 3], [2], 0)
        assert study.result().nfev == 0
        for _ in range(2):  # the same table once more
            again = study.take_table(own)
            assert (again.told, again.planned, again.unchanged, again.open) == ([], [], 3, 1)
        own["value"][2] = 5.0  # measured by now
        assert study.take_table(own).told == [2]
        own["value"][3] = 3.0  # a second measurement
        assert study.take_table(own).told == [4]
        assert told(study) == {0: 1.0, 1: 1.0, 2: 5.0, 3: 2.0, 4: 3.0}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [["9", "0.5", "u", "1"]],
            "row 2, trial = 9; expected one of the study's 2, from 0, or no",
        ),
        ([["0", "0.1", "u", "1"]], "row 2, a = 0.1; expected 0.5 as trial 0 has it, or no number"),
        ([["1", "0.25", "u", "1"]], "row 2, b = 'u'; expected v as trial 1 has it"),
        ([["0", "0.5", "u", "3"]], r"row 2, value = 3.0; expected 2.0, which trial 0 was told bef"),
        ([["0", "0.5", "u", "fail"]], "row 2, value = fail; expected 2.0, which trial 0 was told"),
        ([["1", "0.25", "v", "1"], ["1", "0.25", "v", "2"]], "row 3, value = 2.0; expected 1.0"),
        ([["1", "0.25", "v", "1"], ["", "2", "v", "2"]], "row 3, a = '2'; expected a number from"),
        ([["1", "0.25", "v", "1"], ["", "1", "v", "so"]], "row 3, value = 'so'; expected a number"),
    ],
)
def test_what_contradicts_the_study_is_refused_and_nothing_is_taken(path, tmp_path, rows, words):
    with Study(path, PLAIN, **QUICK) as study:
        study.add([0.5, "u"], 2.0)
        study.take_table({"a": [0.25], "b": ["v"]})
        before = study.trials()
        file = written(tmp_path, [["trial", "a", "b", "value"], *rows])
        with pytest.raises(TableError, match=words):
            study.take_table(file)
        assert study.trials() == before


def test_a_value_that_a_spreadsheet_has_rounded_belongs_to_its_trial(path):
    with Study(path, PLAIN, **QUICK) as study:
        (trial,) = study.ask_new(1)
        rounded = round(trial.x[0], 6)
        assert rounded != trial.x[0]
        row = {"trial": 0, "a": rounded, "b": trial.x[1], "value": 4.0}
        assert study.take_table([row]).told == [0]
        assert study.trials()[0].x == trial.x


def test_an_export_is_a_table_that_changes_nothing(path, tmp_path, capsys):
    from rnnbbo.cli.main import run_command

    with Study(path, PLAIN, **QUICK) as study:
        first, second, _ = study.ask_new(3)
        study.tell(first, 1.0)
        study.tell(second, None, error="spilt")
    assert run_command(["study", "export", str(path), "-o", str(tmp_path / "all.csv")]) == 0
    with Study(path, resume=True) as study:
        taken = study.take_table(tmp_path / "all.csv")
        assert (taken.told, taken.planned, taken.unchanged, taken.open) == ([], [], 2, 1)


def test_what_is_no_table_is_refused(path):
    with Study(path, PLAIN, **QUICK) as study:
        with pytest.raises(TableError, match="table = 3; expected a CSV file, or columns by name"):
            study.take_table(3)
        with pytest.raises(TrialError):
            study.tell(0, 1.0)
