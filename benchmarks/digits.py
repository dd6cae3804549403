"""How many digits of smooth functions' minima are found: python -m rnnbbo.benchmarks.digits --help.

Every seed has a variant of its own, shifted, scaled, flipped and permuted, so that no method gains
from beginning where a published function happens to have its minimum.
"""

import click
import numpy as np
from numpy.typing import NDArray

from rnnbbo.benchmarks.execute import run_seed
from rnnbbo.benchmarks.methods import make_method
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.errors import RnnbboError
from rnnbbo.functions.perturb import perturb
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.synthetic import get_problem

FUNCTIONS = {
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


def regrets(method: str, function: str, seeds: int) -> NDArray[np.float64]:
    """Return the simple regret of runs in units of the function's range, (seeds,).

    Args:
        method: see `methods.make_method`.
        function: a key of `FUNCTIONS`.
        seeds: runs, each on a variant of its own.
    """
    name, dim, budget = FUNCTIONS[function]
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


@click.command()
@click.option("--methods", default="kernel", show_default=True)
@click.option("--functions", default=",".join(FUNCTIONS), show_default=True)
@click.option(
    "--seeds", default=20, show_default=True, help="Runs of each method on each function."
)
def main(methods: str, functions: str, seeds: int) -> None:
    """Print a Markdown table of simple regret, in units of each function's range.

    A cell holds the median over the seeds, and the quartiles.
    """
    names = [name for name in methods.split(",") if name]
    click.echo("| function | evaluations | " + " | ".join(names) + " |")
    click.echo("| --- " * (len(names) + 2) + "|")
    for function in functions.split(","):
        if function not in FUNCTIONS:
            raise click.BadParameter(
                f"{function!r}; expected some of {', '.join(FUNCTIONS)}", param_hint="--functions"
            )
        cells = []
        for name in names:
            try:
                found = regrets(name, function, seeds)
            except RnnbboError as error:
                raise click.ClickException(str(error)) from error
            low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
            cells.append(f"{middle:.1e} [{low:.0e}, {high:.0e}]")
        click.echo(f"| {function} | {FUNCTIONS[function][2]} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    pin_threads()
    main()
