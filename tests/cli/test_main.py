"""What the command says when something is wrong or odd."""

import pytest

from rnnbbo.cli import main, study
from rnnbbo.cli.main import COMMANDS, run_command

RUN = ["minimize", "--seed", "0", "--policy", "lstm-direct"]


def test_a_repeated_point_is_one_line_on_stderr(tmp_path, capsys):
    study = ["--study", str(tmp_path / "run.db"), "--resume"]
    command = [*RUN, *study, "-p", "n=int:1:2", "-p", "c=cat:a,b"]
    assert run_command([*command, "-n", "4", "--", "echo", "{n}", "{c}"]) == 3
    assert "Warning" not in capsys.readouterr().err
    assert run_command([*command, "-n", "7", "--", "echo", "{n}", "{c}"]) == 3
    (line,) = [one for one in capsys.readouterr().err.splitlines() if "Warning" in one]
    assert line.startswith("Warning: the point [")
    assert "4 points, all 4 of the space, were evaluated so far" in line


def test_a_choice_that_looks_like_a_range_with_a_step_is_hinted_at(tmp_path, capsys):
    script = tmp_path / "objective.py"
    script.write_text("def f(x):\n    return x[0]\nf.bounds = [(0, 64, 8)]\n")
    assert run_command([*RUN, f"{script}:f", "-n", "1"]) == 0
    assert "Warning: dimension = (0, 64, 8) is a choice" in capsys.readouterr().err


def test_an_argument_that_no_terminal_shows_is_escaped(capsys):
    assert run_command(["policies", "lstm", "\udcff\x1b[31m"]) == 2
    assert run_command(["train", "none.toml", "\udcff\x1b[31m"]) == 2
    said = capsys.readouterr().err
    assert r"\udcff\x1b[31m" in said
    assert "\x1b" not in said


def test_what_a_program_says_cannot_reach_the_terminal(capsys):
    program = ["sh", "-c", r"printf '\033[31m\377 {x}' >&2; exit 1"]
    assert run_command([*RUN, "-n", "2", "-p", "x=float:0:1", "--", *program]) == 3
    said = capsys.readouterr().err
    assert r"stderr: \x1b[31m" in said
    assert "\x1b" not in said


def test_a_category_of_other_bytes_is_exported_escaped(tmp_path):
    study, table = tmp_path / "run.db", tmp_path / "run.csv"
    command = [*RUN, "-n", "2", "-p", "c=cat:a,\udcff", "--study", str(study), "--", "echo", "1"]
    assert run_command(command) == 0
    assert run_command(["study", "export", str(study), "-o", str(table)]) == 0
    assert r"\udcff" in table.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("optimize", "no such command: optimize; expected rnnbbo minimize"),
        ("maximize", "expected rnnbbo minimize --maximize"),
        ("ask", "expected rnnbbo study ask"),
        ("create-study", "expected rnnbbo study new"),
        ("frobnicate", "No such command 'frobnicate'"),
    ],
)
def test_a_command_typed_by_habit_says_which_one_it_is_here(typed, words, capsys):
    assert run_command([typed]) == 2
    assert words in capsys.readouterr().err


def test_no_habit_is_a_command_of_ours():
    assert not set(main._MEANT) & set(COMMANDS)
    for meant in main._MEANT.values():
        group, *names = [name.strip(",") for name in meant.split() if name not in ("rnnbbo", "or")]
        assert group in COMMANDS
        assert all(name in (*study.study.commands, "study", "--maximize") for name in names)
