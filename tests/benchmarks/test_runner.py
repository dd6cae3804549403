"""The runner with processes of its own, as its users start it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnbbo import core
from rnnbbo.benchmarks import Comparison, Plan, PlanProgress, executors, record, run, runner
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.errors import ConfigError, RecordError

# Methods whose processes load no library of a peer's: that takes longer than all of their runs.
PLAN = Plan([Comparison(["classic"], ["random", "lstm"], budget=8, functions=2, seeds=2)])
OWN = Path(__file__).parent / "support"

Start = Callable[[Path, str, int], subprocess.Popen[str]]


def faulty(*methods: str, limit: float = 60.0, functions: int = 2) -> Plan:
    names = [f"faulty_methods:{name}" for name in methods]
    compare = Comparison(["classic"], names, budget=4, functions=functions)
    return Plan([compare], time_limit=limit)


def content(out: Path) -> dict[str, list[dict[str, object]]]:
    """Every record by its file, less the times."""
    return {
        str(path.relative_to(out)): [
            {key: value for key, value in json.loads(line).items() if not key.endswith("_s")}
            for line in path.read_text().splitlines()
        ]
        for path in sorted(out.glob("*/**/*.json*"))
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(PLAN, tmp_path_factory.mktemp("unbroken"))


def test_every_run_is_made_once(unbroken: Path) -> None:
    runs = list(record.read_runs(unbroken))
    assert len({r.key for r in runs}) == len(runs) == 2 * 2 * 2
    assert all(len(r.evaluations) == 8 and r.end is None for r in runs)
    (header,) = record.read_headers(unbroken)
    assert header["plan"]["compare"][0]["methods"] == ["random", "lstm"]
    assert [header["methods"][name]["ours"] for name in ("random", "lstm")] == [False, True]
    assert "classic" in header["suites"]
    assert header["packages"]["numpy"] == np.__version__
    assert header["threads"] == 1
    assert header["core"] == core.name()


def test_the_number_of_processes_changes_no_record(unbroken: Path, tmp_path: Path) -> None:
    assert content(run(PLAN, tmp_path, jobs=2)) == content(unbroken)


def test_complete_runs_are_kept_and_others_made_anew(unbroken: Path, tmp_path: Path) -> None:
    shutil.copytree(unbroken, tmp_path, dirs_exist_ok=True)
    kept, cut, lost, *_ = (record.run_path(tmp_path, r.key) for r in record.read_runs(tmp_path))
    before = kept.read_bytes()
    cut.write_bytes(cut.read_bytes()[:-30])
    lost.unlink()
    seen: list[PlanProgress] = []
    run(PLAN, tmp_path, progress=seen.append)
    assert [(p.found, p.made, p.total) for p in seen] == [(6, 0, 8), (6, 1, 8), (6, 2, 8)]
    assert kept.read_bytes() == before
    assert content(tmp_path) == content(unbroken)
    run(PLAN, tmp_path, progress=seen.append)
    assert seen[3:] == [PlanProgress(total=8, found=8, made=0, lost=0, last="")]
    assert len(record.read_headers(tmp_path)) == 2


def test_a_faulty_method_loses_its_own_runs_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = faulty("Crashing", "Dying", "Hanging", "Steady", limit=1.0)
    seen: list[PlanProgress] = []
    monkeypatch.setattr(executors, "GRACE", 0.5)
    run(plan, tmp_path, jobs=2, progress=seen.append)
    ends = {
        (r.key.method.partition(":")[2], r.key.function.partition("-")[0]): r
        for r in record.read_runs(tmp_path)
    }
    assert len(ends) == 8
    for function in ("branin", "goldstein_price"):
        crashed, died, hung, fine = (
            ends[name, function] for name in ("Crashing", "Dying", "Hanging", "Steady")
        )
        assert crashed.end is not None
        assert died.end is not None
        assert hung.end is not None
        assert (crashed.end.status, len(crashed.evaluations)) == ("crashed", 3)
        assert (died.end.status, len(died.evaluations)) == ("died", 2)
        assert "exit code 7" in died.end.message
        assert (hung.end.status, len(hung.evaluations)) == ("timeout", 2)
        assert (fine.end, len(fine.evaluations)) == (None, 4)
    assert seen[-1].lost == 6


def test_lost_runs_are_made_again_on_request_only(tmp_path: Path) -> None:
    plan = faulty("Crashing")
    run(plan, tmp_path)
    seen: list[PlanProgress] = []
    run(plan, tmp_path, progress=seen.append)
    assert (seen[-1].made, seen[-1].lost) == (0, 2)
    run(plan, tmp_path, retry=True, progress=seen.append)
    assert (seen[-1].made, seen[-1].lost) == (2, 2)


def test_another_budget_needs_another_folder(unbroken: Path) -> None:
    longer = replace(PLAN, compare=[replace(PLAN.compare[0], budget=9)])
    with pytest.raises(RecordError, match="budget of 8, and the plan says 9; expected the same"):
        run(longer, unbroken)


def test_a_plan_may_grow(unbroken: Path, tmp_path: Path) -> None:
    shutil.copytree(unbroken, tmp_path, dirs_exist_ok=True)
    seen: list[PlanProgress] = []
    methods = ["random", "lstm", "lstm-direct"]
    more = replace(PLAN, compare=[replace(PLAN.compare[0], methods=methods)])
    run(more, tmp_path, progress=seen.append)
    assert (seen[-1].found, seen[-1].made) == (8, 4)


def test_faults_that_show_before_the_first_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="jobs = 0; expected an integer"):
        run(PLAN, tmp_path, jobs=0)
    with pytest.raises(ConfigError, match=r"'no\.such:Method'.*expected module:attribute"):
        run(replace(PLAN, compare=[replace(PLAN.compare[0], methods=["no.such:Method"])]), tmp_path)
    assert not list(tmp_path.iterdir())


def test_policies_and_methods_of_ones_own_run_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = (OWN / "own_policies.py").read_text()
    (tmp_path / "mine.py").write_text(f"{source}\n\nmine = Diagonal(0.05)\n")
    policies = ["own_policies:Diagonal", "own_policies:slow", "own_policies:trained"]
    methods = [*policies, "./mine.py:mine", "faulty_methods:Steady", "random"]
    out = run(Plan([Comparison(["classic"], methods, budget=4, functions=2)]), tmp_path / "out")
    runs = {r.key.method: r for r in record.read_runs(out)}
    assert set(runs) == set(methods)
    assert all(r.end is None and len(r.evaluations) == 4 for r in runs.values())
    last = {name: r.evaluations[-1].x[0] for name, r in runs.items()}
    assert last["own_policies:Diagonal"] == last["own_policies:trained"]
    assert last["own_policies:slow"] < last["./mine.py:mine"] < last["own_policies:Diagonal"]
    (header,) = record.read_headers(out)
    assert [header["methods"][name]["ours"] for name in methods] == [True] * 4 + [False] * 2
    assert header["methods"]["own_policies:trained"]["horizon"] == 9
    about = header["methods"]["./mine.py:mine"]["about"]
    assert about == "policy of rnnbbo: points on the diagonal"
    assert header["methods"]["faulty_methods:Steady"]["about"] == "Asks for points on a line."
    ours = {method.name for method in read_records(out).methods if method.ours}
    assert ours == {*policies, "./mine.py:mine"}


PROGRAM = """
import sys
from rnnbbo.benchmarks import Comparison, Plan, run
methods = sys.argv[2].split(",")
plan = Plan([Comparison(["classic"], methods, budget=int(sys.argv[3]), functions=3, seeds=2)])
if __name__ == "__main__":
    run(plan, sys.argv[1], jobs=2)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    started: list[subprocess.Popen[str]] = []

    def begin(out: Path, methods: str, budget: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, program, out, methods, str(budget)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(OWN), *sys.path])},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_second_runner_is_kept_out(start, tmp_path: Path) -> None:
    out = tmp_path / "out"
    start(out, "faulty_methods:Slow", 4000)
    wait_for((out / "header.jsonl").exists)
    with pytest.raises(RecordError, match="another runner is at work"):
        run(PLAN, out)


