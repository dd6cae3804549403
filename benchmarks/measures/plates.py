"""What it costs to evaluate in rounds: plates of points, whose results are told together."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from tqdm import tqdm

from rnnbbo.benchmarks.execute import measure_function
from rnnbbo.benchmarks.measures.kept_lines import KeptLines
from rnnbbo.benchmarks.measures.plate_rounds import DRAWN, regret_in_rounds
from rnnbbo.benchmarks.measures.plates_picture import draw_sizes
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, WholeNumbers
from rnnbbo.benchmarks.record import FunctionRecord
from rnnbbo.benchmarks.reports.section import Cell, Subsection, Table
from rnnbbo.benchmarks.statistics import Estimate, bootstrap_mean, bootstrap_ratio
from rnnbbo.benchmarks.suites import SPLITS, SUITES, Entry, get_suite
from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.outputs import check_output

BUDGET = 48
PLATE, _ROUNDS = 8, 5
"""The plate that is compared with as many single experiments, and its rounds."""
_SMALL = 12  # runs of a suite that has fewer functions, by more seeds
_MOST = 1000  # functions of a suite that are looked through


class PlateRuns(NamedTuple):
    """Regret of one method at one number of points at once.

    Attributes:
        suite: (functions,) names.
        regret: (functions, rounds) after each plate.
    """

    suite: FloatArray
    regret: FloatArray

    def of(self, name: str, after: int) -> FloatArray:
        """Return the regret (functions,) of a suite, or of "all", after so many plates."""
        which = np.ones(len(self.suite), bool) if name == "all" else self.suite == name
        return np.asarray(self.regret[which, after - 1])


@cache
def _built(suite: str, name: str, split: str) -> tuple[Problem, FunctionRecord]:
    entry = next(one for one in get_suite(suite, _MOST, split) if one.name == name)
    problem = entry.build()
    return problem, measure_function(suite, entry, problem)


class RunLines:
    """Regret of runs that were made, a line of JSON each in a file, so that a measure goes on.

    Args:
        path: the file; None to keep nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._kept = KeptLines(path, "run")

    def take(self, run: str, make: Callable[[], FloatArray]) -> FloatArray:
        """Return the regret (rounds,) of a run by its name, which is made if it is not known."""
        return np.array(self._kept.take((run,), lambda: {"regret": make().tolist()})["regret"])


