"""The least value observed: functions of one kind together, and suites of many kinds left out."""

import numpy as np

from rnnbbo.benchmarks.reports import least as least_module
from rnnbbo.benchmarks.reports.data import ComparedMethod, Course, Records, Suite
from rnnbbo.benchmarks.reports.least import experiments, section
from rnnbbo.benchmarks.reports.style import styles


def _records(functions: list[str], least: np.ndarray) -> Records:
    shown = np.full(least.shape, 0.5)
    names = tuple(sorted(functions))
    course = Course(names, len(names), shown, shown, shown, shown, shown, shown, least)
    suite = Suite("some", "", dict.fromkeys(names, 2), {"lstm": course})
    method = ComparedMethod("lstm", "", ours=True, horizon=10)
    return Records((method,), (suite,), (), {}, (), {}, (), 0, 0)


def test_functions_of_one_kind_differ_by_the_seed_that_ends_their_names() -> None:
    names = ["branin-10000000", "branin-10000004", "hartmann3-10000002", "svm-wine", "lda-drawn-1"]
    records = _records(names, np.ones((5, 20)))
    assert experiments(records.suites[0]) == {
        "branin": ["branin-10000000", "branin-10000004"],
        "hartmann3": ["hartmann3-10000002"],
        "lda-drawn": ["lda-drawn-1"],
        "svm-wine": ["svm-wine"],
    }


def test_a_panel_a_kind_with_the_horizon_marked_in_the_functions_own_units() -> None:
    least = np.array([[300.0] * 20, [100.0] * 20, [7.0] * 20])
    records = _records(["branin-1", "branin-2", "other-1"], least)
    found = section(records, styles(records.methods, ["lstm"]))
    (subsection,) = found.subsections
    assert [panel.title for panel in subsection.panels] == [
        "branin, 2 functions",
        "other, 1 function",
    ]
    assert all("trained to 10" in panel.svg for panel in subsection.panels)


def test_a_suite_of_many_kinds_is_left_out() -> None:
    names = [f"bbob-f{i:02d}-i71-d2" for i in range(8)]
    records = _records(names, np.ones((8, 20)))
    assert section(records, styles(records.methods, ["lstm"])).subsections == []


def test_a_wild_start_does_not_flatten_what_comes_after(monkeypatch) -> None:
    frames = []
    monkeypatch.setattr(least_module, "panel", lambda *args: frames.append(args[3]))
    wild = np.where(np.arange(20) < 8, 1e4, 3.0 - 0.1 * np.arange(20))
    for values in (wild, np.full(20, 2.0), np.full(20, np.nan)):
        records = _records(["branin-1"], values[None])
        section(records, styles(records.methods, ["lstm"]))
    wild_axis, *flat = [frame.ylim for frame in frames]
    assert wild_axis[0] < 1.1 and 2.1 < wild_axis[1] < 2.3
    assert flat == [None, None]
