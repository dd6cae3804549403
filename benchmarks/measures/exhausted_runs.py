"""When `until="exhausted"` ends a run, and what it gives away.

Runs go on to their last evaluation; where the rule would have ended them is noted on the way.
"""

import math
from typing import NamedTuple

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import run_seed
from rnnbbo.benchmarks.measures.digits import spread
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.functions.bbob import bbob_problem
from rnnbbo.functions.perturb import perturb
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.synthetic import get_problem
from rnnbbo.optimizer import Optimizer
from rnnbbo.stopping import Stopping, StopRules, ToldValue

_NOISE = 0.02  # deviation, in units of the function's range
OBJECTIVES: dict[str, tuple[str | int, int | None, float]] = {
    "branin": ("branin", None, 0.0),
    "hartmann3": ("hartmann3", None, 0.0),
    "hartmann6": ("hartmann6", None, 0.0),
    "goldstein-price": ("goldstein_price", None, 0.0),
    "rosenbrock-2d": ("rosenbrock", 2, 0.0),
    "levy-3d": ("levy", 3, 0.0),
    "styblinski-tang-3d": ("styblinski_tang", 3, 0.0),
    "michalewicz-2d": ("michalewicz", 2, 0.0),
    "ackley-4d": ("ackley", 4, 0.0),
    "rastrigin-2d": ("rastrigin", 2, 0.0),
    "bbob-f15-3d": (15, 3, 0.0),
    "bbob-f21-3d": (21, 3, 0.0),
    "branin-noisy": ("branin", None, _NOISE),
    "hartmann3-noisy": ("hartmann3", None, _NOISE),
    "sphere-4d-noisy": ("sphere", 4, _NOISE),
}
"""By name: the function, its dimension, and the deviation of its noise."""
_MUCH = 0.01  # of the range: regret that a run has no need to stop at
_BETTER = 3.0  # times as much regret at the stop as at the end


class Stop(NamedTuple):
    """Where a run would have ended.

    Attributes:
        at: evaluations; NaN where it would not.
        regret: simple regret there, in units of the function's range; of the recommended point.
        end: the same after the last evaluation.
    """

    at: float
    regret: float
    end: float

    @property
    def early(self) -> bool:
        """Whether much was left, and would have been found."""
        return self.regret > _MUCH and self.regret > _BETTER * self.end


def problem_of(function: str, seed: int) -> Problem:
    """Return a variant of a function of its own for every seed."""
    name, dim, _ = OBJECTIVES[function]
    if isinstance(name, int):
        return bbob_problem(name, dim or 2, seed + 1)
    return perturb(get_problem(name, dim), np.random.default_rng((run_seed(function, seed), 2)))


def follow(function: str, seed: int, n_calls: int) -> Stop:
    """Return where a run of `kernel` would have ended, of so many evaluations."""
    problem, noise = problem_of(function, seed), OBJECTIVES[function][2]
    size = spread(problem)
    entropy = run_seed(function, seed)
    rng = np.random.default_rng((entropy, 3))
    optimizer = Optimizer([(0.0, 1.0)] * problem.dim, policy="kernel", rng=entropy)
    stopping = Stopping(StopRules(exhausted=True), maximize=False)
    at = there = math.nan
    for count in range(1, n_calls + 1):
        u = optimizer.ask()
        y = problem.unit(np.array(u)) + noise * size * rng.standard_normal()
        optimizer.tell(u, y)
        stopping.add([ToldValue(y, True)])
        if math.isnan(at) and stopping.judge(optimizer.left()) is not None:
            at, there = count, _regret(problem, optimizer) / size
    end = _regret(problem, optimizer) / size
    return Stop(at, end if math.isnan(at) else there, end)


def _regret(problem: Problem, optimizer: Optimizer) -> float:
    point = optimizer.recommend()
    return max(0.0, problem.unit(np.array(point)) - problem.minimum)


@measure(one_thread=True)
@click.option(
    "--functions",
    type=Names(OBJECTIVES),
    default=None,
    help="Some of these.  [default: all]",
)
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Runs of each.")
@click.option(
    "--n-calls", type=click.IntRange(2), default=100, show_default=True, help="Evaluations of each."
)
def command(functions: tuple[str, ...] | None, seeds: int, n_calls: int) -> list[Subsection]:
    """Measure when runs of kernel are exhausted, and what they would have found after that.

    Regrets are those of the recommended point, in units of the function's range, medians over the
    seeds. Early is a run whose regret was above .01, and three times that at its end.
    """
    functions = functions or tuple(OBJECTIVES)
    pairs = [(function, seed) for function in functions for seed in range(seeds)]
    stops: dict[str, list[Stop]] = {function: [] for function in functions}
    for function, seed in tqdm(pairs, unit="run", disable=None, leave=False):
        stops[function].append(follow(function, seed, n_calls))
    rows = [_row(function, found) for function, found in stops.items()]
    rows.append(_row("all", [stop for found in stops.values() for stop in found]))
    head = ["function", "ended", "after", "regret there", f"regret at {n_calls}", "early"]
    return [Subsection(tables=[Table(head, rows)])]


def _row(name: str, found: list[Stop]) -> list[Cell]:
    ended = [stop.at for stop in found if not math.isnan(stop.at)]
    after = f"{np.median(ended):.0f}" if ended else "-"
    regret, end = (np.median([pair[i] for pair in found]) for i in (1, 2))
    early = sum(stop.early for stop in found)
    texts = [
        name,
        f"{len(ended)} of {len(found)}",
        after,
        f"{regret:.0e}",
        f"{end:.0e}",
        str(early),
    ]
    return [Cell(text) for text in texts]
