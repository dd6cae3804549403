import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks import record, report
from rnnbbo.benchmarks.methods import Method, make_method
from rnnbbo.benchmarks.runner import Plan, describe, run_plan, run_seed
from rnnbbo.benchmarks.suites import Entry
from rnnbbo.errors import ConfigError, RnnbboError
from rnnbbo.functions.problem import Problem


def bowl() -> Problem:
    return Problem(
        name="bowl",
        bounds=((-1.0, 3.0), (0.0, 2.0)),
        func=lambda x: np.sum((x - 1.0) ** 2, axis=-1),
        minimum=0.0,
        minimizers=((1.0, 1.0),),
    )


ENTRIES = [Entry("bowl-a", 2, bowl), Entry("bowl-b", 2, bowl)]
PLAN = Plan("bowls", ENTRIES, ["random", "tpe"], seeds=2, budget=12)


class Counting:
    """Makes methods, and counts how many; the last of `allowed` never starts."""

    def __init__(self, allowed: float = np.inf) -> None:
        self.made: list[tuple[str, int]] = []
        self.allowed = allowed

    def __call__(self, name: str, dim: int, budget: int, seed: int) -> Method:
        if len(self.made) >= self.allowed:
            raise KeyboardInterrupt
        self.made.append((name, seed))
        return make_method(name, dim, budget, seed)


def content(out: Path) -> dict[str, list[dict[str, object]]]:
    """Every record by its file, less the times."""
    return {
        str(path.relative_to(out)): [
            {key: value for key, value in json.loads(line).items() if not key.endswith("_s")}
            for line in path.read_text().splitlines()
        ]
        for path in sorted(out.rglob("*.json*"))
    }


def test_records_hold_every_evaluation(tmp_path: Path) -> None:
    run_plan(PLAN, tmp_path)
    assert len(content(tmp_path)) == 2 + 2 * 2 * 2
    run = record.read_run(record.run_path(tmp_path, "bowls", "bowl-b", "tpe", 1))
    assert [e.t for e in run] == list(range(1, 13))
    for e in run:
        assert (e.method, e.function, e.seed, e.dim, e.status) == ("tpe", "bowl-b", 1, 2, "ok")
        assert e.y == bowl().unit(e.x)
        assert e.best == min(other.y for other in run[: e.t] if other.y is not None)
        assert e.ask_s > 0
        assert e.tell_s > 0


def test_an_interrupted_plan_goes_on_without_repeats(tmp_path: Path) -> None:
    run_plan(PLAN, tmp_path / "unbroken")
    first, second, third = Counting(allowed=3), Counting(), Counting()
    with pytest.raises(KeyboardInterrupt):
        run_plan(PLAN, tmp_path / "broken", make=first)
    run_plan(PLAN, tmp_path / "broken", make=second)
    run_plan(PLAN, tmp_path / "broken", make=third)
    assert (len(first.made), len(second.made), len(third.made)) == (3, 5, 0)
    assert content(tmp_path / "broken") == content(tmp_path / "unbroken")


def test_another_budget_is_another_run(tmp_path: Path) -> None:
    run_plan(PLAN, tmp_path)
    again = Counting()
    run_plan(replace(PLAN, budget=5), tmp_path, make=again)
    assert len(again.made) == 8


def test_seeds_pair_methods_and_part_functions(tmp_path: Path) -> None:
    counting = Counting()
    run_plan(PLAN, tmp_path, make=counting)
    seeds = {
        name: [seed for method, seed in counting.made if method == name] for name in PLAN.methods
    }
    assert seeds["random"] == seeds["tpe"]
    assert len(set(seeds["random"])) == 4


def test_failed_evaluations_are_recorded_and_never_best(tmp_path: Path) -> None:
    values = iter([np.nan, 2.0, np.inf, 1.0])
    broken = replace(bowl(), func=lambda x: next(values))
    about = describe("bowls", ENTRIES[0], bowl())
    record.write_records(record.function_path(tmp_path, "bowls", "bowl-a"), [about])
    plan = Plan("bowls", [Entry("bowl-a", 2, lambda: broken)], ["random"], seeds=1, budget=4)
    run_plan(plan, tmp_path)
    run = record.read_run(record.run_path(tmp_path, "bowls", "bowl-a", "random", 0))
    assert [e.status for e in run] == ["failed", "ok", "failed", "ok"]
    assert [e.y for e in run] == [None, 2.0, None, 1.0]
    assert [e.best for e in run] == [None, 2.0, 2.0, 1.0]


def test_reference_equals_a_direct_estimate() -> None:
    about = describe("bowls", ENTRIES[0], bowl())
    u = np.random.default_rng(3).random((4000, 10, 2))
    x = np.array([-1.0, 0.0]) + u * np.array([4.0, 2.0])
    expected = np.median(np.min(np.sum((x - 1.0) ** 2, axis=-1), axis=1))
    # The median of 101 searches has a standard error of about an eighth of it here.
    assert about.reference == pytest.approx(expected, rel=0.5)
    assert about == describe("bowls", ENTRIES[0], bowl())


