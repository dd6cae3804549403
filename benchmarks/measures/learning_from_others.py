"""What earlier studies of like problems win, and what studies of unlike ones cost.

The eight networks of HPOBench, the same parameters on eight data sets: each data set of the split
`test` in turn, with studies of the seven others.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import run_seed
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import bootstrap_mean
from rnnbbo.benchmarks.suites.tabular_suite import TABLES
from rnnbbo.functions.problem import Problem
from rnnbbo.functions.tabular import tabular_problem, tabular_space
from rnnbbo.optimizer import Optimizer
from rnnbbo.space import Space

_BENCHMARK = "hpobench"
_TIMES = (1, 3, 5, 10, 20, 30)
_CAP, _FLOOR = 2.0, 1e-6
_RANDOM = 64  # runs of random search for the reference
_EARLIER = 10**6  # seeds of earlier studies begin here

_Told = tuple[list[list[Any]], list[float]]


class _Target(NamedTuple):
    """A data set whose network is tuned.

    Attributes:
        name: of the data set.
        problem: its table.
        reference: what random search has left after ten evaluations, in the median.
    """

    name: str
    problem: Problem
    reference: float


def unlike(studies: Sequence[_Told], rng: np.random.Generator) -> list[_Told]:
    """Return studies whose values say nothing: they stand at other points, drawn at random."""
    return [
        (points, [values[i] for i in rng.permutation(len(values))]) for points, values in studies
    ]


def against(studies: Sequence[_Told]) -> list[_Told]:
    """Return studies that say the contrary: their best points are the worst."""
    return [(points, [-value for value in values]) for points, values in studies]


_PRIORS: dict[str, Callable[[Sequence[_Told], np.random.Generator], list[_Told]]] = {
    "none": lambda studies, rng: [],
    "seven like ones": lambda studies, rng: list(studies),
    "one of them": lambda studies, rng: [studies[int(rng.integers(len(studies)))]],
    "seven, values at other points": unlike,
    "seven, the contrary": lambda studies, rng: against(studies),
}


@cache
def _space() -> Space:
    return tabular_space(_BENCHMARK)


def _value(problem: Problem, point: list[Any]) -> float:
    space = _space()
    positions = [d.low if hasattr(d, "low") else 0 for d in space.dimensions]
    counts = [d.count for d in space.dimensions]
    index = [
        d.categories.index(v) if hasattr(d, "categories") else v - low
        for d, v, low in zip(space.dimensions, point, positions, strict=True)
    ]
    return float(problem.func((np.array(index) + 0.5) / np.array(counts)))


def _run(problem: Problem, entropy: int, n_calls: int, prior: list[_Told]) -> _Told:
    optimizer = Optimizer(_space(), rng=entropy, prior=prior or None)
    points: list[list[Any]] = []
    values: list[float] = []
    for _ in range(n_calls):
        point = optimizer.ask()
        value = _value(problem, point)
        optimizer.tell(point, value)
        points.append(point)
        values.append(value)
    return points, values


def _target(name: str) -> _Target:
    problem = tabular_problem(_BENCHMARK, name)
    rng = np.random.default_rng(0)
    u = rng.random((_RANDOM, 10, problem.dim))
    left = problem.func(u).min(axis=1) - problem.minimum
    return _Target(name, problem, float(np.median(left)))


@measure(one_thread=True)
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Runs of each.")
@click.option(
    "--known", type=click.IntRange(2), default=40, show_default=True, help="Values of each study."
)
def command(seeds: int, known: int) -> list[Subsection]:
    """Measure runs that know of earlier studies, beside runs that know of none.

    Mean capped and geometric mean normalised regret, and the 95 % bootstrap interval over data sets
    of the paired difference from the first row.
    """
    names = [name for split in TABLES.values() for kind, name in split if kind == _BENCHMARK]
    targets = [name for kind, name in TABLES["test"] if kind == _BENCHMARK]
    studies = {
        name: _run(tabular_problem(_BENCHMARK, name), _EARLIER + i, known, [])
        for i, name in enumerate(names)
    }
    found: dict[str, list[np.ndarray]] = {kind: [] for kind in _PRIORS}
    jobs = [(name, kind) for name in targets for kind in _PRIORS]
    for name, kind in tqdm(jobs, unit="cell", disable=None, leave=False):
        target = _target(name)
        others = [study for other, study in studies.items() if other != name]
        runs = []
        for seed in range(seeds):
            entropy = run_seed(f"transfer-{name}", seed)
            prior = _PRIORS[kind](others, np.random.default_rng((entropy, 5)))
            _, values = _run(target.problem, entropy, max(_TIMES), prior)
            best = np.minimum.accumulate(values)[[t - 1 for t in _TIMES]]
            runs.append((best - target.problem.minimum) / target.reference)
        found[kind].append(np.array(runs))
    cold = found["none"]
    rows = [_row(kind, found[kind], None if kind == "none" else cold) for kind in _PRIORS]
    head = ["earlier studies", *(f"t = {t}" for t in _TIMES)]
    return [Subsection(tables=[Table(head, rows)])]


def _row(kind: str, found: list[np.ndarray], cold: list[np.ndarray] | None) -> list[Cell]:
    capped = _capped(found)
    logs = np.array([np.log(np.clip(runs, _FLOOR, _CAP)).mean(axis=0) for runs in found])
    interval = None if cold is None else bootstrap_mean(capped - _capped(cold))
    cells = [Cell(kind)]
    for i in range(len(_TIMES)):
        text = f"{capped[:, i].mean():.2f} / {np.exp(logs[:, i].mean()):.2g}"
        if interval is not None:
            text += f" [{interval.low[i]:+.2f}, {interval.high[i]:+.2f}]"
        cells.append(Cell(text))
    return cells


def _capped(found: list[np.ndarray]) -> np.ndarray:
    return np.array([np.minimum(runs, _CAP).mean(axis=0) for runs in found])
