import os
import subprocess
import sys
import time

import pytest
from process_support import alive, until

from rnnbbo.evaluation import processes
from rnnbbo.evaluation.workers import forked
from rnnbbo.space import Space
from rnnbbo.trial import Trial

SPACE = Space([(0.0, 10.0), (1, 5), (("tuple", 1), len, "text")])


@pytest.fixture
def pool():
    pools = []

    def make(func, slots=1, eval_timeout=None):
        pools.append(forked(func, SPACE, slots, eval_timeout))
        return pools[-1]

    yield make
    for one in pools:
        one.stop()


def point(first=0.1, category=len):
    return [float(first), 2, category]


def finish(workers, *trials):
    for trial in trials:
        workers.start(trial)
    finished = []
    while len(finished) < len(trials):
        finished += workers.wait(30.0)
    return [trial.outcome for trial in sorted(finished, key=lambda trial: trial.number)]


@pytest.mark.parametrize("category", SPACE.dimensions[2].categories)
def test_any_function_and_any_category_will_do(pool, category):
    workers = pool(lambda x: x[0] + x[1] if x[2] is category else None)
    first, second = finish(workers, Trial(0, point(0.1 + 0.2, category)), Trial(1, point(3)))
    assert first.value == 0.1 + 0.2 + 2
    assert (second.error is None) == (category is len)
    assert first.seconds >= 0.0


def test_evaluations_run_together_in_other_processes(pool):
    workers = pool(lambda x: os.getpid(), slots=3)
    pids = {outcome.value for outcome in finish(workers, *(Trial(i, point(i)) for i in range(3)))}
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_a_worker_that_dies_fails_its_trial_and_is_replaced(pool):
    workers = pool(lambda x: os._exit(3) if x[0] > 5 else os.kill(os.getpid(), 9) or 1)
    errors = [finish(workers, Trial(0, point(x)))[0].error for x in (9, 1)]
    assert errors == [
        "the objective's process died: exit status 3",
        "the objective's process died: killed by SIGKILL",
    ]
    assert finish(pool(lambda x: 1.0), Trial(0, point()))[0].value == 1.0


def test_a_worker_that_dies_is_noticed_though_its_child_keeps_the_pipe(pool):
    def func(x):
        if os.fork() == 0:
            os.setpgid(0, 0)  # not ended with the group
            time.sleep(2.0)
            os._exit(0)
        os._exit(4)

    assert "exit status 4" in finish(pool(func), Trial(0, point()))[0].error


def test_a_hung_evaluation_is_ended_with_all_that_it_started(pool, monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "GRACE_S", 0.2)
    file = tmp_path / "pid"

    def hang(x):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        file.write_text(str(child.pid))
        time.sleep(1000)

    outcome = finish(pool(hang, eval_timeout=0.5), Trial(0, point()))[0]
    assert outcome.error == "timed out after 0.5 s"
    assert not alive(int(file.read_text()))


def test_stop_leaves_nothing(pool, tmp_path):
    def hang(x):
        (tmp_path / f"{x[0]}").write_text(str(os.getpid()))
        time.sleep(1000)

    workers = pool(hang, slots=3)
    for number in range(2):
        workers.start(Trial(number, point(number)))
    until(
        lambda: (
            all(path.read_text() for path in tmp_path.iterdir())
            and len(list(tmp_path.iterdir())) == 2
        )
    )
    pids = [int(path.read_text()) for path in tmp_path.iterdir()]
    workers.stop()
    assert not any(map(alive, pids))


def test_workers_end_when_their_parent_is_killed(tmp_path):
    code = (
        "import os, time, pathlib\n"
        "from rnnbbo import minimize\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "def hang(x):\n"
        "    (folder / f'{os.getpid()}').touch()\n"
        "    time.sleep(1000)\n"
        "minimize(hang, [(0.0, 1.0)], 5, workers=2)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    until(lambda: not any(alive(int(path.name)) for path in tmp_path.iterdir()))
