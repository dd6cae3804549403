import math
import os
import sys

import pytest

from rnnbbo.cli.command_objective import (
    PythonFunction,
    as_list_objective,
    import_function,
    takes_names,
)
from rnnbbo.cli.interpreters import interpreters
from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation import processes
from rnnbbo.trial import Trial

SOURCE = """
import os, sys, time
import helper_of_the_objective

class Model:
    @staticmethod
    def loss(x):
        return helper_of_the_objective.OFFSET + x[0]

def named(lr, depth=1):
    print("said by the objective")
    return lr + depth

def listed(x):
    return sum(x)

def either(*args, **kwargs):
    return len(args)

def pid(x):
    return os.getpid()

def moody(x):
    if x[0] == 1: raise ValueError("first line\\nsecond line")
    if x[0] == 2: sys.exit(3)
    if x[0] == 3: os._exit(7)
    if x[0] == 4: time.sleep(600)
    if x[0] == 5: return float("nan")
    if x[0] == 6: return "text"
    return x[0]

value = 3
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("helper_of_the_objective", "objective_of_a_test"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "helper_of_the_objective.py").write_text("OFFSET = 10\n")
    path = tmp_path / "objective_of_a_test.py"
    path.write_text(SOURCE)
    return path


def test_a_function_in_a_file(file):
    assert import_function(f"{file}:named")(1, 2) == 3
    assert import_function(f"{file}:Model.loss")([1]) == 11


def test_a_function_in_a_module(file, monkeypatch):
    assert import_function("math:hypot") is math.hypot
    assert import_function("os.path:join") is os.path.join
    monkeypatch.chdir(file.parent)
    assert import_function("objective_of_a_test:listed")([1, 2]) == 3


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", "pkg.mod:func"),
        ("math", "after --"),
        (":f", "pkg.mod:func"),
        ("math:", "pkg.mod:func"),
        ("no_such_module_anywhere:f", "no_such_module_anywhere"),
        ("math.nothing:f", "no module 'math.nothing'"),
        ("none.py:f", "no file 'none.py'"),
        ("math:nothing", "objective = 'math:nothing'; expected a function of math: "),
        ("FILE:nothing", "named"),
        ("FILE:value", ":value'; expected a function of"),
    ],
)
def test_objectives_that_are_not_there(file, target, words):
    with pytest.raises(ObjectiveError) as hit:
        import_function(target.replace("FILE", str(file)))
    assert words in str(hit.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import missing_package_anywhere", "missing_package_anywhere"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise ValueError('a\\nb')", "a b"),
    ],
)
def test_files_that_fail_to_import_are_named(tmp_path, monkeypatch, source, words):
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "broken_objective.py"
    path.write_text(source)
    with pytest.raises(ObjectiveError) as hit:
        import_function(f"{path}:f")
    assert words in str(hit.value)
    assert "broken_objective.py" in str(hit.value)
    assert "\n" not in str(hit.value)


NAMES = ["lr", "depth"]


@pytest.mark.parametrize(
    ("name", "call_with", "expected"),
    [
        ("named", "auto", True),
        ("named", "names", True),
        ("listed", "auto", False),
        ("listed", "list", False),
        ("either", "auto", True),
        ("either", "list", False),
    ],
)
def test_how_an_objective_is_called(file, name, call_with, expected):
    assert takes_names(import_function(f"{file}:{name}"), NAMES, call_with) is expected


@pytest.mark.parametrize(
    ("name", "names", "call_with"),
    [
        ("named", ["lr", "width", "depth"], "names"),
        ("listed", NAMES, "names"),
        ("pid", [], "names"),
    ],
)
def test_calls_that_do_not_fit_are_refused(file, name, names, call_with):
    with pytest.raises(ObjectiveError, match=name):
        takes_names(import_function(f"{file}:{name}"), names, call_with)


def test_a_function_that_takes_neither():
    def objective(a, b):
        return 0

    with pytest.raises(ObjectiveError, match=r"takes lr=\.\.\., depth=\.\.\., or one list"):
        takes_names(objective, NAMES, "auto")


def test_how_a_function_and_its_points_are_shown(file):
    target = f"{file}:named"
    named = PythonFunction(target, import_function(target), NAMES, by_names=True)
    assert named.call == "named(lr=..., depth=...)"
    assert named.lines([0.5, 2]) == ["  lr = 0.5", "  depth = 2", "x = [0.5, 2]"]
    assert named.command([0.5, 2]) is None
    listed = PythonFunction(f"{file}:Model.loss", len, NAMES, by_names=False)
    assert listed.call == "Model.loss([lr, depth])"


def test_calling_by_names_and_by_list():
    assert as_list_objective(lambda lr, depth: (lr, depth), NAMES)([1, 2]) == (1, 2)
    assert as_list_objective(lambda x: x, None)([1, 2]) == [1, 2]


@pytest.fixture
def pool(file):
    pools = []

    def make(name, names=None, slots=1, eval_timeout=None):
        pools.append(interpreters(f"{file}:{name}", names, slots, eval_timeout))
        return pools[-1]

    yield make
    for one in pools:
        one.stop()


def outcome(workers, x):
    workers.start(Trial(0, x))
    finished = []
    while not finished:
        finished = workers.wait(30.0)
    return finished[0].outcome


def test_workers_evaluate_by_list_and_by_names(pool):
    assert outcome(pool("listed"), [0.1, 2]).value == 2.1
    assert outcome(pool("named", NAMES), [0.5, 2]).value == 2.5


def test_a_worker_serves_again_and_is_another_process(pool):
    workers = pool("pid")
    first = outcome(workers, [0]).value
    assert outcome(workers, [0]).value == first
    assert first != os.getpid()


def test_faults_of_an_objective_stay_in_its_worker(pool, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 0.3)
    workers = pool("moody", eval_timeout=15.0)
    errors = [outcome(workers, [i]).error for i in range(4)]
    assert errors == [
        None,
        "ValueError: first line second line",
        "the objective called sys.exit(3)",
        "the objective's process died: exit status 7",
    ]
    assert "nan" in outcome(workers, [5]).error
    assert "'text'" in outcome(workers, [6]).error
    assert outcome(workers, [8]).value == 8.0


def test_a_hung_objective_is_ended(pool):
    workers = pool("moody", eval_timeout=0.3)
    assert outcome(workers, [4]).error == "timed out after 0.3 s"
    assert outcome(workers, [7]).error in (None, "timed out after 0.3 s")
