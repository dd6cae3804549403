"""Runs with several objectives: what is told, what is recorded, and who is refused."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnbbo import pareto
from rnnbbo.benchmarks import Comparison, Plan, record, report, run
from rnnbbo.benchmarks.execute import execute, measure_function
from rnnbbo.benchmarks.front_so_far import FrontSoFar, hypervolumes_so_far
from rnnbbo.benchmarks.methods import PEERS, make_method, make_multi_objective
from rnnbbo.benchmarks.plan import PlannedRun, load_plan, planned_runs
from rnnbbo.benchmarks.record import EvaluationRecord, RunKey
from rnnbbo.benchmarks.suites import Entry, get_suite
from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.several import make_several

REFERENCE_POINT = (1.2, 1.2)


def line(x: FloatArray) -> FloatArray:
    """f_1 = x_1, f_2 = 1 - x_1, both raised by x_2: the front is a line."""
    return np.stack([x[..., 0] + x[..., 1], 1.0 - x[..., 0] + x[..., 1]], axis=-1)


def problem() -> Problem:
    return make_several("line", ((0.0, 1.0),) * 2, line, REFERENCE_POINT, 1.44 - 0.5)


ENTRY = Entry("line", 2, problem, objectives=2)


def made(
    method: str, budget: int = 12, entry: Entry = ENTRY, out: Path | None = None
) -> list[EvaluationRecord]:
    return execute(PlannedRun(RunKey("lines", entry.name, method, 0), entry, budget, 600.0), out)[1]


def check(lines: Sequence[EvaluationRecord], budget: int) -> None:
    assert [(e.status, e.message) for e in lines] == [("ok", "")] * budget
    values = np.array([e.objectives for e in lines])
    assert np.allclose(values, [line(np.array(e.x)) for e in lines])
    found = [
        pareto.hypervolume(values[:t], np.array(REFERENCE_POINT)) for t in range(1, budget + 1)
    ]
    assert np.allclose([e.best for e in lines], -np.array(found), atol=1e-15)
    assert lines[-1].best is not None and -0.94 <= lines[-1].best < 0.0
    alone = np.maximum(np.array(REFERENCE_POINT) - values, 0.0).prod(axis=1)
    assert np.allclose([e.value for e in lines], -alone)
    assert [e.y for e in lines] == [e.value for e in lines]


@pytest.mark.parametrize(
    ("method", "budget"),
    [
        ("random", 20),
        ("sobol", 20),
        ("nsga2", 60),
        ("tpe", 20),
        pytest.param("gpsampler", 12, marks=pytest.mark.slow),
        ("kernel", 6),
        ("auto", 4),
        ("lstm", 6),
        pytest.param("dnc", 6, marks=pytest.mark.slow),
    ],
)
def test_the_hypervolume_so_far_is_recorded_and_a_run_repeats(method: str, budget: int) -> None:
    lines = made(method, budget)
    check(lines, budget)
    assert [e.x for e in lines] == [e.x for e in made(method, budget)]


@pytest.mark.slow
def test_botorch_proposes_what_adds_to_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    from botorch.acquisition.multi_objective import logei

    monkeypatch.setattr(logei, "_load_attempted", True)  # instead of compiling it for a minute
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    lines = made("qlognehvi", 9)
    check(lines, 9)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert lines[-1].best is not None and lines[4].best is not None
    assert lines[-1].best < lines[4].best
    assert [e.x for e in lines[:6]] == [e.x for e in made("qlognehvi", 6)]


@pytest.mark.parametrize("method", ["nsga2", "tpe", "lstm", "kernel"])
def test_failed_evaluations_are_recorded_and_add_nothing(method: str) -> None:
    calls = []

    def failing(x: FloatArray) -> FloatArray:
        calls.append(x)
        if len(calls) == 3:
            raise OSError("disk full")
        return line(x) + (np.array([0.0, np.nan]) if len(calls) == 2 else 0.0)

    broken = replace(
        ENTRY,
        name=f"broken-{method}",
        build=lambda: replace(problem(), objectives=failing),
        reference=0.5,
    )
    lines = made(method, 6, broken)
    assert [e.status for e in lines] == ["ok", "failed", "failed", "ok", "ok", "ok"]
    assert lines[1].message.startswith("the values are [") and "nan" in lines[1].message
    assert lines[2].message == "OSError: disk full"
    assert [lines[1].objectives, lines[2].objectives, lines[1].y] == [None, None, None]
    assert lines[2].best == lines[0].best


def test_records_keep_the_objectives_and_those_of_one_are_what_they_were(tmp_path: Path) -> None:
    lines = made("random", 5, out=tmp_path)
    again = record.read_run(record.run_path(tmp_path, RunKey("lines", "line", "random", 0)))
    assert again is not None and again.evaluations == tuple(lines)
    assert "objectives" not in record.to_line(replace(lines[0], objectives=None))


def test_the_reference_is_what_random_search_loses() -> None:
    about = measure_function("lines", ENTRY, problem())
    u = np.random.default_rng(3).random((300, 10, 2))
    found = [pareto.hypervolume(line(search), np.array(REFERENCE_POINT)) for search in u]
    assert about.minimum == pytest.approx(-0.94)
    assert about.reference == pytest.approx(0.94 - np.median(found), rel=0.2)
    stored = measure_function("lines", replace(ENTRY, reference=0.3), problem())
    assert stored.reference == 0.3


def test_the_front_so_far_takes_what_is_inside_only() -> None:
    front = FrontSoFar((2.0, 2.0))
    for values, expected in (
        ((3.0, 0.0), 0.0),
        ((1.0, 1.0), 1.0),
        ((np.nan, 0.0), 1.0),
        ((-np.inf, 0.0), 1.0),
        ((1.5, 1.5), 1.0),
        ((0.0, 1.5), 1.5),
        ((0.0, 0.0), 4.0),
    ):
        front.add(np.array(values))
        assert front.hypervolume == expected
    rows = np.random.default_rng(0).random((30, 3))
    assert hypervolumes_so_far(rows, (1.0,) * 3)[-1] == pytest.approx(
        pareto.hypervolume(rows, np.ones(3))
    )


class Corner:
    """Takes several objectives."""

    def __init__(self, dim: int, budget: int, seed: int, reference_point: Sequence[float]) -> None:
        assert tuple(reference_point) == REFERENCE_POINT or budget == 4
        self.dim, self.told = dim, []

    def ask(self) -> FloatArray:
        return np.zeros(self.dim)

    def tell_objectives(self, x: FloatArray, values: FloatArray) -> None:
        self.told.append(values)


class Single:
    """Takes one objective."""

    def __init__(self, dim: int, budget: int, seed: int) -> None: ...


def test_a_class_of_ones_own_takes_several_objectives_or_is_refused() -> None:
    check(made(f"{__file__}:Corner", 3), 3)
    with pytest.raises(ConfigError, match="Single', which takes one objective only; expected one"):
        make_multi_objective(f"{__file__}:Single", 2, 3, 0, REFERENCE_POINT)


@pytest.mark.parametrize("name", [name for name, peer in PEERS.items() if not peer.several])
def test_peers_of_one_objective_are_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"method = '{name}', which takes one objective only"):
        make_multi_objective(name, 2, 4, 0, REFERENCE_POINT)


@pytest.mark.parametrize(("suite", "method"), [("pareto", "cma"), ("gp-2d", "nsga2")])
def test_a_plan_is_refused_before_anything_runs(suite: str, method: str, tmp_path: Path) -> None:
    plan = Plan([Comparison([suite], ["random", method], budget=3, functions=1)])
    kind = "one objective" if suite == "pareto" else "several objectives"
    with pytest.raises(ConfigError, match=f"'{method}', which takes {kind} only; expected"):
        run(plan, tmp_path / "out")
    assert not list(tmp_path.rglob("*.jsonl"))


def test_one_objective_is_refused_by_methods_of_several() -> None:
    with pytest.raises(ConfigError, match=r"'qlognehvi', which takes several .* random, sobol, "):
        make_method("qlognehvi", 2, 4, 0)


@pytest.mark.slow
def test_a_plan_of_several_objectives_is_run_and_reported(tmp_path: Path) -> None:
    plan = Plan(
        [Comparison(["pareto"], ["random", "sobol", "nsga2"], budget=15, functions=2)],
        split="tune",
    )
    records = run(plan, tmp_path / "out")
    runs = list(record.read_runs(records))
    assert len(runs) == 6 and all(one.end is None for one in runs)
    page, summary = report(records)
    assert page.exists() and "pareto-tune" in summary.read_text()


def test_the_suites_hold_problems_of_two_and_three_objectives() -> None:
    for split in ("test", "tune"):
        for suite in ("pareto", "biobj-2d", "biobj-3d", "biobj-5d"):
            entries = get_suite(suite, 15, split)
            for entry in entries:
                built = entry.build()
                assert len(built.reference_point) == entry.objectives >= 2
                assert built.objectives is not None
            assert {entry.objectives for entry in entries} == ({2, 3} if suite == "pareto" else {2})


def test_the_shipped_plan_names_methods_that_take_several_objectives() -> None:
    pairs = {(p.key.method, p.entry.objectives) for p in planned_runs(load_plan("pareto"))}
    for method, objectives in pairs:
        assert method not in PEERS or PEERS[method].several
        assert objectives >= 2
