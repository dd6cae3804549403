"""Several evaluations in flight: the order of asks and tells, and methods that take it."""

from dataclasses import replace

import numpy as np
import pytest

from rnnbbo.benchmarks import Comparison, Plan
from rnnbbo.benchmarks.execute import execute
from rnnbbo.benchmarks.methods import ParallelMethod, make_method
from rnnbbo.benchmarks.methods.in_flight import InFlight
from rnnbbo.benchmarks.plan import PlannedRun
from rnnbbo.benchmarks.record import RunKey
from rnnbbo.benchmarks.runner import run
from rnnbbo.benchmarks.suites import get_suite
from rnnbbo.errors import ConfigError


class _Watched:
    """Counts; its points tell when they were asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.beside: list[int] = []
        self.told: list[int] = []

    def ask_beside(self, pending: list[np.ndarray]) -> np.ndarray:
        assert [int(x[0]) for x in pending] == sorted(int(x[0]) for x in pending)
        self.beside.append(len(pending))
        self.asked += 1
        return np.array([self.asked - 1.0])

    def tell(self, x: np.ndarray, y: float) -> None:
        self.told.append(int(x[0]))
        assert y == x[0]


@pytest.mark.parametrize("workers", [1, 3, 5])
def test_every_worker_is_busy_and_every_point_is_told_once(workers: int) -> None:
    method = _Watched()
    ahead = InFlight(method, workers, 12, np.random.default_rng(0))
    for t in range(12):
        x = ahead.ask()
        assert method.asked == min(12, t + workers)
        ahead.tell(x, float(x[0]))
    assert sorted(method.told) == list(range(12))
    assert (method.told == sorted(method.told)) == (workers == 1)
    assert method.beside == [*range(workers), *[workers - 1] * (12 - workers)]


@pytest.mark.parametrize(
    "name",
    [
        *("auto", "lstm", "lstm-direct", "random", "tpe"),
        pytest.param("smac", marks=pytest.mark.slow),
    ],
)
def test_methods_know_a_value_by_its_point(name: str) -> None:
    if name == "smac":
        pytest.importorskip("smac")
    entry = replace(get_suite("classic", 1)[0], workers=4)
    planned = PlannedRun(RunKey("classic", entry.name, name, 0), entry, 16, 60.0)
    _, lines = execute(planned, None)
    assert [line.status for line in lines] == ["ok"] * 16
    problem = entry.build()
    assert [problem.unit(line.x) for line in lines] == [line.value for line in lines]
    assert len({line.x for line in lines}) == 16
    again = execute(planned, None)[1]
    assert [line.x for line in again] == [line.x for line in lines]


def test_one_worker_is_as_without() -> None:
    method = make_method("lstm", 2, 6, 3)
    ahead = InFlight(make_method("lstm", 2, 6, 3), 1, 6, np.random.default_rng(0))
    for t in range(6):
        x, other = method.ask(), ahead.ask()
        assert np.array_equal(x, other)
        method.tell(x, float(t % 3))
        ahead.tell(other, float(t % 3))


def test_a_method_that_cannot_be_asked_ahead_is_refused_before_anything_runs(tmp_path) -> None:
    pytest.importorskip("sklearn")
    assert not isinstance(make_method("cma", 2, 4, 0), ParallelMethod)
    plan = Plan([Comparison(["network-5-workers"], ["random", "cma"], budget=5, functions=1)])
    with pytest.raises(ConfigError, match="method = 'cma'"):
        run(plan, tmp_path / "out")
    assert not (tmp_path / "out").exists()
