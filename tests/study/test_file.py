"""The file of a study: how it is made, changed, damaged, copied, and brought up to date."""

import contextlib
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rnnbbo import Study
from rnnbbo.errors import ObservationError, StudyError
from rnnbbo.study import participants, schema, turns
from rnnbbo.study.store import TrialStore

SPACE = [(-1.0, 1.0), (1e-3, 1e3, "log-uniform"), (1, 9), ("a", "b", None)]
QUICK = {"policy": "lstm-direct", "rng": 3}
FIRST = Path(__file__).parent / "data" / "version1.sql"
SECOND = FIRST.with_name("version2.sql")
THIRD = FIRST.with_name("version3.sql")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


def value(x):
    return x[0] ** 2 + abs(math.log10(x[1])) + x[2] + (x[3] == "a")


def advance(study, steps):
    for _ in range(steps):
        trial = study.ask()
        study.tell(trial, trial.x[0] ** 2)


def sql(path, statement):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(statement).fetchall()
        connection.commit()
    return rows


def child(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# Versions


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_study_of_the_first_version_goes_on(path, journal):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.executescript(FIRST.read_text())
    with Study(path, resume=True) as study:
        assert (study.policy_name, study.seed, study.command) == ("lstm-direct", 3, "")
        trials = study.trials()
        assert [trial.state for trial in trials] == [
            *("ok", "ok", "failed", "ok", "ok", "waiting", "waiting")
        ]
        assert [trial.value for trial in study.told()] == [
            *(0.617431774912859, 1.6668559458740333, None, 3.0065161141293544, -0.25)
        ]
        assert trials[2].error == "out of memory"
        assert trials[1].outcome.info == {"epochs": 1}
        assert trials[4].x == [0.5, 1.0, 3, None]
        assert study.ask().x == trials[5].x
        advance(study, 2)
        # What the version that made the file proposed in this place.
        assert trials[6].x == [-0.25177693367004395, 0.003466268144244238, 1, None]
    assert sql(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
    assert sql(path, "PRAGMA journal_mode") == [("delete",)]
    assert sorted(file.name for file in path.parent.iterdir()) == ["run.db"]


def second(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(SECOND.read_text())


def test_a_study_of_the_second_version_goes_on(path):
    second(path)
    with Study(path, resume=True) as study:
        assert (study.policy_name, study.seed, study.maximize) == ("lstm-direct", 3, False)
        assert json.loads(study.command)["objective"] == ["./simulate", "{x0}"]
        assert [trial.value for trial in study.told()] == [
            *(10.18178905564406, 8.340220108319102, None, 9.636980309257538, -0.25)
        ]
        assert all(trial.constraints == {} for trial in study.told())
        first = study.ask()
        assert (first.number, first.x) == (5, study.trials()[5].x)
        study.tell(first, value(first.x))
        # What the version that made the file proposed in this place.
        assert study.ask().x == [0.055759310722351074, 0.0017816100329917802, 1, None]
    assert sql(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]


def test_a_study_of_the_third_version_goes_on(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(THIRD.read_text())
    with Study(path, resume=True) as study:
        assert (study.policy_name, study.maximize, study.signs) == ("kernel", True, True)
        assert [trial.value for trial in study.told()] == [
            *(9.0, 8.061802882576938, None, 6.986098417656169, -0.25)
        ]
        assert str([trial.constraints for trial in study.told()][:3]) == (
            "[{'mem': -0.5, 'heat': -1.0}, {'mem': 0.4686057595446471, 'heat': nan}, {}]"
        )
        waiting = study.ask()
        assert (waiting.number, waiting.x) == (5, study.trials()[5].x)
        with pytest.raises(ObservationError, match=r"y = \[1.0, 2.0\]; expected one number"):
            study.tell(waiting, [1.0, 2.0], constraints={"mem": 0.0, "heat": 0.0})
        study.tell(waiting, 9.5, constraints={"mem": 0.0, "heat": 0.0})
        assert study.result().fun == 9.5
    assert sql(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
    with Study(path, resume=True) as study:
        assert len(study.told()) == 6


@pytest.mark.parametrize(
    ("table", "change"), [("study", "seed = '4'"), ("trial", "value = 0.25 WHERE number = 1")]
)
def test_damage_of_an_older_version_is_noticed_and_kept(path, table, change):
    second(path)
    sql(path, f"UPDATE {table} SET {change}")
    for _ in range(2):
        with pytest.raises(StudyError, match=f"a row of its table {table} has changed"):
            Study(path, resume=True)
    assert sql(path, "PRAGMA user_version") == [(2,)]


def test_settings_of_a_later_version_are_refused(path):
    Study(path, SPACE, **QUICK).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = schema.COLUMNS["study"]
        (row,) = connection.execute(f"SELECT {', '.join(names)} FROM study").fetchall()
        row = {**dict(zip(names, row, strict=True)), "settings": '{"upside_down": true}'}
        schema.write_row(connection, "study", [row[name] for name in names])
        connection.commit()
    with pytest.raises(StudyError, match=r'settings = \{"upside_down": true\}; expected none that'):
        Study(path, resume=True)


def test_versions_that_are_unknown(path):
    Study(path, SPACE, **QUICK).close()
    sql(path, f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    with pytest.raises(StudyError, match=r"expected at most 4: it was made by a later rnnbbo"):
        Study(path, resume=True)
    sql(path, "PRAGMA user_version = 0")
    with pytest.raises(StudyError, match="expected at least 1: it is too old"):
        Study(path, resume=True)


# Damage


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM trial WHERE number = 2", "trial 2 is missing"),
        ("DELETE FROM trial WHERE number = 4", "its history is not the one"),
        ("DELETE FROM study", "its history is not the one"),
        ("UPDATE trial SET value = 0.25 WHERE number = 1", "a row of its table trial has changed"),
        ("UPDATE trial SET x = CAST(x AS BLOB)", "a row of its table trial has changed"),
        ("UPDATE study SET seed = '4'", "a row of its table study has changed"),
        ("UPDATE worker SET pid = 'a'", "a row of its table worker has changed"),
        ("DROP INDEX trial_state", "its tables are not those of a study"),
        ("CREATE TABLE more (x REAL)", "its tables are not those of a study"),
    ],
)
def test_what_was_changed_by_others_is_noticed(path, statement, words):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 5)
    sql(path, statement)
    with pytest.raises(StudyError, match=words):
        Study(path, resume=True)


def test_rows_of_two_states_of_a_study_are_not_mixed(path):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 4)
        study.backup(path.with_name("before.db"))
        advance(study, 1)
    # Every row is whole in itself, and none is missing.
    (row,) = sql(path.with_name("before.db"), "SELECT head, crc FROM study")
    sql(path, f"UPDATE study SET head = '{row[0]}', crc = {row[1]}")
    with pytest.raises(StudyError, match="its history is not the one that was written"):
        Study(path, resume=True)


def test_a_study_that_is_changed_while_it_is_open(path):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 2)
        trial = study.ask()
        sql(path, "UPDATE trial SET value = 7.0, crc = 0 WHERE number = 1")
        study.tell(trial, 1.0)
        advance(study, 1)  # it knows of both already
    with pytest.raises(StudyError, match="has changed"):
        Study(path, resume=True)


def test_a_file_that_is_replaced_or_removed_while_it_is_open(path):
    study = Study(path, SPACE, **QUICK)
    trial = study.ask()
    study.backup(path.with_name("copy.db"))
    os.replace(path.with_name("copy.db"), path)
    with pytest.raises(StudyError, match="was replaced by another file"):
        study.tell(trial, 1.0)
    path.unlink()
    with pytest.raises(StudyError, match="is gone"):
        study.tell(trial, 1.0)
    with contextlib.suppress(StudyError):
        study.close()


# Logs


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_the_log_of_another_file_is_refused_and_left_alone(path, suffix):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 3)
        study.backup(path.with_name("backup.db"))
        advance(study, 3)
    other = _with_log(path, suffix)
    shutil.copy(path.with_name("backup.db"), path)
    before = path.read_bytes()
    shutil.move(other, f"{path}{suffix}")
    with pytest.raises(StudyError, match=f"run.db{suffix} beside it is the log of another file"):
        Study(path, resume=True)
    assert path.read_bytes() == before
    Path(f"{path}{suffix}").unlink()
    with Study(path, resume=True) as study:
        assert len(study.told()) == 3


