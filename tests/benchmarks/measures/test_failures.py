"""How many evaluations failed: of one folder, and of two builds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks.measures.failed_evaluations import ONE, TWO, compare_failures, count_failures
from rnnbbo.benchmarks.plan import Comparison, Plan
from rnnbbo.benchmarks.record import read_runs
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.benchmarks.runner import run
from rnnbbo.errors import RecordError


def made(out: Path, functions: int, suite: str = "crash", methods: tuple[str, ...] = ("random",)):
    compared = Comparison(suites=(suite,), methods=methods, budget=12, functions=functions, seeds=2)
    return run(Plan(about="failures", compare=(compared,)), out)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("records"), 2, methods=("random", "lstm-direct"))


@pytest.fixture(scope="module")
def fewer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("fewer"), 1)


def cells(subsection: Subsection) -> list[list[str]]:
    return [[cell.text for cell in row] for row in subsection.tables[0].rows]


def test_what_failed_is_counted_from_the_lines_of_the_runs(records: Path) -> None:
    subsection = count_failures(read_records(records), ["random"], [5, 12, 13])
    assert subsection.text == (ONE,)
    assert subsection.tables[0].head == ["suite", "method", "functions", "t = 5", "t = 12"]
    ((suite, method, count, early, late),) = cells(subsection)
    assert (suite, method, count) == ("crash", "random", "2")
    runs = [one for one in read_runs(records) if one.key.method == "random"]
    for t, shown in ((5, early), (12, late)):
        failed = [sum(e.status == "failed" for e in one.evaluations[:t]) for one in runs]
        assert shown.startswith(f"{np.mean(failed):.1f} / ")
    assert float(late.partition(" / ")[0]) > float(early.partition(" / ")[0]) > 0


def test_two_folders_are_compared_on_the_functions_of_both(records: Path, fewer: Path) -> None:
    subsection = compare_failures(read_records(records), read_records(fewer), [], [12])
    assert subsection.text == (TWO,)
    ((*start, cell),) = cells(subsection)
    assert start == ["crash", "random", "1"]
    means, _, ratios = cell.partition(" [")
    first, _, second = means.partition(" : ")
    assert first == second
    assert ratios == "x1, x1 to x1; x1, x1 to x1]"


def test_the_ratio_is_that_of_the_second_folder(records: Path, fewer: Path, tmp_path: Path) -> None:
    loaded, whole = read_records(fewer), read_records(records)
    (suite,) = whole.suites
    twice = type(suite.courses["random"])(
        **{**vars(suite.courses["random"]), "failed": 2 * suite.courses["random"].failed}
    )
    doubled = type(suite)(suite.name, suite.about, suite.dims, {"random": twice})
    more = type(whole)(**{**vars(whole), "suites": (doubled,)})
    ((*_, cell),) = cells(compare_failures(loaded, more, ["random"], [12]))
    assert cell.endswith("[x2, x2 to x2; x1, x1 to x1]")
    ((*_, cell),) = cells(compare_failures(more, loaded, ["random"], [12]))
    assert cell.endswith("[x0.5, x0.5 to x0.5; x1, x1 to x1]")


def test_the_command(
    records: Path,
    fewer: Path,
    measured: Callable[..., list[Subsection]],
    refused: Callable[..., str],
) -> None:
    (subsection,) = measured("failures", records, "--at", "12,3,99")
    assert [row[1] for row in cells(subsection)] == ["lstm-direct", "random"]
    assert subsection.tables[0].head == ("suite", "method", "functions", "t = 3", "t = 12")
    (subsection,) = measured("failures", records, fewer, "--at", "12", "--methods", "random")
    assert subsection.text == (TWO,)
    line = refused("failures", records, "--methods", "cma")
    assert line == "Error: method = 'cma'; expected one of lstm-direct, random"
    assert "method = 'lstm-direct'; expected one of random" in refused(
        "failures", records, fewer, "--methods", "lstm-direct"
    )


def test_folders_that_share_no_function_are_refused(records: Path, tmp_path: Path) -> None:
    other = made(tmp_path / "other", 1, suite="classic-plain")
    with pytest.raises(RecordError, match="no method has a function in both folders"):
        compare_failures(read_records(records), read_records(other), [], [12])
