"""The time of an ask and its tell: which of them are counted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnbbo import core
from rnnbbo.benchmarks import methods
from rnnbbo.benchmarks.measures import latency
from rnnbbo.benchmarks.reports.section import NONE, Subsection

Measured = Callable[..., list[Subsection]]


class Clock:
    """Time that passes only where a method spends it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slower:
    """A method whose n-th ask takes n seconds, and whose tells take a tenth of that."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.n = 0

    def ask(self) -> Any:
        self.n += 1
        self.clock.now += self.n
        return np.full(2, 0.5)

    def tell(self, x: Any, y: float) -> None:
        self.clock.now += self.n / 10


@pytest.fixture
def slower(monkeypatch: pytest.MonkeyPatch) -> Slower:
    clock = Clock()
    monkeypatch.setattr(latency, "perf_counter", clock)
    return Slower(clock)


def test_the_median_is_that_of_the_window_from_t_on(slower: Slower) -> None:
    middle = (latency.WINDOW - 1) // 2
    found = latency.time_ask_tell(slower, [1, 5], 2)
    assert [pair[0] for pair in found if pair] == pytest.approx([1 + middle, 5 + middle])
    assert [pair[1] for pair in found if pair] == pytest.approx(
        [(1 + middle) / 10, (5 + middle) / 10]
    )


def test_a_run_is_ended_at_its_limit_and_has_figures_up_to_there(slower: Slower) -> None:
    # Up to the end of the first window: 1.1 (1 + 2 + ... + 21) s.
    spent = 1.1 * latency.WINDOW * (latency.WINDOW + 1) / 2
    first, second = latency.time_ask_tell(slower, [1, 40], 2, limit=spent)
    assert first is not None
    assert second is None
    assert slower.n < 40


def test_a_row_a_method_and_a_column_a_time(measured: Measured) -> None:
    (subsection,) = measured("latency", "--methods", "random,cma", "--at", "9,5", "--repeats", "1")
    (table,) = subsection.tables
    assert table.head == ("method", "t = 5", "t = 9")
    assert [row[0].text for row in table.rows] == ["random", "cma"]
    for row in table.rows:
        for cell in row[1:]:
            ask, tell = (float(part) for part in cell.text.removesuffix(" ms").split(" + "))
            assert cell.value == pytest.approx((ask + tell) / 1e3, rel=0.05)


def test_a_method_that_is_ended_has_no_figure(measured: Measured) -> None:
    options = ["--methods", "random", "--at", "5", "--repeats", "2", "--limit", "1e-9"]
    (subsection,) = measured("latency", *options)
    assert [cell.text for cell in subsection.tables[0].rows[0]] == ["random", NONE]


def test_a_whole_run_is_the_sum_of_its_asks_and_tells(slower: Slower) -> None:
    runs = [latency.time_steps(slower, 5, 2)]
    assert latency._whole_cell(runs, 3).value == pytest.approx(1.1 * (1 + 2 + 3))
    assert latency._whole_cell(runs, 6).text == NONE


def test_numpy_and_the_core_take_turns_and_stand_beside_each_other(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def make_method(name: str, *arguments: Any) -> Any:
        made.append((name, core.name()))
        return methods.make_method(name, *arguments)

    monkeypatch.setattr(latency, "make_method", make_method)
    here = core.name()
    options = ["--methods", "lstm-direct,cma", "--at", "2", "--whole", "2", "--repeats", "2"]
    (subsection,) = measured("latency", *options, "--cores", f"numpy,{here}")
    if here == "numpy":
        pytest.skip("the core was not built: one column")
    assert made == [("lstm-direct", "numpy"), ("lstm-direct", here), ("cma", "numpy")] * 2
    assert [table.caption for table in subsection.tables] == ["t = 2", "a run of 2"]
    for table in subsection.tables:
        assert table.head == ("method", "numpy", here, f"numpy / {here}")
        ours, peer = table.rows
        expected = ours[1].value / ours[2].value
        assert ours[3].value == pytest.approx(expected)
        assert peer[1] == peer[2]
        assert peer[3].text == NONE
    assert core.name() == here


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--methods", "nope"], "'nope'; expected a method that `rnnbbo benchmark list` names"),
        (["--methods", "no.module:X"], "expected module:attribute"),
        (["--methods", "random,,cma"], "expected names separated by commas"),
        (["--at", "0"], "'0'; expected integers >= 1"),
        (["--dim", "0"], "0 is not in the range x>=1"),
        (["--limit", "0"], "'0'; expected a number of seconds > 0"),
        (["--cores", "numpy,best"], "'best'; expected numpy"),
    ],
)
def test_what_is_wrong_is_named(
    options: list[str], expected: str, refused: Callable[..., str]
) -> None:
    assert expected in refused("latency", *options)
