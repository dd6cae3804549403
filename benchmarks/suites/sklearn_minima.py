"""Search the minima of the suite `sklearn` densely, and write them beside it.

python -m rnnbbo.benchmarks.suites.sklearn_minima            # all, 13 minutes of one core
python -m rnnbbo.benchmarks.suites.sklearn_minima svc-wine   # these only
"""

import json
from importlib.metadata import version

import click
import numpy as np

from rnnbbo.benchmarks.suites.dense_search import refine
from rnnbbo.benchmarks.suites.sklearn_suite import MINIMA, PAIRS
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.functions.problem import FloatArray
from rnnbbo.functions.tuning import Tuning, tuning_dim

TUNINGS = {
    f"{model}-{dataset}": (model, dataset) for pairs in PAIRS.values() for model, dataset in pairs
}

SPREAD_POINTS = 512
"""Points of a scrambled Sobol sequence, searched first."""

SEARCH_ROUNDS, BEST, LOCAL_STEPS = 8, 5, 8
"""Then, round after round, so many normal steps from each of so many best points."""

STEP_SCALES = np.geomspace(0.2, 0.005, SEARCH_ROUNDS)
"""Standard deviation of the steps in each round, in units of the cube."""


def search_minimum(function: Tuning, dim: int) -> tuple[float, FloatArray]:
    """Return the least value found and its point `(dim,)` of the unit cube."""
    from scipy.stats import qmc

    rng = np.random.default_rng(0)
    points = qmc.Sobol(dim, rng=rng).random(SPREAD_POINTS)
    points, values = refine(
        function, points, function(points), rng, STEP_SCALES, best=BEST, steps=LOCAL_STEPS
    )
    least = values.argmin()
    return float(values[least]), points[least]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(TUNINGS)))
def main(names: tuple[str, ...]) -> None:
    """Search the minima of the functions NAMES, or of all, and keep those of the others.

    The file is written after each, so that a stopped search loses only the last.
    """
    known = json.loads(MINIMA.read_text())["minima"] if MINIMA.exists() else {}
    for name in names or TUNINGS:
        model, dataset = TUNINGS[name]
        value, at = search_minimum(Tuning(model, dataset), tuning_dim(model))
        known[name] = {"value": value, "at": at.tolist()}
        click.echo(f"{name:30} {value:.6f}")
        about = {
            "scikit-learn": version("scikit-learn"),
            "evaluations": SPREAD_POINTS + SEARCH_ROUNDS * BEST * LOCAL_STEPS,
            "minima": {name: known[name] for name in TUNINGS if name in known},
        }
        MINIMA.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    pin_threads()
    main()
