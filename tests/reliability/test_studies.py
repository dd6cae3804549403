"""What a study's file has to survive."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from process_support import alive, until
from reliability_support import BOX, bowl, slow

from rnnbbo import Study
from rnnbbo.cli.main import run_command
from rnnbbo.errors import ConfigError, StudyError, TrialError

QUICK = {"policy": "lstm-direct", "rng": 0}

# Asks and tells until it is killed, and says what was told once it is.
WORKER = """
import sys
from rnnbbo import Study
path, steps = sys.argv[1], int(sys.argv[2])
with Study(path, [(-1.0, 1.0)] * 6, policy="lstm-direct", rng=0, resume=True) as study:
    for _ in range(steps):
        trial = study.ask()
        y = sum(v * v for v in trial.x)
        study.tell(trial, y)
        print(trial.number, repr(y), flush=True)
"""


def start(path, steps):
    command = [sys.executable, "-c", WORKER, str(path), str(steps)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


def advance(study, steps):
    """The points asked for."""
    points = []
    for _ in range(steps):
        trial = study.ask()
        study.tell(trial, bowl(trial.x))
        points.append(trial.x)
    return points


@pytest.mark.fault("kill -9 at random moments", holds="no acknowledged tell lost; reopens in < 2 s")
@pytest.mark.parametrize("kills", [4, slow(100)])
def test_kill(path, kills, figure):
    moments = random.Random(kills)
    acknowledged, slowest = {}, 0.0
    for _ in range(kills):
        worker = start(path, 10**6)
        lines = [worker.stdout.readline()]
        time.sleep(moments.random() * 0.3)
        worker.kill()
        lines += worker.stdout.read().splitlines(keepends=True)
        worker.wait()
        # The last line may be cut; what it would have said is told all the same.
        pairs = [line.split() for line in lines if line.endswith("\n")]
        acknowledged |= {int(number): float(y) for number, y in pairs}
        begin = time.perf_counter()
        with Study(path, resume=True) as study:
            slowest = max(slowest, time.perf_counter() - begin)
            kept = {trial.number: trial.value for trial in study.told()}
        assert acknowledged.items() <= kept.items()
        assert len(kept) <= len(acknowledged) + kills
    assert slowest < 2.0
    figure("kills", kills)
    figure("acknowledged tells, all there", len(acknowledged))
    figure("slowest reopening", f"{1e3 * slowest:.0f} ms")


MAKES = """
import sys
from rnnbbo import Study
print("begins", flush=True)
Study(sys.argv[1], [(-1.0, 1.0)] * 2, policy="lstm-direct", rng=0, resume=True).close()
"""


def run_code(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.fault("kill -9 while a study is made", holds="the same call goes on")
@pytest.mark.parametrize("kills", [2, slow(200)])
def test_killed_while_it_is_made(path, kills, figure):
    moments = random.Random(0)
    for _ in range(kills):
        maker = run_code(MAKES, path)
        maker.stdout.readline()
        time.sleep(moments.random() * 0.03)
        maker.kill()
        maker.communicate()
        with Study(path, [(-1.0, 1.0)] * 2, policy="lstm-direct", rng=0, resume=True) as study:
            study.tell(study.ask(), 1.0)
        for file in path.parent.iterdir():
            file.unlink()
    figure("kills", kills)


COPIES = """
import shutil, sys
from rnnbbo import Study
path = sys.argv[1]
with Study(path, [(-1.0, 1.0)] * 2, policy="lstm-direct", rng=0, resume=True) as study:
    while True:
        trial = study.ask()
        study.tell(trial, sum(trial.x))
        print(trial.number, flush=True)
        shutil.copy(path, path + ".copy")
