"""Trials and results as the commands print them: in words, and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnbbo.escaping import as_plain, repr_of
from rnnbbo.point_forms import active_values
from rnnbbo.result import count_text
from rnnbbo.status import Status
from rnnbbo.trial import Trial, best_of

if TYPE_CHECKING:
    from rnnbbo.cli.command_objective import CommandObjective
    from rnnbbo.optimization import Ended

JSON_VERSION = 2


def short_text(value: Any) -> str:
    """Return a parameter's value as people read it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else repr_of(value)
    return text if text.isprintable() and " " not in text else repr(text)


def point_text(names: Sequence[str], x: Sequence[Any]) -> str:
    """Return a point on one line."""
    return " ".join(
        f"{name}={short_text(value)}" for name, value in active_values(names, x).items()
    )


def n_failed(trials: Sequence[Trial]) -> int:
    """Return how many of the trials failed."""
    return sum(trial.failed for trial in trials)


def ending_text(ended: Ended, objective: CommandObjective) -> str:
    """Return the end of a run in words, with the best point ready to paste."""
    trials, best, result = ended.trials, best_of(ended.trials), ended.result
    recommended = result.recommended
    count = count_text(len(trials), n_failed(trials))
    if ended.status not in (Status.OK, Status.NO_SUCCESS):
        count = f"{ended.status.message}; {count}"
    if best is None:
        return f"no trial succeeded ({count})"
    lines = [f"best value {best.value!r}, at trial {best.number} ({count})"]
    lines += [f"seen in the values: {line}" for line in result.seen]
    lines += objective.lines(best.x)
    if recommended is not None and recommended != best.x:
        numbers = ""
        if result.noise is not None:
            value = f"estimated value {result.recommended_value:.4g}"
            numbers = f" (noise of about {result.noise:.2g}, {value})"
        lines.append(
            f"the values seem noisy, and this point, told too, is probably better{numbers}:"
        )
        lines.append(objective.lines(recommended)[-1])
    return "\n".join(lines)


def trials_json(
    status: Status,
    trials: Sequence[Trial],
    recommended: list[Any] | None,
    names: Sequence[str],
    objective: CommandObjective | None = None,
    **run: Any,
) -> str:
    """Return a run, or a study, as one JSON object of schema version 2.

    Args:
        status: how it ended.
        trials: every trial, in the order told.
        recommended: the point that the policy recommends, or None.
        names: names of the parameters.
        objective: what was minimized; None where nobody knows.
        **run: more keys about the run.
    """
    best = best_of(trials)
    document = {
        "schema_version": JSON_VERSION,
        "status": status,
        "x": None if best is None else _named(names, best.x),
        "fun": None if best is None else best.value,
        "best_trial": None if best is None else best.number,
        "recommended": None if recommended is None else _named(names, recommended),
        "command": None if best is None or objective is None else objective.command(best.x),
        "n_trials": len(trials),
        "n_failed": n_failed(trials),
        **run,
        "trials": [_trial_document(trial, names) for trial in trials],
    }
    return json.dumps(_finite(document), allow_nan=False)


def _named(names: Sequence[str], x: Sequence[Any]) -> dict[str, Any]:
    """Return a point by names; a category that JSON has no form for is there as text."""
    return {name: as_plain(value, str) for name, value in active_values(names, x).items()}


def _trial_document(trial: Trial, names: Sequence[str]) -> dict[str, Any]:
    document = {
        "trial": trial.number,
        "x": _named(names, trial.x),
        "state": trial.state,
    }
    outcome = trial.outcome
    if outcome is None:
        return document
    document |= {
        "value": trial.value,
        "seconds": None if outcome.seconds is None else round(outcome.seconds, 6),
        "info": outcome.info,
    }
    if trial.failed:
        document |= {"error": outcome.error, "stderr": outcome.stderr[-2000:]}
    return document


def trial_json(trial: Trial, names: Sequence[str]) -> str:
    """Return a trial as one JSON object."""
    return json.dumps(_finite(_trial_document(trial, names)), allow_nan=False)


def trial_text(trial: Trial, names: Sequence[str]) -> str:
    """Return a successful trial in words."""
    lines = [f"best value {trial.value!r}, at trial {trial.number}"]
    lines += [
        f"  {name} = {repr_of(value)}" for name, value in active_values(names, trial.x).items()
    ]
    return "\n".join(lines)


def trials_text(trials: Sequence[Trial], names: Sequence[str]) -> str:
    """Return a line a trial: number, state, seconds, value and parameters; or why it failed."""
    rows = [["trial", "state", "seconds", "value", *names]]
    for trial in trials:
        seconds = None if trial.outcome is None else trial.outcome.seconds
        values = active_values(names, trial.x)
        rows.append(
            [
                str(trial.number),
                trial.state,
                "" if seconds is None else f"{seconds:.3g}",
                "" if trial.value is None else f"{trial.value:.6g}",
                *(short_text(values[name]) if name in values else "" for name in names),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, failed in zip(rows, [None, *(trial.error for trial in trials)], strict=True):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells) + (f"  {failed}" if failed else ""))
    return "\n".join(lines)


def _finite(value: Any) -> Any:
    """Return the same, with null for numbers that JSON lacks; a program's `info` may hold some."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
