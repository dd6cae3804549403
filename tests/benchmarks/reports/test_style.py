"""What figures show: few methods, all told apart, the default in front."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnnbbo import shipped
from rnnbbo.benchmarks.reports import main_picture, report
from rnnbbo.benchmarks.reports.data import ComparedMethod, Records
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.shown import MOST_LINES, left_out, shown, twins
from rnnbbo.benchmarks.reports.style import drawn_in_order, styles

OURS = ("auto", "kernel", "dnc", "lstm", "dnc-direct")


@pytest.fixture(scope="module")
def many(shared_records: Any) -> Records:
    """Five of ours, of which kernel is what the default is, and eight peers."""
    made, falling = shared_records.made, shared_records.falling
    methods = {name: made(falling(8.0 + i), ours=True) for i, name in enumerate(OURS)}
    methods |= {f"peer-{i}": made(falling(20.0 + i)) for i in range(6)}
    methods["brief"] = made(falling(7.0), budget=30)
    methods["random"] = made(falling(60.0))
    same = made(lambda function, seed, t, rng: 0.1 / t, ours=True)
    methods |= {"auto": same, "kernel": same}
    return read_records(shared_records.write(methods, functions=3, seeds=1))


def test_the_default_is_what_rnnbbo_takes_unless_told_another(many: Records) -> None:
    assert many.default == shipped.DEFAULT
    assert many.methods[0].label == "auto (default)"
    assert [method.name for method in many.methods if method.default] == ["auto"]


def test_at_most_six_methods_are_shown_and_the_others_named(many: Records) -> None:
    chosen = shown(many)
    assert len(chosen) == MOST_LINES
    assert chosen[0] == "auto"
    assert {"dnc", "lstm"} <= set(chosen)
    assert twins(many) == ["kernel"]
    # The best at 30, and the best of those that go on to the end.
    assert chosen[3:] == ["brief", "peer-0", "random"]
    said = left_out(many, chosen)
    assert said.startswith("kernel (the same as auto), dnc-direct")
    assert all(method.name in said for method in many.methods if method.name not in chosen)


def test_figures_without_a_default_show_what_there_is(records: Any) -> None:
    loaded = read_records(records.write())
    assert set(shown(loaded)) == {"ours<&>", "random", "slow/peer"}
    assert left_out(loaded, shown(loaded)) == ""


def test_no_two_methods_have_one_colour_and_the_default_is_the_widest() -> None:
    methods = [ComparedMethod(f"m{i}", "", i < 12, None) for i in range(40)]
    methods.insert(7, ComparedMethod("auto", "", True, None, default=True))
    look = styles(methods, ["m3", "auto", "m30"])
    assert len({style.color for style in look.values()}) == len(methods)
    wide = look["auto"].width
    assert all(style.width < wide for name, style in look.items() if name != "auto")
    assert drawn_in_order(methods)[-1] == "auto"


def test_a_page_shows_six_lines_at_first_and_draws_the_default_last(
    many: Records, shared_records: Any, tmp_path: Path
) -> None:
    page, _ = report(shared_records.out, tmp_path)
    text = page.read_text()
    boxes = text[text.index("<legend>Methods") :].partition("</fieldset>")[0]
    assert boxes.count("checked") == MOST_LINES
    assert "<strong>auto (default)</strong>" in boxes
    curves = text[text.index('<section id="regret">') : text.index('<section id="time">')]
    figure = curves[: curves.index("</svg>", curves.index("<figure"))]
    groups = [part.split('"')[0] for part in figure.split('class="m ')[1:]]
    assert groups[-1] == "m-auto"


def test_the_main_picture_draws_six_methods_and_no_more(
    many: Records, shared_records: Any, tmp_path: Path
) -> None:
    chosen = shown(many)
    look = styles(many.methods, chosen)
    text = main_picture(shared_records.out, tmp_path / "main.svg").read_text().lower()
    for method in many.methods:
        drawn = f"stroke: {look[method.name].color.lower()}" in text
        assert drawn == (method.name in chosen)


def test_the_same_methods_look_the_same_whatever_is_measured(many: Records) -> None:
    chosen = shown(many)
    again = replace(many, suites=many.suites[:1])
    assert styles(many.methods, chosen) == styles(again.methods, chosen)
