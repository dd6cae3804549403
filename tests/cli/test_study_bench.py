"""Ask and tell for who measures by hand: the commands, their files and what they say."""

import json
from pathlib import Path

import pytest

from rnnbbo import Study
from rnnbbo.cli.main import run_command

SPACE = ["-p", "temp=float:20:90", "-p", "buffer=cat:tris,hepes"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(*arguments):
    return run_command(["study", *map(str, arguments)])


def begin(*options):
    assert study("new", "run.db", *SPACE, "--policy", "lstm-direct", "--seed", "3", *options) == 0


def fill(source, target, values):
    """Fill a plate in by hand."""
    head, *lines = Path(source).read_text("utf-8-sig").splitlines()
    assert all(line.endswith((",", ";")) for line in lines)
    filled = [line + value for line, value in zip(lines, values, strict=True)]
    Path(target).write_text("\n".join([head, *filled]) + "\n")


def test_a_plate_of_eight(capsys):
    begin("--maximize")
    printed = capsys.readouterr().out
    assert "run.db: larger values are better; policy lstm-direct" in printed
    assert "  temp: a number from 20.0 to 90.0" in printed
    assert study("ask", "run.db", "-n", 8, "-o", "plate.csv") == 0
    out, err = capsys.readouterr()
    assert err == "plate.csv: 8 points\n"
    head, *lines = out.splitlines()
    assert head.split() == ["trial", "temp", "buffer"]
    written = Path("plate.csv").read_text("utf-8-sig").splitlines()
    assert [line.split() for line in lines] == [row.split(",")[:-1] for row in written[1:]]
    assert written[0] == "trial,temp,buffer,value"
    fill("plate.csv", "filled.csv", ["1.5", "2.5", "", "fail", "-1", "4", "3", ""])
    assert study("import", "run.db", "filled.csv") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "filled.csv: 5 measured, 1 failed, 2 not measured yet"
    assert out[1].startswith("best value 4.0, at trial 5: temp=")
    assert out[2] == "2 of 8 trials wait for a value"
    assert study("import", "run.db", "filled.csv") == 0
    assert capsys.readouterr().out.startswith("filled.csv: 2 not measured yet, 6 known before\n")
    assert study("ask", "run.db", "--waiting", "-o", "rest.csv", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [trial["trial"] for trial in document["trials"]] == [2, 7]
    assert study("tell", "run.db", 2, "-7.5") == 0
    assert study("tell", "run.db", 7, "fail") == 0
    with Study("run.db", resume=True) as opened:
        assert {trial.number: trial.value for trial in opened.told()} == {
            **{0: 1.5, 1: 2.5, 3: None, 4: -1.0, 5: 4.0, 6: 3.0},
            **{2: -7.5, 7: None},
        }
    assert study("ask", "run.db", "-n", 8) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[0] == "15"


def test_a_plate_with_decimal_commas(capsys):
    begin()
    assert study("ask", "run.db", "-n", 3, "-o", "plate.csv", "--decimal-comma") == 0
    written = Path("plate.csv").read_text("utf-8-sig").splitlines()
    assert written[0] == "trial;temp;buffer;value"
    fill("plate.csv", "filled.csv", ["0,5", "-1,25", ""])
    capsys.readouterr()
    assert study("import", "run.db", "filled.csv") == 0
    assert "best value -1.25, at trial 1" in capsys.readouterr().out


def test_what_is_wrong_changes_nothing(capsys):
    begin()
    assert study("ask", "run.db", "-n", 2, "-o", "plate.csv") == 0
    fill("plate.csv", "bad.csv", ["0.5", "much"])
    plate = Path("plate.csv").read_text("utf-8-sig")
    fill("plate.csv", "comma.csv", ["0.5", "0,5"])
    capsys.readouterr()
    assert study("import", "run.db", "bad.csv") == 2
    assert "bad.csv: row 3, value = 'much'; expected a number, or fail" in capsys.readouterr().err
    assert study("import", "run.db", "comma.csv") == 2
    assert "row 3: 5 cells; expected 4, one a column; with commas in" in capsys.readouterr().err
    assert study("import", "run.db", "none.csv") == 2
    assert "none.csv cannot be read" in capsys.readouterr().err
    assert study("ask", "run.db", "-o", "plate.csv") == 2
    assert "'plate.csv', which is there already; expected a new file" in capsys.readouterr().err
    assert Path("plate.csv").read_text("utf-8-sig") == plate
    assert study("ask", "run.db", "-o", "none/plate.csv") == 2
    assert study("tell", "run.db", 0, "much") == 2
    assert "VALUE = 'much'; expected a number, or fail" in capsys.readouterr().err
    assert study("tell", "run.db", 9, "1") == 2
    assert "trial = 9; expected one of the study's 2, from 0" in capsys.readouterr().err
    assert study("new", "run.db", *SPACE) == 4
    assert "there is a file 'run.db' already" in capsys.readouterr().err
    assert study("ask", "other.db") == 4
    with Study("run.db", resume=True) as opened:
        assert [trial.state for trial in opened.trials()] == ["waiting"] * 2
    assert study("tell", "run.db", 0, "1") == 0
    assert study("tell", "run.db", 0, "2") == 2
    assert "trial 0 was told before, with the value 1.0" in capsys.readouterr().err


def test_a_run_begins_with_a_table_and_another_study(capsys):
    begin()
    assert study("ask", "run.db", "-n", 2, "-o", "plate.csv") == 0
    fill("plate.csv", "filled.csv", ["0.5", "0.25"])
    assert study("import", "run.db", "filled.csv") == 0
    Path("points.csv").write_text("temp,buffer,value\n30,tris,0.125\n40,hepes,\n")
    Path("model.py").write_text("def f(temp, buffer):\n    return temp\n")
    run = ["minimize", "model.py:f", "--policy", "lstm-direct", "--seed", "0", "--json", "-n", "2"]
    wider = ["-p", "buffer=cat:tris,hepes", "-p", "temp=float:0:60"]
    capsys.readouterr()
    assert run_command([*run, *wider, "--from-study", "run.db", "--x0", "points.csv"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    values = [trial["value"] for trial in document["trials"]]
    left_out = 3 - values.index(40.0)
    assert ("trials that the study run.db was told lie outside of the space" in err) == (
        left_out > 0
    )
    assert f"{3 - left_out} known values, best value 0.125" in err
    assert values[-3:-1] == [0.125, 40.0]
    assert (document["fun"], document["n_trials"]) == (0.125, 5 - left_out)
    for options, code, words in (
        (["--x0", "run.db"], 2, "--x0 = 'run.db', which is a study; expected a CSV file, or"),
        (["--x0", "points.csv", "-n", "1", "--from-study", "none.db"], 4, "there is no study"),
        (["--from-study", "run.db", "--maximize"], 4, "has the other direction: maximize = False"),
        (["--x0", "plate.csv", "-n", "1"], 2, "--n-calls = 1; expected at least 2, the points of"),
    ):
        assert run_command([*run, *SPACE, *options]) == code
        assert words in capsys.readouterr().err


def test_the_first_plate_has_the_columns_of_constraints_that_are_expected(capsys):
    assert study("new", "run.db", *SPACE, "--seed", "3") == 0
    ask = ("ask", "run.db", "-n", 2)
    assert study(*ask, "--constraint", "mem") == 2
    assert "--constraint = 'mem' without --output; expected a file" in capsys.readouterr().err
    assert study(*ask, "-o", "no.csv", "--constraint", "") == 2
    assert "--constraint = ''; expected a name" in capsys.readouterr().err
    assert study(*ask, "-o", "a.csv", "--constraint", "mem", "--constraint", "mem") == 0
    written = Path("a.csv").read_text("utf-8-sig").splitlines()
    assert written[0] == "trial,temp,buffer,value,constraint_mem"
    assert all(line.endswith(",,") for line in written[1:])
    filled = [written[0], *(f"{line[:-2]},1.5,-2" for line in written[1:])]
    Path("a.csv").write_text("\n".join(filled) + "\n")
    assert study("import", "run.db", "a.csv") == 0
    with Study("run.db", resume=True) as opened:
        assert [trial.constraints for trial in opened.told()] == [{"mem": -2.0}] * 2
    capsys.readouterr()
    assert study(*ask, "-o", "b.csv", "--constraint", "time") == 2
    assert "--constraint = 'time'; expected mem" in capsys.readouterr().err
    with Study("run.db", resume=True) as opened:
        assert len(opened.trials()) == 2  # a plate that is refused asks for nothing
