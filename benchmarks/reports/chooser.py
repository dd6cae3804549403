"""The head of a report: which method to take for a problem like the reader's."""

import re
from collections.abc import Mapping, Sequence

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pick import TIMES, Against, Pick, picks, with_seconds
from rnnbbo.benchmarks.reports.pool import FEWEST_FUNCTIONS, names
from rnnbbo.benchmarks.reports.ranking import REGRET_SCALE
from rnnbbo.benchmarks.reports.section import (
    NONE,
    Answer,
    Cell,
    Choice,
    Choices,
    Section,
    Subsection,
    Table,
    short,
)
from rnnbbo.benchmarks.reports.speed import duration
from rnnbbo.benchmarks.reports.style import Style

_SURE, _TIED, _UNSURE = "●", "◐", "○"
"""Ahead of all others; tied with some; too few functions to tell."""

_WORDS: Mapping[Against, str] = {
    "ahead": "behind it",
    "tied": "tied with it",
    "behind": "ahead of it",
    "unknown": "too few functions to tell",
}
_NAMED = 4
_FIRST = 30  # evaluations that are chosen until a reader chooses


def section(records: Records, styles: Mapping[str, Style]) -> Section:
    """Return the chooser: every answer, and a table of them."""
    title = "Which method for a problem like mine"
    found = [*picks(records), *(with_seconds(one, records.idle[1]) for one in records.elsewhere)]
    if not found:
        nothing = "No two methods have complete runs on the same function: nothing to compare yet."
        return Section("chooser", title, (nothing,))
    times = [t for t in TIMES if t <= max(one.t for one in found)] or [found[0].t]
    kinds = list(dict.fromkeys(one.kind for one in found))
    first = max((t for t in times if t <= _FIRST), default=times[0])
    when = f"after {records.idle[0]} evaluations" if records.idle[0] else "in these runs"
    choices = Choices(
        (
            Choice(
                "kind",
                "My problem is",
                [(_id(kind), kind) for kind in kinds],
                _id(kinds[0]),
                opens=True,
            ),
            Choice(
                "t", "Evaluations that I can afford", [(str(t), str(t)) for t in times], str(first)
            ),
        ),
        [_answer(found, kind, t, when) for kind in kinds for t in times],
    )
    table = Subsection("All answers", tables=(_table(found, kinds, times),), folded=True)
    reading = Subsection("How this is read", (_READING,), folded=True)
    return Section("chooser", title, subsections=(table, reading), choices=choices)


_READING = (
    "Methods are compared by what they have found after the same number of evaluations. Regret is "
    f"normalised: {REGRET_SCALE}; what asking costs is said second. {_SURE} a method is ahead of "
    f"all that it was compared with; {_TIED} others are tied with it, as the 95 % interval of the "
    "paired difference over functions holds 0: then the one is taken that ranks first over all "
    f"numbers of evaluations; {_UNSURE} fewer than {FEWEST_FUNCTIONS} functions tell nothing "
    "apart. Kinds of which these records have no functions are taken from other comparisons, two "
    "methods at a time."
)


def _answer(found: Sequence[Pick], kind: str, t: int, when: str) -> Answer:
    """Return the answer for a kind after t evaluations, or after the nearest number that is known.

    That is the largest below, else the smallest.

    Args:
        found: all picks.
        kind: the kind.
        t: the number of evaluations.
        when: when a step was timed, in words.
    """
    known = [one for one in found if one.kind == kind]
    one = max(
        (other for other in known if other.t <= t),
        key=lambda other: other.t,
        default=min(known, key=lambda other: other.t),
    )
    text = []
    if one.t != t:
        text.append(f"Not measured after {t} evaluations; this is after {one.t}.")
    ends = "" if one.interval is None else f" [{', '.join(map(short, one.interval))}]"
    text.append(
        f"After {one.t} evaluations its mean regret is {short(one.regret)}{ends}, over "
        f"{one.functions} functions of {one.of}."
    )
    if one.worst is not None:
        suite, value = one.worst
        text.append(f"Where it is worst: {short(value)} on {suite}.")
    if one.behind_random is not None:
        text.append(f"It is behind random search on {100 * one.behind_random:.0f} % of them.")
    if one.seconds is not None:
        text.append(f"A step of it takes {duration(one.seconds)} {when}.")
    return Answer(
        {"kind": _id(kind), "t": str(t)},
        f"Take {one.take}",
        f"{kind}; {t} evaluations",
        sure(one),
        text,
        _rivals(one),
    )


def sure(one: Pick) -> str:
    """Return how sure a pick is, in a mark and in words."""
    tied, ahead, unknown = (one.that_are(word) for word in ("tied", "ahead", "unknown"))
    if not ahead and not tied:
        return f"{_UNSURE} Too few functions to tell it from any other."
    against = f"ahead of {_some(ahead)}" if ahead else "ahead of none"
    if tied:
        text = f"{_TIED} Tied with {_some(tied)}; {against}."
    else:
        text = f"{_SURE} {against[:1].upper()}{against[1:]}: all that it is compared with."
    if unknown:
        text = f"{text[:-1]}; too few functions to tell it from {_some(unknown)}."
    return text


def _some(methods: Sequence[str]) -> str:
    if len(methods) <= _NAMED:
        return names(methods)
    return f"{', '.join(methods[:3])} and {len(methods) - 3} more"


def _rivals(one: Pick) -> Table:
    """Return a table of the other methods; columns of which nothing is known are left out."""
    head = ["method", "so it is", "mean regret", f"that of {one.take}", "difference", "functions"]
    rows = [
        [
            Cell(rival.name),
            Cell(_WORDS[rival.standing]),
            Cell(short(rival.regret), value=rival.regret),
            Cell(short(rival.beside), value=rival.beside),
            Cell(f"[{rival.low:+.2g}, {rival.high:+.2g}]"),
            Cell(str(rival.functions)),
            Cell(NONE if rival.worst is None else f"{short(rival.worst[1])} {rival.worst[0]}"),
            Cell(NONE if rival.seconds is None else duration(rival.seconds)),
        ]
        for rival in one.rivals
    ]
    kept = [i for i in range(8) if any(row[i].text != NONE for row in rows)]
    head += ["worst suite", "time a step"]
    return Table(
        [head[i] for i in kept],
        [[row[i] for i in kept] for row in rows],
        "On the functions that both have; the difference with its 95 % bootstrap interval.",
    )


def _table(found: Sequence[Pick], kinds: Sequence[str], times: Sequence[int]) -> Table:
    """Return a table of all answers, a row a kind."""
    by_place = {(one.kind, one.t): one for one in found}
    rows = [[Cell(kind), *(_place(by_place.get((kind, t))) for t in times)] for kind in kinds]
    return Table(
        ["problem", *(f"t = {t}" for t in times)],
        rows,
        "The method to take, and its mean capped regret; below it the methods that are tied with "
        f"it, and its worst suite. {_SURE} ahead of all others, {_TIED} tied with some, {_UNSURE} "
        "too few functions to tell.",
    )


def _place(one: Pick | None) -> Cell:
    if one is None:
        return Cell(NONE, "faint")
    tied = one.that_are("tied")
    note = f"= {_some(tied)}" if tied else ""
    if one.worst is not None:
        note += f"{'; ' if note else ''}worst {short(one.worst[1])} {one.worst[0]}"
    mark = sure(one)[0]
    return Cell(f"{mark} {one.take} {short(one.regret)}", "best" if mark == _SURE else "", note)


def _id(text: str) -> str:
    """Return a text as an identifier."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