"""


@pytest.mark.fault(
    "kill -9 of a process that copies its own study, beside a reader",
    holds="no acknowledged tell lost",
)
@pytest.mark.parametrize("kills", [1, slow(50)])
def test_a_process_that_copies_its_own_study(path, kills, figure):
    told = set()
    for _ in range(kills):
        worker = run_code(COPIES, path)
        lines = [worker.stdout.readline() for _ in range(5)]
        Study(path, resume=True).close()  # as somebody who looks at it
        lines += [worker.stdout.readline() for _ in range(5)]
        worker.kill()
        lines += worker.stdout.read().splitlines(keepends=True)
        worker.wait()
        told |= {int(line) for line in lines if line.endswith("\n")}
        with Study(path, resume=True) as study:
            assert told <= {trial.number for trial in study.told()}
    figure("kills", kills)
    figure("acknowledged tells, all there", len(told))


@pytest.mark.fault("a backup during a run", holds="it opens to a prefix of the run")
@pytest.mark.parametrize("backups", [3, slow(50)])
def test_backups(path, backups, figure):
    worker = start(path, 10**6)
    worker.stdout.readline()
    copies = [path.with_name(f"backup{i}.db") for i in range(backups)]
    for copy in copies:
        assert run_command(["study", "backup", str(path), str(copy)]) == 0
    worker.kill()
    worker.communicate()
    with Study(path, resume=True) as study:
        whole = study.told()
    sizes = []
    for copy in copies:
        with Study(copy, resume=True) as study:
            told = study.told()
            assert told == whole[: len(told)]
            sizes.append(len(told))
            advance(study, 1)
    assert sizes == sorted(sizes)
    figure("backups", backups)
    figure("trials in the last one", sizes[-1])


@pytest.mark.fault("the study file cut at random offsets", holds="a valid prefix, or exit 4")
@pytest.mark.parametrize("cuts", [10, slow(200)])
def test_cut(path, tmp_path, cuts, figure, capsys):
    offsets = random.Random(cuts)
    with Study(path, BOX, **QUICK) as study:
        advance(study, 30)
    copy = tmp_path / "cut.db"
    for _ in range(cuts):
        shutil.copy(path, copy)
        with copy.open("r+b") as file:
            file.truncate(offsets.randrange(1, copy.stat().st_size))
        with pytest.raises(StudyError):
            Study(copy, resume=True)
        assert run_command(["study", "show", str(copy)]) == 4
    capsys.readouterr()
    figure("refused", cuts)


@pytest.mark.fault(
    "one bit of a study flipped",
    holds="exit 4, or every point, value, order, error, info, and the next point the same",
)
@pytest.mark.parametrize("flips", [30, slow(2000)])
def test_flipped(path, tmp_path, flips, figure, capsys):
    places, refused, harmless = random.Random(flips), 0, 0
    with Study(path, BOX, **QUICK) as study:
        advance(study, 20)
        study.tell(study.ask(), None, error="out of memory", info={"epochs": 3})
        study.add([0.0] * len(BOX), 1.0)
        whole = study.trials()
        study.backup(tmp_path / "before.db")
        following = advance(study, 1)
    before, copy = (tmp_path / "before.db").read_bytes(), tmp_path / "flipped.db"
    for _ in range(flips):
        place, bit = places.randrange(len(before)), places.randrange(8)
        content = bytearray(before)
        content[place] ^= 1 << bit
        for suffix in ("", "-state", "-journal", "-wal"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)
        copy.write_bytes(content)
        try:
            with Study(copy, resume=True) as opened:
                assert opened.trials() == whole, (place, bit)
                assert advance(opened, 1) == following, (place, bit)
            harmless += 1
        except StudyError:
            copy.write_bytes(content)
            shown = run_command(["study", "show", str(copy)])
            assert shown == 4 or _count(copy, "told IS NOT NULL") == 22, (place, bit)
            refused += 1
    capsys.readouterr()
    figure("refused", f"{refused} of {flips}")
    figure("nothing changed", f"{harmless} of {flips}")


FULL = """
import resource, sys
from rnnbbo import Study
from rnnbbo.errors import StudyError
path, room = sys.argv[1], int(sys.argv[2])
study = Study(path, resume=True)
free = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (room, free[1]))
told, failed = 0, 0
while not failed:
    try:
        trial = study.ask()
        study.tell(trial, 1.0)
        told += 1
    except StudyError as error:
        failed += 1
        print(error, file=sys.stderr)
