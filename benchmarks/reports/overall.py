"""All suites together: a row a method, a column a number of evaluations."""

from collections.abc import Sequence

import numpy as np

from rnnbbo.benchmarks.reports import markdown
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.pool import Pool, at, pool
from rnnbbo.benchmarks.reports.section import NONE, short
from rnnbbo.errors import RecordError


def table(records: Records, times: Sequence[int]) -> str:
    """Return a Markdown table of mean capped and geometric mean regret, and what it shows.

    A column compares the methods on the functions that all of them have; a method that has fewer
    than half of them, or stops before, is left out of it.

    Args:
        records: the records.
        times: numbers of evaluations.

    Raises:
        RecordError: at none of them two methods share a function.
    """
    columns: list[tuple[int, Pool, Pool]] = []
    for t in times:
        means, logs = pool(records, at(t)), pool(records, at(t, "log"))
        if means is not None and logs is not None:
            columns.append((t, means, logs))
    if not columns:
        raise RecordError(
            f"after {', '.join(map(str, times))} evaluations no two methods share a function; "
            "expected a comparison of that many"
        )
    rows = [
        [
            markdown.escape(method.name),
            *(_cell(means, logs, method.name) for _, means, logs in columns),
        ]
        for method in records.methods
        if any(method.name in means.values for _, means, _ in columns)
    ]
    counts = sorted({len(means.functions) for _, means, _ in columns})
    functions = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    pooled = {suite for _, means, _ in columns for suite, _ in means.functions}
    suites = ", ".join(suite.name for suite in records.suites if suite.name in pooled)
    return "\n".join(
        [
            f"Mean capped / geometric mean normalised regret after t evaluations, over {functions} "
            f"functions of {markdown.escape(suites)}: 0 is the optimum, 1 is what random search "
            "has left after 10 evaluations. Bold is the least of a column and what is level with "
            "it, by the 95 % bootstrap interval over functions of the paired difference, or of "
            "the ratio.",
            "",
            f"| {' | '.join(['method', *(f't = {t}' for t, _, _ in columns)])} |",
            f"| {' | '.join(['---'] * (1 + len(columns)))} |",
            *(f"| {' | '.join(row)} |" for row in rows),
        ]
    )


def _cell(means: Pool, logs: Pool, method: str) -> str:
    if method not in means.values:
        return NONE
    mean = short(float(means.values[method].mean()))
    geometric = short(float(np.exp(logs.values[method].mean())))
    pairs = ((mean, means), (geometric, logs))
    return " / ".join(f"**{text}**" if method in one.leaders else text for text, one in pairs)
