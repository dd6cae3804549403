"""What a study keeps of its command, and going on without saying it again."""

import json
import sys
from pathlib import Path

import pytest

from rnnbbo import Study
from rnnbbo.cli.main import run_command

SOURCE = """
def f(x, y):
    return (x - 0.3) ** 2 + (y == "b")

def g(x, y):
    return x

class Problem:
    bounds = [(0.0, 1.0), (0.0, 2.0)]
    def __call__(self, x):
        return sum(x)

problem = Problem()
"""
SPACE = ["-p", "x=float:0:1", "-p", "y=cat:a,b"]
BEGIN = ["--study", "run.db", "--policy", "lstm-direct", "--seed", "0"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(SOURCE)
    return tmp_path


def told():
    with Study("run.db", resume=True) as study:
        return [(trial.x, trial.value) for trial in study.told()]


def test_going_on_needs_the_file_alone(capsys):
    assert run_command(["minimize", "model.py:f", *SPACE, "-n", "7", *BEGIN]) == 0
    whole = told()
    Path("run.db").unlink()
    assert run_command(["minimize", "model.py:f", *SPACE, "-n", "3", *BEGIN]) == 0
    assert told() == whole[:3]
    assert run_command(["resume", "run.db", "-n", "5"]) == 0
    assert told() == whole[:5]
    assert run_command(["minimize", "--study", "run.db", "--resume", "-n", "7"]) == 0
    assert told() == whole
    capsys.readouterr()
    assert run_command(["resume", "run.db"]) == 0  # as many as last time
    assert "7 of 7 evaluations" in capsys.readouterr().err
    assert told() == whole


def status(capsys):
    return json.loads(capsys.readouterr().out)["status"]


def test_rules_to_stop_are_kept_until_others_are_said(capsys):
    begin = ["minimize", "model.py:f", *SPACE, *BEGIN, "--json"]
    assert run_command([*begin, "-n", "9", "--patience", "2", "--target", "-1"]) == 0
    assert status(capsys) == "patience"
    count = len(told())
    assert count < 9
    assert run_command(["resume", "run.db", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["status"] == "patience"
    assert (
        "stopping at -1.0 or better, or after 2 evaluations without a better value" in printed.err
    )
    assert len(told()) == count
    assert run_command(["resume", "run.db", "--target", "9", "--json"]) == 0
    assert status(capsys) == "target"
    assert run_command(["resume", "run.db", "--until", "n-calls", "--json"]) == 0
    assert status(capsys) == "ok"
    assert run_command(["resume", "run.db", "-n", "11", "--json"]) == 0
    assert (status(capsys), len(told())) == ("ok", 11)


def test_the_direction_is_kept(capsys):
    begin = ["minimize", "model.py:f", *SPACE, *BEGIN, "-n", "4"]
    assert run_command([*begin, "--maximize"]) == 0
    best = max(value for _, value in told())
    printed = capsys.readouterr()
    assert printed.out.startswith(f"best value {best!r}")
    assert "larger values are better" in printed.err
    assert run_command(["resume", "run.db", "-n", "6", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["fun"], document["maximize"]) == (max(value for _, value in told()), True)
    assert run_command(["minimize", "--study", "run.db", "--resume", "--maximize"]) == 0
    for command, words in (("show", "larger values are better"), ("best", repr(document["fun"]))):
        capsys.readouterr()
        assert run_command(["study", command, "run.db"]) == 0
        assert words in capsys.readouterr().out
    assert run_command(["study", "export", "run.db", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["fun"] == document["fun"]
    Path("run.db").unlink()
    assert run_command(begin) == 0
    assert run_command(["minimize", "--study", "run.db", "--resume", "--maximize"]) == 4
    assert "another direction: maximize = False, not True" in capsys.readouterr().err


PROGRAM = ["--", sys.executable, "-c", "print({x} or '{y}')"]


@pytest.mark.parametrize(("objective", "program"), [(["model.py:problem"], []), (SPACE, PROGRAM)])
def test_any_kind_of_objective(objective, program, capsys):
    assert run_command(["minimize", *objective, "-n", "2", *BEGIN, *program]) == 0
    capsys.readouterr()
    assert run_command(["resume", "run.db", "-n", "4", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n_trials"], document["n_failed"]) == (4, 0)


def test_another_objective_has_to_be_meant(capsys):
    assert run_command(["minimize", "model.py:f", *SPACE, "-n", "2", *BEGIN]) == 0
    go_on = ["--study", "run.db", "--resume", "-n", "4"]
    for other in (["model.py:g"], ["--", "true"]):
        assert run_command(["minimize", *go_on, *other]) == 4
        assert "is one of model.py:f, not of" in capsys.readouterr().err
    assert len(told()) == 2
    assert run_command(["minimize", *go_on, "--new-command", "model.py:g"]) == 0
    assert run_command(["resume", "run.db", "-n", "5"]) == 0
    assert [value for _, value in told()[2:]] == [x[0] for x, _ in told()[2:]]


def test_a_study_that_was_begun_by_other_means(capsys):
    with Study("run.db", [(0.0, 1.0), (0.0, 2.0)], policy="lstm-direct", rng=0) as study:
        study.tell(study.ask(), 1.0)
    assert run_command(["resume", "run.db"]) == 4
    assert "does not say what evaluates it" in capsys.readouterr().err
    assert run_command(["minimize", "model.py:problem", *BEGIN[:2], "--resume", "-n", "2"]) == 0
    assert run_command(["resume", "run.db", "-n", "3"]) == 0
    assert len(told()) == 3


def test_what_cannot_be_gone_on_with(folder, monkeypatch, capsys):
    assert run_command(["resume", "run.db"]) == 4
    assert "there is no study" in capsys.readouterr().err
    assert run_command(["minimize", "model.py:f", *SPACE, "-n", "2", *BEGIN]) == 0
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run_command(["resume", "../run.db", "-n", "3"]) == 2
    assert f"the study was begun in {folder}" in capsys.readouterr().err
    with Study("../run.db", resume=True) as study:
        study.keep_command('{"a later": "form"}')
    assert run_command(["resume", "../run.db"]) == 4
    assert "that this version does not know" in capsys.readouterr().err
