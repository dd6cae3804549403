"""Our default policy on a suite of COCO's, logged by its observer for cocopp.

python examples/coco_run.py                              # a few functions of bbob
python examples/coco_run.py bbob-biobj --budget 20       # or bbob-constrained, bbob-mixint
python -m cocopp exdata/bbob-auto                        # tables and figures of it
"""

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import cocoex

from rnnbbo import Integer, Outcome, Real, Space, minimize
from rnnbbo.errors import RepeatWarning

# The largest box that is worth searching: of bbob-biobj all optima known lie in it.
BOX = 5.0


def space_of(problem: Any) -> Space:
    """Return the problem's box; in bbob-mixint the first parameters are whole numbers."""
    bounds = zip(problem.lower_bounds, problem.upper_bounds, strict=True)
    whole = problem.number_of_integer_variables
    return Space(
        [
            Integer(int(low), int(high)) if i < whole else Real(max(low, -BOX), min(high, BOX))
            for i, (low, high) in enumerate(bounds)
        ]
    )


def objective_of(problem: Any) -> Callable[[list[float]], Outcome]:
    """Return the problem as an objective: its value, or values, and its constraints."""

    def objective(x: list[float]) -> Outcome:
        constraints = {}
        if problem.number_of_constraints:
            constraints = {f"g{i}": g for i, g in enumerate(problem.constraint(x))}
        return Outcome(problem(x), constraints=constraints or None)

    return objective


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", nargs="?", default="bbob", help="default: bbob")
    parser.add_argument("--functions", default="1,8,15", help="default: 1,8,15")
    parser.add_argument("--instances", default="1-2", help="default: 1-2")
    parser.add_argument("--dimensions", default="2", help="default: 2")
    parser.add_argument("--budget", type=int, default=10, help="evaluations a dimension")
    parser.add_argument("--policy", default="auto", help="default: auto")
    args = parser.parse_args()
    warnings.simplefilter("ignore", RepeatWarning)
    cocoex.log_level("warning")
    suite = cocoex.Suite(
        args.suite,
        "",
        f"dimensions: {args.dimensions} function_indices: {args.functions} "
        f"instance_indices: {args.instances}",
    )
    observer = cocoex.Observer(
        args.suite,
        f"result_folder: {args.suite}-{args.policy} algorithm_name: rnnbbo-{args.policy}",
    )
    total = 0.0
    for seed, problem in enumerate(suite):
        problem.observe_with(observer)
        several = problem.number_of_objectives > 1
        result = minimize(
            objective_of(problem),
            space_of(problem),
            n_calls=args.budget * problem.dimension,
            policy=args.policy,
            rng=seed,
            directions=["minimize"] * problem.number_of_objectives if several else None,
        )
        found = f"hypervolume {result.hypervolume:.4g}" if several else f"best {result.fun:.8g}"
        print(f"{problem.id}: {problem.evaluations} evaluations, {found}")
        total += problem.evaluations
    print(f"{total:g} evaluations, for: python -m cocopp {observer.result_folder}")


if __name__ == "__main__":
    main()
