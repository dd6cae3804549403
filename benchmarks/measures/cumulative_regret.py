"""Cumulative regret: what all evaluations of a run lose together, under noise.

A value counts as the noise-free one at the point that was asked for, above the function's minimum,
in deviations of the function over its cube. Every method sees the same functions and noise.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import run_seed
from rnnbbo.benchmarks.measures.kept_lines import KeptLines
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.methods import Method, make_method
from rnnbbo.benchmarks.methods.own_policy import OwnPolicy
from rnnbbo.benchmarks.option_types import Names, WholeNumbers
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table, short
from rnnbbo.benchmarks.statistics import bootstrap_ratio
from rnnbbo.benchmarks.suites import SPLITS, get_suite
from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.goal import Goal

OURS = "auto"
FOR_BEST = "auto-best"
"""Our default where only the best point counts, for comparison."""
BANDIT_RULES = ("gp-ucb", "gp-ts", "gp-ei")
_DEVIATION_OF = 4096  # points that tell a function's deviation
_MAKE: dict[str, Callable[[int, int, int], Method]] = {
    OURS: partial(OwnPolicy, OURS, goal=Goal.CUMULATIVE.value),
    FOR_BEST: partial(OwnPolicy, OURS),
}


class Key(NamedTuple):
    """A run.

    Attributes:
        suite: name of its suite.
        function: name of the function.
        noise: deviation of the noise, in deviations of the function.
        method: name of the method.
        seed: of the repetition.
        n_calls: its evaluations.
    """

    suite: str
    function: str
    noise: float
    method: str
    seed: int
    n_calls: int


def deviation(problem: Problem) -> float:
    """Return the standard deviation of a problem's values over its cube."""
    u = np.random.default_rng(0).random((_DEVIATION_OF, problem.dim))
    return float(np.std(problem.func(problem.low + u * (problem.high - problem.low))))


def regrets_of(problem: Problem, size: float, key: Key) -> FloatArray:
    """Return the regrets (n_calls,) of a run's points, in deviations of the function."""
    seed = run_seed(key.function, key.seed)
    if key.method in _MAKE:
        method = _MAKE[key.method](problem.dim, key.n_calls, seed)
    else:
        method = make_method(key.method, problem.dim, key.n_calls, seed)
    rng = np.random.default_rng((seed, 3))
    regrets = np.empty(key.n_calls)
    for t in range(key.n_calls):
        u = method.ask()
        value = problem.unit(u)
        regrets[t] = (value - problem.minimum) / size
        method.tell(u, value + key.noise * size * rng.standard_normal())
    return regrets


def _kept_regrets(kept: KeptLines, problem: Problem, size: float, key: Key) -> FloatArray:
    line = kept.take((key,), lambda: {"regrets": regrets_of(problem, size, key).tolist()})
    return np.array(line["regrets"])


def compare(
    runs: dict[Key, FloatArray], methods: Sequence[str], at: Sequence[int]
) -> Iterator[Subsection]:
    """Yield a table a level of noise: cumulative regret, and that of ours over the peers'."""
    for noise in sorted({key.noise for key in runs}):
        own = {key: np.cumsum(one) for key, one in runs.items() if key.noise == noise}
        suites = sorted({key.suite for key in own})
        rows = []
        for suite in [*suites, "all"]:
            for method in methods:
                cells = [
                    _cell(own, None if suite == "all" else suite, method, t, ratio=method != OURS)
                    for t in at
                ]
                rows.append([Cell(suite), Cell(method), *cells])
        head = ["suite", "method", *(f"t = {t}" for t in at)]
        text = f"Noise of {noise:g} deviations of the function."
        yield Subsection(text=(text,), tables=(Table(head, rows),))


def _cell(
    own: dict[Key, FloatArray], suite: str | None, method: str, t: int, *, ratio: bool
) -> Cell:
    """Return a mean over functions, and ours over it, over the runs that both have made."""
    theirs = {
        key: one
        for key, one in own.items()
        if key.method == method and suite in (None, key.suite) and key.n_calls >= t
    }
    pairs = [
        (own[mine][t - 1], one[t - 1])
        for key, one in theirs.items()
        if (mine := key._replace(method=OURS)) in own
    ]
    if not pairs:
        return Cell(
            short(float(np.mean([one[t - 1] for one in theirs.values()]))) if theirs else NONE
        )
    ours, others = np.array(pairs).T
    mean = short(float(others.mean()))
    if not ratio or len(pairs) < 2:
        return Cell(f"{mean} (n = {len(pairs)})")
    found = bootstrap_ratio(ours, others)
    return Cell(f"{mean} (x{found.mean:.2f}, {found.low:.2f} to {found.high:.2f})")


@cache
def _built(suite: str, index: int, split: str) -> tuple[Problem, float]:
    problem = list(get_suite(suite, index + 1, split))[index].build()
    return problem, deviation(problem)


@measure(one_thread=True)
@click.option(
    "--methods", type=Names(), default=f"{OURS},{FOR_BEST},{','.join(BANDIT_RULES)},random"
)
@click.option("--suites", type=Names(), default="gp-2d,gp-4d,gp-6d", show_default=True)
@click.option(
    "--noise",
    type=click.FloatRange(0.0),
    multiple=True,
    default=(0.1, 0.3),
    show_default=True,
    help="Its deviation, in deviations of the function; may be given several times.",
)
@click.option("--functions", type=click.IntRange(1), default=6, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True)
@click.option("--n-calls", type=click.IntRange(2), default=100, show_default=True)
@click.option("--at", type=WholeNumbers(), default="20,50,100", show_default=True)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option(
    "--records",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of runs, which is added to; what it has is not run again.",
)
def command(
    methods: tuple[str, ...],
    suites: tuple[str, ...],
    noise: tuple[float, ...],
    functions: int,
    seeds: int,
    n_calls: int,
    at: tuple[int, ...],
    split: str,
    records: Path | None,
) -> list[Subsection]:
    """Measure cumulative regret under noise, beside rules for Gaussian-process bandits.

    A cell is the mean over functions, in deviations of the function, and in brackets ours over it,
    with its 95 % bootstrap interval over functions, of the runs that both have made. auto is the
    default by goal="cumulative", auto-best the default as it looks for the best point.
    """
    if max(at) > n_calls:
        raise ConfigError(f"--at = {max(at)}; expected at most --n-calls = {n_calls}")
    kept = KeptLines(records, "key")
    wanted = [
        (index, Key(suite, "", level, method, seed, n_calls))
        for seed in range(seeds)
        for index in range(functions)
        for suite in suites
        for level in noise
        for method in methods
    ]
    runs: dict[Key, FloatArray] = {}
    for index, key in tqdm(wanted, unit="run", disable=None, leave=False):
        problem, size = _built(key.suite, index, split)
        named = key._replace(function=f"{problem.name}-{split}")
        runs[named] = _kept_regrets(kept, problem, size, named)
    return list(compare(runs, methods, sorted(at)))
