"""Measure pages of studies: python tools/page_sizes.py [--out FILE.md].

Studies of five parameters, one of them conditional; a twentieth of the trials fail. Printed are a
page's size and the processor time that `rnnbbo study html` takes, without and with a model.
"""

import argparse
import math
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from rnnbbo import Study
from rnnbbo.benchmarks.measures.publishing import show
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.dimensions import Categorical, Integer, Real

SPACE = [
    Real(1e-5, 1e-1, "log-uniform", name="rate"),
    Integer(1, 8, name="layers"),
    Real(0.0, 0.9, name="dropout"),
    Categorical(["adam", "sgd", "rms"], name="solver"),
    Real(0.0, 1.0, name="momentum", when={"solver": "sgd"}),
]
COMMAND = [sys.executable, "-m", "rnnbbo.cli.main", "study", "html"]


def make(path: Path, count: int) -> None:
    """Make a study of so many trials."""
    rng = np.random.default_rng(0)
    with Study(path, SPACE, rng=0, policy="lstm") as study:
        points = [study.space.from_cube(rng.random(study.space.cube_dim)) for _ in range(count)]
        values = [
            math.nan
            if rng.random() < 0.05
            else (math.log10(x[0]) + 3.0) ** 2 + 0.1 * (x[1] - 4) ** 2 + x[2] ** 2
            for x in points
        ]
        study.add(points, values)


def seconds_of(*options: str) -> float:
    """Return the processor time of writing a page."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*COMMAND, *options], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a table, and write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--trials", default="1000,10000", help="numbers, between commas")
    parser.add_argument("--out", type=Path, help="write this file of Markdown, and JSON beside it")
    options = parser.parse_args()
    rows = []
    for count in map(int, options.trials.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.db"
            make(path, count)
            plain = seconds_of(str(path), "--no-model")
            modelled = seconds_of(str(path))
            size = path.with_suffix(".html").stat().st_size / 1e6
        rows.append([f"{count:,}", f"{size:.1f}", f"{plain:.1f}", f"{modelled:.1f}"])
    head = ["trials", "size, MB", "processor time without a model, s", "with a model, s"]
    table = Table(head, [[Cell(text) for text in row] for row in rows])
    show([Subsection(tables=[table])], options.out)


if __name__ == "__main__":
    main()
