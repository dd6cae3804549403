"""Distributed evaluation, against a real Dask scheduler with two worker processes."""

import os
import signal
import threading
import time

import pytest

from rnnbbo import Study, minimize
from rnnbbo.errors import ObjectiveError

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


def test_a_hung_evaluation_fails_alone(client):
    client.wait_for_workers(2, timeout=60)  # also after the one that was killed
    gate = distributed.Event("gate", client=client)

    def func(x):
        if x == [0.0, 0.0, "a"]:
            distributed.Event("gate").wait(60)
        return x[0] ** 2 + x[1] ** 2

    with client.get_executor(pure=False) as executor:
        result = minimize(
            func,
            SPACE,
            6,
            x0=[0.0, 0.0, "a"],
            rng=0,
            executor=executor,
            workers=2,
            eval_timeout=2.0,
        )
        gate.set()
    assert list(result.errors.values()) == ["timed out after 2 s"]
    assert result.nfev == 6


def test_what_dask_says_of_a_running_call(client):
    """The reason why an overdue call keeps its place: docs/behaviour.md has it."""
    begun, gate = (distributed.Event(name, client=client) for name in ("begun", "open"))

    def call():
        distributed.Event("begun").set()
        distributed.Event("open").wait(60)
        distributed.Event("ended").set()

    with client.get_executor(pure=False) as executor:
        future = executor.submit(call)
        begun.wait(60)
        assert not future.running()
        assert future.cancel()
        gate.set()
        assert distributed.Event("ended", client=client).wait(60)  # it went on all the same


def test_a_closed_client_ends_the_run_with_what_was_found(client):
    # A client of its own, to the same workers.
    own = distributed.Client(client.scheduler.address, set_as_default=False)
    told = []

    def close(result):
        told.append(result.nfev)
        if result.nfev == 3:
            own.close()

    with pytest.raises(ObjectiveError) as hit:
        minimize(
            lambda x: x[0] ** 2,
            SPACE,
            20,
            rng=0,
            executor=own.get_executor(pure=False),
            workers=2,
            callback=close,
        )
    assert hit.value.result.nfev == told[-1] >= 3
    assert hit.value.result.n_failed == 0
