"""Which method to take, for a number of evaluations, of dimensions, and a cost of a call."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import FEWEST, Function, names, pool, within
from rnnbbo.benchmarks.reports.section import Cell, Group, Section, Table

BANDS = {"1 to 3": (1, 3), "4 to 6": (4, 6), "7 and more": (7, 10**6)}
"""Bands of dimensions, with the first and the last."""

CALLS = {"1 ms": 1e-3, "100 ms": 0.1, "10 s": 10.0, "10 min": 600.0}
"""Costs of a call, in seconds."""

BUDGETS = (10, 30, 60, 100, 200)
"""The time that a case allows, in calls."""


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
        left_out: methods that were not compared, since they lack too many of the functions.
    """

    band: str
    call: str
    budget: int
    leaders: tuple[str, ...]
    regret: float
    functions: tuple[Function, ...]
    left_out: tuple[str, ...]

    @property
    def told_apart(self) -> bool:
        """Whether there are functions enough to tell methods apart."""
        return len(self.functions) >= FEWEST


def cases(records: Records) -> list[Case]:
    """Return every case that the records can answer."""
    found = []
    for band, (first, last) in BANDS.items():
        for call, seconds in CALLS.items():
            for budget in BUDGETS:
                together = pool(
                    records,
                    within(budget * seconds, seconds),
                    lambda dim, first=first, last=last: first <= dim <= last,  # type: ignore[misc]
                )
                if together is None:
                    continue
                known = {name for name in together.values}
                leaders = tuple(together.leaders)
                found.append(
                    Case(
                        band,
                        call,
                        budget,
                        leaders,
                        float(np.mean(together.values[leaders[0]])),
                        together.functions,
                        tuple(m.name for m in records.methods if m.name not in known),
                    )
                )
    return found


def ask_seconds(records: Records) -> Mapping[str, float]:
    """Return every method's seconds an ask and its tell: the median over evaluations."""
    found = {}
    for method in records.methods:
        steps = [
            np.diff(suite.courses[method.name].overhead, axis=1, prepend=0.0).ravel()
            for suite in records.suites
            if method.name in suite.courses
        ]
        if steps:
            found[method.name] = float(np.median(np.concatenate(steps)))
    return found


def section(records: Records) -> Section:
    """Return the verdict."""
    found = cases(records)
    if not found:
        nothing = "No two methods have complete runs on the same function: nothing to compare yet."
        return Section("verdict", "Which optimizer to take", (nothing,))
    seconds = ask_seconds(records)
    bands = [(band, list(group)) for band, group in groupby(found, key=lambda case: case.band)]
    groups = [
        Group(f"{band} dimensions", (_compared(group),), _sentences(group, seconds))
        for band, group in bands
    ]
    table = Group("At a glance", (), tables=(_table(found),))
    return Section("verdict", "Which optimizer to take", _summary(found), (*groups, table))


def duration(seconds: float) -> str:
    """Return seconds in the unit that reads best."""
    for unit, size in (("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds * 1e6:.2g} µs"


def _summary(found: Sequence[Case]) -> tuple[str, ...]:
    sure = [case for case in found if case.told_apart]
    if not sure:
        return (
            f"Fewer than {FEWEST} functions are shared by the methods: too few to tell any two "
            "apart. What follows is the order of the means, and no more.",
        )
    led = Counter(name for case in sure for name in case.leaders)
    alone = Counter(case.leaders[0] for case in sure if len(case.leaders) == 1)
    ranking = sorted(led, key=lambda name: (-led[name], -alone[name], name))
    best = ranking[0]
    parts = [
        f"One answer for everything: {best}. It is best, or level with the best, in {led[best]} "
        f"of {len(sure)} cases (a range of dimensions, a cost of a call, a number of calls)"
    ]
    if ranking[1:]:
        parts.append("; then come " + names([f"{name} ({led[name]})" for name in ranking[1:4]]))
    clear = names([f"{name} in {count}" for name, count in alone.most_common()])
    rest = f" A single method is ahead of all others in {sum(alone.values())} cases"
    parts.append("." + rest + (f": {clear}." if clear else "."))
    return ("".join(parts),)


def _compared(group: Sequence[Case]) -> str:
    most = max(group, key=lambda case: len(case.functions))
    suites = list(dict.fromkeys(suite for suite, _ in most.functions))
    sentence = f"Compared on {len(most.functions)} functions of {names(suites)}."
    if len(most.functions) < FEWEST:
        sentence += " That is too few to tell methods apart; the first named has the least mean."
    return sentence


def _sentences(group: Sequence[Case], seconds: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """One sentence for each cost of a call; costs with the same answers share one."""
    answers: dict[tuple[str, ...], list[str]] = {}
    for call, same_call in groupby(group, key=lambda case: case.call):
        cells = list(same_call)
        parts = []
        for leaders, same in groupby(cells, key=lambda case: case.leaders):
            budgets = [str(case.budget) for case in same]
            parts.append(f"{_answer(leaders, seconds)} in the time of {names(budgets)} calls")
        answers.setdefault(tuple(parts), []).append(call)
    return tuple(
        (f"A call takes {' or '.join(calls)}", "; ".join(parts) + ".")
        for parts, calls in answers.items()
    )


def _answer(leaders: Sequence[str], seconds: Mapping[str, float]) -> str:
    first, *others = leaders
    if not others:
        return f"{first}, ahead of all others,"
    quick = min(leaders, key=lambda name: (seconds[name], name))
    hint = f" ({quick} asks quickest, {duration(seconds[quick])})"
    return f"{first}, level with {names(others)}{hint},"


def _table(found: Sequence[Case]) -> Table:
    budgets = list(dict.fromkeys(case.budget for case in found))
    budgets.sort()
    rows = []
    for (band, call), same in groupby(found, key=lambda case: (case.band, case.call)):
        cells = {case.budget: case for case in same}
        rows.append(
            [
                Cell(f"{band} dim., {call}"),
                *(_cell(cells[budget]) if budget in cells else Cell("–") for budget in budgets),
            ]
        )
    return Table(
        ["dimensions, cost of a call", *(f"time of {budget} calls" for budget in budgets)],
        rows,
        "The method of the least mean regret, its regret, and the methods level with it: those "
        "whose paired difference has a 95 % interval that holds 0. Time counts asking and telling. "
        "In brackets, methods that were not compared: they stopped before, or lack functions.",
    )


def _cell(case: Case) -> Cell:
    first, *others = case.leaders
    text = f"{first} {case.regret:.2f}"
    if others:
        text += f"; level: {', '.join(others)}"
    if case.left_out:
        text += f" [{', '.join(case.left_out)}]"
    return Cell(text, "best" if not others and case.told_apart else "")
