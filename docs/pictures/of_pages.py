"""Draws the pictures of the page "A page for a run": python docs/pictures/of_pages.py.

Eight processes work on one study, `rnnbbo study serve` shows it meanwhile, and `rnnbbo study html`
afterwards; headless Chromium takes the pictures. Needs the extras view and dev.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "support"))

from browser_support import Browser, Page  # noqa: E402

COMMAND = [sys.executable, "-m", "rnnbbo.cli.main"]
WORKERS, EVALUATIONS, FIRST = 8, 120, 60
OBJECTIVE = """
import math, random, time


def simulate(rate, layers, dropout, solver, tol=None):
    luck = random.Random(f"{rate}{layers}{dropout}")
    time.sleep(luck.uniform(0.3, 1.5))
    if rate > 0.01:
        raise FloatingPointError("the loss is not finite")
    loss = 0.2 + 0.12 * (math.log10(rate) + 3) ** 2 + 0.01 * (layers - 5) ** 2
    loss += 0.3 * (dropout - 0.25) ** 2 + {"implicit": 0.0, "explicit": 0.05, "none": 0.2}[solver]
    loss += 0.0 if tol is None else 0.005 * (math.log10(tol) + 6) ** 2
    loss += luck.gauss(0.0, 0.004)
    return {"value": loss, "constraints": {"memory": 0.25 * layers * layers - 8.0}}
"""
SPACE = """
rate = "float:1e-5:1e-1:log"
layers = "int:1:8"
dropout = "float:0:0.8"
solver = { type = "cat", categories = ["implicit", "explicit", "none"] }
tol = { type = "float", low = 1e-9, high = 1e-3, log = true, when = { solver = "implicit" } }
"""


def save(page: Page, name: str, selector: str, height: int) -> None:
    """Take a picture of the window, that begins with an element."""
    page.resize(page.value("innerWidth"), height)
    page.show(selector)
    time.sleep(2.0)  # until what has come near is drawn
    if selector == "#title":
        page.value("window.scrollTo(0, 0)")
    else:
        page.show(selector)
    page.picture(HERE / f"{name}.png")


def draw_live(browser: Browser, run: Path) -> None:
    """Take a picture of the live page as soon as half of the run is there."""
    serve = [*COMMAND, "study", "serve", run.name, "--port", "0"]
    with subprocess.Popen(serve, cwd=run.parent, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            with browser.page(server.stdout.readline().strip(), 1280, 900) as page:
                told = "parseInt(document.getElementById('status').textContent.slice(6))"
                page.wait(f"{told} >= {FIRST}", 300.0)
                page.wait("!!document.getElementById('slices')", 300.0)
                save(page, "page-live", "#title", 1000)
                save(page, "page-workers", "#workers", 420)
                print(page.value("document.getElementById('status').textContent"))
        finally:
            server.terminate()


def main() -> None:
    """Run, and draw."""
    browser = Browser()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run.db"
        (Path(folder) / "model.py").write_text(OBJECTIVE)
        (Path(folder) / "space.toml").write_text(SPACE)
        minimize = [*COMMAND, "minimize", "-n", str(EVALUATIONS), "--seed", "1", "--resume"]
        minimize += ["--study", str(run), "--space", "space.toml", "./model.py:simulate"]
        workers = [
            subprocess.Popen(minimize, cwd=folder, stdout=subprocess.DEVNULL)
            for _ in range(WORKERS)
        ]
        try:
            while not run.exists() or not run.stat().st_size:
                time.sleep(0.1)
            time.sleep(3.0)
            draw_live(browser, run)
            for worker in workers:
                worker.wait()
            subprocess.run([*COMMAND, "study", "html", run.name], cwd=folder, check=True)
            address = run.with_suffix(".html").as_uri()
            with browser.page(address, 1280, 900) as page:
                save(page, "page-answer", "#title", 1000)
                save(page, "page-slices", "#slices", 760)
                save(page, "page-parallel", "#parallel", 680)
                save(page, "page-trials", "#trials", 480)
            with browser.page(address, 375, 800) as page:
                save(page, "page-phone", "#title", 800)
        finally:
            for worker in workers:
                worker.terminate()
                worker.wait()
            browser.close()


if __name__ == "__main__":
    main()
