"""What the command shows of a run, on a terminal and elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest
from screen_support import PseudoTerminal

from rnnbbo.cli.main import run_command

OBJECTIVE = """
import time

def f(a):
    time.sleep(0.06)
    if a > 2.9:
        raise ValueError("too far")
    return a * a

def talk(a):
    print("epoch", 1)
    return f(a)
"""
SPACE = ["-p", "a=float:-1:3", "--seed", "0", "--policy", "lstm-direct"]
RUN = ["minimize", *SPACE]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("objective.py").write_text(OBJECTIVE)


def test_quiet_shows_the_result_alone(capsys):
    assert run_command([*RUN, "-n", "3", "-q", "objective.py:f"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("best value ")


def test_quiet_leaves_warnings_out_and_keeps_errors(capsys):
    two = ["minimize", "-p", "a=int:0:1", "--seed", "0", "-n", "4", "objective.py:f"]
    assert run_command(two) == 0
    assert "Warning: " in capsys.readouterr().err
    assert run_command([*two, "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert run_command([*RUN, "-q", "nowhere.py:f"]) == 2
    assert "Error: " in capsys.readouterr().err


def test_verbose_has_a_line_a_trial(capsys):
    assert run_command([*RUN, "-n", "4", "--verbose", "objective.py:f"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [f"trial {i}" in line for i, line in enumerate(lines[-4:])] == [True] * 4
    assert all(" a=" in line and line.endswith(" ms)") for line in lines[-4:])


def test_one_or_the_other(capsys):
    assert run_command([*RUN, "-q", "-v", "objective.py:f"]) == 2
    assert "--quiet beside --verbose; expected one or the other" in capsys.readouterr().err


def test_a_study_that_is_gone_on_with_takes_them_too(capsys):
    run_command([*RUN, "-n", "2", "-q", "--study", "run.db", "objective.py:f"])
    assert run_command(["resume", "run.db", "-n", "4", "-v"]) == 0
    assert "trial 3: " in capsys.readouterr().err
    assert run_command(["resume", "run.db", "-n", "5", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("columns", "encoding"),
    [
        (60, "utf-8"),
        pytest.param(20, "utf-8", marks=pytest.mark.slow),
        pytest.param(100, "ascii", marks=pytest.mark.slow),
        pytest.param(500, "utf-8", marks=pytest.mark.slow),
    ],
)
def test_a_terminal_of_any_width(columns, encoding, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    command = [sys.executable, "-m", "rnnbbo.cli.main", *RUN, "-n", "12", "objective.py:talk"]
    with PseudoTerminal(columns) as terminal:
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal.slave)
        terminal.close_slave()
        result, _ = run.communicate()
        text, screen = terminal.read(), terminal.screen()
    assert run.returncode == 0
    assert result.startswith(b"best value ")
    assert ("█" in text) == (encoding == "utf-8" and columns > 40)
    assert "1 running" in text or columns == 20
    # What is left are the lines that stay: nothing of what was drawn in place.
    assert screen.count("epoch 1") == 12
    assert not any("/12" in line for line in screen)
    assert text.isascii() or encoding == "utf-8"
