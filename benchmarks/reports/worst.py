"""What a mean hides: a method's worst suite, and the functions where random search is better."""

from collections.abc import Sequence

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import Pool
from rnnbbo.benchmarks.reports.ranking import Column, ranked
from rnnbbo.benchmarks.reports.section import NONE, Cell, Table, short

BASELINE = "random"
"""The method that no other should be behind."""


def worst_table(records: Records, found: Sequence[Column]) -> Table:
    """Return a table of every method's worst suite, and how often it is behind random search.

    Args:
        records: the records.
        found: the columns, at least one.
    """
    return Table(
        ["method", *(f"t = {column.t}" for column in found)],
        [
            [Cell(records.labels[name]), *(_cell(column.means, name) for column in found)]
            for name in ranked(records, found)
        ],
        "The largest mean capped regret on a suite, and that suite; below it, the share of all "
        "functions on which the method is behind random search after as many evaluations.",
    )


def worst_suite(pool: Pool, method: str) -> tuple[str, float]:
    """Return the suite on which a method's mean is the largest, and that mean."""
    by_suite: dict[str, list[float]] = {}
    for (suite, _), value in zip(pool.functions, pool.values[method], strict=True):
        by_suite.setdefault(suite, []).append(float(value))
    means = {suite: float(np.mean(values)) for suite, values in by_suite.items()}
    suite = max(means, key=lambda name: means[name])
    return suite, means[suite]


def behind_random(pool: Pool, method: str) -> float | None:
    """Return the share of functions on which a method is behind random search.

    None where random search was not run, and for random search itself.
    """
    if method == BASELINE or BASELINE not in pool.values:
        return None
    return float(np.mean(pool.values[method] > pool.values[BASELINE]))


def _cell(pool: Pool, method: str) -> Cell:
    if method not in pool.values:
        return Cell(NONE, "faint")
    suite, value = worst_suite(pool, method)
    share = behind_random(pool, method)
    note = "" if share is None else f"behind random on {100 * share:.0f} %"
    return Cell(f"{short(value)} {suite}", note=note, value=value)
