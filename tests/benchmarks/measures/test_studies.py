"""The measure of studies, at its smallest."""

from rnnbbo.benchmarks.measures.studies import time_going_on, time_workers
from rnnbbo.study import Study


def test_every_time_is_taken(tmp_path):
    times = time_going_on(tmp_path / "run.db", "lstm-direct", 2, 5)
    assert list(times) == ["adding", "first ask", "opened, and asked", "exported as JSON"]
    assert min(times.values()) > 0.0
    with Study(tmp_path / "run.db", resume=True) as study:
        assert len(study.told()) == 5


def test_workers_share_one_study(tmp_path):
    rate, wait = time_workers(tmp_path / "run.db", "lstm-direct", 2, 2, 0.001, 0.3)
    with Study(tmp_path / "run.db", resume=True) as study:
        told = study.told()
    assert len(told) == 2 + round(rate * 0.3)
    assert len({tuple(trial.x) for trial in told}) == len(told)
    assert wait > 0.0
