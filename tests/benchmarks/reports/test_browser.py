"""The report in headless Chromium, on a phone and on a desk."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rnnbbo.benchmarks.reports.contents import SECTIONS

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

WIDTHS = (375, 1280)

# Runs in a copy of the page, in a frame of the tested width, and tells the page around it.
MEASURE = """
<script>
const errors = [];
window.addEventListener("error", event => errors.push(String(event.message)), true);
window.addEventListener("load", () => {
  const shown = element => getComputedStyle(element).display !== "none";
  const boxes = [...document.querySelectorAll("figure")].filter(shown).map(figure => {
    const box = figure.querySelector("svg").getBoundingClientRect();
    return [box.width, box.height];
  });
  const switches = [...document.querySelectorAll("input[type=checkbox]")].map(input => {
    const name = input.id.replace("show-", "");
    const lines = [...document.querySelectorAll(`#regret figure g.${name}`)];
    const before = lines.filter(shown).length;
    input.click();
    const after = lines.filter(shown).length;
    input.click();
    return {name, checked: input.checked, lines: lines.length, before, after};
  });
  const articles = [...document.querySelectorAll(".answers > *")];
  const visible = () => articles.filter(shown).map(article => article.className.trim());
  const answers = [["", visible()]];
  for (const radio of document.querySelectorAll(".choices input")) {
    radio.click();
    answers.push([radio.id, visible()]);
  }
  for (const option of document.querySelectorAll(".choices option")) {
    option.selected = true;
    answers.push([option.id, visible()]);
  }
  const controls = [...document.querySelectorAll(".choices :is(input, select)")];
  const requests = performance.getEntriesByType("resource").map(entry => entry.name);
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const tables = [...document.querySelectorAll(".scroll")];
  const table = tables.reduce((a, b) => (a.scrollWidth > b.scrollWidth ? a : b));
  parent.document.body.dataset[`w${innerWidth}`] = JSON.stringify({
    errors, boxes, switches, answers, requests,
    labelled: controls.every(one => one.labels.length > 0 && one.tabIndex >= 0),
    inner: innerWidth,
    scroll: document.documentElement.scrollWidth,
    sections: document.querySelectorAll("main > section").length,
    table: [table.clientWidth, table.scrollWidth, getComputedStyle(table).overflowX],
  });
});
</script>
"""


@pytest.fixture(scope="module")
def measured(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    if BROWSER is None:
        pytest.skip("needs chromium, chromium-browser or google-chrome on PATH")
    page = (folder / "report.html").read_text().replace("<head>", f"<head>{MEASURE}", 1)
    frames = "".join(
        f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{html.escape(page)}">'
        "</iframe>"
        for width in WIDTHS
    )
    around = tmp_path_factory.mktemp("browser")
    (around / "frames.html").write_text(f"<!DOCTYPE html><body>{frames}</body>")
    result = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={around / 'profile'}",
            "--window-size=1400,2000",
            "--virtual-time-budget=20000",
            "--dump-dom",
            (around / "frames.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    body = re.search(r"<body[^>]*>", result.stdout)
    assert body is not None, result.stderr
    found = re.findall(r'data-w(\d+)="([^"]*)"', body[0])
    assert {int(width) for width, _ in found} == set(WIDTHS), result.stderr
    return {int(width): json.loads(html.unescape(text)) for width, text in found}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_its_window_and_wide_tables_scroll_within(
    measured: dict[int, dict[str, Any]], width: int
) -> None:
    page = measured[width]
    assert page["errors"] == []
    assert page["sections"] == len(SECTIONS)
    assert page["scroll"] <= page["inner"] == width
    assert page["table"][2] == "auto"


def test_a_wide_table_is_reachable_on_a_phone(measured: dict[int, dict[str, Any]]) -> None:
    visible, whole, _ = measured[375]["table"]
    assert visible < 375 < whole


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_has_a_size_and_stays_inside(
    measured: dict[int, dict[str, Any]], width: int
) -> None:
    boxes = measured[width]["boxes"]
    assert len(boxes) > 20
    assert all(100 < wide < width and 80 < high < 1000 for wide, high in boxes)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_box_shows_and_hides_its_method(measured: dict[int, dict[str, Any]], width: int) -> None:
    switches = measured[width]["switches"]
    assert len(switches) == 3
    for switch in switches:
        assert switch["lines"] > 0
        expected = (switch["lines"], 0) if switch["checked"] else (0, switch["lines"])
        assert (switch["before"], switch["after"]) == expected


@pytest.mark.parametrize("width", WIDTHS)
def test_the_chooser_shows_one_answer_whatever_is_chosen(
    measured: dict[int, dict[str, Any]], width: int
) -> None:
    answers = measured[width]["answers"]
    assert len(answers) > 5
    for chosen, visible in answers:
        assert len(visible) == 1
        assert not chosen or chosen in visible[0].split()
    assert measured[width]["labelled"]
    assert measured[width]["requests"] == []
