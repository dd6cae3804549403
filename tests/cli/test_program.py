import math
import os
import re
import shutil
import stat
import sys
import threading
import time

import pytest
from process_support import alive, until

from rnnbbo.cli.program import Program, as_text, parse_value
from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation import processes
from rnnbbo.trial import Trial


def escaped(code: str) -> str:
    """Code whose braces stand for themselves."""
    return code.replace("{", "{{").replace("}", "}}")


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-S", "-c", escaped(code), *arguments]


def shell(code: str) -> list[str]:
    return ["/bin/sh", "-c", escaped(code)]


def evaluate(command, names=(), point=(), trial=0, **options):
    return Program(command, names, **options).evaluate(Trial(trial, point), seed=0)


def test_placeholders_and_escapes():
    program = Program(
        ["true", "--lr={lr}", "{{lr}}", '{{"n": {n}}}', "{a-b.c}{n}", "}"], ["lr", "n", "a-b.c"]
    )
    params = {"lr": 1e-05, "n": 3, "a-b.c": "{n}"}
    assert program.arguments(params) == ["true", "--lr=1e-05", "{lr}", '{"n": 3}', "{n}3", "}"]


def test_floats_are_written_exactly():
    for value in (0.1 + 0.2, 1e-300, 5e-324, -0.0, 1e22):
        assert float(as_text(value)) == value
    assert [as_text(value) for value in (3, True, False, "x")] == ["3", "true", "false", "x"]


@pytest.mark.parametrize(
    "element", ["{x}", "{}", "{lr", "{ lr }", "{lr!r}", "{lr:.3f}", "{print $1}"]
)
def test_unknown_placeholders_are_refused_at_once(element):
    with pytest.raises(ObjectiveError, match="placeholder"):
        Program(["true", element], ["lr"])


def test_a_program_that_is_not_there(tmp_path, monkeypatch):
    for name in ("no-such-program-anywhere", str(tmp_path / "none"), "./none"):
        with pytest.raises(ObjectiveError, match=re.escape(name)):
            Program([name], [])
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\necho 1\n")
    with pytest.raises(ObjectiveError, match="executable"):
        Program([str(plain)], [])
    with monkeypatch.context() as there:
        there.chdir(tmp_path)
        with pytest.raises(ObjectiveError, match=r"make it executable and write \./plain"):
            Program(["plain"], [])
    plain.chmod(plain.stat().st_mode | stat.S_IXUSR)
    with monkeypatch.context() as there:
        there.chdir(tmp_path)
        with pytest.raises(ObjectiveError, match=r"'plain', which cannot be run; write \./plain$"):
            Program(["plain"], [])
        assert evaluate(["./plain"]).value == 1.0
    assert evaluate([str(plain)]).value == 1.0
    assert "cannot be started" in evaluate([str(tmp_path / "{lr}")], ["lr"], [0.5]).error


