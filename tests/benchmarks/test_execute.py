from dataclasses import replace
from pathlib import Path

import faulty_methods
import numpy as np
import pytest

from rnnbbo import Space
from rnnbbo.benchmarks import record
from rnnbbo.benchmarks.execute import execute, measure_function, run_seed
from rnnbbo.benchmarks.methods import Method, make_method
from rnnbbo.benchmarks.plan import PlannedRun
from rnnbbo.benchmarks.record import EvaluationRecord, RunKey
from rnnbbo.benchmarks.suites import Entry, get_suite
from rnnbbo.functions.noise_laws import StudentT
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.violations import is_feasible


def bowl() -> Problem:
    return Problem(
        name="bowl",
        bounds=((-1.0, 3.0), (0.0, 2.0)),
        func=lambda x: np.sum((x - 1.0) ** 2, axis=-1),
        minimum=0.0,
        minimizers=((1.0, 1.0),),
    )


ENTRY = Entry("bowl", 2, bowl)


def planned(
    method: str = "random", entry: Entry = ENTRY, budget: int = 6, limit: float = 60
) -> PlannedRun:
    return PlannedRun(RunKey("bowls", entry.name, method, 0), entry, budget, limit)


def make(name: str, dim: int, budget: int, seed: int, space: Space | None) -> Method:
    return getattr(faulty_methods, name)(dim, budget, seed)  # type: ignore[no-any-return]


def test_every_evaluation_is_a_line(tmp_path: Path) -> None:
    about, lines = execute(planned("cma"), tmp_path)
    assert record.read_function(tmp_path, about.suite, "bowl") == about
    run = record.read_run(record.run_path(tmp_path, planned("cma").key))
    assert run is not None
    assert run.evaluations == tuple(lines)
    assert run.end is None
    assert [e.t for e in lines] == list(range(1, 7))
    for e in lines:
        assert (e.method, e.function, e.seed, e.dim, e.status) == ("cma", "bowl", 0, 2, "ok")
        assert e.y == e.value == bowl().unit(np.array(e.x))
        assert e.best == min(other.y for other in lines[: e.t] if other.y is not None)
        assert min(e.ask_s, e.tell_s, e.evaluation_s) > 0


def test_lines_are_written_as_they_happen(tmp_path: Path) -> None:
    path = record.run_path(tmp_path, planned("Watching").key)
    counts = []

    class Watching(faulty_methods.Steady):
        def ask(self) -> np.ndarray:
            counts.append(path.read_text().count("\n"))
            return super().ask()

    execute(planned("Watching"), tmp_path, lambda _, *run: Watching(*run[:3]))
    assert counts == list(range(6))


def test_the_lines_of_an_earlier_attempt_are_replaced(tmp_path: Path) -> None:
    path = record.run_path(tmp_path, planned().key)
    path.parent.mkdir(parents=True)
    path.write_text('{"a": 1}\n' * 40 + '{"cut')
    _, lines = execute(planned(), tmp_path)
    assert path.read_text().count("\n") == len(lines) == 6


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    about, lines = execute(planned(), None)
    assert (about.function, len(lines)) == ("bowl", 6)


def ended(method: str, limit: float = 60.0) -> tuple[list[EvaluationRecord], EvaluationRecord]:
    _, lines = execute(planned(method, limit=limit), None, make)
    return lines[:-1], lines[-1]


def test_a_crash_ends_the_run_with_its_reason() -> None:
    before, end = ended("Crashing")
    assert [e.status for e in before] == ["ok"] * 3
    assert (end.t, end.status, end.x) == (4, "crashed", None)
    assert end.message == "RuntimeError: no more ideas"


def test_a_point_outside_of_the_cube_is_a_crash() -> None:
    before, end = ended("Outside")
    assert before == []
    assert end.status == "crashed"
    assert "expected 2 numbers in [0, 1]" in end.message


def test_the_time_limit_ends_the_run() -> None:
    before, end = ended("Slow", limit=0.3)
    assert end.status == "timeout"
    assert 1 <= len(before) < 6
    assert end.t == len(before) + 1


def test_a_method_that_cannot_be_made_loses_its_run_only() -> None:
    def fail(*_: object) -> Method:
        raise MemoryError("too large")

    _, lines = execute(planned(), None, fail)
    assert [(e.t, e.status, e.message) for e in lines] == [(1, "crashed", "MemoryError: too large")]


def test_a_method_is_told_the_declared_space() -> None:
    spaces: list[Space | None] = []

    def watching(name: str, dim: int, budget: int, seed: int, space: Space | None) -> Method:
        spaces.append(space)
        return make_method(name, dim, budget, seed, space)

    grid = Space([(0, 3), ("a", "b")])
    _, lines = execute(planned("tpe", replace(ENTRY, space=grid)), None, watching)
    assert spaces == [grid]
    assert all({*np.array(e.x) * (4, 2) % 1} == {0.5} for e in lines)


def broken(values: list[float]) -> Entry:
    left = iter(values)

    def func(x: np.ndarray) -> float:
        value = next(left)
        if value == 13.0:
            raise OSError("disk full")
        return value

    return Entry("broken", 2, lambda: replace(bowl(), func=func))