def test_a_runner_that_has_ended_keeps_nobody_out(tmp_path: Path) -> None:
    with runner._alone(tmp_path):
        child = os.fork()  # as a process that is being started: it holds what is open
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with runner._alone(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_killed_runner_leaves_no_process_behind(start, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(out, "faulty_methods:Slow", 4000)
    wait_for(lambda: len(list(out.glob("*/*/*.jsonl"))) == 2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    def size() -> int:
        return sum(path.stat().st_size for path in out.glob("*/*/*.jsonl"))

    time.sleep(1.0)  # they watch for their parent three times a second
    before = size()
    time.sleep(1.0)  # five evaluations
    assert size() == before


@pytest.mark.slow
def test_killing_the_runner_ten_times_changes_no_record(start: Start, tmp_path: Path) -> None:
    methods, budget = "random,cma,tpe,dnc", 120
    whole, broken = tmp_path / "whole", tmp_path / "broken"

    def size(out: Path) -> int:
        return sum(path.stat().st_size for path in out.glob("*/*/*.jsonl"))

    process = start(whole, methods, budget)
    wait_for(lambda: size(whole) > 0)
    began = time.monotonic()
    assert process.wait() == 0
    work = time.monotonic() - began

    rng = np.random.default_rng(0)
    for _ in range(10):
        before = size(broken)
        process = start(broken, methods, budget)
        wait_for(lambda before=before: size(broken) != before)  # type: ignore[misc]
        time.sleep(rng.uniform(0.0, 0.15) * work)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert start(broken, methods, budget).wait() == 0
    assert content(broken) == content(whole)
    assert len(content(whole)) == 3 + 3 * 4 * 2


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        # A run whose worker has died is not given to another one.
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
    ):
        yield cluster


def test_a_dask_cluster_makes_the_same_records(
    cluster: Any, unbroken: Path, tmp_path: Path
) -> None:
    run(PLAN, tmp_path, scheduler=cluster.scheduler_address)
    assert content(tmp_path) == content(unbroken)
    (header,) = record.read_headers(tmp_path)
    assert header["where"].startswith("tcp://")


def test_a_run_that_kills_dask_workers_is_given_up(cluster: Any, tmp_path: Path) -> None:
    # One after the other: what waits on a worker that dies would be given up with it.
    for method in ("Dying", "Steady"):
        run(faulty(method, functions=1), tmp_path, scheduler=cluster.scheduler_address)
    runs = {r.key: r for r in record.read_runs(tmp_path)}
    assert len(runs) == 2
    for key, r in runs.items():
        assert (r.end is not None and r.end.status == "died") == key.method.endswith("Dying")


def test_no_scheduler_is_a_named_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(executors, "CONNECTING", 0.5)
    with pytest.raises(ConfigError, match=r"tcp://127\.0\.0\.1:1'.*no Dask scheduler"):
        run(PLAN, tmp_path, scheduler="tcp://127.0.0.1:1")
