"""Points that are given before a run: tables with and without values, and other studies."""

import math

import numpy as np
import pytest

from rnnbbo import Categorical, Integer, Real, Space, Study, minimize
from rnnbbo.errors import (
    ConfigError,
    ObservationError,
    PointError,
    SpaceWarning,
    StudyError,
    TableError,
)
from rnnbbo.given import read_x0
from rnnbbo.sheet import csv_line

QUICK = {"policy": "lstm-direct", "rng": 3}
SPACE = Space(
    [
        Real(0.0, 10.0, name="dose"),
        Integer(1, 9, name="rounds"),
        Categorical(["slow", "=fast", 16, True, None], name="mode"),
    ]
)
TABLE = "dose,rounds,mode,value\n0.5,3,slow,1.25\n2.5,4,16,\n7,1.0,TRUE,fail\n1e0,2,,-3\n"


def loss(x):
    return x[0] + x[1]


def given(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "points.csv"
    path.write_bytes(text.encode(encoding))
    return read_x0(SPACE, path, None)


def plain(known):
    return [(x, outcome.value if outcome.error is None else None) for x, outcome in known]


EXPECTED = (
    [[2.5, 4, 16]],
    [([0.5, 3, "slow"], 1.25), ([7.0, 1, True], None), ([1.0, 2, None], -3.0)],
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE + ",,,\n\n",
        TABLE.replace(",", ";").replace("0.5", "0,5").replace("1.25", "1,25"),
        TABLE.replace(",", "\t"),
        "dose,rounds,mode,value\n 0.5 ,3, slow,1.25\n2.5,4,16.0,\n7,1,true,NaN\n1,2,,\u22123\n",
        "value,mode,rounds,dose\n1.25,slow,3,.5\n,16,4,2.5\nFailed,True,1,7\n-3,,2,1\n",
    ],
)
def test_tables_as_spreadsheets_write_them(text, encoding, tmp_path):
    points, known = given(tmp_path, text, encoding)
    assert (points, plain(known)) == EXPECTED
    assert [[type(value) for value in x] for x in points] == [[float, int, int]]


def test_a_cell_that_is_no_formula_is_the_category_that_it_was(tmp_path):
    line = csv_line([1.5, 2, "=fast", 0.5])
    assert "'=fast" in line
    assert plain(given(tmp_path, "dose,rounds,mode,value\n" + line)[1]) == [
        ([1.5, 2, "=fast"], 0.5)
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "dose,rounds,mode\nhot,3,slow\n",
            r"row 2, dose = 'hot'; expected a number from 0.0 to 10",
        ),
        ("dose,rounds,mode\n,3,slow\n", r"row 2, dose = nothing|row 2, dose = None"),
        ("dose,rounds,mode\n1,3,slow\n1,3.5,slow\n", r"row 3, rounds = '3.5'; expected an integer"),
        ("dose,rounds,mode\n1,3,Slow\n", r"row 2, mode = 'Slow'; expected one of 'slow'"),
        ("dose,rounds,mode\n11,3,slow\n", r"row 2, dose = '11'; expected a number from 0.0 to 10"),
        ('dose,rounds,mode\n"0,5",3,slow\n', r"row 2, dose = '0,5'; expected a number"),
        ("dose;rounds;mode\n1.000,5;3;slow\n", r"row 2, dose = '1.000,5'; expected a number"),
        ("dose,rounds,mode\n1_0,3,slow\n", r"row 2, dose = '1_0'; expected a number"),
        (
            "dose,rounds,mode,value\n1,3,slow,n/a\n",
            r"row 2, value = 'n/a'; expected a number, or f",
        ),
        (
            "dose,rounds,mode,value\n1,3,slow,inf\n",
            r"row 2, value = 'inf'; expected a number, or f",
        ),
        ("dose,rounds,mode,value\n1,3,slow,1e999\n", r"row 2, value = '1e999'; expected a number"),
        ("dose,rounds,mode,trial\n1,3,slow,1.5\n", r"row 2, trial = '1.5'; expected the number of"),
        (
            "dose,rounds\n1,3\n",
            r"columns missing = 'mode'; expected dose, rounds, mode, and as you",
        ),
        ("dose,rounds,mode,Value\n1,3,slow,2\n", r"columns unknown = 'Value'; expected dose"),
        ("dose,rounds,mode,dose\n1,3,slow,2\n", r"columns twice = 'dose'; expected dose"),
        ("dose,rounds,mode\n1,3,slow,4,5\n", r"row 2: 5 cells; expected 3, one a column"),
        ("", r"columns missing = 'dose', 'rounds', 'mode'"),
    ],
)
def test_wrong_cells_are_refused_by_row_and_column(text, words, tmp_path):
    with pytest.raises(TableError, match=words):
        given(tmp_path, text)


