"""Conditions and known constraints as users of the command meet them."""

import json
import sys
from pathlib import Path

import pytest

from rnnbbo.cli.main import run_command
from rnnbbo.cli.program import Program
from rnnbbo.evaluation.evaluator import Objective
from rnnbbo.space import Integer, Real, Space

TREE = Space(
    {
        "kind": ["p", "q"],
        "n": Integer(1, 9, when={"kind": "p"}),
        "tol": Real(0, 1, when={"n": "> 2"}),
    }
)
PARAMS = ["-p", "kind=cat:p,q", "-p", "n=int:1:9:when=kind=p", "-p", "x=float:0:1:step=.25"]
OBJECTIVE = """
def named(kind, x, n=None):
    assert (n is None) == (kind == "q"), (kind, n)
    return x + (n or 0)

def listed(point):
    kind, n, x = point
    assert (n is None) == (kind == "q"), (kind, n)
    return x

def mapped(point):
    assert ("n" in point) == (point["kind"] == "p"), point
    return point["x"]

from rnnbbo import Integer
mapped.bounds = {"kind": ["p", None], "n": Integer(1, 9, when={"kind": "p"}), "x": (0.0, 1.0)}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "objective", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("objective.py").write_text(OBJECTIVE)


@pytest.fixture
def run(capfd):
    def minimize(*arguments: str) -> tuple[dict, str]:
        code = run_command(["minimize", "--json", "--seed", "1", *arguments])
        out, err = capfd.readouterr()
        assert code == 0, err
        return json.loads(out), err

    return minimize


@pytest.mark.parametrize(
    ("point", "filled"),
    [
        (["p", 3, 0.5], ["sim", "p", "--n=3", "--tol", "0.5", "p-3-0.5", "3", "-v"]),
        (["p", 1, None], ["sim", "p", "--n=1", "p-1-", "1", "-v"]),
        (["q", None, None], ["sim", "q", "q--", "-v"]),
    ],
)
def test_arguments_of_inactive_parameters_are_left_out(point, filled):
    command = ["sim", "{kind}", "--n={n}", "--tol", "{tol}", "{kind}-{n}-{tol}", "{n}", "-v"]
    command[0] = sys.executable
    program = Program(command, TREE.names)
    assert program.command(point)[1:] == filled[1:]


def test_a_program_gets_what_is_active_by_name(run):
    code = (
        "import json, os, sys; p = json.loads(os.environ['RNNBBO_PARAMS']); "
        "assert ('n' in p) == (p['kind'] == 'p'); print(p.get('n', 5) + p['x'])"
    )
    answer, _ = run(*PARAMS, "-n", "8", "--", sys.executable, "-c", code)
    assert answer["n_failed"] == 0
    for trial in answer["trials"]:
        assert ("n" in trial["x"]) == (trial["x"]["kind"] == "p")
    assert len({len(trial["x"]) for trial in answer["trials"]}) == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("name", ["named", "listed", "mapped"])
def test_a_function_gets_what_is_active(run, name, jobs):
    params = [] if name == "mapped" else PARAMS
    answer, said = run(f"objective.py:{name}", *params, "-n", "8", "--jobs", jobs)
    assert answer["n_failed"] == 0, said
    assert len({len(trial["x"]) for trial in answer["trials"]}) == 2
    assert f"calling {name}(" in said


def test_constraints_hold_and_a_study_keeps_them(run, capfd):
    where = ["--where", "x + n <= 4", "--where", "x <= .5"]
    options = ["objective.py:named", *PARAMS, "--study", "run.db", "--resume"]
    first, _ = run(*options, *where, "-n", "4")
    again, _ = run("objective.py:named", "--study", "run.db", "--resume", "-n", "6")
    same, _ = run("objective.py:named", "--study", "run.db", "--resume", *where, "-n", "8")
    assert first["trials"] == again["trials"][:4] == same["trials"][:4]
    for trial in same["trials"]:
        assert trial["x"]["x"] <= 0.5
        assert trial["x"]["x"] + trial["x"].get("n", 0) <= 4
    assert run_command(["study", "show", "run.db"]) == 0
    shown = capfd.readouterr().out
    assert "where x + n <= 4" in shown
    assert "when={'kind': 'p'}" in shown
    assert "None" not in shown.split("best value")[1]


def test_another_constraint_is_another_study(capsys):
    options = ["minimize", "objective.py:named", *PARAMS, "-n", "2", "--study", "run.db"]
    assert run_command([*options, "--where", "x <= .5"]) == 0
    assert run_command([*options, "--where", "x <= .75", "--resume"]) == 4
    assert "it has points where x <= .5, not where x <= .75" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("x <", "expected numbers, texts, names of parameters"),
        ("y <= 1", "expected names of parameters: kind, n, x, not y"),
        ("x < 0", "none of 65536 drawn at random does"),
    ],
)
def test_malformed_constraints_are_usage(where, words, capsys):
    options = ["minimize", "objective.py:named", *PARAMS, "-n", "2"]
    assert run_command([*options, "--where", where]) == 2
    assert words in capsys.readouterr().err


def test_the_help_has_every_form(capsys):
    assert run_command(["minimize", "--help"]) == 0
    text = capsys.readouterr().out
    for form in ("NAME=ord:", "NAME=fix:", ":step=S", ":when=OTHER=VALUE", "--where"):
        assert form in text


def test_objectives_are_still_functions_of_lists():
    from rnnbbo.cli.command_objective import as_list_objective

    func: Objective = as_list_objective(lambda kind, n=None, tol=None: (kind, n, tol), TREE.names)
    assert func(["p", 1, None]) == ("p", 1, None)
    assert as_list_objective(lambda kind, n, tol: (kind, n, tol), TREE.names)(
        ["q", None, None]
    ) == (
        "q",
        None,
        None,
    )
