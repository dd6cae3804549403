import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks.execute import end_line, execute
from rnnbbo.benchmarks.measures import spearmint_traces as check
from rnnbbo.benchmarks.methods import make_method
from rnnbbo.benchmarks.plan import PlannedRun
from rnnbbo.benchmarks.record import FunctionRecord, RunKey, write_function, write_run
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.benchmarks.suites import Entry
from rnnbbo.errors import ConfigError, RecordError

REFERENCE = Path(__file__).parents[3] / "benchmarks" / "results" / "spearmint_reference.json"
FUNCTIONS = {name: FunctionRecord("s", name, 2, 0.0, 2.0) for name in check.TRACED_PROBLEMS}


@pytest.mark.parametrize("name", check.TRACED_PROBLEMS)
def test_the_functions_are_those_of_the_traces(name: str) -> None:
    problem = check.build(name)
    for x in problem.minimizers:
        assert float(problem.func(np.array(x))) == pytest.approx(problem.minimum, abs=1e-4)
    traces = [
        run["y"] for run in json.loads(REFERENCE.read_text())["runs"] if run["function"] == name
    ]
    assert len(traces) == 3
    assert all(len(y) == check.AT[-1] for y in traces)
    # They come close to the minimum, and never below it.
    assert 0.0 <= min(map(min, traces)) - problem.minimum < 0.05


def test_ratios_by_hand() -> None:
    halves = {name: np.log(np.full((5, 4), 0.1)) for name in check.TRACED_PROBLEMS}
    twice = {name: np.log(np.full((3, 4), 0.2)) for name in check.TRACED_PROBLEMS}
    twice["hart6"] = np.log(np.full((3, 4), 3.2))
    found = check.ratios(halves, twice)
    assert found["branin"][0] == pytest.approx([0.5] * 4)
    assert found["hart6"][0] == pytest.approx([1 / 32] * 4)
    # Geometric: (2^-1 2^-1 2^-1 2^-5)^(1/4)
    assert found["all four"][0] == pytest.approx([0.25] * 4)
    table = check.ratio_table(found)
    assert [cell.text for cell in table.rows[0]] == ["branin", *["0.5 [0.5, 0.5]"] * 4]
    assert "not within a factor of 3" in table.caption
    assert "together: within a factor" in check.ratio_table(check.ratios(halves, halves)).caption


def test_intervals_cover_the_spread_of_the_seeds() -> None:
    rng = np.random.default_rng(0)
    a = {"f": rng.standard_normal((2000, 4))}
    ratio, low, high = check.ratios(a, {"f": np.zeros((3, 4))})["f"]
    assert np.log(high) - np.log(low) == pytest.approx(2 * 1.96 / np.sqrt(2000), rel=0.1)
    assert np.all((low < ratio) & (ratio < high))


def test_the_reference_is_read_at_its_times() -> None:
    found = check.theirs(check.read_traces(REFERENCE), FUNCTIONS)
    assert {values.shape for values in found.values()} == {(3, 4)}
    assert all(np.all(np.diff(values, axis=1) <= 0) for values in found.values())


@pytest.mark.parametrize(
    "text", ["", "[]", '{"runs": []}', '{"runs": [{"function": "branin", "y": [1, 2]}]}']
)
def test_malformed_traces_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"traces\.json.*expected JSON with runs"):
        check.read_traces(path)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Records of random search under the checked methods' names, in a second instead of minutes."""
    wanted = product(check.METHODS.values(), check.TRACED_PROBLEMS.items(), range(2))
    for method, (name, (_, dim)), seed in wanted:
        key = RunKey(check.SUITE, name, method, seed)
        task = PlannedRun(key, Entry(name, dim, lambda name=name: check.build(name)), 40, 60.0)
        about, lines = execute(task, None, lambda _, *run: make_method("random", *run))
        write_function(tmp_path, about)
        write_run(tmp_path, key, lines)
    return tmp_path


def test_the_command_compares_what_the_folder_holds(
    records: Path, measured: Callable[..., list[Subsection]]
) -> None:
    options = ["--reference", REFERENCE, "--seeds", "2", "--records", records]
    about, *subsections = measured("spearmint", *options)
    assert "ours over 2 seeds" in about.text[0]
    assert [subsection.title for subsection in subsections] == [
        f"Ours with {name}" for name in check.METHODS
    ]
    for subsection in subsections:
        (table,) = subsection.tables
        assert table.head == ("function", "t = 10", "t = 20", "t = 30", "t = 40")
        assert [row[0].text for row in table.rows] == [*check.TRACED_PROBLEMS, "all four"]
        assert "a factor of 3" in table.caption


def test_a_lost_run_is_not_passed_over(records: Path) -> None:
    key = RunKey(check.SUITE, "branin", "spearmint", 1)
    task = PlannedRun(key, Entry("branin", 2, lambda: check.build("branin")), 40, 60.0)
    write_run(records, key, [end_line(task, "crashed", "why", 1)])
    with pytest.raises(RecordError, match="no complete run spearmint-check/branin"):
        check.ours(records, "spearmint", 2, check.read_references(records))