def test_several_wrong_cells_are_named_at_once(tmp_path):
    with pytest.raises(TableError) as hit:
        given(tmp_path, "dose,rounds,mode\n" + "hot,0,slow\n" * 4)
    assert str(hit.value).count("row ") == 5
    assert str(hit.value).endswith("; and 3 more")


def test_files_that_are_no_tables(tmp_path):
    with pytest.raises(TableError, match=r"none.csv cannot be read \(No such file"):
        read_x0(SPACE, str(tmp_path / "none.csv"), None)
    with pytest.raises(TableError, match=r"is not in UTF-8; expected a CSV file that is"):
        given(tmp_path, "dose,rounds,mode\n1,3,langsam f\u00fcr\n", "latin-1")
    with pytest.raises(TableError, match=r"cannot be read"):
        read_x0(SPACE, "a\0b", None)
    with pytest.raises(ConfigError, match="y0 beside a table; expected a column 'value'"):
        read_x0(SPACE, {"dose": [1.0]}, [3.0])


def columns():
    return {
        "dose": [0.5, 2.5, 7.0, 1.0],
        "rounds": np.array([3, 4, 1, 2]),
        "mode": ["slow", 16, True, None],
        "value": [1.25, math.nan, "fail", -3],
    }


def test_columns_and_mappings_by_name():
    points, known = read_x0(SPACE, columns(), None)
    assert (points, plain(known)) == EXPECTED
    rows = [
        {key: value for key, value in zip(columns(), row, strict=True) if value is not None}
        for row in zip(*columns().values(), strict=True)
    ]
    points, known = read_x0(SPACE, rows, None)
    assert (points, plain(known)) == EXPECTED
    assert read_x0(SPACE, rows[1] | {"value": None}, None) == ([[2.5, 4, 16]], [])
    with pytest.raises(TableError, match=r"x0: row 1, rounds = 10; expected an integer from 1 to"):
        read_x0(SPACE, [rows[0], {**rows[1], "rounds": 10}], None)
    with pytest.raises(TableError, match=r"x0: lengths of the columns = \{'dose': 4, 'rounds': 1"):
        read_x0(SPACE, {**columns(), "rounds": [1]}, None)
    with pytest.raises(TableError, match=r"x0: lengths of the columns"):
        read_x0(SPACE, {**columns(), "rounds": 1}, None)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library):
    frame = pytest.importorskip(library).DataFrame(
        {"a": [0.5, 0.25], "b": [3, 1], "value": [1.5, None]}
    )
    space = Space([Real(0.0, 1.0, name="a"), Integer(1, 5, name="b")])
    points, known = read_x0(space, frame, None)
    assert (points, plain(known)) == ([[0.25, 1]], [([0.5, 3], 1.5)])


class Column:
    """A column as data frames have it."""

    def __init__(self, values):
        self.values = values

    def to_list(self):
        return self.values


class Frame:
    def __init__(self, columns):
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name):
        return Column(list(self._columns[name]))


def test_whatever_looks_like_a_data_frame():
    points, known = read_x0(SPACE, Frame(columns()), None)
    assert (points, plain(known)) == EXPECTED


