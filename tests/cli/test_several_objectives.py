"""Several objectives on the command line."""

import json
import math
import re
from pathlib import Path

import pytest

from rnnbbo import Optimizer, Study
from rnnbbo.cli.front_summary import FrontSummary
from rnnbbo.cli.main import run_command
from rnnbbo.cli.plot import draw_run
from rnnbbo.cli.program import parse_value
from rnnbbo.trial import Outcome, Trial

TWO = """
def two(a, b):
    return [a * a + b * b, (a - 2) ** 2 + (b - 1) ** 2]

def limited(a, b):
    return {"value": two(a, b), "constraints": {"half": 0.5 - a}}

def one(a, b):
    return a
"""
SPACE = ["-p", "a=float:-2:3", "-p", "b=float:-2:3", "--seed", "3"]
QUICK = [*SPACE, "--policy", "lstm-direct"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("two.py").write_text(TWO)
    return tmp_path


def run(*arguments):
    return run_command(["minimize", *arguments])


def document(capsys):
    return json.loads(capsys.readouterr().out)


def test_the_end_shows_the_front(capsys):
    assert run("./two.py:two", "-n", "10", *QUICK, "--reference", "20,20") == 0
    out, err = capsys.readouterr()
    first, head, *rows = out.splitlines()
    assert first.startswith("front of ")
    assert first.endswith(" within 20, 20 (10 trials)")
    assert head.split() == ["trial", "value_1", "value_2", "a", "b"]
    count = int(first.split()[2])
    firsts = [float(row.split()[1]) for row in rows[:count]]
    assert firsts == sorted(firsts)
    assert rows[count].startswith("a compromise among them is trial ")
    assert rows[-1].startswith("x = [")
    assert re.search(r"^trial 0: [-.\d]+, [-.\d]+  a=\S+ b=\S+$", err, re.MULTILINE)


def test_json_has_the_front(capsys):
    assert run("./two.py:two", "-n", "9", *QUICK, "--json") == 0
    down = document(capsys)
    options = ["--directions", "minimize,minimize", "--reference", "20,20"]
    assert run("./two.py:two", "-n", "9", *QUICK, "--json", *options) == 0
    given = document(capsys)
    assert given["front"] == down["front"]
    assert given["directions"] == ["minimize", "minimize"]
    assert given["reference"] == [20.0, 20.0]
    assert given["hypervolume"] > down["hypervolume"] > 0
    told = {trial["trial"]: trial["value"] for trial in given["trials"]}
    for one in given["front"]:
        assert told[one["trial"]] == one["value"]
        assert not any(
            all(mine <= its for mine, its in zip(other, one["value"], strict=True))
            for number, other in told.items()
            if number != one["trial"]
        )
    assert given["fun"] == told[given["best_trial"]]


def test_one_objective_has_none_of_it(capsys):
    assert run("./two.py:one", "-n", "3", *QUICK, "--json") == 0
    assert not {"front", "directions", "reference", "hypervolume"} & document(capsys).keys()


def test_a_study_keeps_directions_and_reference(capsys):
    said = ["--directions", "maximize,minimize", "--reference", "0,20", "--target", "30,9"]
    assert run("./two.py:two", "-n", "4", *QUICK, "--study", "run.db", *said) == 0
    err = capsys.readouterr().err
    assert "objectives: maximize, minimize" in err
    assert "stopping at [30.0, 9.0] or better" in err
    assert run_command(["resume", "run.db", "-n", "7"]) == 0
    out, err = capsys.readouterr()
    assert "going on with run.db: 4 of 7 evaluations, front of " in err
    assert "stopping at [30.0, 9.0] or better" in err
    assert " within 0, 20 (7 trials)" in out
    assert run("--study", "run.db", "--resume", "-n", "8", "--directions", "minimize,minimize") == 4
    assert "another direction" in capsys.readouterr().err
    assert run_command(["study", "show", "run.db", "--last", "2"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].endswith(", objectives maximize, minimize, reference 0, 20")
    assert shown[-3].split() == ["trial", "state", "seconds", "value_1", "value_2", "a", "b"]
    assert run_command(["study", "best", "run.db", "--json"]) == 0
    best = document(capsys)
    assert best["directions"] == ["maximize", "minimize"]
    assert best["value"] in [one["value"] for one in best["front"]]
    assert run_command(["study", "best", "run.db"]) == 0
    assert "a compromise: value [" in capsys.readouterr().out
    assert run_command(["study", "export", "run.db", "--format", "json"]) == 0
    assert document(capsys)["front"] == best["front"]


def test_a_study_goes_out_as_csv_and_comes_in_again(capsys):
    assert run("./two.py:limited", "-n", "6", *SPACE, "--study", "run.db") == 0
    assert run_command(["study", "export", "run.db", "-o", "run.csv"]) == 0
    head = Path("run.csv").read_text().splitlines()[0]
    assert head == "trial,state,value_1,value_2,seconds,error,a,b,feasible,constraint_half"
    assert run_command(["study", "new", "next.db", *SPACE]) == 0
    rows = [line.split(",") for line in Path("run.csv").read_text().splitlines()]
    Path("in.csv").write_text("\n".join(",".join(row[2:]) for row in rows))
    capsys.readouterr()
    assert run_command(["study", "import", "next.db", "in.csv"]) == 0
    assert capsys.readouterr().out.startswith("in.csv: 6 measured\nfront of ")
    with Study("run.db", resume=True) as study, Study("next.db", resume=True) as other:
        assert [one.value for one in other.told()] == [one.value for one in study.told()]
        assert [one.constraints for one in other.told()] == [
            one.constraints for one in study.told()
        ]
    capsys.readouterr()
    assert run("./two.py:limited", "-n", "2", *SPACE, "--x0", "in.csv") == 0
    assert "6 known values, front of " in capsys.readouterr().err


def test_a_plate_by_hand(capsys):
    new = ["study", "new", "run.db", *QUICK, "--directions", "maximize,minimize"]
    assert run_command([*new, "--reference", "0,9"]) == 0
    assert "run.db: objectives maximize, minimize; policy" in capsys.readouterr().out
    assert run_command(["study", "ask", "run.db", "-n", "3", "-o", "plate.csv"]) == 0
    lines = Path("plate.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "trial,a,b,value_1,value_2"
    assert all(line.endswith(",,") for line in lines[1:])
    assert run_command(["study", "tell", "run.db", "0", "4", "-1.5"]) == 0
    assert run_command(["study", "tell", "run.db", "1", "fail"]) == 0
    capsys.readouterr()
    assert run_command(["study", "tell", "run.db", "2", "4"]) == 2
    assert "expected a list of 2 numbers" in capsys.readouterr().err
    assert run_command(["study", "tell", "run.db", "2", "4", "much"]) == 2
    assert "VALUE = 'much'; expected a number, or fail" in capsys.readouterr().err
    assert run_command(["study", "tell", "run.db", "2", "5", "-2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("front of 1 point, hypervolume 55 within 0, 9\na compromise: value [5.0")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2.5]", [1.0, 2.5]),
        ('{"value": [1, 2.5]}', [1.0, 2.5]),
        ('{"value": [3]}', 3.0),
        ("[1]", None),
        ("1 2.5", None),
        ("[1, NaN]", None),
        ('["a", 1]', None),
        ("[[1, 2], [3, 4]]", None),
    ],
)
def test_what_a_program_may_print(text, value):
    outcome = parse_value(text)
    if value is None:
        assert outcome.error is not None
        assert math.isnan(outcome.value)
    else:
        assert (outcome.value, outcome.error) == (value, None)


def test_a_program_of_several_objectives(capsys):
    program = ["--", "sh", "-c", "echo '[{a}, 1]'"]
    assert (
        run("-n", "3", *QUICK[:2], "--seed", "3", "--policy", "lstm-direct", "--json", *program)
        == 0
    )
    found = document(capsys)
    assert len(found["front"]) == 1
    assert found["fun"][1] == 1.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--directions", "up,down"], "'up,down'; expected minimize or maximize"),
        (["--directions", "minimize,maximize", "--maximize"], "maximize = True beside directions"),
        (["--reference", "3"], "reference = 3.0; expected a list of numbers"),
        (
            ["--reference", "3,x"],
            "--reference = 3,x; expected a finite number, or one an objective",
        ),
        (["--target", "nan"], "--target = nan; expected a finite number"),
        (["--target", "1", "--directions", "minimize,maximize"], "target = 1.0; expected a list"),
        (["--until", "exhausted", "--directions", "minimize,maximize"], "'exhausted' with 2 objec"),
        (["--n-objectives", "2"], "--directions minimize,maximize"),
        (["--ref-point", "1,2"], "--reference V,V"),
    ],
)
def test_what_does_not_fit_is_named(options, words, capsys):
    assert run("./two.py:two", "-n", "3", *QUICK, *options) == 2
    assert words in capsys.readouterr().err


def test_a_long_front_is_shown_in_part():
    trials = [Trial(i, [i / 50], Outcome([float(i), float(-i)])) for i in range(50)]
    view = FrontSummary(trials, False, None)
    table = view.table(["a"])
    assert len(table) == 22
    assert table[1].split()[0] == "0"
    assert table[-2].split()[0] == "49"
    assert "20 of 50" in table[-1]
    assert len(view.document(["a"])["front"]) == 50
    many = FrontSummary([Trial(0, [0.5], Outcome([1.0] * 6))], False, None)
    assert (many.text, many.hypervolume) == ("front of 1 point", None)


@pytest.mark.parametrize("count", [2, 3])
def test_a_picture_of_the_front(count, tmp_path):
    pytest.importorskip("matplotlib")
    values = [[1.0, 3.0, 2.0], [2.0, 1.0, 5.0], [4.0, 4.0, 4.0]]
    optimizer = Optimizer([(0.0, 1.0)], rng=0)
    for i, value in enumerate(values):
        optimizer.tell([0.1 * i], value[:count], constraints={"c": 0.0})
    optimizer.tell([0.7], [0.0] * count, constraints={"c": 1.0})
    optimizer.tell([0.8], math.nan)
    draw_run(str(tmp_path / "front.svg"), optimizer.result())
    text = (tmp_path / "front.svg").read_text()
    assert "<svg" in text
    assert len(text) > 5000