resource.setrlimit(resource.RLIMIT_FSIZE, free)
trial = study.ask()
study.tell(trial, 2.0)
study.close()
print(told)
"""


@pytest.mark.fault("disk full during an ask or a tell", holds="an error; earlier tells intact")
@pytest.mark.parametrize("rooms", [2, slow(40)])
def test_disk_full(path, rooms, figure):
    with Study(path, BOX, **QUICK) as study:
        advance(study, 3)
    total = 0
    for i in range(rooms):
        before = len(Study(path, resume=True).told())
        # A file may grow no further: to the system, what a full disk is.
        room = path.stat().st_size + 511 * (i % 40)
        command = [sys.executable, "-c", FULL, str(path), str(room)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told = int(done.stdout)
        assert "cannot be used" in done.stderr
        with Study(path, resume=True) as study:
            values = [trial.value for trial in study.told()]
        assert values[before:] == [1.0] * told + [2.0]
        total += told
    figure("full disks", rooms)
    figure("tells before them, all there", total)


@pytest.mark.fault(
    "processes that share one study", holds="every row, no duplicate id or point, none 'locked'"
)
@pytest.mark.parametrize(("processes", "tells"), [(4, 10), slow(8, 100)])
def test_shared(path, processes, tells, figure):
    workers = [start(path, tells) for _ in range(processes)]  # one of them makes it
    outputs = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * processes, outputs
    with Study(path, resume=True) as study:
        trials = study.trials()
    assert [trial.number for trial in trials] == list(range(processes * tells))
    assert {trial.state for trial in trials} == {"ok"}
    assert len({str(trial.x) for trial in trials}) == processes * tells
    figure("processes x tells", f"{processes} x {tells}")
    figure("rows", len(trials))


@pytest.mark.fault("a killed worker", holds="its trial is given out again; none stays running")
@pytest.mark.parametrize("kills", [1, slow(10)])
def test_killed_command(path, tmp_path, kills, figure):
    script = tmp_path / "objective.py"
    script.write_text("import time\ndef f(x, y):\n    time.sleep(0.05)\n    return x * x + y\n")
    command = [
        *(sys.executable, "-m", "rnnbbo.cli.main", "minimize", f"{script}:f", "-n", "40"),
        *("--jobs", "3", "--study", str(path), "--resume", "--json", "--policy", "lstm-direct"),
        *("--param", "x=float:-1:1", "--param", "y=float:0:1"),
    ]
    interrupted = 0
    for i in range(kills):
        killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline and killed.poll() is None:
            time.sleep(0.05)
            if path.exists() and _count(path, "told IS NOT NULL") > 3 * i:
                break
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        interrupted += _count(path, "state = 'running'")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["n_trials"] == 40
    assert sorted(trial["trial"] for trial in result["trials"]) == list(range(40))
    assert _count(path, "state IN ('running', 'waiting')") == 0
    figure("kills", kills)
    figure("trials given out again", interrupted)


def _count(path, condition):
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            query = f"SELECT COUNT(*) FROM trial WHERE {condition}"
            return connection.execute(query).fetchone()[0]
    except sqlite3.OperationalError:  # not made yet
        return 0


@pytest.mark.fault("Ctrl-C, SIGTERM", holds="a complete study, no orphan")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_signals(path, tmp_path, ending, figure):
    script, pids = tmp_path / "objective.py", tmp_path / "pids"
    script.write_text(
        "import os, time\n"
        "calls = []\n"
        "def f(x):\n"
        f"    with open({str(pids)!r}, 'a') as file:\n"
        "        file.write(f'{os.getpid()}\\n')\n"
        "    calls.append(x)\n"
        "    time.sleep(0.01 if len(calls) < 7 else 600)\n"
        "    return x\n"
    )
    command = [
        *(sys.executable, "-m", "rnnbbo.cli.main", "minimize", f"{script}:f", "-n", "500"),
        *("--jobs", "3", "--study", str(path), "--json", "--policy", "lstm-direct"),
        *("--param", "x=float:0:1"),
    ]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until(lambda: path.exists() and _count(path, "told IS NOT NULL") > 5)
    running.send_signal(ending)
    output, _ = running.communicate()
    assert running.returncode == 130
    assert not any(alive(int(pid)) for pid in set(pids.read_text().split()))
    assert json.loads(output)["n_trials"] == _count(path, "told IS NOT NULL")
    assert _count(path, "state = 'running'") == 0
    kept = _count(path, "told IS NOT NULL")
    figure(ending.name, f"{kept} trials kept, those that ran given back")


@pytest.mark.fault("resume after each of 50 steps", holds="the next 20 asks bit-identical")
@pytest.mark.parametrize(
    ("policy", "steps", "after"),
    [
        ("kernel", (0, 1, 9), 4),
        ("dnc", (0, 1, 9), 4),
        slow("kernel", range(50), 20),
        slow("dnc", range(50), 20),
    ],
)
def test_resume(path, tmp_path, policy, steps, after, figure):
    points = []
    with Study(path, BOX, policy=policy, rng=0) as study:
        for step in range(max(steps) + 1):
            if step in steps:
                with sqlite3.connect(path) as source:
                    source.backup(sqlite3.connect(tmp_path / f"{step}.db"))
            points += advance(study, 1)
        points += advance(study, after)
    for step in steps:
        with Study(tmp_path / f"{step}.db", resume=True) as resumed:
            assert advance(resumed, after) == points[step : step + after]
    figure(f"{policy}: steps x asks compared", f"{len(steps)} x {after}")


@pytest.mark.fault("unknown id, double tell", holds="a named error; state unchanged")
def test_wrong_tells(path, figure):
    with Study(path, BOX, **QUICK) as study:
        advance(study, 3)
        before = study.trials()
        wrong = {
            3: TrialError,
            10**18: TrialError,
            1: TrialError,
            -1: ConfigError,
            "0": ConfigError,
        }
        for number, error in wrong.items():
            with pytest.raises(error):
                study.tell(number, 1.0)
        assert study.trials() == before
        following = advance(study, 3)
    with Study(path.with_name("undisturbed.db"), BOX, **QUICK) as other:
        assert advance(other, 6)[3:] == following
    figure("wrong tells refused", len(wrong))