def _with_log(path, suffix):
    """A log that a process which was killed has left."""
    mode = {"-wal": "wal", "-journal": "truncate"}[suffix]
    twin = path.with_name("twin.db")
    shutil.copy(path, twin)
    code = f"""if True:
    import os, sqlite3
    connection = sqlite3.connect({str(twin)!r}, isolation_level=None)
    connection.execute("PRAGMA journal_mode = {mode}")
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE trial SET error = zeroblob(20000)")
    if {mode == "wal"}:
        connection.execute("COMMIT")
    os._exit(0)
    """
    child(code).communicate()
    assert Path(f"{twin}{suffix}").stat().st_size > 512
    return f"{twin}{suffix}"


def test_its_own_log_takes_back_what_was_not_done(path):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 3)
        whole = study.trials()
    _with_log(path, "-journal")
    with Study(path.with_name("twin.db"), resume=True) as study:
        assert study.trials() == whole


def test_a_copy_of_the_file_alone_is_the_study(path):
    study = Study(path, SPACE, **QUICK)
    advance(study, 4)
    running = study.ask()
    shutil.copy(path, path.with_name("copy.db"))
    with Study(path.with_name("copy.db"), resume=True) as copy:
        assert copy.told() == study.told()
        # Whoever evaluates it does so for the other file; that is known after a minute.
        assert [trial.state for trial in copy.trials()][-1] == "running"
        assert copy.ask().number == running.number + 1
    study.close()


