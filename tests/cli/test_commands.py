"""The `rnnbbo` command as its users meet it: output, files and exit codes."""

import contextlib
import csv
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rnnbbo
from rnnbbo import Real, Study, core
from rnnbbo.cli import printing
from rnnbbo.cli.main import COMMANDS, run_command
from rnnbbo.pictures import gallery

OBJECTIVE = """
import sys, time

def named(lr, n, act):
    print("said by the objective")
    return lr + n + (act == "tanh")

def listed(x):
    return x[0] ** 2

def failing(x):
    raise ValueError("diverged")

def sometimes(x):
    sometimes.calls = getattr(sometimes, "calls", 0) + 1
    if sometimes.calls % 2:
        raise ValueError("diverged")
    return x[0]

def sleepy(x):
    time.sleep(600)

def heavy(x):
    return sum(name in sys.modules for name in ("torch", "scipy", "sklearn", "skopt", "matplotlib"))

class Problem:
    bounds = [(-1.0, 1.0), (0.0, 2.0)]
    def __call__(self, x):
        return x[0] ** 2 + x[1]

problem = Problem()
"""
NAMED = ["--param", "lr=float:0.1:1:log", "--param", "n=int:1:4", "--param", "act=cat:relu,tanh"]
ONE = ["--param", "a=float:-1:1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "objective", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "objective.py").write_text(OBJECTIVE)
    return tmp_path


def escaped(code):
    """Code whose braces stand for themselves."""
    return code.replace("{", "{{").replace("}", "}}")


def minimize(*arguments):
    return run_command(["minimize", *arguments])


def test_a_python_function_by_names(capsys):
    assert minimize("objective.py:named", *NAMED, "-n", "6", "--seed", "0") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("best value ")
    assert "said by the objective" not in out
    assert "said by the objective" in err
    point = eval(lines[-1].removeprefix("x = "))
    value = float(lines[0].split()[2].rstrip(","))
    assert value == point[0] + point[1] + (point[2] == "tanh")


def test_the_objectives_own_bounds(capsys):
    assert minimize("objective.py:problem", "-n", "2", "--json") == 0
    assert list(json.loads(capsys.readouterr().out)["x"]) == ["x0", "x1"]


def test_a_program_ready_to_paste(capsys):
    command = ["sh", "-c", 'echo "$1"', "a b", "{a}", "$(y)"]
    assert minimize(*ONE, "-n", "3", "--seed", "0", "--", *command) == 0
    out = capsys.readouterr().out.splitlines()
    argv = shlex.split(out[-1])
    assert argv[:4] + argv[5:] == ["sh", "-c", 'echo "$1"', "a b", "$(y)"]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert float(printed) == float(argv[4])
    assert out[0].startswith(f"best value {float(printed)!r}")


JSON_KEYS = {
    "schema_version", "status", "x", "fun", "best_trial", "recommended", "command", "n_trials",
    "n_failed", "recommended_value", "noise", "policy", "policy_why", "seen", "seed", "seconds",
    "feasible", "constraints", "trials", "maximize", "gain_left", "total", "core",
}  # fmt: skip


def test_json_of_a_program(capsys):
    code = escaped(
        "[ $RNNBBO_TRIAL = 1 ] && { echo lost >&2; exit 4; }; "
        """echo '{"value": 2, "info": {"e": NaN}}'"""
    )
    assert minimize(*ONE, "-n", "3", "--seed", "7", "--json", "--", "sh", "-c", code, "{a}") == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    document = json.loads(out)
    assert set(document) == JSON_KEYS
    assert document["schema_version"] == printing.JSON_VERSION == 2
    assert (document["status"], document["fun"], document["seed"]) == ("ok", 2.0, 7)
    assert (document["n_trials"], document["n_failed"], document["best_trial"]) == (3, 1, 0)
    assert document["x"] == document["trials"][0]["x"]
    assert document["command"][-1] == repr(document["x"]["a"])
    trials = document["trials"]
    assert [trial["trial"] for trial in trials] == [0, 1, 2]
    assert trials[0]["info"] == {"e": None}
    assert trials[1]["state"] == "failed"
    assert trials[1]["value"] is None
    assert trials[1]["error"] == "exit status 4; stderr: lost"
    assert trials[1]["stderr"] == "lost\n"


def test_a_program_tells_constraints(capsys):
    code = escaped("""echo "{\\"value\\": $1, \\"constraints\\": {\\"mem\\": $RNNBBO_TRIAL}}" """)
    arguments = [*ONE, "-n", "3", "--seed", "7", "--study", "run.db"]
    assert minimize(*arguments, "--json", "--", "sh", "-c", code, "sh", "{a}") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["feasible"], document["best_trial"]) == ("ok", True, 0)
    assert document["constraints"] == {"mem": 0.0}
    trials = document["trials"]
    assert [trial["constraints"]["mem"] for trial in trials] == [0.0, 1.0, 2.0]
    assert [trial["feasible"] for trial in trials] == [True, False, False]