def run_suites(
    name: str,
    suites: Sequence[str],
    functions: int,
    split: str,
    plate: int,
    budget: int,
    kept: RunLines,
) -> PlateRuns:
    """Return the runs of a method on all functions."""
    names, curves = [], []
    for suite in suites:
        entries = get_suite(suite, functions, split)
        seeds = range(max(1, min(functions, _SMALL) // len(entries)))
        for entry in entries:

            def make(suite: str = suite, entry: Entry = entry, seeds: range = seeds) -> FloatArray:
                problem, about = _built(suite, entry.name, split)
                return regret_in_rounds(name, entry, problem, about, plate, budget, seeds)

            run = f"{name}, {suite}, {entry.name}, {plate} of {budget}, {len(seeds)} seeds"
            names.append(suite)
            curves.append(kept.take(run, make))
    return PlateRuns(np.array(names), np.array(curves))


def _figures(values: FloatArray, base: FloatArray | None) -> Cell:
    text = f"{values.mean():.3g}"
    if base is None:
        return Cell(text)
    ratio = bootstrap_ratio(values, base)
    return Cell(f"{text} ({ratio.mean:.2f} [{ratio.low:.2f}, {ratio.high:.2f}])")


def _lines(suites: Sequence[str]) -> list[str]:
    return [*suites, *(["all"] if len(suites) > 1 else [])]


def by_size(
    found: Mapping[int, PlateRuns], suites: Sequence[str], caption: str
) -> tuple[Table, dict[str, list[Estimate]]]:
    """Return a table of regret by the points at once, and its means with their intervals."""
    rows, drawn = [], {}
    for name in _lines(suites):
        last = {plate: runs.of(name, BUDGET // plate) for plate, runs in found.items()}
        cells = [_figures(one, None if plate == 1 else last[1]) for plate, one in last.items()]
        rows.append([Cell(name), *cells])
        drawn[name] = [bootstrap_mean(one) for one in last.values()]
    head = ["suite", *(f"{plate} at once" for plate in found)]
    return Table(head, rows, caption), drawn


def side_by_side(found: Mapping[str, PlateRuns], suites: Sequence[str], caption: str) -> Table:
    """Return a table of methods, each beside the first one on the functions of both."""
    first = next(iter(found.values()))
    rows = []
    for method, runs in found.items():
        cells = []
        for name in _lines(suites):
            values, base = runs.of(name, _ROUNDS), first.of(name, _ROUNDS)
            cells.append(_figures(values, None if runs is first else base))
        rows.append([Cell(method), *cells])
    return Table(["method", *_lines(suites)], rows, caption)


@measure(one_thread=True)
@click.option("--policy", default="auto", show_default=True, help="What is measured at all sizes.")
@click.option(
    "--sizes",
    type=WholeNumbers("1,8,24"),
    default="1,2,4,8,12,24",
    show_default=True,
    help=f"Points at once, each a divisor of {BUDGET}, 1 and {PLATE} among them.",
)
@click.option(
    "--parts",
    type=Names(("sizes", "noise", "methods")),
    default="sizes,noise,methods",
    show_default=True,
    help="What is measured.",
)
@click.option(
    "--suites",
    type=Names(SUITES),
    default="gp-4d,gp-6d,classic,reaction",
    show_default=True,
    help="Smooth functions without noise.",
)
@click.option(
    "--noisy",
    type=Names(SUITES),
    default="gp-4d-noise10,gp-6d-noise10",
    show_default=True,
    help="Functions with noise.",
)
@click.option(
    "--functions", type=click.IntRange(1), default=24, show_default=True, help="Of a suite."
)
@click.option(
    "--methods",
    type=Names(),
    default="lstm,dnc,response-surface,sobol,qlognei",
    show_default=True,
    help="Compared at plates of 8; lstm and dnc with drawn values, too.",
)
@click.option(
    "--compared",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Functions of a suite on which methods are compared.",
)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep every run in this file, of JSON lines, and make none that is in it.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a picture of regret by the points at once to this file, SVG.",
)
def command(
    policy: str,
    sizes: tuple[int, ...],
    parts: tuple[str, ...],
    suites: tuple[str, ...],
    noisy: tuple[str, ...],
    functions: int,
    methods: tuple[str, ...],
    compared: int,
    split: str,
    picture: Path | None,
    keep: Path | None,
) -> list[Subsection]:
    """Measure what rounds cost: regret after equally many evaluations, more and more at once.

    In brackets the ratio to one evaluation at a time on the same functions, and its 95 % bootstrap
    interval. Methods are compared at plates of 8 in 5 rounds, by the ratio to the first of them.
    """
    for option, file in (("--picture", picture), ("--keep", keep)):
        if file is not None:
            check_output(option, file)
    if not {1, PLATE} <= set(sizes) or any(BUDGET % size for size in sizes):
        shown = ",".join(map(str, sizes))
        raise ConfigError(
            f"--sizes = {shown}; expected divisors of {BUDGET}, 1 and {PLATE} among them"
        )
    if picture is not None and parts == ("methods",):
        raise ConfigError(f"--picture = {picture} with --parts methods; expected sizes or noise")
    kept = RunLines(keep)
    kinds = [kind for part, kind in (("sizes", suites), ("noise", noisy)) if part in parts]
    order = [1, PLATE, *(size for size in sizes if size not in (1, PLATE))]
    first, others = order[:2], order[2:]
    work = [(kind, plate) for some in (first, others) for kind in kinds for plate in some]
    runs = {
        (kind, plate): run_suites(policy, kind, functions, split, plate, BUDGET, kept)
        for kind, plate in tqdm(work, unit="size", disable=None, leave=False)
    }
    found, panels = [], {}
    for kind in kinds:
        here = {plate: runs[kind, plate] for plate in sizes}
        title = "without noise" if kind is suites else "noise of a tenth"
        table, panels[title] = by_size(here, kind, f"{title}, after {BUDGET} evaluations")
        found.append(
            Subsection(text=_about(policy, kind is noisy, functions, split), tables=(table,))
        )
    if "sizes" in parts:
        eight = {plate: runs[suites, plate] for plate in (1, PLATE)}
        found.append(_plate_of_eight(eight, suites))
    if "methods" in parts:
        found.append(_of_methods(policy, methods, suites, compared, split, kept))
    if picture is not None:
        picture.write_text(draw_sizes(panels, sizes))
    return found


def _about(policy: str, noise: bool, functions: int, split: str) -> tuple[str]:
    told = (
        "Under noise, a tenth of the values' deviation, it is the regret of the recommended point."
        if noise
        else "In brackets the ratio to one at a time on the same functions, and its 95 % interval."
    )
    return (
        f"Mean capped normalised regret of {policy} after {BUDGET} evaluations by the number of "
        f"points at once; {functions} functions a suite of the {split} split, or all that it has "
        f"with more seeds. {told}",
    )


def _of_methods(
    policy: str,
    methods: Sequence[str],
    suites: Sequence[str],
    compared: int,
    split: str,
    kept: RunLines,
) -> Subsection:
    """Return the figures of other methods at the plate of eight."""
    names = [policy]
    for name in methods:
        names += [name, name + DRAWN] if name in ("lstm", "dnc") else [name]
    sides = {
        name: run_suites(name, suites, compared, split, PLATE, PLATE * _ROUNDS, kept)
        for name in tqdm(names, unit="method", disable=None, leave=False)
    }
    text = (
        f"Methods at plates of {PLATE} in {_ROUNDS} rounds, on the first {compared} functions of "
        f"each suite; in brackets the ratio to {policy}. lstm and dnc see pending points in their "
        "input, or, with drawn values, are told values drawn from a Gaussian process for them.",
    )
    return Subsection(text=text, tables=(side_by_side(sides, suites, ""),))


def _plate_of_eight(found: Mapping[int, PlateRuns], suites: Sequence[str]) -> Subsection:
    """Return the figures of the plate of eight beside as many single experiments."""
    count = PLATE * _ROUNDS
    rows = []
    for name in _lines(suites):
        one, many = found[1].of(name, count), found[PLATE].of(name, _ROUNDS)
        rows.append([Cell(name), _figures(one, None), _figures(many, one)])
    head = ["suite", f"{count} single experiments", f"{_ROUNDS} plates of {PLATE}"]
    text = (f"A plate of {PLATE} in {_ROUNDS} rounds, beside {count} single experiments.",)
    return Subsection(text=text, tables=(Table(head, rows),))