# Making


def test_a_file_in_which_a_study_was_being_made(path):
    # What a process leaves that was killed between its first write and the tables.
    sql(path, "PRAGMA journal_mode = wal")
    assert path.stat().st_size > 0
    with pytest.raises(StudyError, match="is empty, and no study"):
        Study(path, resume=True)
    with Study(path, SPACE, **QUICK, resume=True) as study:
        advance(study, 1)


# Copies


def test_a_backup_is_a_study_of_its_own(path):
    study = Study(path, SPACE, **QUICK)
    advance(study, 3)
    running = study.ask()
    study.backup(path.with_name("backup.db"))
    with pytest.raises(StudyError, match="already; expected a new one"):
        study.backup(path.with_name("backup.db"))
    with pytest.raises(StudyError, match="cannot be used"):
        study.backup(path.parent / "no" / "folder.db")
    with Study(path.with_name("backup.db"), resume=True) as copy:
        assert copy.told() == study.told()
        again = copy.ask()  # nobody evaluates it there
        assert (again.number, again.x) == (running.number, running.x)
    study.close()


READS = """
import os, sqlite3, sys
from rnnbbo import Study
from rnnbbo.errors import StudyError
connection = sqlite3.connect(sys.argv[1])
connection.execute(f"PRAGMA journal_mode = {sys.argv[2]}")
connection.close()
os.chmod(sys.argv[1], 0o444)
os.chmod(os.path.dirname(sys.argv[1]), 0o555)
if os.getuid() == 0:  # may write everywhere: what it may is asked of the real user, nobody
    os.setreuid(65534, 0)
with Study(sys.argv[1], resume=True) as study:
    print([trial.value for trial in study.told()])
    try:
        study.ask()
    except StudyError as error:
        print(error)
"""


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_study_that_may_only_be_read_is_shown(path, journal):
    with Study(path, SPACE, **QUICK) as study:
        for value in (3.0, 2.0):
            study.tell(study.ask(), value)
    output, error = child(READS, path, journal).communicate()
    path.parent.chmod(0o755)
    assert output.splitlines()[:1] == ["[3.0, 2.0]"], error
    assert "cannot be written to: it is read-only" in output


# Two names, stopped processes


def test_one_file_under_two_names(path):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 1)
        other = path.with_name("other.db")
        os.link(path, other)
        with Study(other, resume=True) as twin:
            for one in (study, twin, twin, study):
                advance(one, 2)
            assert len(twin.told()) == 9
            assert twin.told() == study.told()
    with Study(path, resume=True) as study:
        assert len(study.told()) == 9


ASKS = """
import sys, time
from rnnbbo import Study
study = Study(sys.argv[1], resume=True)
print(study.ask().number, flush=True)
time.sleep(600)
"""


