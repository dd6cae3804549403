"""Mean ranks, and who beats whom on how many functions."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import at, values
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.statistics import holm, mean_ranks, signed_rank
from rnnbbo.functions.problem import FloatArray

_TIMES = (10, 30, 60, 100, 200)
"""Numbers of evaluations at which methods are ranked."""

SIGNIFICANT = 0.05
"""Adjusted p-values below this count."""

_RESAMPLES = 400


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section of ranks and wins."""
    times = usable(records)
    if not times:
        return Section("ranks", "Ranks and wins", ("This needs two methods on one function.",))
    wins = [
        Subsection(f"Wins at t = {t}", tables=(_wins(records, t),), folded=t not in {30, times[-1]})
        for t in times
    ]
    return Section(
        "ranks",
        "Ranks and wins",
        (
            "On every function methods are ordered by the geometric mean over seeds of their "
            "regret, floored at 1e-6. A mean rank of 1 is a method ahead of all others on every "
            "function. Methods that lack some functions are placed by the functions that each pair "
            "of methods shares.",
        ),
        (Subsection("Mean ranks", tables=(_ranks(records, times),)), *wins),
    )


def usable(records: Records) -> list[int]:
    """Return the numbers of evaluations at which two methods share a function."""
    return [t for t in _TIMES if len(compared(records, t)[0]) >= 2]


def compared(records: Records, t: int) -> tuple[list[str], FloatArray]:
    """Return methods that have values at t, and ln regret (methods, functions), NaN for none."""
    found = {m.name: values(records, m.name, at(t, "log")) for m in records.methods}
    count: dict[tuple[str, str], int] = {}
    for row in found.values():
        for function in row:
            count[function] = count.get(function, 0) + 1
    functions = sorted(function for function, n in count.items() if n >= 2)
    names = [name for name, row in found.items() if any(f in row for f in functions)]
    matrix = np.array([[found[name].get(f, np.nan) for f in functions] for name in names])
    return names, matrix


def best_first(records: Records, near: int = 30) -> list[str]:
    """Return the methods by mean rank at a number of evaluations near this one."""
    times = usable(records)
    if not times:
        return [method.name for method in records.methods]
    t = min(times, key=lambda t: (abs(t - near), t))
    names, matrix = compared(records, t)
    order = np.argsort(mean_ranks(matrix), kind="stable")
    return [names[i] for i in order]


def _ranks(records: Records, times: list[int]) -> Table:
    columns = {}
    for t in times:
        names, matrix = compared(records, t)
        ranks = mean_ranks(matrix)
        rng = np.random.default_rng(0)
        picks = rng.integers(matrix.shape[1], size=(_RESAMPLES, matrix.shape[1]))
        drawn = np.array([mean_ranks(matrix[:, pick]) for pick in picks])
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        columns[t] = {
            name: (ranks[i], f"{ranks[i]:.1f} [{low[i]:.1f}, {high[i]:.1f}]")
            for i, name in enumerate(names)
        }
    order = best_first(records)
    order += [m.name for m in records.methods if m.name not in order]
    rows = []
    for name in order:
        cells = []
        for t in times:
            rank, text = columns[t].get(name, (np.inf, NONE))
            least = min(rank for rank, _ in columns[t].values())
            cells.append(Cell(text, "best" if rank == least else ""))
        rows.append([Cell(records.labels[name]), *cells])
    head = ["method", *(f"t = {t}, of {len(columns[t])}" for t in times)]
    return Table(head, rows, "Mean rank [95 % bootstrap interval over functions].")


def _wins(records: Records, t: int) -> Table:
    names, matrix = compared(records, t)
    pairs = [
        (i, j)
        for i, j in combinations(range(len(names)), 2)
        if np.any(~np.isnan(matrix[i] - matrix[j]))
    ]
    differences = {}
    for i, j in pairs:
        difference = matrix[i] - matrix[j]
        differences[i, j] = difference[~np.isnan(difference)]
    adjusted = dict(zip(pairs, holm([signed_rank(differences[p]) for p in pairs]), strict=True))
    rows = []
    for i, name in enumerate(names):
        cells = [Cell(name)]
        for j in range(len(names)):
            pair = (min(i, j), max(i, j))
            if pair not in differences:
                cells.append(Cell("" if i == j else NONE, "faint"))
                continue
            ahead = differences[pair] if i < j else -differences[pair]
            cells.append(_win(ahead, float(adjusted[pair])))
        rows.append(cells)
    return Table(
        ["row against column", *names],
        rows,
        f"Functions on which the row is ahead of the column, of those that both have. ✓ and ✗: "
        f"ahead or behind by a Wilcoxon signed-rank test over functions, p < {SIGNIFICANT} after "
        f"Holm's correction for {len(pairs)} comparisons.",
    )


def _win(difference: FloatArray, p_value: float) -> Cell:
    text = f"{int(np.sum(difference < 0))}/{len(difference)}"
    if p_value >= SIGNIFICANT:
        return Cell(text)
    # The test is of signed ranks, and so is the direction.
    magnitude = np.argsort(np.argsort(np.abs(difference))) + 1
    if float(np.sum(np.sign(difference) * magnitude)) < 0:
        return Cell(f"✓ {text}", "good")
    return Cell(f"✗ {text}", "bad")
