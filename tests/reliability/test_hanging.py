"""Objectives that hang, with children of their own."""

import json
import sys
import time

import pytest
from process_support import alive
from reliability_support import BOX, slow

from rnnbbo import minimize
from rnnbbo.cli.main import run_command
from rnnbbo.evaluation import processes

HOLDS = "ended ≤ timeout + 6 s, no orphan"

# Starts a grandchild, says who they are, ignores SIGTERM, and hangs.
FAMILY = """
import os, signal, subprocess, sys, time
def hang(pids):
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-S", "-c", code])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(pids, "a") as file:
        file.write(f"{os.getpid()} {child.pid} ")
    time.sleep(600)
"""


@pytest.fixture
def pids(tmp_path):
    return tmp_path / "pids"


@pytest.fixture(params=[0.3, slow(None)], ids=["short grace", "as it is"])
def _grace(request, monkeypatch):
    """Seconds between SIGTERM and SIGKILL."""
    if request.param is not None:
        monkeypatch.setattr(processes, "GRACE_S", request.param)


def check(pids, seconds, timeout, figure, name):
    family = [int(pid) for pid in pids.read_text().split()]
    assert len(family) == 2
    assert not any(map(alive, family))
    assert seconds <= timeout + 6.0
    figure(name, f"timeout {timeout:g} s, ended after {seconds:.1f} s")


@pytest.mark.usefixtures("_grace")
@pytest.mark.fault("a hung objective with a grandchild", holds=HOLDS)
@pytest.mark.parametrize("what", ["program", "function"])
def test_command(what, tmp_path, pids, capsys, figure):
    script = tmp_path / "hangs.py"
    script.write_text(
        FAMILY + f"def f(x):\n    hang({str(pids)!r})\nif __name__ == '__main__':\n    f(0)\n"
    )
    program = ["--", sys.executable, str(script), "{x}"]
    objective = program if what == "program" else [f"{script}:f", "--call-with", "list"]
    options = ["-n", "1", "--param", "x=float:0:1", "--eval-timeout", "1", "--json"]
    assert run_command(["minimize", *options, *objective]) == 3
    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    assert trial["error"].startswith("timed out after 1 s")
    check(pids, trial["seconds"], 1.0, figure, f"the command, {what}")


@pytest.mark.usefixtures("_grace")
@pytest.mark.fault("a hung objective with a grandchild", holds=HOLDS)
def test_minimize(pids, figure):
    names = {}
    exec(FAMILY, names)
    start = time.monotonic()
    with pytest.warns(RuntimeWarning, match="timed out after 1 s"):
        minimize(lambda x: names["hang"](str(pids)), BOX, 1, workers=1, eval_timeout=1.0)
    check(pids, time.monotonic() - start, 1.0, figure, "minimize, workers=1")
