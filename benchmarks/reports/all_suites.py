"""All suites together: a row a method, a column a number of evaluations."""

from collections.abc import Sequence

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import Pool
from rnnbbo.benchmarks.reports.ranking import REGRET_SCALE, Column, columns, extent, ranked
from rnnbbo.benchmarks.reports.section import NONE, Cell, Table, joined, short
from rnnbbo.errors import RecordError


def all_suites_table(records: Records, times: Sequence[int], geometric: bool = True) -> Table:
    """Return a table of mean capped and geometric mean regret.

    Args:
        records: the records.
        times: numbers of evaluations.
        geometric: whether there is a geometric mean beside the mean.

    Raises:
        RecordError: at none of them two methods share a function.
    """
    found = columns(records, times)
    if not found:
        raise RecordError(
            f"after {', '.join(map(str, times))} evaluations no two methods share a function; "
            "expected a comparison of that many"
        )
    rows = []
    for name in ranked(records, found):
        cells = [_both(column, name, geometric) for column in found]
        rows.append([Cell(records.labels[name]), *cells])
    return Table(
        ["method", *(f"t = {column.t}" for column in found)],
        rows,
        f"Mean capped{' / geometric mean' if geometric else ''} normalised regret after t "
        f"evaluations, over {extent(records, found)}: {REGRET_SCALE}. Bold is the least of a "
        "column and what is tied with it, by the 95 % bootstrap interval over functions of the "
        f"paired difference{', or of the ratio' if geometric else ''}.",
    )


def _both(column: Column, method: str, geometric: bool) -> Cell:
    if method not in column.means.values:
        return Cell(NONE)
    mean = _mean(column.means, method)
    if not geometric:
        return mean
    return joined(mean, " / ", _mean(column.logs, method, geometric=True))


def _mean(of: Pool, method: str, *, geometric: bool = False) -> Cell:
    value = float(np.mean(of.values[method]))
    value = float(np.exp(value)) if geometric else value
    return Cell(short(value), "best" if method in of.leaders else "", value=value)
