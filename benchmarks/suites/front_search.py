"""Search the fronts that have no formula densely, by no method that is compared.

python -m rnnbbo.benchmarks.suites.front_search branin-currin vehicle-safety
python -m rnnbbo.benchmarks.suites.front_search --biobj 2,6  # in our box, beside COCO's

Of all points of about the same first objectives the one of the least last objective is kept, and
steps are taken from those that are on the front, ever smaller. The hypervolume is the sum, over the
middles of a grid's cells, of what the least last objective leaves below the reference point.
`functions.published_fronts` has the values of the first command, COCO those that the second shows.
"""

import click
import numpy as np

from rnnbbo.benchmarks.option_types import WholeNumbers
from rnnbbo.benchmarks.suites.biobj_suite import BIOBJ_ORDER
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.functions.bbob_biobj import bbob_biobj_problem
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.published_fronts import PUBLISHED_FRONTS, published_front

CELLS = {2: 20_000, 3: 1_500}
"""Cells of the grid along each objective but the last, by the number of objectives."""


def search_front(
    problem: Problem, rng: np.random.Generator, *, rounds: int, steps: int, cells: int
) -> float:
    """Return the hypervolume of the front that is found, a little below that of the true one.

    Args:
        problem: two or three objectives.
        rng: draws the points.
        rounds: how often steps are taken.
        steps: how many each time.
        cells: of the grid, along each objective but the last.
    """
    assert problem.objectives is not None
    reference = np.array(problem.reference_point)
    width = problem.high - problem.low
    points = problem.low + rng.random((steps, problem.dim)) * width
    values = problem.objectives(points)
    for scale in np.geomspace(0.3, 0.001, rounds):
        at, _ = _best_of_cells(values, reference, cells)
        points, values = points[at], values[at]
        start = points[rng.integers(len(points), size=steps)]
        moves = scale * width * rng.standard_normal(start.shape)
        moves *= rng.random(moves.shape) < 0.5
        near = np.clip(start + moves, problem.low, problem.high)
        points = np.concatenate([points, near])
        values = np.concatenate([values, problem.objectives(near)])
    _, hypervolume = _best_of_cells(values, reference, cells)
    return hypervolume


def _best_of_cells(
    values: FloatArray, reference: FloatArray, cells: int
) -> tuple[np.ndarray, float]:
    """Return which values (n, K) are the best of a cell, and the hypervolume.

    While none is better than the reference point in all, those come nearest that are best in one.
    """
    count = len(reference) - 1
    inside = np.flatnonzero((values < reference).all(axis=1))
    if not len(inside):
        excess = np.maximum(values - reference, 0.0) / np.abs(values - reference).max(axis=0)
        return np.argsort(excess.sum(axis=1))[:100], 0.0
    low = values[inside].min(axis=0)[:count]
    side = (reference[:count] - low) / cells
    # A value counts from the first middle on that is not below it.
    place = np.ceil((values[inside, :count] - low) / side - 0.5).astype(int)
    fits = (place < cells).all(axis=1)
    inside, place = inside[fits], place[fits]
    flat = np.ravel_multi_index(tuple(place.T), (cells,) * count)
    order = np.lexsort((values[inside, -1], flat))
    first = order[np.unique(flat[order], return_index=True)[1]]
    least = np.full(cells**count, reference[-1])
    least[flat[first]] = values[inside[first], -1]
    least = least.reshape((cells,) * count)
    for axis in range(count):
        least = np.minimum.accumulate(least, axis=axis)
    on_front = values[inside[first], -1] <= least.ravel()[flat[first]]
    return inside[first[on_front]], float((reference[-1] - least).sum() * side.prod())


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(PUBLISHED_FRONTS))
@click.option("--biobj", type=WholeNumbers("2,6"), help="Dimension and instance of COCO's suite.")
@click.option("--rounds", type=click.IntRange(1), default=60, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=200_000, show_default=True)
def main(names: tuple[str, ...], *, biobj: tuple[int, ...] | None, rounds: int, steps: int) -> None:
    """Print the hypervolume found, the one declared, and their ratio."""
    pin_threads()
    problems = [published_front(name) for name in names]
    if biobj is not None:
        if len(biobj) != 2:
            raise click.BadParameter(f"{biobj!r}; expected a dimension and an instance")
        problems += [bbob_biobj_problem(function, *biobj) for function in BIOBJ_ORDER]
    for problem in problems:
        cells = CELLS[len(problem.reference_point)]
        rng = np.random.default_rng(0)
        found = search_front(problem, rng, rounds=rounds, steps=steps, cells=cells)
        share = found / -problem.minimum
        click.echo(f"{problem.name:30} {found:.10g} {-problem.minimum:.10g} {share:.6f}")


if __name__ == "__main__":
    main()