def test_points_and_values_as_before():
    assert read_x0(SPACE, [1.0, 2, "slow"], None) == ([[1.0, 2, "slow"]], [])
    points, known = read_x0(SPACE, [[1.0, 2, "slow"], [2.0, 3, 16]], [3.0, math.nan])
    assert (points, plain(known)) == ([], [([1.0, 2, "slow"], 3.0), ([2.0, 3, 16], None)])
    with pytest.raises(PointError, match=r"x0 = 3\.0; expected a point or a list of points"):
        read_x0(SPACE, 3.0, None)
    with pytest.raises(ObservationError):
        read_x0(SPACE, [1.0, 2, "slow"], ["much"])


def test_points_without_a_value_are_evaluated_first_and_the_others_are_told(tmp_path):
    table = {
        "dose": [9.0, 8.0, 0.1],
        "rounds": [9, 8, 1],
        "mode": ["slow", 16, 16],
        "value": [None, None, -5.0],
    }
    for study in (None, tmp_path / "run.db"):
        result = minimize(loss, SPACE, 3, x0=table, study=study, **QUICK)
        assert result.x_iters[:3] == [[0.1, 1, 16], [9.0, 9, "slow"], [8.0, 8, 16]]
        assert (result.nfev, len(result.x_iters), result.fun) == (3, 4, -5.0)
    with pytest.raises(ConfigError, match="n_calls = 1; expected at least 2, the points of x0"):
        minimize(loss, SPACE, 1, x0=table, **QUICK)


# Other studies


def earlier(path, values=(1.0, None, 3.0), **options):
    space = [Categorical(["slow", 16], name="mode"), Real(0.0, 20.0, name="dose")]
    space.append(Integer(1, 9, name="rounds"))
    points = [["slow", 1.0, 2], [16, 2.0, 3], ["slow", 15.0, 4]]
    with Study(path, space, **QUICK, **options) as study:
        study.ask()
        study.add(points, list(values))
    return path


def test_a_study_is_a_start_as_far_as_it_lies_in_the_space(tmp_path):
    path = earlier(tmp_path / "old.db")
    for study, source in ((None, path), (tmp_path / "new.db", str(path))):
        with pytest.warns(SpaceWarning) as caught:
            result = minimize(loss, SPACE, 1, x0=source, study=study, **QUICK)
        (words,) = [str(one.message) for one in caught if one.category is SpaceWarning]
        assert words.startswith(f"1 of the 3 trials that the study {path} was told lie outside")
        assert words.endswith("the first one: dose = 15.0; expected a number from 0.0 to 10.0")
        assert result.x_iters[:2] == [[1.0, 2, "slow"], [2.0, 3, 16]]
        assert list(result.func_vals[:2]) == [1.0, math.inf]
        assert result.nfev == 1
    with Study(path, resume=True) as opened, pytest.warns(SpaceWarning):
        assert minimize(loss, SPACE, 1, x0=opened, **QUICK).nfev == 1


def test_a_study_of_other_parameters_or_the_other_direction_is_refused(tmp_path):
    path = earlier(tmp_path / "old.db", maximize=True)
    with pytest.raises(StudyError, match="has the other direction: maximize = True, not False"):
        minimize(loss, SPACE, 3, x0=path, **QUICK)
    with pytest.raises(StudyError, match=r"parameters of the study .* = mode, dose, rounds; expec"):
        minimize(loss, [(0.0, 1.0)], 3, x0=path, maximize=True, **QUICK)
    with pytest.raises(ConfigError, match="y0 beside a study"):
        minimize(loss, SPACE, 3, x0=path, y0=[1.0], **QUICK)


@pytest.mark.filterwarnings("ignore::rnnbbo.errors.SpaceWarning")
def test_what_is_known_counts_for_the_best_and_not_again_after_a_resume(tmp_path):
    path = earlier(tmp_path / "old.db")
    options = {"x0": path, "study": tmp_path / "new.db", **QUICK}
    first = minimize(loss, SPACE, 2, **options)
    again = minimize(loss, SPACE, 4, resume=True, **options)
    assert again.x_iters[:4] == first.x_iters
    assert (again.nfev, len(again.x_iters), again.fun) == (4, 6, 1.0)
