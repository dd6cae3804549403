"""Nothing is left running, and nothing stops without need."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from process_support import alive, until
from reliability_support import slow

from rnnbbo import Study, minimize
from rnnbbo.cli.main import run_command
from rnnbbo.evaluation import processes

COMMAND = [sys.executable, "-m", "rnnbbo.cli.main", "minimize", "--param", "x=float:0:1"]
QUICK = ["--policy", "lstm-direct"]

# What a program or a function starts: a child, one in a session of its own, and one that has also
# lost its parent. Each of them, and itself, says who it is, and ignores SIGTERM.
CLAN = """
import os, signal, subprocess, sys, time
BODY = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
SAY = "open(os.path.join(sys.argv[1], str(os.getpid())), 'w').close(); "
CHILD = BODY + SAY + "time.sleep(600)"
ORPHAN = "import os, sys; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); "
def clan(folder):
    for code, options in ((CHILD, {}), (CHILD, {"start_new_session": True}), (ORPHAN + CHILD, {})):
        subprocess.Popen([sys.executable, "-S", "-c", code, folder], **options)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(os.path.join(folder, str(os.getpid())), "w").close()
"""
# A copy of a function's process, without a program of its own, that has lost its parent.
FUNCTION = """
def hang(x):
    clan(FOLDER)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open(os.path.join(FOLDER, str(os.getpid())), "w").close()
            time.sleep(600)
        os._exit(0)
    time.sleep(600)
def gil(x):
    clan(FOLDER)
    import ctypes
    ctypes.PyDLL(None).sleep(600)
def forked():
    from rnnbbo import minimize
    try:
        minimize(gil, [(0.0, 1.0)], 5, workers=2, policy="lstm-direct")
    except KeyboardInterrupt as interrupt:
        print(json.dumps({"n_trials": len(interrupt.result.x_iters)}))
        sys.exit(130)
if __name__ == "__main__":
    clan(FOLDER)
    time.sleep(600)
