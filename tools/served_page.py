"""Measure what a served page costs a run: python tools/served_page.py [--out FILE.md].

A study is asked and told at a thousand trials a minute, in turns without a page and with one that
`rnnbbo study serve` serves and a browser has open. Printed are trials a minute, how long an ask and
a tell took, and the processor time of the run and of the server.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rnnbbo import Study
from rnnbbo.benchmarks.measures.publishing import show
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table

ROOT = Path(__file__).resolve().parent.parent
PAUSE_S = 0.06
SPACE = [(0.0, 1.0)] * 4
COMMAND = [sys.executable, "-m", "rnnbbo.cli.main", "study", "serve"]


def run(path: Path, seconds: float) -> tuple[list[float], float, float]:
    """Return seconds of each ask and tell, the whole time, and the time of the processor."""
    taken, begun, used = [], time.monotonic(), time.process_time()
    with Study(path, SPACE, rng=0, policy="lstm-direct", resume=True) as study:
        due = begun
        while time.monotonic() - begun < seconds:
            start = time.perf_counter()
            trial = study.ask()
            middle = time.perf_counter() - start
            due = max(due + PAUSE_S, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic() - middle))
            start = time.perf_counter()
            study.tell(trial, float(np.sum(np.square(trial.x))))
            taken.append(middle + time.perf_counter() - start)
    return taken, time.monotonic() - begun, time.process_time() - used


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Return the processor time of a process and of its children that have ended (proc(5))."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def measured(path: Path, seconds: float, browser: object | None) -> dict[str, float]:
    """Return figures of one run, with a page where there is a browser."""
    if browser is None:
        taken, whole, used = run(path, seconds)
        return figures(taken, whole, used, 0.0, 0)
    Study(path, SPACE, rng=0, policy="lstm-direct").close()
    command = [*COMMAND, str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            with browser.page(url) as page:  # type: ignore[attr-defined]
                taken, whole, used = run(path, seconds)
                served = processor_seconds(server)
                return figures(taken, whole, used, served, len(page.requests))
        finally:
            server.terminate()


def figures(
    taken: list[float], whole: float, used: float, served: float, requests: int
) -> dict[str, float]:
    """Return what is printed of one run."""
    return {
        "trials a minute": 60.0 * len(taken) / whole,
        "ask and tell, median ms": 1e3 * statistics.median(taken),
        "99 %": 1e3 * float(np.quantile(taken, 0.99)),
        "processor time of the run, ms a trial": 1e3 * used / len(taken),
        "of the server, ms a second": 1e3 * served / whole,
        "requests": requests,
    }


def main() -> int:
    """Read the options and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of a run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind")
    parser.add_argument("--out", type=Path, help="write this file of Markdown, and JSON beside it")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from browser_support import Browser

    browser = Browser()
    names, rows = list(figures([1.0], 1.0, 0.0, 0.0, 0)), []
    try:
        for _ in range(options.rounds):
            for kind, with_page in (("alone", None), ("with a page", browser)):
                with tempfile.TemporaryDirectory() as folder:
                    found = measured(Path(folder) / "run.db", options.seconds, with_page)
                rows.append([Cell(kind), *(Cell(f"{value:.4g}") for value in found.values())])
    finally:
        browser.close()
    show([Subsection(tables=[Table(["run", *names], rows)])], options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
