"""Looking at a study that others change: what is seen, and that it leaves no trace."""

import math
import shutil
import sqlite3
from pathlib import Path

import pytest

from rnnbbo import Study
from rnnbbo.errors import StudyError
from rnnbbo.status import TrialState
from rnnbbo.study.observer import StudyObserver
from rnnbbo.study.snapshot import copied_study, take_snapshot

DATA = Path(__file__).parent / "data"
SPACE = [(0.0, 1.0), ("a", "b")]


def make(path: Path, count: int = 3) -> Study:
    study = Study(path, SPACE, rng=0, policy="lstm")
    for i in range(count):
        study.tell(study.ask(), float(i), seconds=0.5)
    return study


def test_it_sees_what_was_told_what_runs_and_by_whom(tmp_path):
    with make(tmp_path / "s.db") as study:
        study.tell(study.ask(), None, error="gone")
        running = study.ask()
        study.add([0.5, "a"], 7.0)
        view = StudyObserver(tmp_path / "s.db").look()
        assert [trial.value for trial in view.told] == [0.0, 1.0, 2.0, None, 7.0]
        assert [trial.x for trial in view.told] == [trial.x for trial in study.told()]
        assert view.told[0].params == study.told()[0].params
        assert [(trial.number, trial.state) for trial in view.open] == [
            (running.number, TrialState.RUNNING)
        ]
        (who,) = view.participants
        first, added = view.spans[0], view.spans[view.told[-1].number]
        assert first.participant == who.number
        assert first.begun_at <= first.told_at <= who.beat + 60.0
        assert (added.participant, added.begun_at) == (None, None)
        assert (view.policy, view.seed, view.signs) == ("lstm", 0, False)


def test_it_keeps_up_and_notices_whether_there_is_something_new(tmp_path):
    with make(tmp_path / "s.db") as study:
        observer = StudyObserver(tmp_path / "s.db")
        before = observer.look()
        assert not observer.changed()
        trial = study.ask()
        assert observer.changed()
        assert [one.number for one in observer.look().open] == [trial.number]
        study.tell(trial, 9.0)
        after = observer.look()
        assert after.open == ()
        assert after.told[: len(before.told)] == before.told
        assert after.told[-1].value == 9.0
        assert after.spans[trial.number].told_at is not None


def test_it_takes_no_lock_and_writes_nothing(tmp_path):
    path = tmp_path / "s.db"
    make(path).close()
    observer = StudyObserver(path)
    files, content = sorted(tmp_path.iterdir()), path.read_bytes()
    with Study(path, resume=True) as study, study._file.transaction():  # everybody else waits now
        opened = path.read_bytes()
        assert len(observer.look().told) == 3
        assert path.read_bytes() == opened
    assert (sorted(tmp_path.iterdir()), path.read_bytes()[100:]) == (files, content[100:])


def test_a_transaction_that_is_cut_off_is_not_seen(tmp_path):
    # Pages that are half changed, and the journal that takes them back.
    path, copy = tmp_path / "s.db", tmp_path / "copy.db"
    make(path, 200).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE trial SET stderr = hex(randomblob(200)), crc = 0")
    shutil.copy(path, copy)
    shutil.copy(f"{path}-journal", f"{copy}-journal")
    connection.execute("ROLLBACK")
    connection.close()
    assert copy.read_bytes() != path.read_bytes()
    left = copy.read_bytes(), Path(f"{copy}-journal").read_bytes()
    view = StudyObserver(copy).look()
    assert [trial.value for trial in view.told] == [float(i) for i in range(200)]
    assert (copy.read_bytes(), Path(f"{copy}-journal").read_bytes()) == left


def test_another_study_in_its_place_is_refused(tmp_path):
    path = tmp_path / "s.db"
    make(path).close()
    observer = StudyObserver(path)
    observer.look()
    path.unlink()
    Study(path, SPACE, rng=1, policy="lstm").close()
    with pytest.raises(StudyError, match="replaced by another one"):
        observer.look()
    path.unlink()
    with pytest.raises(StudyError, match="there is no study"):
        observer.changed()


@pytest.mark.parametrize("content", [b"", b"no study at all, but a text " * 40])
def test_what_is_no_study_is_refused_by_its_own_name(tmp_path, content):
    path = tmp_path / "s.db"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=str(path)):
        StudyObserver(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_study_is_shown_and_stays_as_it_is(tmp_path, version):
    path = tmp_path / "s.db"
    connection = sqlite3.connect(path)
    connection.executescript((DATA / f"version{version}.sql").read_text())
    connection.close()
    content = path.read_bytes()
    view = StudyObserver(path).look()
    assert path.read_bytes() == content
    with Study(path, resume=True) as study:
        assert view.told
        assert [trial.value for trial in view.told] == [one.value for one in study.told()]


def test_a_copy_brings_what_was_worked_out_and_goes_away(tmp_path):
    path = tmp_path / "s.db"
    make(path).close()
    Path(f"{path}-state").write_bytes(b"rnnbbo state 2\n and so on")
    with copied_study(path) as copy:
        assert copy.read_bytes() == path.read_bytes()
        assert Path(f"{copy}-state").exists()
        with Study(copy, resume=True) as study:
            study.add([0.1, "b"], math.nan)
    assert not copy.parent.exists()
    assert take_snapshot(path).settled
