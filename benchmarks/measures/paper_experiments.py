"""The paper's claims, experiment by experiment, of a folder of the plan `paper`."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from rnnbbo.benchmarks.measures.duel import paired
from rnnbbo.benchmarks.measures.publishing import measure
from rnnbbo.benchmarks.option_types import Names, RecordsFolder, WholeNumbers
from rnnbbo.benchmarks.reports.data import Records, Suite
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.pool import FEWEST_FUNCTIONS
from rnnbbo.benchmarks.reports.section import NONE, Cell, Subsection, Table, Tone, short
from rnnbbo.benchmarks.reports.speed import duration, median_seconds
from rnnbbo.benchmarks.statistics import bootstrap_mean
from rnnbbo.functions.problem import FloatArray

TRAINED_BY = {
    "L_sum": ("lstm-direct-sum", "dnc-direct-sum"),
    "L_OI": ("lstm-direct-oi", "dnc-direct-oi"),
    "L_EI": ("lstm-direct", "dnc-direct", "snail-direct"),
}
"""A loss of the paper -> the policies that it trained: LSTM, DNC, and SNAIL where there is one."""

_NETWORKS = ("LSTM", "DNC", "SNAIL")

_KINDS = {
    "samples": ("gp-",),
    "repellers": ("repellers-",),
    "tuning": ("svm", "lda", "logistic", "network"),
    "all": ("",),
}
"""Experiments of one kind, which are judged together, too: what their names begin with."""


def verdicts(
    records: Records, ours: Sequence[str], theirs: Sequence[str], times: Sequence[int]
) -> Table:
    """Return by experiment where each of our policies is ahead of a peer, tied or behind.

    A difference counts if the 95 % bootstrap interval, over functions that both have, of the paired
    difference of mean capped normalised regret leaves 0 out.
    """
    pairs = [(one, other) for one in ours for other in theirs]
    rows = [
        [Cell(suite.name), *(_verdict([suite], *pair, times) for pair in pairs)]
        for suite in records.suites
        if suite.courses
    ]
    for kind, beginnings in _KINDS.items():
        same = [suite for suite in records.suites if suite.name.startswith(beginnings)]
        if len(same) > 1:
            cells = (_verdict(same, *pair, times) for pair in pairs)
            rows.append([Cell(f"{kind} together"), *cells])
    return Table(
        ["experiment", *(f"{one} : {other}" for one, other in pairs)],
        rows,
        f"After {', '.join(map(str, times))} evaluations, by the 95 % bootstrap interval of the "
        "paired difference of mean capped regret: where it is less (ahead), more (behind), or "
        "neither (tied). In brackets the number of functions that both have; with fewer than "
        f"{FEWEST_FUNCTIONS} nothing is said.",
    )


def _verdict(suites: Sequence[Suite], ours: str, theirs: str, times: Sequence[int]) -> Cell:
    ahead, behind, functions, reached = [], [], 0, 0
    for t in times:
        gaps = []
        for suite in suites:
            first, second = suite.courses.get(ours), suite.courses.get(theirs)
            if first and second and min(first.budget, second.budget) >= t:
                mine, other = paired(first, second)
                gaps.append(first.capped[mine, t - 1] - second.capped[other, t - 1])
        together = np.concatenate(gaps) if gaps else np.empty(0)
        functions = max(functions, len(together))
        if len(together) < FEWEST_FUNCTIONS:
            continue
        reached += 1
        gap = bootstrap_mean(together)
        if gap.high < 0:
            ahead.append(t)
        elif gap.low > 0:
            behind.append(t)
    if not reached:
        return Cell(NONE if not functions else f"{NONE} ({functions})")
    said = [
        f"{word} at {', '.join(map(str, found))}" if len(found) < reached else word
        for word, found in (("ahead", ahead), ("behind", behind))
        if found
    ]
    tone: Tone = "best" if ahead and not behind else ""
    return Cell(f"{'; '.join(said) or 'tied'} ({functions})", tone)


def regrets(records: Records, methods: Sequence[str], times: Sequence[int]) -> Table:
    """Return mean capped regret of methods by experiment, a row an experiment and a number t."""
    rows = []
    for suite in records.suites:
        for t in times:
            cells = [_mean(suite, method, t) for method in methods]
            if any(cell.text != NONE for cell in cells):
                rows.append([Cell(suite.name), Cell(str(t)), *cells])
    return Table(
        ["experiment", "t", *methods],
        rows,
        "Mean capped normalised regret after t evaluations: 0 is the optimum, 1 what random search "
        "has left after 10. In brackets the number of functions, where it is not that of the "
        "experiment's other methods.",
    )


def _mean(suite: Suite, method: str, t: int) -> Cell:
    course = suite.courses.get(method)
    if course is None or course.budget < t:
        return Cell(NONE)
    most = max(len(course.functions) for course in suite.courses.values())
    fewer = f" ({len(course.functions)})" if len(course.functions) < most else ""
    mean = float(course.capped[:, t - 1].mean())
    return Cell(short(mean) + fewer, value=mean)


def loss_table(records: Records, times: Sequence[int]) -> Table | None:
    """Return the losses side by side, over the functions that all their policies have.

    None where the records have no policies of two losses.
    """
    trained = [name for names in TRAINED_BY.values() for name in names]
    present = [n for n in trained if any(n in suite.courses for suite in records.suites)]
    if sum(any(name in present for name in names) for names in TRAINED_BY.values()) < 2:
        return None
    rows, count = [], 0
    for loss, names in TRAINED_BY.items():
        for recurrence, name in zip(_NETWORKS, names, strict=False):
            cells = []
            for t in times:
                means = _pooled(records, present, name, t) if name in present else np.empty(0)
                count = max(count, len(means))
                mean = float(means.mean()) if len(means) else np.nan
                cells.append(Cell(short(mean), value=mean) if len(means) else Cell(NONE))
            rows.append([Cell(name), Cell(recurrence), Cell(loss), *cells])
    return Table(
        ["policy", "network", "loss", *(f"t = {t}" for t in times)],
        rows,
        f"Mean capped normalised regret over the {count} functions, of all experiments, that these "
        "policies have in common.",
    )


def loss_verdicts(records: Records, times: Sequence[int]) -> Table:
    """Return where a loss is ahead of another, tied or behind, over all experiments, by network."""
    pairs = [("L_EI", "L_sum"), ("L_EI", "L_OI"), ("L_OI", "L_sum")]
    rows = [
        [
            Cell(network),
            *(
                _verdict(records.suites, TRAINED_BY[one][i], TRAINED_BY[other][i], times)
                for one, other in pairs
            ),
        ]
        for i, network in enumerate(_NETWORKS[:2])
    ]
    return Table(
        ["network", *(f"{one} : {other}" for one, other in pairs)],
        rows,
        f"After {', '.join(map(str, times))} evaluations, over the functions of all experiments, "
        "by the interval as above.",
    )


def _pooled(records: Records, present: Sequence[str], name: str, t: int) -> FloatArray:
    found = []
    for suite in records.suites:
        courses = [suite.courses.get(other) for other in present]
        if any(course is None or course.budget < t for course in courses):
            continue
        shared = set.intersection(*(set(course.functions) for course in courses if course))
        course = suite.courses[name]
        kept = [i for i, function in enumerate(course.functions) if function in shared]
        found.append(course.capped[kept, t - 1])
    return np.concatenate(found) if found else np.empty(0)


def own_time(records: Records) -> Table:
    """Return what a method takes to ask and to be told, of its own."""
    seconds = median_seconds(records)
    rows = [
        [Cell(method.name), Cell(duration(seconds[method.name]), value=seconds[method.name])]
        for method in records.methods
        if method.name in seconds
    ]
    return Table(
        ["method", "an ask and its tell"],
        rows,
        "The median of the records. They may have been made beside other work: compare methods.",
    )


@measure()
@click.argument("records", type=RecordsFolder())
@click.option("--ours", type=Names(), default="lstm,dnc", show_default=True, help="Policies.")
@click.option(
    "--peers", type=Names(), default="spearmint,tpe,smac", show_default=True, help="Their peers."
)
@click.option(
    "--at",
    type=WholeNumbers(),
    default="10,20,30,60,100",
    show_default=True,
    help="Evaluations that regret is shown at.",
)
@click.option(
    "--claim",
    type=WholeNumbers(),
    default="10,20,30",
    show_default=True,
    help="Evaluations at which policies and peers are judged.",
)
def command(
    records: Path,
    ours: tuple[str, ...],
    peers: tuple[str, ...],
    at: tuple[int, ...],
    claim: tuple[int, ...],
) -> list[Subsection]:
    """Hold the experiments of the folder RECORDS, of the plan `paper`, against the paper's claims.

    Where the networks are ahead of their peers, tied and behind, up to the training horizon; the
    regret of all; the losses that networks were trained by side by side; and time.
    """
    loaded = read_records(records)
    direct = [name for names in TRAINED_BY.values() for name in names]
    shown = [m.name for m in loaded.methods if m.name not in direct]
    compared = loss_table(loaded, at)
    parts = [
        Subsection("Up to the horizon", tables=(verdicts(loaded, ours, peers, claim),)),
        Subsection("Regret", tables=(regrets(loaded, shown, at),)),
        Subsection("Losses", tables=(compared, loss_verdicts(loaded, at)) if compared else ()),
        Subsection("Wall clock", tables=(own_time(loaded),)),
    ]
    return [part for part in parts if part.tables]
