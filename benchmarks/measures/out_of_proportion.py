"""What values out of all proportion cost: glitches and penalties of any size beside failures.

The same runs on the same functions with NaN at these points are what they are measured against.
"""

from dataclasses import dataclass, replace

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import measure_function, run_seed
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.methods import make_method
from rnnbbo.benchmarks.option_types import MethodNames
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import log_regret
from rnnbbo.benchmarks.suites.catalogue import get_suite
from rnnbbo.benchmarks.suites.entry import SPLITS, Entry
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.roughness import draw_half_space, with_outliers, with_penalty

SMOOTH = ("gp-2d", "gp-4d", "bbob-2d", "bbob-5d")
KINDS = {
    "glitch": "one value in 30",
    "penalty": "a half-space of .4 to .6 of the cube",
}
SIZES = (1e2, 1e4, 1e8, 1e30)
"""Heights above the minimum, in spreads of the function."""

_FAILS = 1e60  # what stands for a failure until it is told


@dataclass(frozen=True)
class _Failing:
    """A problem's function with NaN in place of what is no value of the smooth one."""

    rough: Problem
    smooth: Problem

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        y = self.rough.func(x)
        return np.where(y == self.smooth.func(x), y, np.nan)


def roughened(kind: str, smooth: Problem, name: str, size: float) -> Problem:
    """Return a smooth problem with values that are none, NaN where `size` is."""
    seed = run_seed(name, 0)
    height = _FAILS if np.isnan(size) else size
    if kind == "glitch":
        rough = with_outliers(smooth, seed, 1 / 30, (height, height))
    else:
        half = draw_half_space(smooth, np.random.default_rng(seed), 0.4, 0.6)
        rough = with_penalty(smooth, half, height)
    return replace(rough, func=_Failing(rough, smooth)) if np.isnan(size) else rough


def end_regret(method: str, entry: Entry, problem: Problem, budget: int, seed: int) -> float:
    """Return the least value that a run finds, less the minimum."""
    run = make_method(method, entry.dim, budget, run_seed(entry.name, seed))
    least = np.inf
    for _ in range(budget):
        x = run.ask()
        y = problem.unit(x)
        run.tell(x, y)
        least = min(least, y) if np.isfinite(y) else least
    return least - problem.minimum


@measure(one_thread=True)
@click.option(
    "--methods", type=MethodNames(), default="auto", show_default=True, help="Policies and peers."
)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option(
    "--functions",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    help=f"Of each of the suites {', '.join(SMOOTH)}.",
)
@click.option("--seeds", type=click.IntRange(1), default=2, show_default=True)
@click.option("--budget", type=click.IntRange(1), default=30, show_default=True)
def command(
    methods: tuple[str, ...], split: str, functions: int, seeds: int, budget: int
) -> list[Subsection]:
    """Measure the regret at the end of runs that meet values out of all proportion.

    A cell holds the geometric mean of the normalised regret: without any of them, with NaN in their
    place, and with values of 10^2 to 10^30 spreads; in brackets how many times that of NaN.
    """
    entries = [(suite, one) for suite in SMOOTH for one in get_suite(suite, functions, split)]
    problems = [one.build() for _, one in entries]
    references = [
        measure_function(suite, one, problem).reference
        for (suite, one), problem in zip(entries, problems, strict=True)
    ]

    def regret(method: str, kind: str | None, size: float) -> float:
        logs = []
        for (_, one), smooth, reference in zip(entries, problems, references, strict=True):
            problem = smooth if kind is None else roughened(kind, smooth, one.name, size)
            ends = [end_regret(method, one, problem, budget, seed) for seed in range(seeds)]
            logs.append(log_regret(np.array(ends) / reference).mean())
        return float(np.exp(np.mean(logs)))

    rows = []
    pairs = [(method, kind) for method in methods for kind in KINDS]
    clean = {method: regret(method, None, np.nan) for method in methods}
    for method, kind in tqdm(pairs, unit="row", disable=None, leave=False):
        failing = regret(method, kind, np.nan)
        found = [regret(method, kind, size) for size in SIZES]
        rows.append(
            [
                Cell(method),
                Cell(KINDS[kind]),
                Cell(f"{clean[method]:.2g}"),
                Cell(f"{failing:.2g}"),
                *(Cell(f"{one:.2g} ({one / failing:.2g})") for one in found),
            ]
        )
    head = ["method", "in place of values", "none", "NaN", *(f"{size:.0e}" for size in SIZES)]
    return [Subsection(tables=[Table(head, rows)])]
