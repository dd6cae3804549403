"""Which method to take, for a number of evaluations, of dimensions, and a cost of a call."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import (
    FEWEST,
    Function,
    names,
    pool,
    stopped,
    values,
    within,
)
from rnnbbo.benchmarks.reports.section import NONE, Cell, Group, Section, Table
from rnnbbo.benchmarks.reports.speed import duration, median_seconds

BANDS = {"1 to 3 dimensions": (1, 3), "4 to 6": (4, 6), "7 and more": (7, 10**6)}
"""Bands of dimensions, with the first and the last."""

CALLS = {"1 ms": 1e-3, "100 ms": 0.1, "10 s": 10.0, "10 min": 600.0}
"""Costs of a call, in seconds."""

BUDGETS = (10, 30, 60, 100, 200)
"""The time that a case allows, in calls."""

_NAMED = 4


@dataclass(frozen=True)
class Case:
    """What is best in one case.

    Attributes:
        band: a key of `BANDS`.
        call: a key of `CALLS`.
        budget: the time allowed, in calls.
        leaders: the method of the least mean regret, and those level with it.
        regret: the leader's mean capped regret.
        functions: the functions that the methods were compared on.
        unknown: other methods of which nothing can be said: they stopped before the time was up, or
            lack too many of the functions.
    """

    band: str
    call: str
    budget: int
    leaders: tuple[str, ...]
    regret: float
    functions: tuple[Function, ...]
    unknown: tuple[str, ...]

    @property
    def told_apart(self) -> bool:
        """Whether there are functions enough to tell methods apart."""
        return len(self.functions) >= FEWEST

    @property
    def clear(self) -> bool:
        """Whether one method is ahead of all that were compared."""
        return self.told_apart and len(self.leaders) == 1


def cases(records: Records) -> list[Case]:
    """Return every case that the records can answer."""
    found = (
        _case(records, band, call, budget)
        for band in BANDS
        for call in CALLS
        for budget in BUDGETS
        if budget <= max(suite.budget for suite in records.suites)
    )
    return [case for case in found if case is not None]


def _case(records: Records, band: str, call: str, budget: int) -> Case | None:
    first, last = BANDS[band]
    seconds = CALLS[call]
    together = pool(records, within(budget * seconds, seconds), lambda dim: first <= dim <= last)
    if together is None:
        return None
    open_ended = set()
    for name in together.values:
        early = values(records, name, stopped(budget * seconds, seconds))
        if any(early[function] for function in together.functions):
            open_ended.add(name)
    if len(together.values) - len(open_ended) < 2:
        return None
    leaders = tuple(together.leaders)
    known = together.values.keys() - (open_ended - set(leaders))
    return Case(
        band,
        call,
        budget,
        leaders,
        float(np.mean(together.values[leaders[0]])),
        together.functions,
        tuple(method.name for method in records.methods if method.name not in known),
    )


def section(records: Records) -> Section:
    """Return the verdict."""
    found = cases(records)
    if not found:
        nothing = "No two methods have complete runs on the same function: nothing to compare yet."
        return Section("verdict", "Which optimizer to take", (nothing,))
    seconds = median_seconds(records)
    groups = []
    for band, same in groupby(found, key=lambda case: case.band):
        group = list(same)
        groups.append(Group(band, (_compared(group),), _sentences(group, seconds)))
    table = Group("At a glance", _unknown(found), tables=(_table(found),))
    return Section("verdict", "Which optimizer to take", _summary(found), (*groups, table))


def _summary(found: Sequence[Case]) -> tuple[str, ...]:
    sure = [case for case in found if case.told_apart]
    if not sure:
        return (
            f"Fewer than {FEWEST} functions are shared by the methods: too few to tell any two "
            "apart. What follows is the order of the means, and no more.",
        )
    led = Counter(name for case in sure for name in case.leaders)
    alone = Counter(case.leaders[0] for case in sure if case.clear)
    ranking = sorted(led, key=lambda name: (-led[name], -alone[name], name))
    best, others = ranking[0], ranking[1:4]
    text = (
        f"If it has to be one for everything, take {best}: it is best, or level with the best, in "
        f"{led[best]} of {len(sure)} cases. A case is a range of dimensions, a cost of a call and "
        "the time of so many calls."
    )
    if others:
        text += f" Next come {names([f'{name} ({led[name]})' for name in others])}."
    clear = names([f"{name} in {count}" for name, count in alone.most_common()])
    text += (
        f" In {sum(alone.values())} cases one method is ahead of all others: {clear}."
        if clear
        else " In no case is one method ahead of all others."
    )
    return (text,)


def _compared(group: Sequence[Case]) -> str:
    most = max(group, key=lambda case: len(case.functions))
    suites = list(dict.fromkeys(suite for suite, _ in most.functions))
    sentence = f"Compared on {len(most.functions)} functions of {names(suites)}."
    if len(most.functions) < FEWEST:
        sentence += " That is too few to tell methods apart; the first named has the least mean."
    return sentence


def _sentences(group: Sequence[Case], seconds: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """One sentence for each cost of a call; costs with the same answers share one."""
    answers: dict[str, list[str]] = {}
    for call, same_call in groupby(group, key=lambda case: case.call):
        parts = []
        for leaders, same in groupby(same_call, key=lambda case: case.leaders):
            parts.append(f"{_answer(leaders, seconds)} for {_span([c.budget for c in same])}")
        answers.setdefault("; ".join(parts) + ".", []).append(call)
    return tuple((f"A call takes {' or '.join(calls)}", said) for said, calls in answers.items())


def _span(budgets: Sequence[int]) -> str:
    first, last = budgets[0], budgets[-1]
    return f"the time of {first} calls" if first == last else f"that of {first} to {last} calls"


def _answer(leaders: Sequence[str], seconds: Mapping[str, float]) -> str:
    if len(leaders) == 1:
        return leaders[0]
    named = list(leaders[:_NAMED])
    more = len(leaders) - len(named)
    phrase = names(named + ([f"{more} more"] if more else []))
    quick = min(leaders, key=lambda name: (seconds[name], name))
    return f"{phrase}, which are level ({quick} asks quickest: {duration(seconds[quick])}),"


def _unknown(found: Iterable[Case]) -> tuple[str, ...]:
    """Say where methods are missing, once for each set of them."""
    missing: dict[tuple[str, ...], list[str]] = {}
    for case in found:
        if case.unknown:
            where = f"{case.band}, {case.call}, {case.budget} calls"
            missing.setdefault(case.unknown, []).append(where)
    if not missing:
        return ()
    union = sorted({name for unknown in missing for name in unknown})
    return (
        f"Nothing is said of a method in cases where it had stopped before the time was up, or "
        f"lacks functions; the table marks them with +. That concerns {names(union)}.",
    )


def _table(found: Sequence[Case]) -> Table:
    budgets = sorted({case.budget for case in found})
    rows = []
    for (band, call), same in groupby(found, key=lambda case: (case.band, case.call)):
        cells = {case.budget: case for case in same}
        answers = [_cell(cells[b]) if b in cells else Cell(NONE, "faint") for b in budgets]
        rows.append([Cell(call, note=band), *answers])
    return Table(
        ["a call takes", *(f"time of {budget} calls" for budget in budgets)],
        rows,
        "The method of the least mean regret and that regret; after = the methods that are level "
        "with it, since the 95 % interval of the paired difference holds 0. A method alone is "
        "bold. The time includes asking and telling. + is the number of methods of which nothing "
        "is known here.",
    )


def _cell(case: Case) -> Cell:
    first, *others = case.leaders
    text = f"{first} {case.regret:.2f}" + (f" +{len(case.unknown)}" if case.unknown else "")
    return Cell(text, "best" if case.clear else "", f"= {', '.join(others)}" if others else "")