def test_a_run_without_a_feasible_point_says_so(capsys):
    code = escaped("""echo '{"value": 2, "constraints": {"mem": 1.5}}'""")
    assert minimize(*ONE, "-n", "2", "--", "sh", "-c", code, "sh", "{a}") == 3
    captured = capsys.readouterr()
    out = captured.out + captured.err
    assert "no point is feasible yet; the least violating has value 2.0, at trial 0" in out
    assert "constraint mem = 1.5, not met: expected at most 0" in out


def test_json_of_a_function(capsys):
    assert minimize("objective.py:named", *NAMED, "-n", "3", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == JSON_KEYS
    assert document["command"] is None
    assert [type(value) for value in document["x"].values()] == [float, int, str]
    again = ["--seed", str(document["seed"])]
    assert minimize("objective.py:named", *NAMED, "-n", "3", "--json", *again) == 0
    assert json.loads(capsys.readouterr().out)["trials"][2]["x"] == document["trials"][2]["x"]


def test_a_study_is_exported_with_one_word_for_a_state(folder, capsys):
    arguments = ["objective.py:sometimes", *ONE, "-n", "4", "--study", "run.db"]
    assert minimize(*arguments, "--policy", "lstm-direct") == 0
    for name in ("all.csv", "all.json", "plain"):
        assert run_command(["study", "export", "run.db", "-o", name]) == 0
    with (folder / "all.csv").open() as file:
        rows = list(csv.DictReader(file))
    document = json.loads((folder / "all.json").read_text())
    states = ["failed", "ok", "failed", "ok"]
    assert [row["state"] for row in rows] == states
    assert [trial["state"] for trial in document["trials"]] == states
    with Study("run.db", resume=True) as study:
        assert [trial.state for trial in study.trials()] == states
    assert (folder / "plain").read_text() == (folder / "all.csv").read_text()
    capsys.readouterr()
    assert run_command(["study", "export", "run.db", "-o", "all.xlsx"]) == 2
    assert "--output = 'all.xlsx'; expected a name in .csv or .json" in capsys.readouterr().err
    assert not (folder / "all.xlsx").exists()
    assert run_command(["study", "export", "run.db", "-o", "all.txt", "--format", "csv"]) == 0
    assert (folder / "all.txt").read_text() == (folder / "all.csv").read_text()


def test_going_on_counts_evaluations_against_those_that_are_wanted(folder, capsys):
    study = ["--study", "run.db", "--policy", "lstm-direct"]
    with Study("run.db", [Real(-1.0, 1.0, name="a")], policy="lstm-direct") as made:
        for known in (0.5, 0.75):
            made.add([known], 1.0)
    for n_calls, words in [
        (3, "0 of 3 evaluations, 2 known values, best value 1.0"),
        (4, "3 of 4 evaluations, 2 known values"),
        (2, "4 evaluations, and 2 are wanted, 2 known values"),
    ]:
        arguments = ["objective.py:listed", *ONE, "-n", str(n_calls), *study, "--resume"]
        assert minimize(*arguments) == 0
        assert f"going on with run.db: {words}" in capsys.readouterr().err
    with Study("run.db", resume=True) as made:
        assert made.result().nfev == 4


def test_who_proposes_and_why_is_said_with_a_study_too(capsys):
    arguments = ["objective.py:listed", *ONE, "-n", "2", "--seed", "0", "--json"]
    said = []
    for study in ([], ["--study", "run.db"]):
        assert minimize(*arguments, *study) == 0
        out, err = capsys.readouterr()
        document = json.loads(out)
        assert f"policy {document['policy']}: {document['policy_why']}" in err
        said.append((document["policy"], document["policy_why"], document["seed"]))
    assert said[0] == said[1]
    assert all(said[0][:2])


def test_failed_trials_do_not_end_the_run(capsys):
    assert minimize("objective.py:sometimes", *ONE, "-n", "6", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["n_failed"] == 3
    assert err.count("diverged") == 1  # all alike: said once


def test_no_success(capsys):
    assert minimize("objective.py:failing", *ONE, "-n", "3") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "no trial succeeded (3 trials, 3 failed)" in err
    assert "ValueError: diverged" in err
    assert minimize(*ONE, "-n", "2", "--json", "--", "true") == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["x"], document["fun"]) == ("no_success", None, None)
    assert "printed nothing" in document["trials"][0]["error"]


def test_too_many_failures_still_show_the_best(capsys):
    assert minimize("objective.py:sometimes", *ONE, "-n", "50", "--max-failures", "2") == 3
    out = capsys.readouterr().out
    assert "best value" in out
    assert "(stopped by too many failures; 5 trials, 3 failed)" in out


def test_jobs_and_timeouts_of_functions_and_programs(capsys):
    assert minimize("objective.py:listed", *ONE, "-n", "6", "-j", "2", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert sorted(trial["trial"] for trial in document["trials"]) == list(range(6))
    assert all(trial["value"] == trial["x"]["a"] ** 2 for trial in document["trials"])
    assert minimize("objective.py:sleepy", *ONE, "--timeout", "0.3", "--json") == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["n_trials"]) == ("timeout", 0)
    code = "[ $RNNBBO_TRIAL -ge 2 ] && sleep 600; echo 1"
    arguments = [*ONE, "-n", "9", "-j", "3", "--timeout", "2", "--json", "--", "sh", "-c", code]
    assert minimize(*arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "timeout"
    assert sorted(trial["trial"] for trial in document["trials"]) == [0, 1]
    assert minimize(*ONE, "-n", "1", "--eval-timeout", "0.2", "--", "sleep", "600") == 3
    assert "timed out after 0.2 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to minimize"),
        (["--"], "nothing to minimize"),
        (
            ["objective.py:listed", *ONE, "--", "true"],
            "OBJECTIVE = 'objective.py:listed', and a program",
        ),
        (["objective.py", *ONE], "pkg.mod:func"),
        (["./train.sh", *ONE], "after --"),
        (["none.py:f", *ONE], "no file 'none.py'"),
        (
            ["objective.py:none", *ONE],
            "objective = 'objective.py:none'; expected a function of objective.py: ",
        ),
        (["objective.py:named", *ONE], "expected one that takes a=..., or one list"),
        (["objective.py:listed"], "the space is empty"),
        (["objective.py:listed", "--space", "none.toml"], "No such file"),
        (["objective.py:listed", "-p", "x=float:1:0"], "low < high"),
        (["objective.py:listed", "-p", "x=float:1:1"], "all of it fixed"),
        (["objective.py:listed", "-p", "a"], "NAME=float"),
        (["objective.py:listed", *ONE, "--policy", "sgd"], "sgd"),
        (["objective.py:listed", *ONE, "-n", "0"], "--n-calls"),
        (["objective.py:listed", *ONE, "-n", "many"], "--n-calls"),
        (["objective.py:listed", *ONE, "--seed", "-1"], "--seed"),
        (["objective.py:listed", *ONE, "--jobs", "0"], "--jobs"),
        (["objective.py:listed", *ONE, "--timeout", "0"], "--timeout"),
        (["objective.py:listed", *ONE, "--timeout", "nan"], "expected a number of seconds > 0"),
        (["objective.py:listed", *ONE, "--eval-timeout", "nan"], "expected a number of seconds"),
        (["objective.py:listed", *ONE, "--call-with", "magic"], "--call-with"),
        (["objective.py:listed", *ONE, "--lr=3"], "--lr"),
        (
            ["objective.py:listed", *ONE, "--plot", "plot.docx"],
            "--plot = 'plot.docx'; expected a name in one of .png",
        ),
        (
            ["objective.py:listed", *ONE, "--plot", "none/plot.png"],
            "No such file or directory); expected a file in a folder that is there",
        ),
        ([*ONE, "--", "no-such-program-anywhere"], "no-such-program-anywhere"),
        ([*ONE, "--", "true", "{y}"], "placeholder = '{y}' in '{y}'; expected one of {a}"),
        ([*ONE, "-p", "b=int:1:2", "--", "true", "{a}"], "the command line has no {b}"),
        ([*ONE, "--", "sh run.sh {a}"], "without quotes"),
        (["objective.py:listed", *ONE, "--n-trials", "9"], "--n-calls N"),
    ],
)
def test_usage_errors(arguments, words, capsys):
    assert minimize(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert len(err.splitlines()) == 1
    assert err.startswith("Error: ")


def test_a_missing_extra_is_named_before_the_first_evaluation(monkeypatch, capsys):
    monkeypatch.setattr(gallery, "find_spec", lambda name: None)
    assert minimize("objective.py:listed", *ONE, "--plot", "plot.png") == 2
    err = capsys.readouterr().err
    assert "pip install matplotlib" in err
    assert "trial" not in err


def test_plot(folder, capsys):
    pytest.importorskip("matplotlib")
    assert minimize("objective.py:sometimes", *ONE, "-n", "4", "--plot", "plot.png") == 0
    assert (folder / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert minimize("objective.py:failing", *ONE, "-n", "2", "--plot", "plot.svg") == 3
    assert "<svg" in (folder / "plot.svg").read_text()


def test_a_damaged_weights_file(folder, capsys):
    (folder / "mine.safetensors").write_bytes(b"not weights")
    policy = ["--policy", "mine.safetensors"]
    assert minimize("objective.py:listed", *ONE, *policy) == 4
    assert run_command(["policies", "mine.safetensors"]) == 4
    assert run_command(["policies", "missing.safetensors"]) == 4
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3
    assert "mine.safetensors" in err


def test_policies(capsys):
    assert run_command(["policies", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["core"] == core.name()
    assert {"lstm", "dnc"} <= set(document["policies"])
    for name, metadata in document["policies"].items():
        if name == "auto":
            assert metadata["plan"]["from 1 on"].startswith("kernel")
            continue
        assert metadata["weights"] > 0
        assert metadata["provenance"]
    assert run_command(["policies"]) == 0
    out = capsys.readouterr().out
    assert set(document["policies"]) <= {line.split()[0] for line in out.splitlines()}
    assert out.count("(default)") == 1
    assert "  provenance." in out
    assert run_command(["policies", "none-such"]) == 2


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (["--target", "nan"], "--target = nan; expected a finite number"),
        (["--patience", "0"], "0 is not in the range x>=1"),
        (["--until", "n-calls", "--patience", "3"], "expected one or the other"),
        (["--until", "exhausted", "--policy", "dnc"], "policy 'dnc' does not know the expected"),
    ],
)
def test_wrong_rules_to_stop(rule, words, capsys):
    assert minimize("objective.py:listed", *ONE, *rule) == 2
    assert words in capsys.readouterr().err


def test_what_is_left_to_gain_is_said_and_used(capsys):
    assert minimize("objective.py:listed", *ONE, "--seed", "0", "--until", "exhausted") == 0
    printed = capsys.readouterr()
    assert "stopping where little more is expected to be gained" in printed.err
    assert "stopped, since little more is expected to be gained; " in printed.out
    assert "\na further evaluation is expected to gain " in printed.out


def test_help_has_examples(capsys):
    assert run_command([]) == 0
    overview = capsys.readouterr().out
    for command in COMMANDS:
        assert command in overview
        assert run_command([command, "--help"]) == 0
        assert f"rnnbbo {command}" in capsys.readouterr().out.partition("xample")[2]
    assert run_command(["--version"]) == 0
    assert run_command(["minimise"]) == 2


# What follows needs processes of its own.

RNNBBO = [sys.executable, "-m", "rnnbbo.cli.main"]


def test_a_group_without_its_command_is_answered_by_the_help(capsys):
    assert run_command(["study"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: rnnbbo study [OPTIONS] COMMAND [ARGS]...\n")
    assert re.search(r"^  export +Write every trial as CSV or JSON\.$", err, re.MULTILINE)
    assert "Error" not in err


def test_exit_codes_of_the_real_command():
    codes = [
        (2, ["minimize"]),
        (3, ["minimize", *ONE, "-n", "1", "--", "false"]),
    ]
    for code, arguments in codes:
        done = subprocess.run([*RNNBBO, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_proposing_points_imports_nothing_heavy():
    arguments = ["minimize", "objective.py:heavy", *ONE, "-n", "3", "--json"]
    done = subprocess.run([*RNNBBO, *arguments], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["fun"] == 0


def running(group):
    """States of the processes of a group that have not ended."""
    states = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = path.read_text(errors="replace").rpartition(")")[2].split()[:3]
            states += [state] * (int(its_group) == group and state != "Z")
    return states


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_shows_the_best_and_leaves_no_orphan(folder, ending):
    code = escaped(
        "[ $RNNBBO_TRIAL -lt 2 ] && { echo $RNNBBO_TRIAL; exit; }; echo $$ > pid; sleep 600"
    )
    command = [*RNNBBO, "minimize", *ONE, "-n", "9", "--json", "--", "sh", "-c", code]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    file = folder / "pid"
    while not (file.exists() and file.read_text().strip()):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(ending)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    document = json.loads(out)
    assert (document["status"], document["fun"], document["n_trials"]) == ("interrupted", 0.0, 2)
    assert running(int(file.read_text())) == []


def test_a_noisy_run_names_the_point_to_take_too(capsys, tmp_path):
    source = (
        "import random\nr = random.Random(0)\ndef f(a): return (a - 0.3) ** 2 + r.gauss(0, 0.3)\n"
    )
    (tmp_path / "noisy.py").write_text(source)
    target = f"{tmp_path}/noisy.py:f"
    assert minimize(target, *ONE, "-n", "40", "--seed", "6") == 0
    words = capsys.readouterr().out
    (tmp_path / "noisy.py").write_text(source)
    assert minimize(target, *ONE, "-n", "40", "--seed", "6", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["recommended"] != document["x"]
    # What it is worth, over many runs, is tested in tests/test_recommend.py.
    scope = {}
    exec(source, scope)
    same = rnnbbo.minimize(lambda x: scope["f"](*x), [(-1.0, 1.0)], n_calls=40, rng=6)
    assert [document["recommended"]["a"]] == same.recommended
    assert [document["x"]["a"]] == same.x
    assert words.splitlines()[-1] == f"x = [{document['recommended']['a']!r}]"
    assert document["noise"] == same.noise
    assert document["recommended_value"] == same.recommended_value
    numbers = f"noise of about {same.noise:.2g}, estimated value {same.recommended_value:.4g}"
    assert numbers in words.splitlines()[-2]
