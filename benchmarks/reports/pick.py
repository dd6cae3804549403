"""Which method to take for a kind of problem after so many evaluations, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.parts import PARTS, everything
from rnnbbo.benchmarks.reports.pool import FEWEST_FUNCTIONS, Pool, names
from rnnbbo.benchmarks.reports.ranking import Column, columns, ranked
from rnnbbo.benchmarks.reports.speed import median_seconds
from rnnbbo.benchmarks.reports.worst import BASELINE, behind_random, worst_suite
from rnnbbo.benchmarks.statistics import bootstrap_mean

TIMES = (10, 20, 30, 60, 100, 200, 500, 1000, 2000, 5000)
"""Numbers of evaluations that a reader may have."""

ANY = "any, or I do not know"
"""The kind that holds all suites."""

Against = Literal["ahead", "tied", "behind", "unknown"]
"""How the method taken stands to another, by the interval of their paired difference."""


@dataclass(frozen=True)
class Rival:
    """Another method, beside the one that is taken, on functions that both have.

    Attributes:
        name: its name.
        regret: its mean capped regret.
        beside: that of the method taken on the same functions.
        low: end of the 95 % interval of its regret less that of the method taken.
        high: the other end.
        functions: number of functions.
        worst: the suite of its largest mean regret, and that mean; None where that is not known.
        seconds: of a step; None where that is not known.
    """

    name: str
    regret: float
    beside: float
    low: float
    high: float
    functions: int
    worst: tuple[str, float] | None = None
    seconds: float | None = None

    @property
    def standing(self) -> Against:
        """How the method taken stands to this one."""
        if self.functions < FEWEST_FUNCTIONS:
            return "unknown"
        if self.low > 0.0:
            return "ahead"
        return "behind" if self.high < 0.0 else "tied"


@dataclass(frozen=True)
class Pick:
    """Which method to take.

    Attributes:
        kind: of problem, in words.
        t: number of evaluations.
        take: the method.
        regret: its mean capped regret.
        interval: its 95 % interval over functions; None where that is not known.
        functions: number of functions, at most.
        of: where they are from, as a phrase.
        rivals: other methods, the best first.
        worst: the suite of the method's largest mean regret, and that mean; None with one suite.
        behind_random: share of functions on which it is behind random search; None if not known.
        seconds: of a step; None where that is not known.
    """

    kind: str
    t: int
    take: str
    regret: float
    interval: tuple[float, float] | None
    functions: int
    of: str
    rivals: Sequence[Rival] = field(default=())
    worst: tuple[str, float] | None = None
    behind_random: float | None = None
    seconds: float | None = None

    def that_are(self, standing: Against) -> list[str]:
        """Return the rivals that the method stands so to."""
        return [rival.name for rival in self.rivals if rival.standing == standing]


def picks(records: Records) -> list[Pick]:
    """Return what the records say, kind by kind, and of each by the number of evaluations.

    The method taken is of those with the least mean, or tied with it, the one that ranks first
    over all numbers of evaluations: see `ranking.ranked`.
    """
    times = [t for t in TIMES if t <= records.budget] or [records.budget]
    seconds = records.idle[1] or median_seconds(records)
    found = []
    for kind, keep in {ANY: everything, **PARTS}.items():
        cells = columns(records, times, keep)
        order = ranked(records, cells)
        found += [_pick(kind, cell, order, seconds) for cell in cells]
    return found


def with_seconds(one: Pick, seconds: Mapping[str, float]) -> Pick:
    """Return a pick with the seconds of a step, as far as they are known."""
    rivals = [replace(rival, seconds=seconds.get(rival.name)) for rival in one.rivals]
    return replace(one, rivals=rivals, seconds=seconds.get(one.take))


def _pick(kind: str, column: Column, order: Sequence[str], seconds: Mapping[str, float]) -> Pick:
    pool = column.means
    take = next(name for name in order if name in pool.leaders)
    several = len({suite for suite, _ in pool.functions}) > 1
    regret = bootstrap_mean(pool.values[take])
    rivals = [_rival(pool, name, take, several, seconds) for name in pool.ranking if name != take]
    return Pick(
        kind,
        column.t,
        take,
        float(regret.mean),
        (float(regret.low), float(regret.high)),
        len(pool.functions),
        names(list(dict.fromkeys(suite for suite, _ in pool.functions))),
        rivals,
        worst_suite(pool, take) if several else None,
        behind_random(pool, take),
        seconds.get(take),
    )


def _rival(pool: Pool, name: str, take: str, several: bool, seconds: Mapping[str, float]) -> Rival:
    difference = pool.difference(name, take)
    return Rival(
        name,
        float(np.mean(pool.values[name])),
        float(np.mean(pool.values[take])),
        float(difference.low),
        float(difference.high),
        len(pool.functions),
        worst_suite(pool, name) if several and name != BASELINE else None,
        seconds.get(name),
    )