"""


@pytest.fixture
def clan(tmp_path):
    """The folder in which each process leaves its number, and the script that starts them."""
    folder, script = tmp_path / "clan", tmp_path / "clan_script.py"
    folder.mkdir()
    script.write_text(f"import json\n{CLAN}\nFOLDER = {str(folder)!r}\n{FUNCTION}")
    return folder, script


def command_of(what, script, *options):
    """The command that starts two evaluations, and the number of processes that they become."""
    command = [*COMMAND, *QUICK, "-n", "5", "-j", "2", "--json", *options]
    if what == "program":
        return [*command, "--", sys.executable, str(script), "{x}"], 8
    if what == "function":
        return [*command, f"{script}:hang", "--call-with", "list"], 10
    if what == "function that keeps the interpreter":
        return [*command, f"{script}:gil", "--call-with", "list"], 8
    code = f"import sys; sys.path.insert(0, {str(script.parent)!r}); import clan_script as c; "
    return [sys.executable, "-c", code + "c.forked()"], 8


WHAT = ["program", "function", "function that keeps the interpreter", "minimize, workers=2"]


def pids(folder):
    return [int(path.name) for path in folder.iterdir()]


def gone(folder):
    """Wait for the end of everything that said that it was there; the time it takes."""
    start = time.perf_counter()
    until(lambda: not any(map(alive, pids(folder))))
    return time.perf_counter() - start


KILLED = "kill -9 of the run, with children that leave its session and their parent"


@pytest.mark.fault(KILLED, holds="nothing is left")
@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("kills", [1, slow(10)])
def test_killed(what, kills, clan, tmp_path, monkeypatch, figure):
    folder, script = clan
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    command, count = command_of(what, script)
    seconds = []
    for _ in range(kills):
        for path in folder.iterdir():
            path.unlink()
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: len(pids(folder)) == count)
        run.kill()
        run.wait()
        seconds.append(gone(folder))
        until(lambda: not list(temporary.iterdir()))
    figure(what, f"{kills} kills, {count} processes gone after at most {max(seconds):.2f} s")


@pytest.mark.fault("three interrupts within a second", holds="nothing is left; the result is shown")
# Of the two functions the fast tests take the one that is harder to end.
@pytest.mark.parametrize("what", [WHAT[0], slow(WHAT[1]), *WHAT[2:]])
@pytest.mark.parametrize("pause", [0.1, slow(0.02), slow(0.3), slow(0.5)])
def test_interrupted_again(what, pause, clan, figure):
    folder, script = clan
    command, count = command_of(what, script)
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until(lambda: len(pids(folder)) == count)
    start = time.perf_counter()
    for i in range(3):
        time.sleep(pause if i else 0.0)
        run.send_signal(signal.SIGINT)
    output, _ = run.communicate()
    gone(folder)
    seconds = time.perf_counter() - start
    # A function of Python's is interrupted by whoever called it: by each signal, at its end too.
    assert run.returncode == 130 or (what == WHAT[-1] and run.returncode == -signal.SIGINT)
    assert json.loads(output)["n_trials"] == 0
    figure(f"{what}, {pause:g} s apart", f"run and all gone {seconds:.2f} s after the first one")


@pytest.mark.fault("a hung objective with children in sessions of their own", holds="no orphan")
@pytest.mark.parametrize("what", [WHAT[0], *map(slow, WHAT[1:3])])
def test_timed_out(what, clan, monkeypatch, capsys, figure):
    monkeypatch.setattr(processes, "GRACE_S", 0.3)
    folder, script = clan
    command, count = command_of(what, script, "--eval-timeout", "2")
    options = [option if option != "5" else "2" for option in command[3:]]
    assert run_command(options) == 3
    trials = json.loads(capsys.readouterr().out)["trials"]
    assert [trial["error"] for trial in trials] == ["timed out after 2 s"] * 2
    assert len(pids(folder)) == count
    assert not any(map(alive, pids(folder)))
    figure(what, f"{count} processes, none left")


@pytest.mark.fault("a daemon that drops RNNBBO_RUN and leaves its session", holds="it stays")
@pytest.mark.parametrize("what", ["program", slow("function")])
def test_a_daemon(what, tmp_path, monkeypatch, figure):
    monkeypatch.setattr(processes, "GRACE_S", 0.3)
    daemon, script = tmp_path / "pid", tmp_path / "starts.sh"
    script.write_text(
        f"env -u RNNBBO_RUN setsid sh -c 'echo $$ > {daemon}.new; exec sleep 600' &\n"
        f"while ! mv {daemon}.new {daemon} 2> {os.devnull}; do sleep 0.02; done; sleep 600\n"
    )
    if what == "program":
        options = ["-n", "1", "--param", "x=float:0:1", "--eval-timeout", "2"]
        assert run_command(["minimize", *options, "--", "sh", str(script)]) == 3
    else:
        func = partial(subprocess.run, ["sh", str(script)])
        with pytest.warns(RuntimeWarning, match="timed out"):
            minimize(lambda x: func(), [(0.0, 1.0)], 1, workers=1, eval_timeout=2.0)
    pid = int(daemon.read_text())
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)
    figure(what, "it stays")


SLOW = "import time\ndef f(x):\n    time.sleep(0.05)\n    print('said')\n    return x\n"


@pytest.fixture
def function(tmp_path):
    path = tmp_path / "slow_objective.py"
    path.write_text(SLOW)
    return f"{path}:f"


@pytest.mark.fault("a signal that is ignored from the start, as by nohup", holds="the run goes on")
@pytest.mark.parametrize("number", [signal.SIGHUP, slow(signal.SIGINT), slow(signal.SIGTERM)])
def test_ignored(number, function, tmp_path, figure):
    log = tmp_path / "log"
    command = [*COMMAND, *QUICK, "-n", "20", function, "--json"]
    with log.open("w") as err:
        run = subprocess.Popen(
            [sys.executable, "-c", IGNORING, str(int(number)), *command],
            stdout=subprocess.PIPE,
            stderr=err,
        )
        until(lambda: "trial 0" in log.read_text())
        run.send_signal(number)
        output, _ = run.communicate()
    assert run.returncode == 0
    assert json.loads(output)["n_trials"] == 20
    figure(number.name, "20 of 20 evaluations")


IGNORING = (
    "import os, signal, sys; signal.signal(int(sys.argv[1]), signal.SIG_IGN); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)

STREAMS = [
    ("2>&-", 0),
    ("2>/dev/full", 0),
    ("2> >(exec true)", 0),
    (">/dev/full", 6),
    ("> >(exec true)", 6),
    slow(">&-", 6),
    ("<&- >&- 2>&-", 6),
]


@pytest.mark.fault(
    "standard output or error closed, full, or without a reader",
    holds="every evaluation is made and kept; exit 6 where the result cannot be written",
)
@pytest.mark.parametrize(("redirection", "code"), STREAMS)
@pytest.mark.parametrize("what", ["function", slow("function, 2 jobs"), "program"])
def test_streams(redirection, code, what, function, tmp_path, figure):
    study, program = tmp_path / "run.db", ["--", "sh", "-c", "echo said >&2; echo {x}"]
    objective = program if what == "program" else [function]
    jobs = "2" if "2 jobs" in what else "1"
    command = [*COMMAND, *QUICK, "-n", "5", "-j", jobs, "--study", str(study), *objective]
    script = f'"$@" {redirection}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command], capture_output=True, check=False
    )
    assert done.returncode == code, done.stderr
    if code and "2>" not in redirection:
        assert b"best value" in done.stderr
        assert b"standard output cannot be written" in done.stderr
    assert states(study) == ["ok"] * 5
    figure(f"{what}, {redirection}", "5 of 5 values kept")


@pytest.mark.fault("the program vanishes", holds="exit 5; nothing has failed; resuming goes on")
@pytest.mark.parametrize("what", ["program", slow("script"), slow("function")])
def test_vanishes(what, tmp_path, figure):
    path, study, times = tmp_path / "objective.py", tmp_path / "run.db", tmp_path / "times"
    body = f"import os, sys, time\nopen({str(times)!r}, 'a').write('x')\ntime.sleep(0.05)\n"
    path.write_text(f"#!{sys.executable}\n{body}print(1.0)\ndef f(x):\n    return x\n")
    path.chmod(0o755)
    program = [str(path), "{x}"] if what == "program" else [sys.executable, str(path), "{x}"]
    objective = [f"{path}:f"] if what == "function" else ["--", *program]
    command = [*COMMAND, *QUICK, "--study", str(study), "--resume", "-j", "2"]
    if what == "function":
        # It is there for the command, and not for the interpreters that are to evaluate it.
        path.write_text("import os\nos.unlink(__file__)\ndef f(x):\n    return x\n")
    run = subprocess.Popen(
        [*command, "-n", "200", *objective], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if what != "function":
        until(lambda: times.exists() and len(times.read_text()) > 5)
        os.rename(path, tmp_path / "away")
    errors = run.stderr.read().decode()
    assert run.wait() == 5, errors
    assert ("cannot load" if what == "function" else "cannot be started") in errors
    before = states(study)
    assert set(before) <= {"ok", "waiting"}
    if what == "function":
        path.write_text("def f(x):\n    return x\n")
    else:
        os.rename(tmp_path / "away", path)
    n = before.count("ok") + 4
    subprocess.run([*command, "-n", str(n), *objective], check=True, capture_output=True)
    assert states(study) == ["ok"] * n
    figure(what, f"{before.count('ok')} ok before, none failed, {n} ok after")


def states(path):
    with Study(path, resume=True) as study:
        return [trial.state for trial in study.trials()]


@pytest.mark.fault("few open files", holds="refused by name, or all evaluations made")
@pytest.mark.slow
def test_open_files(function, figure):
    def run(files, jobs, objective):
        words = [*COMMAND, *QUICK, "-n", "8", "-j", str(jobs), *objective]
        script = f'ulimit -n {files}; exec "$@"'
        return subprocess.run(
            ["bash", "-c", script, "bash", *words], capture_output=True, check=False, text=True
        )

    for objective in ([function], ["--", "echo", "{x}"]):
        refused = run(50, 60, objective)
        assert refused.returncode == 2
        assert "--jobs = 60, with at most 50 open files (ulimit -n); expected" in refused.stderr
        most = int(refused.stderr.rpartition("at most ")[2].split(",")[0])
        done = run(50, most, objective)
        assert done.returncode == 0, done.stderr
        figure("a program" if len(objective) > 1 else "a function", f"50 files: up to {most} jobs")


@pytest.mark.fault("SIGCHLD ignored by the caller", holds="exit codes and values are right")
def test_children_ignored(figure):
    command = [*COMMAND, *QUICK, "-n", "3", "--json", "--"]
    ignoring = [sys.executable, "-c", IGNORING, str(int(signal.SIGCHLD))]
    for program, code, error in (("echo 1", 0, None), ("echo 1; exit 7", 3, "exit status 7")):
        words = [*ignoring, *command, "sh", "-c", program]
        done = subprocess.run(words, capture_output=True, check=False)
        assert done.returncode == code
        trials = json.loads(done.stdout)["trials"]
        assert [trial.get("error") for trial in trials] == [error] * 3
    figure("runs", 2)
