"""What the command says of options that other optimizers have."""

import re

import pytest

from rnnbbo.cli import minimize, options, policies, study
from rnnbbo.cli.main import run_command

OWN = {name for parameter in minimize.minimize.params for name in parameter.opts}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--n-trials", "40"], "--n-calls N"),
        (["--trials=40"], "--n-calls N"),
        (["--max_evals", "9"], "--n-calls N"),
        (["--n-jobs", "2"], "--jobs N"),
        (["--random-state", "0"], "--seed N"),
        (["--direction", "maximize"], "larger values are better with --maximize"),
        (["--mode=max"], "--maximize"),
        (["--constraint", "a<1"], "--where EXPR"),
        (["--sampler", "tpe"], "--policy NAME"),
        (["--storage", "sqlite:///x.db"], "--study FILE"),
        (["--dashboard"], "rnnbbo study serve"),
        (["-o", "x.json"], "--json"),
    ],
)
def test_an_option_typed_by_habit_says_what_to_do_here(typed, words, capsys):
    assert run_command(["minimize", "math:sqrt", "-p", "a=float:0:1", *typed]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"Error: no such option: {typed[0].partition('=')[0]}; ")
    assert words in line


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["resume", "run.db", "--n-trials", "9"], "no such option: --n-trials; the number of eval"),
        (["resume", "run.db", "--sampler", "tpe"], "No such option '--sampler'"),
        (["study", "new", "run.db", "--direction=maximize"], "larger values are better with --max"),
        (["study", "new", "run.db", "--n-trials", "9"], "No such option '--n-trials'"),
    ],
)
def test_other_commands_name_options_of_their_own_alone(typed, words, capsys):
    assert run_command(typed) == 2
    assert words in capsys.readouterr().err


def test_options_that_nobody_knows_are_told_where_a_programs_own_belong(capsys):
    assert run_command(["minimize", "math:sqrt", "-p", "a=float:0:1", "--frobnicate"]) == 2
    assert "A program and its options go after --." in capsys.readouterr().err
    assert run_command(["minimize", "-p", "a=float:0:1", "--frobnicate", "--", "true"]) == 2
    assert "after --" not in capsys.readouterr().err


def test_hints_name_options_that_there_are_and_no_habit_is_one_of_ours():
    others = {
        name
        for command in (*study.study.commands.values(), policies.policies)
        for parameter in command.params
        for name in parameter.opts
    }
    for habit, hint in options._HINTS.items():
        assert f"--{habit}" not in OWN
        assert set(re.findall(r"--[a-z][a-z0-9-]*", hint)) <= OWN | others, habit
