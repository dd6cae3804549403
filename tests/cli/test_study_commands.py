"""`rnnbbo study`: what it writes of a study, and how it copies one."""

import csv
import json

import pytest

from rnnbbo import Categorical, Real, Study
from rnnbbo.cli.main import run_command
from rnnbbo.shipped import load


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(dimensions, points, values, **told):
    with Study("run.db", dimensions, policy="lstm-direct", rng=0) as study:
        for point, value in zip(points, values, strict=True):
            study.add(point, value)
        if told:
            study.tell(study.ask(), None, **told)


def table(*arguments):
    assert run_command(["study", "export", "run.db", "-o", "run.csv", *arguments]) == 0
    with open("run.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_parameters_called_like_a_column(folder):
    names = ("value", "state", "param_state", "x")
    make([Real(0, 1, name=name) for name in names], [[0.1, 0.2, 0.3, 0.4]], [7.0])
    (row,) = table()
    assert (row["value"], row["state"]) == ("7.0", "ok")
    assert [row[f"param_{name}"] for name in names[:2]] == ["0.1", "0.2"]
    assert row["param_param_state"] == "0.3"
    assert row["x"] == "0.4"


def limited(*constraints):
    """Make a study of values 0, 1, ... with the constraint `value`, and one failure."""
    with Study("run.db", [Real(0, 1, name="x")], rng=0) as study:
        for i, one in enumerate(constraints):
            study.add([i / 10], float(i), constraints={"value": one})
        study.add([0.9], None)


def test_constraints_have_columns(folder):
    limited(0.5, -1.0, float("nan"))
    rows = table()
    assert [row["feasible"] for row in rows] == ["false", "true", "false", ""]
    assert [row["constraint_value"] for row in rows] == ["0.5", "-1.0", "", ""]
    assert [row["value"] for row in rows] == ["0.0", "1.0", "2.0", ""]


def test_what_is_shown_of_constraints(folder, capsys):
    limited(0.5, -1.0)
    assert run_command(["study", "show", "run.db"]) == 0
    shown = capsys.readouterr().out
    assert "best value 1.0, at trial 1\n  constraint value = -1\n" in shown
    assert "(0)    0.5" in shown and "(1)" not in shown
    assert run_command(["study", "best", "run.db", "--json"]) == 0
    best = json.loads(capsys.readouterr().out)
    assert (best["trial"], best["feasible"], best["constraints"]) == (1, True, {"value": -1.0})
    assert run_command(["study", "export", "run.db", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["fun"], document["feasible"]) == (1.0, True)
    assert document["trials"][0]["constraints"] == {"value": 0.5}


def test_a_study_without_a_feasible_point_says_so(folder, capsys):
    limited(0.5, 0.25)
    assert run_command(["study", "best", "run.db"]) == 3
    words = "no point is feasible yet; the least violating has value 1.0, at trial 1"
    assert words in capsys.readouterr().out
    assert run_command(["study", "export", "run.db", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["feasible"]) == ("no_feasible", False)


def test_a_line_of_the_file_is_a_trial(folder):
    categories = ["a\rb", "c\nd", 'e"f', "g,h"]
    make([Categorical(categories, name="c")], [[one] for one in categories], [1.0, 2.0, 3.0, 4.0])
    assert [row["c"] for row in table()] == categories


def test_no_cell_is_a_formula(folder):
    categories = ["=1+1", "+2", "-x", "@sum", "plain", "-2.5"]
    make(
        [Categorical(categories, name="c"), Real(-1, 1, name="r")],
        [[one, -0.5] for one in categories],
        [-1.0] * 6,
        error="=cmd()",
    )
    rows = table()
    assert [row["c"] for row in rows[:6]] == ["'=1+1", "+2", "'-x", "'@sum", "plain", "-2.5"]
    assert {row["r"] for row in rows[:6]} == {"-0.5"}  # numbers are none
    assert {row["value"] for row in rows[:6]} == {"-1.0"}
    assert rows[6]["error"] == "'=cmd()"


def test_json_has_all_as_it_is_and_replays_nothing(folder, monkeypatch, capsys):
    make([Categorical(["=1", "b"], name="value")], [["=1"]], [1.0], error="=cmd()")

    def replay(*_):
        raise AssertionError("the policy is not asked")

    monkeypatch.setattr(Study, "recommend", replay)
    assert run_command(["study", "export", "run.db", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trials"][0]["x"]["value"] == "=1"
    assert document["trials"][1]["error"] == "=cmd()"
    assert document["recommended"] is None


def test_an_export_does_not_replace_the_study(folder, capsys):
    make([(0.0, 1.0)], [[0.5]], [1.0])
    (folder / "link.csv").symlink_to("run.db")
    for output in ("run.db", "./run.db", "link.csv"):
        assert run_command(["study", "export", "run.db", "--format", "csv", "-o", output]) == 2
        assert "which is the study itself" in capsys.readouterr().err
    assert run_command(["study", "show", "run.db"]) == 0


def test_a_backup(folder, capsys):
    make([(0.0, 1.0)], [[0.5], [0.25]], [1.0, 2.0])
    assert run_command(["study", "backup", "run.db", "copy.db"]) == 0
    assert capsys.readouterr().err == "copy.db: 2 trials\n"
    with Study("copy.db", resume=True) as copy, Study("run.db", resume=True) as study:
        assert copy.told() == study.told()
    assert run_command(["study", "backup", "run.db", "copy.db"]) == 4
    assert "already; expected a new one" in capsys.readouterr().err


def test_a_study_whose_policy_is_not_there_is_shown_and_copied(folder, capsys):
    with Study("run.db", [(0.0, 1.0)], policy=load("lstm-direct"), rng=0) as study:
        study.add([0.5], 2.0)
    for command in (["show"], ["best"], ["export"], ["backup", "copy.db"]):
        assert run_command(["study", command[0], "run.db", *command[1:]]) == 0, capsys.readouterr()
    assert capsys.readouterr().out.count("2.0") >= 3
    with Study("copy.db", resume=True) as copy:
        assert [trial.value for trial in copy.told()] == [2.0]
    assert run_command(["resume", "run.db"]) == 4
