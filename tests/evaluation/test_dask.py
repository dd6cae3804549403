"""Distributed evaluation, against a real Dask scheduler with two worker processes."""

import os
import signal
import threading
import time

import pytest

from rnnbbo import Study, minimize

distributed = pytest.importorskip("distributed")

SPACE = [(-1.0, 1.0), (-1.0, 1.0), ("a", "b")]


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_evaluations_run_on_the_workers(client):
    # Within a function: what the workers cannot import is sent as it is.
    def where(x):
        time.sleep(0.02)
        return float(os.getpid())

    with client.get_executor(pure=False) as executor:
        result = minimize(where, SPACE, 10, rng=0, executor=executor, workers=2)
    assert set(result.func_vals) == set(client.run(os.getpid).values())


def test_a_run_outlives_a_killed_worker(client, tmp_path):
    def slow_bowl(x):
        time.sleep(0.05)
        return x[0] ** 2 + x[1] ** 2 + (x[2] == "a")

    path = tmp_path / "run.db"
    victim = next(iter(client.run(os.getpid).values()))
    killer = threading.Timer(0.4, os.kill, (victim, signal.SIGKILL))
    killer.start()
    with client.get_executor(pure=False) as executor:
        result = minimize(slow_bowl, SPACE, 30, rng=0, executor=executor, workers=2, study=path)
    killer.join()
    assert victim not in client.run(os.getpid).values()
    assert (result.nfev, result.n_failed) == (30, 0)
    with Study(path, resume=True) as study:
        trials = study.trials()
    assert [trial.state for trial in trials] == ["ok"] * 30
    assert len({str(trial.x) for trial in trials}) == 30