def test_run_seed_fits_every_peer() -> None:
    assert all(0 <= run_seed("f", seed) < 2**32 for seed in range(100))


EVALUATION = record.Evaluation(
    method="a/b c",
    suite="s",
    function="f",
    dim=2,
    seed=0,
    budget=1,
    t=1,
    x=(0.1, 1 / 3),
    y=None,
    best=None,
    ask_s=1e-7,
    tell_s=0.25,
    status="failed",
)


def test_records_round_trip(tmp_path: Path) -> None:
    path = record.run_path(tmp_path, "s", "f", EVALUATION.method, 0)
    record.write_records(path, [EVALUATION])
    assert record.read_run(path) == [EVALUATION]
    assert [p.name for p in path.parent.iterdir()] == ["a%2Fb%20c.0.jsonl"]
    about = record.FunctionRecord("s", "f", 2, -0.1, 1 / 3)
    record.write_records(record.function_path(tmp_path, "s", "f"), [about])
    assert record.read_function(record.function_path(tmp_path, "s", "f")) == about


LINE = json.dumps(asdict(EVALUATION))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(LINE[:-9], id="cut"),
        pytest.param(LINE.replace('"t": 1', '"t": 2'), id="missing evaluation"),
        pytest.param(LINE.replace('"t": 1', '"step": 1'), id="other keys"),
        pytest.param("[1, 2]", id="no object"),
    ],
)
def test_damaged_runs_are_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.0.jsonl"
    path.write_text(text)
    with pytest.raises(RnnbboError, match=r"m\.0\.jsonl"):
        record.read_run(path)


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "m.0.jsonl"
    with pytest.raises(ValueError, match="JSON"):
        record.write_records(path, [replace(EVALUATION, y=np.nan)])
    assert not path.exists()


@pytest.fixture
def write_runs(tmp_path: Path) -> Callable[..., None]:
    """Writes runs of one method on functions with minimum 1 and reference 2."""

    def write(method: str, runs: dict[tuple[str, int], list[float]]) -> None:
        for (function, seed), values in runs.items():
            evaluations = [
                replace(
                    EVALUATION,
                    method=method,
                    function=function,
                    seed=seed,
                    t=t,
                    y=value,
                    best=min(values[:t]),
                    ask_s=0.001,
                    tell_s=0.002,
                )
                for t, value in enumerate(values, 1)
            ]
            record.write_records(
                record.run_path(tmp_path, "s", function, method, seed), evaluations
            )
            about = record.FunctionRecord("s", function, 2, 1.0, 2.0)
            record.write_records(record.function_path(tmp_path, "s", function), [about])

    return write


def test_report_by_hand(tmp_path: Path, write_runs: Callable[..., None]) -> None:
    # Regret of a: 1 then 0.5 on both functions; of b: 2 then 2.
    write_runs("a", {("f", 0): [3.0, 2.0], ("g", 0): [3.0, 2.0]})
    write_runs("b", {("f", 0): [5.0, 6.0], ("g", 0): [5.0, 6.0]})
    results = report.load(tmp_path, "s", ["a", "b"], budget=2)
    assert results.regret["a"].tolist() == [[[1.0, 0.5]], [[1.0, 0.5]]]
    table = report.regret_table(results, [1, 2])
    assert "2 functions, 1 seeds each" in table
    assert (
        "| a | 1.00 [1.00, 1.00]<br>1 [1, 1] | 0.50 [0.50, 0.50]<br>0.5 [0.5, 0.5] | 3 (3) |"
        in table
    )
    assert "beaten" not in table
    versus = report.comparison_table(results, [2], versus="b")
    assert "| a | -1.50 [-1.50, -1.50], p = 0.5 |" in versus


def test_report_pairs_only_what_every_method_has(
    tmp_path: Path, write_runs: Callable[..., None]
) -> None:
    write_runs("a", {(f, s): [3.0] for f in "fgh" for s in (0, 1, 2)})
    write_runs("b", {(f, s): [2.0] for f in "fg" for s in (0, 1)})
    results = report.load(tmp_path, "s", ["a", "b"], budget=1)
    assert (results.functions, results.seeds) == (["f", "g"], [0, 1])
    assert results.regret["a"].shape == results.regret["b"].shape == (2, 2, 1)


def test_report_says_when_a_declared_minimum_is_beaten(
    tmp_path: Path, write_runs: Callable[..., None]
) -> None:
    write_runs("a", {("f", 0): [3.0], ("g", 0): [0.9]})
    table = report.regret_table(report.load(tmp_path, "s", ["a"], budget=1), [1])
    assert "minimum was beaten, so it is wrong: g." in table


def test_report_refuses_a_folder_without_pairs(
    tmp_path: Path, write_runs: Callable[..., None]
) -> None:
    write_runs("a", {("f", 0): [3.0]})
    write_runs("b", {("g", 0): [3.0]})
    with pytest.raises(ConfigError, match="no function has runs of a, b"):
        report.load(tmp_path, "s", ["a", "b"], budget=1)
