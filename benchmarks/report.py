"""Tables of normalised regret: a pure function of records."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from rnnbbo.benchmarks.record import Evaluation, read_function, read_run
from rnnbbo.benchmarks.statistics import (
    bootstrap_interval,
    capped_mean,
    geometric_mean,
    normalised_regret,
    paired_comparison,
)
from rnnbbo.errors import ConfigError


@dataclass(frozen=True)
class Results:
    """Paired runs of several methods on one suite.

    Attributes:
        suite: suite and split.
        functions: the functions, in order of the axis.
        seeds: the repetitions, in order of the axis.
        regret: for each method (functions, seeds, t), normalised regret after t + 1 evaluations.
        milliseconds: for each method, the median and the mean time of an ask and its tell.
    """

    suite: str
    functions: list[str]
    seeds: list[int]
    regret: dict[str, NDArray[np.float64]]
    milliseconds: dict[str, tuple[float, float]]


def load(out: Path, suite: str, methods: Sequence[str], budget: int) -> Results:
    """Read the runs that every method has made: same functions, same seeds, same budget.

    Args:
        out: the folder of records.
        suite: suite and split.
        methods: the methods to read.
        budget: evaluations a run; runs for another budget are left out.

    Raises:
        ConfigError: no function has a run of every method.
    """
    runs: dict[tuple[str, str, int], list[Evaluation]] = {}
    for path in sorted((out / suite).glob("*/*.jsonl")):
        run = read_run(path)
        if run[0].method in methods and len(run) == budget:
            runs[run[0].method, run[0].function, run[0].seed] = run
    per_method = [{(f, s) for m, f, s in runs if m == method} for method in methods]
    paired = set.intersection(*per_method)
    seeds = sorted({seed for _, seed in paired})
    functions = sorted(
        {name for name, _ in paired if all((name, seed) in paired for seed in seeds)}
    )
    if not functions:
        raise ConfigError(
            f"{out / suite}: no function has runs of {', '.join(methods)} with the same seeds "
            f"and {budget} evaluations"
        )
    about = [read_function(out / suite / name / "function.json") for name in functions]
    regret, milliseconds = {}, {}
    for method in methods:
        chosen = [[runs[method, name, seed] for seed in seeds] for name in functions]
        best = [[[_best(e) for e in run] for run in row] for row in chosen]
        minimum = np.array([f.minimum for f in about])[:, None, None]
        reference = np.array([f.reference for f in about])[:, None, None]
        regret[method] = normalised_regret(best, minimum, reference)
        times = [e.ask_s + e.tell_s for row in chosen for run in row for e in run]
        milliseconds[method] = 1e3 * median(times), 1e3 * fmean(times)
    return Results(suite, functions, seeds, regret, milliseconds)


def regret_table(results: Results, at: Sequence[int]) -> str:
    """Return a Markdown table: mean capped and geometric mean regret with 95 % intervals.

    Args:
        results: the runs.
        at: numbers of evaluations.
    """
    lines = [
        f"### {results.suite}",
        "",
        f"{len(results.functions)} functions, {len(results.seeds)} seeds each. Mean capped "
        "normalised regret [95 % interval], below it the geometric mean [95 % interval].",
        "",
        _row(["method", *(f"@{t}" for t in at), "ask + tell, median (mean) ms"]),
        _row(["---"] * (len(at) + 2)),
    ]
    for method, regret in results.regret.items():
        cells = []
        for t in at:
            now = regret[:, :, t - 1]
            means = []
            for statistic, digits in ((capped_mean, ".2f"), (geometric_mean, ".2g")):
                interval = bootstrap_interval(now, statistic, np.random.default_rng(0))
                low, high = f"{interval.low:{digits}}", f"{interval.high:{digits}}"
                means.append(f"{statistic(now):{digits}} [{low}, {high}]")
            cells.append("<br>".join(means))
        middle, mean = results.milliseconds[method]
        lines.append(_row([method, *cells, f"{middle:.2g} ({mean:.2g})"]))
    beaten = [
        name
        for i, name in enumerate(results.functions)
        if any((regret[i] < -1e-6).any() for regret in results.regret.values())
    ]
    if beaten:
        lines += ["", f"The declared minimum was beaten, so it is wrong: {', '.join(beaten)}."]
    return "\n".join(lines) + "\n"


def comparison_table(results: Results, at: Sequence[int], versus: str) -> str:
    """Return a Markdown table of every other method's mean capped regret less that of `versus`.

    Args:
        results: the runs.
        at: numbers of evaluations.
        versus: the method to compare with.
    """
    lines = [
        f"Mean capped regret less that of {versus} (negative is better) [95 % interval], "
        "Wilcoxon p.",
        "",
        _row(["method", *(f"@{t}" for t in at)]),
        _row(["---"] * (len(at) + 1)),
    ]
    base = results.regret[versus]
    for method, regret in results.regret.items():
        if method == versus:
            continue
        cells = []
        for t in at:
            rng = np.random.default_rng(0)
            c = paired_comparison(regret[:, :, t - 1], base[:, :, t - 1], rng)
            cells.append(
                f"{c.difference:+.2f} [{c.interval.low:+.2f}, {c.interval.high:+.2f}], "
                f"p = {c.p_value:.2g}"
            )
        lines.append(_row([method, *cells]))
    return "\n".join(lines) + "\n"


def headline_table(suites: Sequence[Results], t: int) -> str:
    """Return a Markdown table of the mean capped regret [95 % interval], a column a suite.

    Args:
        suites: the runs, of the same methods.
        t: number of evaluations.
    """
    lines = [
        f"Mean capped normalised regret after {t} evaluations [95 % interval]; "
        + "; ".join(f"{r.suite}: {len(r.functions)} functions" for r in suites)
        + f"; {len(suites[0].seeds)} seeds each.",
        "",
        _row(["method", *(r.suite for r in suites)]),
        _row(["---"] * (len(suites) + 1)),
    ]
    for method in suites[0].regret:
        cells = []
        for results in suites:
            now = results.regret[method][:, :, t - 1]
            interval = bootstrap_interval(now, capped_mean, np.random.default_rng(0))
            cells.append(f"{capped_mean(now):.2f} [{interval.low:.2f}, {interval.high:.2f}]")
        lines.append(_row([method, *cells]))
    return "\n".join(lines) + "\n"


def _best(evaluation: Evaluation) -> float:
    return math.inf if evaluation.best is None else evaluation.best


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
