"""Search functions whose minima are unknown, by no method that is compared.

python -m rnnbbo.benchmarks.suites.dense_search control          # what the file has not yet
python -m rnnbbo.benchmarks.suites.dense_search control NAME …   # these, again
python -m rnnbbo.benchmarks.suites.dense_search control --deeper # on from the points of the file

The file beside the suite is written after each function, so that a stopped search loses only the
last and the same command goes on.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version

import click
import numpy as np

from rnnbbo.benchmarks.statistics import REFERENCE_EVALUATIONS, reference_regret
from rnnbbo.benchmarks.suites.entry import SPLITS
from rnnbbo.benchmarks.suites.stored_minima import Found, minima_file, stored_minima
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.dimensions import Categorical, Integer
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.space import Space

Function = Callable[[FloatArray], FloatArray]
"""From points `(n, dim)` of the unit cube to their values `(n,)`."""

REDRAWN = 0.3
"""How often a step draws a category anew."""


@dataclass(frozen=True)
class Effort:
    """How densely a function is searched.

    Attributes:
        searches: random searches of `REFERENCE_EVALUATIONS` points each, which give the reference
            regret; their points are the first of the dense search.
        rounds: then, round after round, steps of ever smaller size
        best: from each of so many best points,
        steps: so many.
        packages: what a value depends on; their versions go into the file.
    """

    searches: int
    rounds: int
    best: int
    steps: int
    packages: tuple[str, ...]


EFFORTS = {
    "control": Effort(31, 10, 5, 8, ("gymnasium", "mujoco")),
    "conditional": Effort(15, 6, 6, 6, ("scikit-learn",)),
    "tuning": Effort(15, 4, 5, 5, ("scikit-learn", "lightgbm")),
    "logistic": Effort(11, 4, 5, 5, ("scikit-learn",)),
    "network": Effort(11, 4, 5, 5, ("scikit-learn",)),
    "repellers": Effort(301, 60, 20, 25, ("numpy",)),
}


def search_densely(
    function: Function, dim: int, effort: Effort, space: Space | None = None
) -> Found:
    """Return the least value that a dense search finds, and the reference regret."""
    rng = np.random.default_rng(0)
    shape = (effort.searches, REFERENCE_EVALUATIONS)
    points = rng.random((*shape, dim)).reshape(-1, dim)
    spread = function(points)
    value, at = _least(function, points, spread, rng, effort, space)
    return Found(value, at, reference_regret(spread.reshape(shape), value))


def search_deeper(
    function: Function, known: Found, effort: Effort, space: Space | None = None
) -> Found:
    """Go on from what a search found, each pass with random numbers of its own."""
    passes = known.passes + 1
    rng = np.random.default_rng(passes)
    start, values = np.array([known.at]), np.array([known.value])
    value, at = _least(function, start, values, rng, effort, space)
    # What random search leaves grows by as much as the minimum falls.
    return Found(value, at, known.reference + known.value - value, passes)


def _least(
    function: Function,
    points: FloatArray,
    values: FloatArray,
    rng: np.random.Generator,
    effort: Effort,
    space: Space | None,
) -> tuple[float, tuple[float, ...]]:
    """Return the least value that steps from known points lead to, and where it is."""
    scales = np.geomspace(0.2, 0.005, effort.rounds)
    points, values = refine(
        function, points, values, rng, scales, best=effort.best, steps=effort.steps, space=space
    )
    least = values.argmin()
    return float(values[least]), tuple(points[least].tolist())


def refine(
    function: Function,
    points: FloatArray,
    values: FloatArray,
    rng: np.random.Generator,
    scales: Sequence[float] | FloatArray,
    *,
    best: int,
    steps: int,
    space: Space | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Take normal steps from the best points, round after round.

    Args:
        function: what is searched.
        points: `(n, dim)`, those that are known.
        values: `(n,)`, theirs.
        rng: draws the steps.
        scales: standard deviation of the steps in each round, in units of the cube; along an
            integer at least one of its cells.
        best: how many points steps are taken from.
        steps: how many from each.
        space: integers and categories that the cells of the cube are; None for reals.

    Returns:
        All points and their values.
    """
    dim = points.shape[1]
    dimensions = space.dimensions if space else [None] * dim
    # `type`, since rnnbbo's categorical passes for scikit-optimize's in `isinstance`.
    categories = np.array([type(d) is Categorical for d in dimensions])
    cell = np.array([1 / (d.high - d.low + 1) if type(d) is Integer else 0.0 for d in dimensions])
    for scale in scales:
        start = points[np.argsort(values, kind="stable")[:best]]
        moves = np.maximum(scale, cell) * rng.standard_normal((len(start), steps, dim))
        # Half of the coordinates stay: a step that is good in one is not lost by the others.
        moves *= rng.random(moves.shape) < 0.5
        near = np.clip(start[:, None] + np.where(categories, 0.0, moves), 0.0, 1.0)
        if categories.any():
            drawn = rng.random((2, *near.shape))
            near = np.where(categories & (drawn[0] < REDRAWN), drawn[1], near)
        near = near.reshape(-1, dim)
        points = np.concatenate([points, near])
        values = np.concatenate([values, function(near)])
    return points, values


@click.command()
@click.argument("suite", type=click.Choice(list(EFFORTS)))
@click.argument("names", nargs=-1)
@click.option("--deeper", is_flag=True, help="Go on from the points that the file has.")
def main(suite: str, names: tuple[str, ...], *, deeper: bool) -> None:
    """Search the functions of SUITE that its file has not yet, or the functions NAMES again."""
    pin_threads()
    file, effort = minima_file(suite), EFFORTS[suite]
    module = import_module(f"{__package__}.{suite}_suite")
    entries = {entry.name: entry for split in SPLITS for entry in module.unsearched(split)}
    unknown = [name for name in names if name not in entries]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r}; expected one of {', '.join(entries)}")
    known = dict(stored_minima(file))
    for name in names or [name for name in entries if (name in known) == deeper]:
        problem, space = entries[name].build(), entries[name].space
        function = partial(_values, problem)
        if deeper and name in known:
            known[name] = search_deeper(function, known[name], effort, space)
        else:
            known[name] = search_densely(function, problem.dim, effort, space)
        click.echo(f"{name:50} {known[name].value:12.6f} {known[name].reference:12.6f}")
        about = {
            "packages": {package: version(package) for package in effort.packages},
            "minima": {name: vars(known[name]) for name in entries if name in known},
        }
        file.write_text(json.dumps(about, indent=1) + "\n")


def _values(problem: Problem, points: FloatArray) -> FloatArray:
    return problem.func(problem.low + points * (problem.high - problem.low))


if __name__ == "__main__":
    main()
