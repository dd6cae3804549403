"""Trials and results as the commands print them: in words, and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnbbo.cli.front_summary import FrontSummary, n_objectives, value_columns
from rnnbbo.direction import Maximize, in_words
from rnnbbo.escaping import as_plain, repr_of
from rnnbbo.objectives import listed_values
from rnnbbo.point_forms import active_values
from rnnbbo.progress.texts import short_text, value_text
from rnnbbo.result import count_text, signs_of, total_text
from rnnbbo.status import Status
from rnnbbo.trial import Trial, best_of

if TYPE_CHECKING:
    from rnnbbo.cli.command_objective import CommandObjective
    from rnnbbo.optimization import Ended

JSON_VERSION = 2


def n_failed(trials: Sequence[Trial]) -> int:
    """Return how many of the trials failed."""
    return sum(trial.failed for trial in trials)


def ending_text(ended: Ended, objective: CommandObjective) -> str:
    """Return the end of a run in words, with the best point ready to paste."""
    trials, result = ended.trials, ended.result
    best = best_of(trials, maximize=signs_of(result))
    recommended = result.recommended
    count = count_text(len(trials), n_failed(trials))
    if ended.status not in (Status.OK, Status.NO_SUCCESS, Status.NO_FEASIBLE):
        count = f"{ended.status.message}; {count}"
    if best is None:
        return f"no trial succeeded ({count})"
    lines = [f"{best_text(best)} ({count})", *constraint_lines(best)]
    if result.front is not None and best.feasible:
        view = FrontSummary(trials, signs_of(result), result.reference)
        lines = [f"{view.text} ({count})", *view.table(result.space.names)]
        lines += [f"a compromise among them is trial {best.number}:"]
        lines += constraint_lines(best)
    lines += [f"seen in the values: {line}" for line in result.seen]
    if result.total is not None:
        lines.append(total_text(result))
    if result.gain_left is not None:
        lines.append(f"a further evaluation is expected to gain {result.gain_left:.2g}")
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


def best_text(best: Trial) -> str:
    """Return in words which trial is the best, or, where none is feasible, violates least."""
    if best.feasible and isinstance(best.value, list):
        return f"a compromise: value {best.value!r}, at trial {best.number}"
    if best.feasible:
        return f"best value {best.value!r}, at trial {best.number}"
    least = f"value {best.value!r}, at trial {best.number}"
    return f"no point is feasible yet; the least violating has {least}"


def better_text(maximize: Maximize, reference: Sequence[float] | None) -> str:
    """Return after a comma which values are better, where it is not the smaller ones."""
    words = ", larger values are better" if maximize else ""
    if isinstance(maximize, tuple):
        words = f", objectives {', '.join(in_words(maximize))}"
    return words if reference is None else f"{words}, reference {value_text(list(reference))}"


def constraint_lines(trial: Trial) -> list[str]:
    """Return a line a constraint: its value, and whether it is met."""
    return [
        f"  constraint {short_text(name)} = {short_text(value)}"
        + ("" if value <= 0.0 else ", not met: expected at most 0")
        for name, value in trial.constraints.items()
    ]


def trials_json(
    status: Status,
    trials: Sequence[Trial],
    recommended: list[Any] | None,
    names: Sequence[str],
    objective: CommandObjective | None = None,
    *,
    maximize: Maximize,
    reference: Sequence[float] | None = None,
    **run: Any,
) -> str:
    """Return a run, or a study, as one JSON object of schema version 2.

    Args:
        status: how it ended.
        trials: every trial, in the order told.
        recommended: the point that the policy recommends, or None.
        names: names of the parameters.
        objective: what was minimized; None where nobody knows.
        maximize: which values are better.
        reference: of several objectives, the reference point of the hypervolume, if it was given.
        **run: more keys about the run.
    """
    best = best_of(trials, maximize=maximize)
    several = {}
    if n_objectives(trials) > 1 or isinstance(maximize, tuple):
        several = FrontSummary(trials, maximize, reference).document(names)
    document = {
        "schema_version": JSON_VERSION,
        "status": status,
        "x": None if best is None else named_point(names, best.x),
        "fun": None if best is None else best.value,
        "feasible": None if best is None else best.feasible,
        "constraints": {} if best is None else best.constraints,
        "best_trial": None if best is None else best.number,
        "recommended": None if recommended is None else named_point(names, recommended),
        "command": None if best is None or objective is None else objective.command(best.x),
        "maximize": maximize if isinstance(maximize, bool) else all(maximize),
        **several,
        "n_trials": len(trials),
        "n_failed": n_failed(trials),
        **run,
        "trials": [_trial_document(trial, names) for trial in trials],
    }
    return json.dumps(_finite(document), allow_nan=False)


def named_point(names: Sequence[str], x: Sequence[Any]) -> dict[str, Any]:
    """Return a point by names; a category that JSON has no form for is there as text."""
    return {name: as_plain(value, str) for name, value in active_values(names, x).items()}


def _trial_document(trial: Trial, names: Sequence[str]) -> dict[str, Any]:
    document = {
        "trial": trial.number,
        "x": named_point(names, trial.x),
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
    if outcome.constraints:
        document |= {"constraints": outcome.constraints, "feasible": trial.feasible}
    if trial.failed:
        document |= {"error": outcome.error, "stderr": outcome.stderr[-2000:]}
    return document


def trial_json(trial: Trial, names: Sequence[str], **more: Any) -> str:
    """Return a trial as one JSON object, perhaps with more keys."""
    return json.dumps(_finite({**_trial_document(trial, names), **more}), allow_nan=False)


def trial_text(trial: Trial, names: Sequence[str]) -> str:
    """Return a successful trial in words."""
    lines = [best_text(trial), *constraint_lines(trial)]
    lines += [
        f"  {name} = {repr_of(value)}" for name, value in active_values(names, trial.x).items()
    ]
    return "\n".join(lines)


def trials_text(trials: Sequence[Trial], names: Sequence[str], *, brief: bool = False) -> str:
    """Return a line a trial: number, state, seconds, value and parameters; or why it failed.

    Constraints stand between value and parameters; the value of what is not feasible in brackets.

    Args:
        trials: the trials.
        names: names of the parameters.
        brief: leave state and seconds out.
    """
    limits, count = constraint_names(trials), n_objectives(trials)
    about = [] if brief else ["state", "seconds"]
    rows = [["trial", *about, *value_columns(count), *limits, *names]]
    for trial in trials:
        seconds = None if trial.outcome is None else trial.outcome.seconds
        values = active_values(names, trial.x)
        about = [] if brief else [trial.state, "" if seconds is None else f"{seconds:.3g}"]
        rows.append(
            [
                str(trial.number),
                *about,
                *_value_texts(trial, count),
                *(_number_text(trial.constraints.get(name)) for name in limits),
                *(short_text(values[name]) if name in values else "" for name in names),
            ]
        )
    errors = [None, *(trial.error for trial in trials)]
    lines = zip(aligned(rows), errors, strict=True)
    return "\n".join(line + (f"  {failed}" if failed else "") for line, failed in lines)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line a row, its cells below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def constraint_names(trials: Sequence[Trial]) -> list[str]:
    """Return the names of the constraints that trials have."""
    return list(dict.fromkeys(name for trial in trials for name in trial.constraints))


def _value_texts(trial: Trial, count: int) -> list[str]:
    if trial.value is None:
        return [""] * count
    texts = [f"{one:.6g}" for one in listed_values(trial.value)]
    return texts if trial.feasible else [f"({text})" for text in texts]


def _number_text(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _finite(value: Any) -> Any:
    """Return the same, with null for numbers that JSON lacks; a program's `info` may hold some."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