def test_a_command_line_in_quotes_is_found_before_the_first_trial(tmp_path):
    for line in ("sh -c {lr}", "sh run.sh", "no-such-program-anywhere {lr}"):
        with pytest.raises(ObjectiveError, match=f"without quotes round all of them: -- {line}"):
            Program([line], ["lr"])
    program = tmp_path / "a program"
    program.write_text("#!/bin/sh\necho 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert evaluate([str(program)]).value == 1.0
    program.rename(tmp_path / "a program 2")
    assert evaluate([str(tmp_path / "a program {n}")], ["n"], [2]).value == 1.0


def test_a_parameter_that_the_command_line_never_uses_is_named():
    with pytest.raises(ObjectiveError, match=r"no \{b\}, \{c\}; expected a placeholder of every"):
        Program(["true", "--a={a}", "{{b}}"], ["a", "b", "c"])
    Program(["true", "{{a}}"], ["a", "b"])  # the program reads RNNBBO_PARAMS


def test_a_point_in_words_ends_with_the_command_to_paste():
    program = Program(["echo", "{lr}", "a b"], ["lr"])
    assert program.lines([0.25]) == ["  lr = 0.25", "echo 0.25 'a b'"]
    assert program.command([0.25]) == ["echo", "0.25", "a b"]
    assert program.call is None


def test_environment_of_a_trial():
    code = (
        "import json, os; e = os.environ; r = e['RNNBBO_RESULT']; "
        "print(json.dumps({'value': 1, 'info': {'params': json.loads(e['RNNBBO_PARAMS']), "
        "'trial': e['RNNBBO_TRIAL'], 'seed': e['RNNBBO_SEED'], "
        "'folder': os.path.isdir(os.path.dirname(r)), 'file': os.path.exists(r)}}))"
    )
    program = Program(python(code), ["lr", "n", "b"])
    trials = [Trial(number, [0.1, 2, True]) for number in (3, 3, 4)]
    first, again, other = (program.evaluate(trial, seed=5).info for trial in trials)
    assert first["params"] == {"lr": 0.1, "n": 2, "b": True}
    assert first["trial"] == "3"
    assert first["folder"]
    assert not first["file"]
    assert first["seed"] == again["seed"] != other["seed"]
    assert int(first["seed"]) >= 0
    assert program.evaluate(trials[0], seed=6).info["seed"] != first["seed"]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("echo 1.5", 1.5),
        ("echo loading; echo ' -2e-3 '; echo; echo '  '", -2e-3),
        ("printf 3", 3.0),
        ("printf '4\\r\\n'", 4.0),
        ("echo 7; echo warning >&2", 7.0),
        ("""echo '{"value": 2}'""", 2.0),
        ("""echo '{"value": 2, "status": "ok", "info": {"epoch": 3}}'""", 2.0),
        ("echo 1; echo 2 > $RNNBBO_RESULT", 2.0),
        ("""printf '{\n"value":\n 5}\n' > $RNNBBO_RESULT""", 5.0),
        ("echo 1; : > $RNNBBO_RESULT", 1.0),
        ("echo 1; printf '\n \n' > $RNNBBO_RESULT", 1.0),
        ("head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; echo 6", 6.0),
        ("exec >&-; sleep 0.05; echo 8 > $RNNBBO_RESULT", 8.0),
        ("cat; echo 9", 9.0),
    ],
)
def test_values(code, value):
    outcome = evaluate(shell(code))
    assert (outcome.value, outcome.error) == (value, None)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("true", "printed nothing"),
        ("echo; echo ' '", "printed nothing"),
        ("echo done", "'done'"),
        ("echo 1; echo done", "'done'"),
        ("echo 1 2", "'1 2'"),
        ("echo 1; echo bad > $RNNBBO_RESULT", "'bad'"),
        ("echo nan", "nan"),
        ("echo inf", "inf"),
        ("echo -- -inf", "'-- -inf'"),
        ("""echo '{"value": NaN}'""", "nan"),
        ("""echo '{"value": 1e999}'""", "inf"),
        ("""echo '{"value": "1"}'""", "number"),
        ("""echo '{"value": true}'""", "number"),
        ("""echo '{"value": null}'""", "number"),
        ("""echo '{"loss": 1}'""", "number"),
        ("""echo '{"value": 1, "status": "maybe"}'""", "maybe"),
        ("""echo '{"value": 1, "status": "fail"}'""", "fail"),
        ("echo '[1]'", "'[1]'"),
        ("echo 1; exit 3", "exit status 3"),
        ("echo 1; kill -SEGV $$", "SIGSEGV"),
        ("echo 1; echo oh >&2; echo 'out of memory' >&2; exit 1", "stderr: out of memory"),
    ],
)
def test_failures(code, words):
    outcome = evaluate(shell(code))
    assert math.isnan(outcome.value)
    assert words in outcome.error
    assert "\n" not in outcome.error


def test_huge_numbers_and_nesting_are_failures():
    assert "expected a number" in parse_value('{"value": 1' + "0" * 400 + "}").error
    assert "expected" in parse_value("[" * 50000).error


def test_what_a_failed_program_said_is_kept():
    outcome = evaluate(shell("for i in 1 2 3; do echo line $i >&2; done; exit 2"))
    assert outcome.stderr == "line 1\nline 2\nline 3\n"
    info = evaluate(shell("""echo '{"status": "fail", "info": {"why": "nan loss"}}'""")).info
    assert info == {"why": "nan loss"}


def test_output_is_bounded():
    outcome = evaluate(shell("head -c 2000000 /dev/zero | tr '\\0' 'y' >&2; echo END >&2; exit 1"))
    assert len(outcome.stderr) <= 64 * 1024
    assert outcome.stderr.endswith("END\n")


FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])
with open(sys.argv[1] + '.tmp', 'w') as file:
    file.write(f'{os.getpid()} {child.pid}')
