"""The default beside its peers: which methods are compared, and where their times come from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks.measures.overall import default_and_peers, overall
from rnnbbo.benchmarks.plan import Comparison, Plan
from rnnbbo.benchmarks.reports.data import ComparedMethod, Course, Records, Suite
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.runner import run
from rnnbbo.errors import RecordError

REGRETS = {"auto": 0.1, "other": 0.2, "tpe": 0.4, "random": 0.8}
SECONDS = {"auto": 0.5, "other": 0.25, "tpe": 2.0, "random": 3e-6}


def course(name: str) -> Course:
    """A method's course on eight functions, to 30 evaluations."""
    regret = np.full((8, 30), REGRETS[name])
    clock = SECONDS[name] * np.arange(1, 31)
    shown = np.broadcast_to(clock, (8, 30))
    functions = tuple(f"f{i}" for i in range(8))
    return Course(functions, 8, regret, np.log(regret), regret, shown, regret, 0.0 * regret, regret)


@pytest.fixture
def made() -> Records:
    methods = (
        ComparedMethod("auto", "", ours=True, horizon=None, default=True),
        ComparedMethod("other", "", ours=True, horizon=None),
        ComparedMethod("tpe", "", ours=False, horizon=None),
        ComparedMethod("random", "", ours=False, horizon=None),
    )
    dims = {f"f{i}": 2 for i in range(8)}
    suite = Suite("some", "", dims, {name: course(name) for name in REGRETS})
    return Records(methods, (suite,), (), {}, (), {}, (), 32, 960)


def texts(subsection: Subsection) -> dict[str, list[str]]:
    (table,) = subsection.tables
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


LATENCY = [
    Subsection(
        tables=[
            Table(
                ["method", "t = 10", "t = 20"],
                [[Cell("auto"), Cell("-", value=0.01), Cell("-", value=0.0125)]],
            )
        ]
    )
]


def test_a_row_a_method_with_the_default_marked_and_the_time_last(made: Records) -> None:
    subsection = overall(made, [10, 30], methods=default_and_peers(made))
    assert subsection.tables[0].head == ["method", "t = 10", "t = 30", "time per step"]
    assert texts(subsection) == {
        "auto (default)": ["0.10 / 0.10", "0.10 / 0.10", "500 ms"],
        "tpe": ["0.40 / 0.40", "0.40 / 0.40", "2.0 s"],
        "random": ["0.80 / 0.80", "0.80 / 0.80", "3 µs"],
    }
    assert "other" in texts(overall(made, [10, 30]))


def test_times_of_an_idle_core_are_taken_where_there_are_any(made: Records) -> None:
    subsection = overall(made, [5, 10, 20, 30], latency=LATENCY)
    assert "on one core after 20 evaluations; after ≈, in" in subsection.tables[0].caption
    found = texts(subsection)
    times = {name: row[-1] for name, row in found.items()}
    # Of 30 evaluations there is none, and that of 20 is taken before that of 10.
    assert times.pop("auto (default)") == "12 ms"
    assert times == {"other": "≈250 ms", "tpe": "≈2.0 s", "random": "≈3 µs"}


def test_only_what_is_in_the_table_is_explained(made: Records) -> None:
    (plain,) = overall(made, [10]).tables
    assert plain.caption.endswith("A step is an ask and its tell: the median.")
    (none,) = overall(made, [10], seconds=False).tables
    assert none.head == ["method", "t = 10"]
    assert "step" not in none.caption


def test_what_is_not_there_is_named(made: Records) -> None:
    with pytest.raises(RecordError, match="method = 'nope'; expected some of auto, other"):
        overall(made, [10], methods=["auto", "nope"])
    with pytest.raises(
        RecordError,
        match=r"latency = \['t = 10', 't = 20'\]; expected a table of the times at one of 5, 30",
    ):
        overall(made, [5, 30], latency=LATENCY)
    with pytest.raises(RecordError, match="no two methods share a function"):
        overall(made, [10], methods=["auto"])


def test_the_command(
    tmp_path: Path, measured: Callable[..., list[Subsection]], refused: Callable[..., str]
) -> None:
    compared = Comparison(
        suites=("classic-plain",), methods=("random", "auto"), budget=12, functions=2
    )
    out = run(Plan(about="a test", compare=(compared,)), tmp_path / "records")
    (subsection,) = measured("overall", out, "--at", "12,10")
    assert subsection.tables[0].head == ("method", "t = 10", "t = 12", "time per step")
    assert set(texts(subsection)) == {"random", "auto (default)"}
    line = refused("overall", out, "--at", "12", "--latency", tmp_path / "none.json")
    assert "none.json: No such file or directory; expected a file of JSON" in line
    assert "expected some of auto, random" in refused(
        "overall", out, "--methods", "lstm-direct,cma"
    )
