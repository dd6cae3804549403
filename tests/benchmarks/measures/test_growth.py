"""How times grow: what is measured, its exponent, and where it ends."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks.measures import growth, growth_workloads
from rnnbbo.benchmarks.measures.growth_picture import Curve, draw
from rnnbbo.benchmarks.measures.growth_workloads import WORKLOADS, Workload
from rnnbbo.benchmarks.reports.section import NONE, Subsection

Measured = Callable[..., list[Subsection]]


def test_the_exponent_is_that_of_the_upper_half() -> None:
    sizes = (1, 10, 100, 1000)
    assert growth.exponent(sizes, (5.0, 5.0, 2.0, 200.0)) == pytest.approx(2.0)
    assert growth.exponent(sizes, (1.0, 1.0, 1.0, 1.0)) == pytest.approx(0.0)
    # Those without a time are no part of it.
    assert growth.exponent((*sizes, 10**4), (9.0, 9.0, 1.0, 10.0, math.nan)) == pytest.approx(1.0)


@pytest.mark.parametrize("seconds", [(1.0, 2.0), (1.0, math.nan), (math.nan, math.nan)])
def test_too_few_times_have_no_exponent(seconds: tuple[float, float]) -> None:
    assert math.isnan(growth.exponent((1, 10), seconds))


def workload(waits: Sequence[float], clock: list[float]) -> Workload:
    def times(policy: str, sizes: Sequence[int], seed: int) -> Iterator[dict[str, float]]:
        for size, wait in zip(sizes, waits, strict=True):
            clock[0] += wait
            yield {"ask": size + seed}

    return Workload("title", "things", (1, 2, 3), "about", times)


def test_larger_sizes_are_left_out_after_one_beyond_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(growth, "perf_counter", lambda: clock[0])
    found = growth.times_at(workload([4.0, 6.0, 1.0], clock), "any", (1, 2, 3), 0, 5.0)
    assert found == [{"ask": 1}, {"ask": 2}]
    found = growth.times_at(workload([4.0, 4.0, 4.0], clock), "any", (1, 2, 3), 0, 5.0)
    assert len(found) == 3


def test_the_median_over_runs_up_to_where_all_of_them_came() -> None:
    runs = [[{"ask": 1.0}, {"ask": 5.0}], [{"ask": 2.0}], [{"ask": 9.0}, {"ask": 7.0}]]
    (found,) = growth.curves_of("any", (1, 10), runs)
    assert found.seconds[0] == 2.0
    assert math.isnan(found.seconds[1])
    table = growth.table_of([found], "caption")
    assert [cell.text for cell in table.rows[0]] == ["any", "ask", "2,000", NONE, NONE]


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_workload_gives_times_at_every_size(name: str) -> None:
    sizes = (2, 30)
    found = list(WORKLOADS[name].times("lstm", sizes, 0))
    assert len(found) == len(sizes)
    for times in found:
        assert all(seconds > 0.0 for seconds in times.values())
    assert found[0].keys() == found[1].keys()


@pytest.mark.parametrize("size", [2, 5])
def test_as_many_points_are_pending_as_the_table_says(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    most = [0]

    class Counting(growth_workloads.Optimizer):
        waiting = 0

        def ask(self, n_points: int | None = None) -> object:
            self.waiting += 1
            most.append(self.waiting)
            return super().ask(n_points)

        def tell(self, x: object, y: object, **more: object) -> None:
            self.waiting -= 1
            super().tell(x, y, **more)

    monkeypatch.setattr(growth_workloads, "Optimizer", Counting)
    list(WORKLOADS["pending"].times("lstm-direct", [size], 0))
    assert max(most) == size


def test_a_category_is_part_of_the_value() -> None:
    assert growth_workloads.value_of([0.2, "c7"]) < growth_workloads.value_of([0.2, "c1"])


def test_a_table_for_each_and_a_picture(measured: Measured, tmp_path: Path) -> None:
    picture = tmp_path / "growth.svg"
    options = ["--policies", "lstm-direct,kernel", "--most", "2", "--memory", "1000"]
    along = ["--along", "problems,dimensions"]
    first, problems, dimensions, memory = measured("growth", *options, *along, "--picture", picture)
    assert "Computed by" in first.text[0]
    assert [row[0].text for row in problems.tables[0].rows] == ["lstm-direct"]
    assert dimensions.tables[0].head == ("policy", "", "1", "2", "exponent")
    assert [(row[0].text, row[1].text) for row in dimensions.tables[0].rows] == [
        (policy, thing) for policy in ("lstm-direct", "kernel") for thing in ("ask", "tell")
    ]
    for row in memory.tables[0].rows:
        assert row[1].value < 1e9
        assert row[1].value <= row[2].value
    text = picture.read_text()
    assert ET.fromstring(text).tag.endswith("svg")
    assert "problems of minimize_many" in text


def test_memory_is_that_of_the_process_alone() -> None:
    held = np.ones(40_000_000)  # 320 MB, all of it touched
    before, after = growth_workloads.memory_of("lstm-direct", 1000)
    assert 10e6 < before <= after < held.nbytes


def test_the_same_times_give_the_same_picture() -> None:
    lines = [Curve("kernel", "ask", (1, 10, 100), (1.0, 2.0, math.nan))]
    assert draw({"values told": lines}) == draw({"values told": lines})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--along", "nothing"], "'nothing'; expected some of evaluations, dimensions"),
        (["--policies", "nope"], "nope"),
        (["--most", "0"], "0 is not in the range x>=1"),
        (["--limit", "0"], "'0'; expected a number of seconds > 0"),
        (["--picture", "/no/such/folder/growth.svg"], "/no/such/folder"),
    ],
)
def test_what_is_wrong_is_named(
    options: list[str], expected: str, refused: Callable[..., str]
) -> None:
    assert expected in refused("growth", *options)