os.rename(sys.argv[1] + '.tmp', sys.argv[1])
"""
HANG = FAMILY + "time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HANG


def pids(file) -> list[int]:
    return [int(pid) for pid in file.read_text().split()]


@pytest.mark.parametrize("code", [HANG, STUBBORN], ids=["hang", "ignores-sigterm"])
def test_a_hung_program_is_ended_with_its_children(tmp_path, monkeypatch, code):
    monkeypatch.setattr(processes, "GRACE_S", 0.3)
    file = tmp_path / "pids"
    outcome = evaluate(python(code, str(file)), eval_timeout=0.7)
    assert outcome.error == "timed out after 0.7 s"
    assert len(pids(file)) == 2
    assert not any(map(alive, pids(file)))


def test_children_left_behind_do_not_hold_up_or_survive(tmp_path):
    file = tmp_path / "pids"
    outcome = evaluate(python(FAMILY + "print(4)", str(file)), eval_timeout=60)
    assert outcome.value == 4.0
    assert not any(map(alive, pids(file)))


def test_stop_ends_what_is_running_and_starts_nothing(tmp_path):
    file = tmp_path / "pids"
    program = Program(python(HANG, str(file)), [])
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(program.evaluate(Trial(0, []), seed=0))
    )
    thread.start()
    while not file.exists():
        time.sleep(0.01)
    program.stop()
    thread.join()
    assert outcomes[0].error == "interrupted"
    assert not any(map(alive, pids(file)))


def script(path, text, mode=0o755):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_what_cannot_be_started_is_no_property_of_the_point(tmp_path):
    sound = "#!/bin/sh\necho 1\n"
    faults = {
        "No such file": lambda path: path.unlink(),
        "Permission denied": lambda path: (path.unlink(), path.mkdir()),
        "Exec format error": lambda path: path.write_text("echo 1"),
        "no-such-interpreter|No such file": lambda path: path.write_text("#!/no-such-interpreter"),
        "Not a directory": lambda path: (path.unlink(), path.parent.rmdir(), path.parent.touch()),
    }
    for i, (words, fault) in enumerate(faults.items()):
        path = tmp_path / str(i) / "run"
        path.parent.mkdir()
        program = Program([script(path, sound), "{x}"], ["x"])
        assert program.evaluate(Trial(0, [1.0]), seed=0).value == 1.0
        fault(path)
        with pytest.raises(ObjectiveError, match=f"which cannot be started: .*({words})"):
            program.evaluate(Trial(1, [1.0]), seed=0)


def test_what_a_parameter_makes_impossible_is_a_failure(tmp_path):
    assert "too long" in evaluate(["true", "{x}"], ["x"], ["a" * 200_000]).error
    assert "cannot be started" in evaluate(["true", "{x}"], ["x"], ["a\0b"]).error
    program = Program([str(tmp_path / "{name}"), "{x}"], ["name", "x"])
    script(tmp_path / "b", "#!/bin/sh\necho $1\n")
    first, second = (program.evaluate(Trial(0, [name, 2.0]), seed=0) for name in "ab")
    assert "No such file" in first.error
    assert second.value == 2.0


def test_a_program_that_is_still_being_written_is_started_a_moment_later(tmp_path):
    path = tmp_path / "run"
    shutil.copy("/bin/true", path)
    program = Program([str(path)], [])
    with path.open("ab"):  # as a linker, or a copy, holds it
        closing = threading.Timer(0.2, lambda: os.close(held))
        held = os.open(path, os.O_WRONLY)
        closing.start()
    assert "printed nothing" in program.evaluate(Trial(0, []), seed=0).error
    closing.join()


def test_what_an_interpreter_was_to_read_is_missed(tmp_path):
    path = tmp_path / "run.sh"
    path.write_text("exit 2\n")
    program = Program(["sh", str(path), "{x}"], ["x"])
    assert "exit status 2" in program.evaluate(Trial(0, [1.0]), seed=0).error
    path.unlink()
    with pytest.raises(ObjectiveError, match=r"cannot be started: .*run\.sh is gone"):
        program.evaluate(Trial(1, [1.0]), seed=0)


def test_what_runs_is_told_before_a_run_stops_for_want_of_the_program(tmp_path):
    go, begun = tmp_path / "go", tmp_path / "begun"
    code = f"#!/bin/sh\n: > {begun}\nwhile ! test -e {go}; do sleep 0.02; done; echo $1\n"
    path = script(tmp_path / "run", code)
    evaluator = Program([path, "{x}"], ["x"]).evaluator(3, 0, timed=False)
    try:
        evaluator.start(Trial(0, [1.0]))
        until(begun.exists)
        os.unlink(path)
        evaluator.start(Trial(1, [2.0]))
        until(lambda: evaluator.wait(0.01) == [] and evaluator.free == 0)
        go.touch()
        told = []
        until(lambda: told.extend(evaluator.wait(0.1)) or told)
        assert [(trial.number, trial.outcome.value) for trial in told] == [(0, 1.0)]
        with pytest.raises(ObjectiveError, match="cannot be started"):
            evaluator.wait(0.1)
    finally:
        evaluator.stop()


def test_no_room_for_a_temporary_folder_is_no_property_of_the_point(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(ObjectiveError, match="no temporary folder"):
        evaluate(["echo", "1"])


def test_a_program_that_has_ended_in_time_is_not_timed_out(monkeypatch):
    program = Program(["sh", "-c", "echo 3"], [], eval_timeout=0.5)
    real = processes.start_group

    def slow_start(*args, **options):
        process = real(*args, **options)
        process.wait()  # as where this process has been stopped meanwhile
        return process

    monkeypatch.setattr(processes, "start_group", slow_start)
    monkeypatch.setattr(program, "_cut_short", lambda deadline: "timed out after 0.5 s")
    assert program.evaluate(Trial(0, []), seed=0).value == 3.0


def test_a_program_that_was_stopped_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 0.3)
    file = tmp_path / "pid"
    outcome = evaluate(shell(f"echo $$ > {file}; kill -STOP $$; echo 1"), eval_timeout=0.5)
    assert outcome.error == "timed out after 0.5 s"
    assert not alive(int(file.read_text()))
