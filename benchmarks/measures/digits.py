"""How many digits of smooth functions' minima are found.

Every seed has a variant of its own, shifted, scaled, flipped and permuted, so that no method gains
from beginning where a published function happens to have its minimum.
"""

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import run_seed
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.methods import make_method
from rnnbbo.benchmarks.option_types import MethodNames, Names
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.functions.perturb import perturb
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.synthetic import get_problem

SMOOTH_FUNCTIONS = {
    "branin": ("branin", None, 100),
    "hartmann3": ("hartmann3", None, 100),
    "hartmann6": ("hartmann6", None, 100),
    "sphere-4d": ("sphere", 4, 100),
    "rosenbrock-4d": ("rosenbrock", 4, 200),
}
"""By name: the function, its dimension, and the evaluations that it gets."""

_PROBES = 2000  # random points whose values measure a function's range


def spread(problem: Problem) -> float:
    """Return the range of a function's values at random points."""
    u = np.random.default_rng(0).random((_PROBES, problem.dim))
    values = [problem.unit(point) for point in u]
    return float(max(values) - min(values))


def final_regrets(method: str, function: str, seeds: int) -> FloatArray:
    """Return the simple regret of runs in units of the function's range, (seeds,).

    Args:
        method: see `methods.make_method`.
        function: a key of `SMOOTH_FUNCTIONS`.
        seeds: runs, each on a variant of its own.
    """
    name, dim, budget = SMOOTH_FUNCTIONS[function]
    base = get_problem(name, dim)
    ends = []
    for seed in range(seeds):
        entropy = run_seed(function, seed)
        problem = perturb(base, np.random.default_rng((entropy, 2)))
        run = make_method(method, problem.dim, budget, entropy)
        best = np.inf
        for _ in range(budget):
            x = run.ask()
            y = problem.unit(x)
            run.tell(x, y)
            best = min(best, y)
        ends.append((best - problem.minimum) / spread(problem))
    return np.maximum(np.array(ends), 0.0)


@measure(one_thread=True)
@click.option(
    "--methods", type=MethodNames(), default="kernel", show_default=True, help="Policies and peers."
)
@click.option(
    "--functions",
    type=Names(SMOOTH_FUNCTIONS),
    default=",".join(SMOOTH_FUNCTIONS),
    show_default=True,
    help="Some of these.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Runs of each method on each function.",
)
def command(methods: tuple[str, ...], functions: tuple[str, ...], seeds: int) -> list[Subsection]:
    """Measure the simple regret at the end of a run, in units of each function's range.

    A cell holds the median over the seeds, and the quartiles.
    """
    found = {}
    pairs = [(function, name) for function in functions for name in methods]
    for function, name in tqdm(pairs, unit="function", disable=None, leave=False):
        found[function, name] = _cell(final_regrets(name, function, seeds))
    rows = [
        [
            Cell(function),
            Cell(str(SMOOTH_FUNCTIONS[function][2])),
            *(found[function, m] for m in methods),
        ]
        for function in functions
    ]
    return [Subsection(tables=[Table(["function", "evaluations", *methods], rows)])]


def _cell(found: FloatArray) -> Cell:
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
    return Cell(f"{middle:.1e} [{low:.0e}, {high:.0e}]")
