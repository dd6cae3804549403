"""The suites of real objectives, `control` and `tuning`, and the dense search behind them."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo.benchmarks.execute import execute, measure_function
from rnnbbo.benchmarks.methods.base import Cells
from rnnbbo.benchmarks.plan import PlannedRun
from rnnbbo.benchmarks.record import RunKey
from rnnbbo.benchmarks.suites import (
    Entry,
    control_suite,
    dense_search,
    get_suite,
    stored_minima,
    tuning_suite,
)
from rnnbbo.benchmarks.suites.dense_search import Effort, refine, search_deeper, search_densely
from rnnbbo.dimensions import Categorical, Integer, Real
from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import Problem
from rnnbbo.space import Space

pytest.importorskip("mujoco")
pytest.importorskip("lightgbm")

SUITES = {"control": control_suite, "tuning": tuning_suite}
COUNTS = {"control": (24, 24), "tuning": (24, 36)}


@pytest.mark.parametrize("suite", SUITES)
def test_every_function_has_a_minimum_that_was_searched(suite: str) -> None:
    entries = get_suite(suite, split="tune") + get_suite(suite)
    known = stored_minima.stored_minima(stored_minima.minima_file(suite))
    assert set(known) == {entry.name for entry in entries}
    for entry in entries:
        assert len(known[entry.name].at) == entry.dim
        assert known[entry.name].reference == entry.reference > 0
    for split, least in zip(("tune", "test"), COUNTS[suite], strict=True):
        assert len(get_suite(suite, split=split)) >= least


@pytest.mark.parametrize("suite", SUITES)
def test_splits_share_neither_data_nor_starts(suite: str) -> None:
    functions = {
        split: [entry.build().func for entry in SUITES[suite].unsearched(split)]
        for split in ("tune", "test")
    }
    if suite == "tuning":
        data = {split: {f.dataset for f in made} for split, made in functions.items()}
        assert not data["tune"] & data["test"]
        return
    starts = [set(range(f.seed, f.seed + 10)) for made in functions.values() for f in made]
    assert len(set().union(*starts)) == 10 * len(starts)
    shapes = {
        split: {(f.task, f.hidden, f.bias, f.changes) for f in made}
        for split, made in functions.items()
    }
    assert not shapes["tune"] & shapes["test"]


@pytest.mark.parametrize("suite", SUITES)
def test_a_short_suite_holds_many_kinds(suite: str) -> None:
    for split in ("tune", "test"):
        made = [entry.build().func for entry in islice(SUITES[suite].unsearched(split), 11)]
        assert len({f.task if suite == "control" else f.model for f in made}) >= 10


CHEAP = {
    "control": ("cartpole-linear-5d-start=0.2", "inverted-double-linear-6d"),
    "tuning": ("tree-clusters-2", "svc-wine"),
}


@pytest.mark.parametrize("suite", SUITES)
def test_minima_are_taken_where_the_file_says(suite: str) -> None:
    for entry in get_suite(suite, split="tune"):
        if entry.name in CHEAP[suite]:
            problem = entry.build()
            # Another processor rounds a policy's outputs, and a fit, a little differently.
            assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["test", "tune"])
@pytest.mark.parametrize("suite", SUITES)
def test_all_minima_are_taken_where_the_file_says(suite: str, split: str) -> None:
    for entry in get_suite(suite, split=split):
        problem = entry.build()
        assert problem(problem.minimizers[0]) == pytest.approx(problem.minimum, rel=1e-2)


def test_plateaus_exist() -> None:
    names = {"control": "car-linear-3d", "tuning": "tree-clusters-2"}
    for suite, name in names.items():
        (entry,) = (e for e in SUITES[suite].unsearched("tune") if e.name == name)
        problem, u = entry.build(), np.random.default_rng(0).random((12, entry.dim))
        values = [problem.unit(point) for point in u]
        assert len(set(values)) < len(values)


def test_spaces_are_those_of_the_cube() -> None:
    kinds = set()
    for entry in get_suite("tuning") + get_suite("tuning", split="tune"):
        assert entry.space is not None
        assert len(Cells(entry.space).counts) == entry.dim
        kinds |= {type(dimension) for dimension in entry.space.dimensions}
        for dimension in entry.space.dimensions:
            assert type(dimension) is not Real or dimension.bounds == (0.0, 1.0)
            if type(dimension) is Categorical:
                assert 2 <= len(dimension.categories) <= 8
    assert kinds == {Real, Integer, Categorical}


def test_a_stored_reference_is_taken_without_an_evaluation() -> None:
    def fail(x: np.ndarray) -> np.ndarray:
        raise AssertionError

    problem = Problem("p", ((0.0, 1.0),), fail, -1.0, ())
    about = measure_function("s", Entry("p", 1, lambda: problem, reference=0.25), problem)
    assert (about.minimum, about.reference, about.noise) == (-1.0, 0.25, 0.0)


class _Told:
    """Asks for points at random, and recommends the first."""

    def __init__(self, dim: int, seed: int) -> None:
        self.rng, self.dim, self.x, self.y = np.random.default_rng(seed), dim, [], []

    def ask(self) -> np.ndarray:
        self.x.append(self.rng.random(self.dim))
        return self.x[-1]

    def tell(self, x: np.ndarray, y: float) -> None:
        self.y.append(y)

    def recommend(self) -> np.ndarray:
        return self.x[0]


def test_a_method_is_told_observations_and_judged_by_the_value_of_what_it_recommends() -> None:
    def draw(x: np.ndarray, rng: np.random.Generator) -> float:
        return float(x.sum() + 10.0 + rng.random())

    problem = Problem("noisy", ((0.0, 2.0),) * 2, lambda x: x.sum(-1), 0.0, (), draw=draw)
    entry = Entry("noisy", 2, lambda: problem, reference=1.0)
    planned = PlannedRun(RunKey("s", "noisy", "told", 0), entry, 3, 60.0)
    made = []

    def make(name: str, dim: int, budget: int, seed: int, space: Space | None) -> _Told:
        made.append(_Told(dim, seed))
        return made[-1]

    _, lines = execute(planned, None, make)
    (method,) = made
    for line, x, y in zip(lines, method.x, method.y, strict=True):
        assert line.value == pytest.approx(2 * x.sum())
        assert 10.0 < y - line.value < 11.0
        assert line.y == y
        assert line.best == pytest.approx(2 * method.x[0].sum())


def test_search_finds_the_minimum_of_a_mixed_bowl_and_repeats() -> None:
    space = Space([Real(0, 1), Integer(0, 30), Categorical(list("abcdef"))])

    def bowl(u: np.ndarray) -> np.ndarray:
        cell = np.floor(u * np.array([1, 31, 6]))
        return (u[:, 0] - 0.3) ** 2 + np.abs(cell[:, 1] - 20) / 31 + (cell[:, 2] != 4)

    effort = Effort(5, 8, 5, 8, ())
    found = search_densely(bowl, 3, effort, space)
    assert found.value < 1e-3
    assert bowl(np.array([found.at]))[0] == found.value
    assert found.reference > 0.1
    assert search_densely(bowl, 3, effort, space) == found


def test_a_deeper_search_finds_no_worse_and_the_reference_grows_by_as_much() -> None:
    def bowl(u: np.ndarray) -> np.ndarray:
        return ((u - 0.3) ** 2).sum(-1)

    effort = Effort(3, 2, 2, 3, ())
    found = search_densely(bowl, 4, effort)
    deeper = search_deeper(bowl, found, effort)
    again = search_deeper(bowl, deeper, effort)
    assert (found.passes, deeper.passes, again.passes) == (0, 1, 2)
    assert again.value < found.value and again.value <= deeper.value <= found.value
    assert bowl(np.array(again.at)) == again.value
    assert again.reference + again.value == pytest.approx(found.reference + found.value, rel=1e-12)


def test_steps_change_integers_by_a_cell_at_least_and_redraw_categories() -> None:
    space = Space([Integer(0, 3), Categorical(list("abcd")), Real(0, 1)])
    start = np.full((1, 3), 0.4)
    rng = np.random.default_rng(0)
    points, values = refine(
        lambda u: np.zeros(len(u)), start, np.zeros(1), rng, [1e-3], best=1, steps=200, space=space
    )
    assert points.shape == (201, 3) and values.shape == (201,)
    assert points.min() >= 0 and points.max() <= 1
    cells = np.floor(np.minimum(points, 1 - 1e-9) * 4)
    assert len(set(cells[:, 0])) == 4 and len(set(cells[:, 1])) == 4
    assert 0 < np.abs(points[1:, 2] - 0.4).max() < 0.01
    assert np.mean(points[1:, 2] == 0.4) > 0.3


def test_command_searches_what_the_file_has_not_and_names_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "minima.json"
    monkeypatch.setattr(dense_search, "minima_file", lambda suite: file)
    monkeypatch.setattr(stored_minima, "minima_file", lambda suite: file)
    monkeypatch.setattr(dense_search, "pin_threads", lambda: None)
    problem = Problem("bowl", ((-1.0, 1.0),) * 2, lambda x: (x**2).sum(-1), -np.inf, ())
    entries = [Entry("one", 2, lambda: problem), Entry("two", 2, lambda: problem)]
    monkeypatch.setattr(
        control_suite, "unsearched", lambda split: entries if split == "tune" else []
    )
    searched = []

    def counted(*arguments: object) -> stored_minima.Found:
        searched.append(arguments)
        return search_densely(*arguments)

    monkeypatch.setattr(dense_search, "search_densely", counted)
    stored_minima.stored_minima.cache_clear()
    run = CliRunner().invoke
    assert run(dense_search.main, ["control", "two"]).exit_code == 0
    stored_minima.stored_minima.cache_clear()
    with pytest.raises(ConfigError, match=r"has no one; run python -m rnnbbo.*dense_search con"):
        next(control_suite.entries("tune")).build()
    assert run(dense_search.main, ["control"]).exit_code == 0
    stored_minima.stored_minima.cache_clear()
    assert len(searched) == 2
    assert list(json.loads(file.read_text())["minima"]) == ["one", "two"]
    built = next(control_suite.entries("tune")).build()
    assert 0 <= built.minimum < 0.01
    assert built(built.minimizers[0]) == built.minimum
    unknown = run(dense_search.main, ["control", "three"])
    assert unknown.exit_code == 2 and "expected one of one, two" in unknown.output
    stored_minima.stored_minima.cache_clear()