def test_failed_evaluations_are_recorded_and_never_best(tmp_path: Path) -> None:
    failing = planned(entry=broken([np.nan, 2.0, np.inf, 13.0, 1.0]), budget=5)
    about = record.FunctionRecord(failing.key.suite, "broken", 2, 0.0, 1.0)
    record.write_function(tmp_path, about)
    _, lines = execute(failing, tmp_path)
    assert [e.status for e in lines] == ["failed", "ok", "failed", "failed", "ok"]
    assert [e.y for e in lines] == [None, 2.0, None, None, 1.0]
    assert [e.best for e in lines] == [None, 2.0, 2.0, 2.0, 1.0]
    assert [e.message for e in lines][2:4] == ["the value is inf", "OSError: disk full"]
    assert record.read_run(record.run_path(tmp_path, failing.key)) is not None


NOISY = Entry("noisy", 2, bowl, noise=0.2)


def test_noise_is_told_and_the_value_recorded() -> None:
    about, lines = execute(planned(entry=NOISY, budget=400), None)
    # The spread of the bowl's values over its box: of u^2 for u uniform in (-2, 2) and (-1, 1).
    assert about.noise == pytest.approx(0.2 * np.sqrt(16 * 4 / 45 + 4 / 45), rel=0.1)
    noise = np.array([e.y - e.value for e in lines if e.y is not None and e.value is not None])
    assert noise.std() == pytest.approx(about.noise, rel=0.15)
    assert abs(noise.mean()) < 4 * about.noise / 20
    at = np.minimum.accumulate([e.y for e in lines])
    for e, least in zip(lines, at, strict=True):
        assert e.best == next(other.value for other in lines if other.y == least)


def test_methods_are_told_the_same_noise() -> None:
    def noise(method: str) -> list[float]:
        return [e.y - e.value for e in execute(planned(method, NOISY), None)[1]]  # type: ignore[operator]

    assert noise("random") == pytest.approx(noise("cma"))


def test_noise_of_another_law_is_told_and_paired() -> None:
    doubling = replace(NOISY, law=lambda rng, u, height: rng.standard_normal() + 2 * height)
    for method in ("random", "cma"):
        about, lines = execute(planned(method, doubling), None)
        plain = execute(planned(method, NOISY), None)[1]
        first, other = lines[0], plain[0]
        assert first.value == other.value
        # The bowl's minimum is 0: twice its value more than the Gaussian noise of the same seed.
        assert first.y == pytest.approx(other.y + 2 * first.value)
        assert about.noise > 0

    def noise(method: str) -> list[float]:
        lines = execute(planned(method, replace(NOISY, law=StudentT(2.0))), None)[1]
        return [e.y - e.value for e in lines]  # type: ignore[operator]

    assert noise("random") == pytest.approx(noise("cma"))
    assert noise("random") != pytest.approx([e.y - e.value for e in plain])


def test_a_recommendation_counts_under_noise_only() -> None:
    centre = bowl().unit(np.full(2, 0.5))
    _, lines = execute(planned("Recommending", NOISY), None, make)
    assert [e.best for e in lines] == [centre] * 6
    _, lines = execute(planned("Recommending"), None, make)
    assert [e.best for e in lines] != [centre] * 6


def test_runs_repeat_and_seeds_pair_methods() -> None:
    seeds: list[int] = []

    def watching(name: str, dim: int, budget: int, seed: int, space: Space | None) -> Method:
        seeds.append(seed)
        return make_method(name, dim, budget, seed, space)

    first, again = (execute(planned("random"), None, watching)[1] for _ in range(2))
    assert [e.x for e in first] == [e.x for e in again]
    execute(planned("cma"), None, watching)
    assert len(set(seeds)) == 1
    assert len({run_seed(f, s) for f in ("f", "g") for s in range(50)}) == 100
    assert all(0 <= run_seed("f", seed) < 2**32 for seed in range(100))


def test_reference_equals_a_direct_estimate() -> None:
    about = measure_function("bowls", ENTRY, bowl())
    u = np.random.default_rng(3).random((4000, 10, 2))
    x = np.array([-1.0, 0.0]) + u * np.array([4.0, 2.0])
    expected = np.median(np.min(np.sum((x - 1.0) ** 2, axis=-1), axis=1))
    # The median of 101 searches has a standard error of about an eighth of it here.
    assert about.reference == pytest.approx(expected, rel=0.5)
    assert about == measure_function("bowls", ENTRY, bowl())


@pytest.mark.parametrize("method", ["kernel", "tpe", "gpsampler", "random"])
def test_the_best_of_a_run_is_feasible(method: str) -> None:
    (entry,) = get_suite("constrained", 1)
    problem = entry.build()
    about, lines = execute(planned(method, entry, budget=14), None)
    assert about.reference == entry.reference
    best = None
    for line in lines:
        assert line.status == "ok" and line.y is not None and line.x is not None
        if is_feasible(problem.unit_constraints(line.x)):
            best = line.y if best is None else min(best, line.y)
        assert line.best == best
    assert best is not None and best < max(line.y or 0.0 for line in lines)


def test_who_takes_no_constraints_is_told_of_failures() -> None:
    (entry,) = get_suite("constrained", 1)
    told = []

    class Deaf:
        def ask(self) -> FloatArray:
            return np.array([0.1 * len(told), 0.4])

        def tell(self, x: FloatArray, y: float) -> None:
            told.append(y)

    execute(planned("deaf", entry, budget=6), None, lambda *_: Deaf())
    points = [np.array([0.1 * i, 0.4]) for i in range(6)]
    feasible = [is_feasible(entry.build().unit_constraints(x)) for x in points]
    assert any(feasible) and not all(feasible)
    assert np.isfinite(told).tolist() == feasible