def test_a_stopped_process_is_waited_for_a_minute(path, monkeypatch):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 1)
        worker = child(ASKS, path)
        try:
            theirs = int(worker.stdout.readline())
            worker.send_signal(signal.SIGSTOP)
            assert study.ask().number != theirs
            monkeypatch.setattr(participants, "MISSED_S", 0.0)
            assert study.ask().number == theirs
            worker.send_signal(signal.SIGCONT)
        finally:
            worker.kill()
            worker.communicate()


def test_a_process_that_keeps_its_turn_is_named(path, monkeypatch):
    with Study(path, SPACE, **QUICK) as study:
        advance(study, 1)
        mine = turns.Turns(path, 0.0)
        monkeypatch.setattr(study._file._database._turns, "_patience_s", 0.05)
        with mine.take(alone=True), pytest.raises(StudyError, match=r"kept it for 0\.05 s"):
            study.ask()
        mine.close()
        advance(study, 1)


def test_the_file_system_of_a_path(tmp_path, monkeypatch):
    lines = Path("/proc/filesystems").read_text().splitlines()
    known = {line.split()[-1] for line in lines}
    assert turns._file_system(tmp_path / "not yet there.db") in known
    assert turns._file_system(Path("/proc/self")) == "proc"
    monkeypatch.setattr(turns, "_file_system", lambda path: "nfs4")
    assert turns.is_remote(tmp_path)
    with Study(tmp_path / "far.db", SPACE, **QUICK) as study:  # by SQLite's locks alone
        advance(study, 2)


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm", "-state"])
def test_no_study_is_called_like_what_lies_beside_one(path, suffix):
    other = path.with_name(f"run.db{suffix}")
    with pytest.raises(StudyError, match="expected another name"):
        Study(other, SPACE)
    assert not other.exists()
    with Study(path, SPACE) as study, pytest.raises(StudyError, match="expected another name"):
        study.backup(other)


def test_a_study_that_was_closed_says_so(path):
    study = Study(path, SPACE, rng=0)
    trial = study.ask()
    study.close()
    with path.with_name("other").open("w"):  # has the number of the study's descriptor now
        for call in (study.ask, study.trials, study.result, lambda: study.tell(trial, 1.0)):
            with pytest.raises(StudyError, match="was closed; expected an open one"):
                call()
    study.close()


def test_a_study_that_is_collected_within_a_turn_at_the_same_file(path, monkeypatch):
    study, dropped = Study(path, SPACE, rng=0), Study(path, SPACE, rng=0, resume=True)
    number = dropped.ask().number
    holders = [dropped]
    take = TrialStore.take

    def take_and_collect(self, participant):
        holders.clear()
        return take(self, participant)

    monkeypatch.setattr(TrialStore, "take", take_and_collect)
    monkeypatch.setattr("rnnbbo.study.database.BUSY_S", 1.0)
    del dropped
    first = study.ask().number
    for thread in threading.enumerate():
        if thread.name == "rnnbbo-close":
            thread.join()
    assert number in (first, study.ask().number)
    study.close()


# Signals come between any two calls; here the profiler sends them. In a process of its own: one
# that waits for itself would not end.
_INTERRUPTED = """
import fcntl, pathlib, signal, sys
from rnnbbo import Study

folder, what = pathlib.Path(sys.argv[1]), sys.argv[2]

def interrupts(call, place):
    def profile(frame, event, argument):
        nonlocal place
        if event in ("call", "c_return") and "isolation" not in frame.f_code.co_filename:
            place -= 1
            if place == 0:
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(profile)
    try:
        call()
    except KeyboardInterrupt as error:
        return error  # and so the frames, as a notebook keeps them
    finally:
        sys.setprofile(None)
    return None

kept, place = [], 1
while len(kept) == place // 11:
    path = folder / f"{place}.db"
    study = Study(path, [(0.0, 1.0)], policy="lstm-direct", rng=0)
    trial = study.ask()
    calls = {"tell": lambda: study.tell(trial, 1.0), "close": study.close, "trials": study.trials}
    error = interrupts(calls[what], place)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    study.close()
    with Study(path, resume=True) as other:
        assert other.trials()[0].state in ("waiting", "ok")
    kept += [error] if error else []
    place += 11
print(len(kept))
"""


@pytest.mark.parametrize("what", ["tell", "close", "trials"])
def test_an_interrupt_at_any_place_leaves_nobody_waiting(tmp_path, what):
    ran = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, tmp_path, what],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 5
