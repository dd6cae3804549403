"""Pick from duels that are published as tables: comparisons whose records are elsewhere."""

import re
from collections.abc import Sequence
from pathlib import Path

from rnnbbo.benchmarks.reports.pick import Pick, Rival
from rnnbbo.benchmarks.reports.section import NONE, Cell, Table
from rnnbbo.benchmarks.reports.stored import read_tables
from rnnbbo.errors import RecordError

_NUMBER = r"(<?[-+\d.e]+)"
_CELL = re.compile(rf"{_NUMBER} / {_NUMBER} : {_NUMBER} / {_NUMBER} \[{_NUMBER}, {_NUMBER}; x.*\]")
_PAIR = re.compile(r"(\S+) : (\S+), ")
ALL = "all"
"""The row over all suites of a table."""


def published_picks(kind: str, path: Path, first: str, suite: str = ALL) -> list[Pick]:
    """Return what the duels of a method with others say, by the number of evaluations.

    The method is taken where no other is ahead of it by the interval; else the one that is most.

    Args:
        kind: of problem, in words.
        path: a file of JSON that `rnnbbo benchmark measure duel` made.
        first: the method.
        suite: the row to read, of one suite or of all.

    Raises:
        RecordError: there is no such file, or it has no duels of the method on the suite.
    """
    duels: dict[int, list[tuple[Rival, Table]]] = {}
    for subsection in read_tables(path):
        pair = _PAIR.match(" ".join(subsection.text))
        if pair is None or pair[1] != first:
            continue
        for table in subsection.tables:
            for t, rival in _rivals(table, pair[2], suite):
                duels.setdefault(t, []).append((rival, table))
    if not duels:
        raise RecordError(f"{path}: no duels of {first} on {suite}; expected one at least")
    return [_pick(kind, t, first, duels[t], suite) for t in sorted(duels)]


def _rivals(table: Table, name: str, suite: str) -> list[tuple[int, Rival]]:
    """Return a rival for each number of evaluations of a row."""
    found = []
    for row in table.rows:
        if row[0].text != suite:
            continue
        for head, cell in zip(table.head[2:], row[2:], strict=True):
            if cell.text != NONE:
                mine, theirs, low, high = _numbers(cell)
                # The table has the first method's regret less the other's.
                rival = Rival(name, theirs, mine, -high, -low, int(row[1].text))
                found.append((int(head.removeprefix("t = ")), rival))
    return found


def _numbers(cell: Cell) -> tuple[float, float, float, float]:
    """Return both mean regrets of a cell, and the interval of their difference."""
    read = _CELL.fullmatch(cell.text)
    if read is None:
        raise RecordError(f"cell = {cell.text!r}; expected one of a table of duels")
    mine, _, theirs, _, low, high = (float(number.lstrip("<")) for number in read.groups())
    return mine, theirs, low, high


def _pick(kind: str, t: int, first: str, duels: Sequence[tuple[Rival, Table]], suite: str) -> Pick:
    ahead = [duel for duel in duels if duel[0].standing == "behind"]
    most = max(duels, key=lambda duel: duel[0].functions)
    of = suite
    if suite == ALL:
        suites = [row[0].text for row in most[1].rows if row[0].text != ALL]
        of = ", ".join(suites)
    if ahead:
        rival = min((duel[0] for duel in ahead), key=lambda one: one.high)
        beaten = Rival(first, rival.beside, rival.regret, -rival.high, -rival.low, rival.functions)
        return Pick(kind, t, rival.name, rival.regret, None, rival.functions, of, [beaten])
    return Pick(
        kind,
        t,
        first,
        most[0].beside,
        None,
        most[0].functions,
        of,
        sorted((duel[0] for duel in duels), key=lambda rival: rival.regret),
        _worst(most[1], t) if suite == ALL else None,
    )


def _worst(table: Table, t: int) -> tuple[str, float] | None:
    """Return the suite of the first method's largest mean regret; None with a single one."""
    column = list(table.head).index(f"t = {t}")
    means = {
        row[0].text: _numbers(row[column])[0]
        for row in table.rows
        if row[0].text != ALL and row[column].text != NONE
    }
    if len(means) < 2:
        return None
    suite = max(means, key=lambda name: means[name])
    return suite, means[suite]
