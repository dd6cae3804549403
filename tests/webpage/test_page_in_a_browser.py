"""The page of a study in headless Chromium, on a phone and on a desk, and live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_support import Browser, Page
from page_support import MARKED, NAMES, fill, hostile_space

from rnnbbo import Study
from rnnbbo.cli.main import run_command
from rnnbbo.webpage import live_page
from rnnbbo.webpage.live_page import LivePage
from rnnbbo.webpage.model_view import ModelView
from rnnbbo.webpage.page_server import PageServer, serve_page

pytest.importorskip("plotly")

ROWS = (
    "[...document.querySelectorAll('#table tbody tr')]"
    ".map(row => [...row.cells].map(cell => cell.textContent))"
)
COUNT = "document.getElementById('count').textContent"
DRAWN = "[...document.querySelectorAll('.chart')].every(box => box.querySelector('.main-svg'))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def file(hostile_study: Path) -> Path:
    target = hostile_study.with_name("page.html")
    assert run_command(["study", "html", str(hostile_study), "-o", str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def desk(browser: Browser, file: Path) -> Iterator[Page]:
    with browser.page(file.as_uri(), 1280, 900) as page:
        draw_all(page)
        yield page


@pytest.fixture(scope="module")
def phone(browser: Browser, file: Path) -> Iterator[Page]:
    with browser.page(file.as_uri(), 375, 800) as page:
        draw_all(page)
        yield page


def draw_all(page: Page) -> None:
    """Draw what is far from the window, too, as before it is printed."""
    for event in ("beforeprint", "afterprint"):
        page.value(f"window.dispatchEvent(new Event('{event}'))")
    page.wait(DRAWN)


def column(page: Page, name: str) -> list[str]:
    heads = page.value(
        "[...document.querySelectorAll('#table thead tr:first-child th')].map(h => h.textContent)"
    )
    place = next(i for i, head in enumerate(heads) if head.rstrip(" ▲▼") == name)
    return [row[place] for row in page.value(ROWS)]


def test_everything_is_drawn_in_its_order_without_an_error_or_a_request(desk: Page, file: Path):
    titles = desk.value("[...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert titles == [
        "Answer",
        "Convergence",
        "Slices through the best point",
        "All parameters at once",
        "Importance",
        "Constraints",
        "Workers",
        "Trials",
    ]
    assert desk.problems == []
    assert [one for one in desk.requests if not one.startswith("data:")] == [file.as_uri()]


def test_hostile_texts_are_shown_as_they_are(desk: Page):
    assert desk.value("document.title") == "run <b>.db"
    assert MARKED in desk.value("document.body.innerText")
    assert "</script><u>gone</u>" in " ".join(column(desk, "error"))
    assert (
        desk.value("document.querySelectorAll('main b, main u, main i, main a[href^=http]').length")
        == 0
    )
    # Names and categories beside axes, cut short: no markup is read in them.
    drawn = desk.value("[...document.querySelectorAll('.chart text')].map(t => t.textContent)")
    assert any(text.startswith("<b title='x'>") for text in drawn)
    assert "<u>under</u>" in drawn
    assert "a & b" in drawn
    assert "1e5" in drawn
    assert not any("&lt;" in text or "&amp;" in text for text in drawn)


@pytest.mark.parametrize("width", [375, 1280])
def test_it_fits_its_window_and_what_is_wider_scrolls_within(
    request: pytest.FixtureRequest, width: int
):
    page: Page = request.getfixturevalue("phone" if width == 375 else "desk")
    assert page.value("innerWidth") == width
    assert page.value("document.documentElement.scrollWidth") <= width
    sizes = page.value(
        "[...document.querySelectorAll('.chart')].map(box => [box.id, box.clientWidth, "
        "box.closest('.scroll').clientWidth, box.querySelector('.main-svg').clientWidth])"
    )
    assert all(svg == pytest.approx(inner, abs=2) for _, inner, _, svg in sizes)
    assert all(inner <= outer for name, inner, outer, _ in sizes if name != "chart-parallel")
    assert all(outer < width for _, _, outer, _ in sizes)
    if width == 375:
        (parallel,) = (one for one in sizes if one[0] == "chart-parallel")
        assert parallel[1] > parallel[2]  # its axes have room, and it scrolls


def test_a_point_that_is_pointed_at_says_what_it_is(desk: Page):
    desk.show("#chart-convergence")
    place = desk.value(
        "(b => [b.x + b.width / 2, b.y + b.height / 2])([...document.querySelectorAll("
        "'#chart-convergence .scatterlayer .points path')][0].getBoundingClientRect())"
    )
    desk.mouse("mouseMoved", place[0] - 40, place[1])
    desk.mouse("mouseMoved", *place)
    shown = desk.wait("document.querySelector('#chart-convergence .hoverlayer').textContent")
    assert shown.startswith("trial ")
    assert "value: " in shown
    assert f"{NAMES[0]}: " in shown


def test_a_range_of_an_axis_is_brushed_and_the_table_follows(desk: Page):
    desk.show("#chart-parallel")
    box = desk.value(
        "(b => [b.x + b.width / 2, b.y, b.height])(document.querySelectorAll("
        "'#chart-parallel .axis-brush .background, #chart-parallel .axis-brush rect')[0]"
        ".getBoundingClientRect())"
    )
    x, top, height = box
    before = desk.value(COUNT)
    desk.mouse("mouseMoved", x, top + 0.3 * height)
    desk.mouse("mousePressed", x, top + 0.3 * height, button="left", clickCount=1)
    for share in (0.4, 0.6, 0.8, 0.95):
        desk.mouse("mouseMoved", x, top + share * height, button="left", buttons=1)
    desk.mouse("mouseReleased", x, top + 0.95 * height, button="left", clickCount=1)
    count = desk.wait(f"{COUNT} !== {before!r} && {COUNT}")
    kept = desk.value(
        "document.getElementById('chart-parallel').data[0].dimensions[0].constraintrange"
    )
    assert 0.0 <= kept[0] < kept[1] < 1.0
    rates = [float(one) for one in column(desk, NAMES[0])]
    assert count == f"{len(rates)} of 24 trials"
    assert 0 < len(rates) < 24
    assert all(10.0 ** (4.0 * kept[0] - 4.0) <= rate * 1.001 for rate in rates)
    assert all(rate <= 1.001 * 10.0 ** (4.0 * kept[1] - 4.0) for rate in rates)
    desk.value("document.getElementById('clear').click()")
    desk.wait(f"{COUNT} === '24 trials'")


def test_the_table_is_sorted_and_filtered_by_the_keyboard(desk: Page):
    desk.value("document.querySelectorAll('#table thead button')[2].focus()")
    assert desk.value("document.activeElement.textContent") == "value"
    desk.press("Enter", 13)
    values = [float(one) for one in column(desk, "value") if one]
    assert values == sorted(values)
    assert column(desk, "value")[-1] == ""  # what has none is last, either way
    desk.press("Enter", 13)
    assert [float(one) for one in column(desk, "value") if one] == values[::-1]
    assert column(desk, "value")[-1] == ""
    sorted_by = "document.querySelectorAll('#table thead th')[2].getAttribute('aria-sort')"
    assert desk.value(sorted_by) == "descending"
    type_ = (
        "(([label, text]) => {{"
        " const box = document.querySelector(`[aria-label='Filter ${{label}}']`);"
        " box.value = text; box.dispatchEvent(new Event('input')); }})({})"
    )
    desk.value(type_.format(["value", "2..6"]))
    kept = [float(one) for one in column(desk, "value")]
    assert kept == [one for one in values[::-1] if 2.0 <= one <= 6.0]
    desk.value(type_.format(["value", ""]))
    desk.value(type_.format(["state", "fail"]))
    assert set(column(desk, "state")) == {"failed"}
    desk.value("document.getElementById('clear').click()")
    assert desk.value(COUNT) == "24 trials"


def test_everything_can_be_reached_by_the_keyboard(desk: Page):
    desk.value("document.querySelector('#contents a').focus()")
    reached = []
    for _ in range(60):
        desk.press("Tab", 9)
        reached.append(
            desk.value("document.activeElement.id || document.activeElement.textContent")
        )
    assert reached[0] == "Convergence"
    assert {"find", "clear", "log-chart-convergence"} <= set(reached)
    assert any(one.startswith("value") for one in reached)
    shown = "getComputedStyle(document.activeElement).outlineStyle"
    desk.value("document.getElementById('find').focus()")
    desk.press("Tab", 9)
    assert desk.value(shown) == "solid"


def test_it_can_be_printed(desk: Page, tmp_path: Path):
    desk.printed(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    assert desk.problems == []


def test_a_live_page_shows_what_comes_in_and_keeps_what_was_chosen(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live_page, "model_view_apart", lambda path, stopped: ModelView(1))
    study = Study(tmp_path / "s.db", hostile_space(), rng=0, policy="kernel")
    fill(study, 6)
    server = PageServer(LivePage(tmp_path / "s.db"), "127.0.0.1", 0)
    thread = threading.Thread(target=serve_page, args=(server,))
    thread.start()
    try:
        with browser.page(server.url, 1280, 900) as page:
            page.wait("document.getElementById('status').textContent.startsWith('Live: 6 trials')")
            page.value("document.querySelectorAll('#table thead button')[2].click()")
            fill(study, 3)
            page.wait("document.getElementById('status').textContent.startsWith('Live: 9 trials')")
            assert page.value(COUNT) == "9 trials"
            values = [float(one) for one in column(page, "value") if one]
            assert values == sorted(values)
            points = (
                "document.getElementById('chart-convergence').data"
                ".flatMap(trace => trace.mode === 'markers' ? trace.x : [])"
            )
            page.wait(f"Math.max(...{points}) === 9")
            assert page.problems == []
            asked = {one.partition("?")[0] for one in page.requests if not one.startswith("data:")}
            address = f"http://127.0.0.1:{server.server_port}"
            assert asked == {f"{address}/", f"{address}/data"}
            server.shutdown()
            thread.join()
            page.wait("document.getElementById('status').textContent.startsWith('No answer since')")
    finally:
        server.shutdown()
        thread.join()
        study.close()
