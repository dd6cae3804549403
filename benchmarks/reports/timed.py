"""Which method to take within a time, for a number of dimensions and a cost of a call."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.parts import BY_DIMENSION
from rnnbbo.benchmarks.reports.pool import (
    FEWEST_FUNCTIONS,
    FunctionKey,
    names,
    pool,
    stopped,
    values,
    within,
)
from rnnbbo.benchmarks.reports.section import NONE, Cell, Section, Subsection, Table, short
from rnnbbo.benchmarks.reports.speed import median_seconds
from rnnbbo.benchmarks.reports.style import Style
from rnnbbo.benchmarks.reports.verdict import tied

CALLS = {"1 ms": 1e-3, "100 ms": 0.1, "10 s": 10.0, "10 min": 600.0}
"""Costs of a call, in seconds."""

BUDGETS = (10, 30, 60, 100, 200)
"""The time that a case allows, in calls."""

_NAMED = 4


@dataclass(frozen=True)
class Case:
    """What is best in one case.

    Attributes:
        band: a key of `BY_DIMENSION`.
        call: a key of `CALLS`.
        budget: the time allowed, in calls.
        leaders: the method of the least mean regret, and those tied with it.
        regrets: method -> mean capped regret, of all methods of which it is known.
        functions: the functions that the methods were compared on.
        unknown: other methods of which nothing can be said: they stopped before the time was up, or
            lack too many of the functions.
    """

    band: str
    call: str
    budget: int
    leaders: tuple[str, ...]
    regrets: Mapping[str, float]
    functions: tuple[FunctionKey, ...]
    unknown: tuple[str, ...]

    @property
    def told_apart(self) -> bool:
        """Whether there are functions enough to tell methods apart."""
        return len(self.functions) >= FEWEST_FUNCTIONS

    @property
    def clear(self) -> bool:
        """Whether one method is ahead of all that were compared."""
        return self.told_apart and len(self.leaders) == 1


def cases(records: Records) -> list[Case]:
    """Return every case that the records can answer."""
    found = (
        _case(records, band, call, budget)
        for band in BY_DIMENSION
        for call in CALLS
        for budget in BUDGETS
        if budget <= records.budget
    )
    return [case for case in found if case is not None]


def _case(records: Records, band: str, call: str, budget: int) -> Case | None:
    seconds = CALLS[call]
    together = pool(records, within(budget * seconds, seconds), BY_DIMENSION[band])
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
        {name: float(np.mean(row)) for name, row in together.values.items() if name in known},
        together.functions,
        tuple(method.name for method in records.methods if method.name not in known),
    )


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the section on which method to take within a time."""
    title = "Where a method's own time counts"
    found = cases(records)
    if not found:
        return Section("time", title, ("This needs two methods on one function.",))
    seconds = median_seconds(records)
    subsections = []
    for band, same in groupby(found, key=lambda case: case.band):
        group = list(same)
        text, said = (_compared(group),), _sentences(group, seconds)
        subsections.append(Subsection(band, text, said, folded=True))
    table = Subsection(tables=(_table(found),))
    return Section("time", title, (_READING, _summary(found)), (table, *subsections))


_READING = (
    "The second question: which method leaves the least regret within a given time, if a call "
    "takes 1 ms, 100 ms, 10 s or 10 min. What the method itself needs has to fit in. So read a "
    "number of calls as the time that they take. Where a call takes seconds, the answers are those "
    "by evaluations; where it takes a millisecond, a method that asks in microseconds makes many "
    "evaluations while another makes one."
)


def _summary(found: Sequence[Case]) -> str:
    sure = [case for case in found if case.told_apart]
    if not sure:
        return (
            f"Fewer than {FEWEST_FUNCTIONS} functions are shared by the methods: too few to tell "
            "any two apart. What follows is the order of their means."
        )
    said = []
    for call in CALLS:
        same = [case for case in sure if case.call == call]
        led = Counter(name for case in same for name in case.leaders)
        if led:
            most = max(led.values())
            best = [name for name, count in led.items() if count == most]
            verb = "are" if len(best) > 1 else "is"
            text = f"{names(best)} {verb} the best or tied with the best in {most} of {len(same)}"
            said.append(f"if a call takes {call}, {text}")
    return (
        "A case is a range of dimensions, a cost of a call and a number of calls. Of the cases "
        f"that can be told apart: {'; '.join(said)}."
    )


def _compared(group: Sequence[Case]) -> str:
    most = max(group, key=lambda case: len(case.functions))
    suites = list(dict.fromkeys(suite for suite, _ in most.functions))
    many = len(most.functions)
    sentence = f"Compared on {many} function{'s' if many > 1 else ''} of {names(suites)}."
    if many < FEWEST_FUNCTIONS:
        return f"{sentence} That is too few to tell methods apart."
    unknown = sorted({name for case in group for name in case.unknown})
    if unknown:
        sentence += (
            " Not compared in all cases, since they stopped before the time was up or lack "
            f"functions: {names(unknown)}."
        )
    return sentence


def _sentences(group: Sequence[Case], seconds: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """Write one sentence for each cost of a call; costs with the same answers share one."""
    answers: dict[str, list[str]] = {}
    for call, same_call in groupby(group, key=lambda case: case.call):
        parts = [
            f"{_span([case.budget for case in same])}: {answer}"
            for answer, same in groupby(same_call, key=lambda case: _answer(case, seconds))
        ]
        answers.setdefault("; ".join(parts) + ".", []).append(call)
    return tuple(
        (f"A call takes {names(calls, 'or')}", said)
        for said, calls in answers.items()
        if any(case.told_apart for case in group)
    )


def _span(budgets: Sequence[int]) -> str:
    first, last = budgets[0], budgets[-1]
    return f"{first} calls" if first == last else f"{first} to {last} calls"


def _answer(case: Case, seconds: Mapping[str, float]) -> str:
    if len(case.leaders) > _NAMED:
        return f"{len(case.leaders)} methods are tied, {case.leaders[0]} with the least mean"
    return names(sorted(case.leaders, key=lambda name: (seconds[name], name)), "or")


def _table(found: Sequence[Case]) -> Table:
    budgets = sorted({case.budget for case in found})
    rows = []
    for (band, call), same in groupby(found, key=lambda case: (case.band, case.call)):
        cells = {case.budget: case for case in same}
        answers = [_cell(cells[b]) if b in cells else Cell(NONE, "faint") for b in budgets]
        rows.append([Cell(f"{band.removesuffix(' dimensions')}, {call}"), *answers])
    return Table(
        ["dimensions, a call takes", *(f"{budget} calls" for budget in budgets)],
        rows,
        "The method of the least mean capped regret, and that regret; below it, after =, the "
        "methods that are tied with it. A method that is ahead of all others is bold. One that "
        "stopped before the time was up counts with what it had then, where that is enough.",
    )


def _cell(case: Case) -> Cell:
    first, *others = case.leaders
    text = f"{first} {short(case.regrets[first])}"
    if not case.told_apart:
        return Cell(text, "faint", "too few functions")
    return Cell(text, "best" if case.clear else "", tied(others))
