"""The table of trials, by columns, which the page sorts and filters."""

from __future__ import annotations

import math
from typing import Any

from rnnbbo.objectives import listed_values
from rnnbbo.trial import Trial
from rnnbbo.webpage.chart import plain_text
from rnnbbo.webpage.run_facts import RunFacts

_ERROR = 300  # characters of an error's text


def trial_table(facts: RunFacts) -> dict[str, Any]:
    """Return columns of all trials: first those told, in that order, then those that are not.

    Returns:
        `columns`: each with its `name`, whether it is `numeric`, and its `values`, None where
        there is none; `best`: the row of the best trial, or None.
    """
    view, data = facts.view, facts.data
    trials = [*view.told, *view.open]
    columns = [
        _column("trial", [trial.number for trial in trials]),
        _column("state", [_state(trial) for trial in trials]),
    ]
    for which, name in enumerate(facts.value_names):
        columns.append(_column(name, [_value(trial, which) for trial in trials]))
    for name in data.constraints:
        limits = [_finite(trial.constraints.get(name)) for trial in trials]
        columns.append(_column(name, limits))
    for position, name in enumerate(view.space.names):
        columns.append(_column(name, [_plain(trial.x[position]) for trial in trials]))
    seconds = [None if trial.outcome is None else trial.outcome.seconds for trial in trials]
    columns.append(_column("seconds", [_finite(one) for one in seconds]))
    if data.errors:
        columns.append(_column("error", [_error(trial) for trial in trials]))
    return {"columns": columns, "best": data.best}


def _column(name: str, values: list[Any]) -> dict[str, Any]:
    numeric = all(
        isinstance(one, int | float) and not isinstance(one, bool)
        for one in values
        if one is not None
    )
    texts = values if numeric else [None if one is None else str(one) for one in values]
    return {"name": name, "numeric": numeric, "values": texts}


def _state(trial: Trial) -> str:
    if trial.value is not None and not trial.feasible:
        return "not feasible"
    return str(trial.state)


def _value(trial: Trial, which: int) -> float | None:
    return None if trial.value is None else _finite(listed_values(trial.value)[which])


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.7g}")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return _finite(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value if value is None or abs(value) < 2**53 else str(value)
    return plain_text(value)


def _error(trial: Trial) -> str | None:
    text = trial.error
    return text if text is None or len(text) <= _ERROR else f"{text[:_ERROR]}…"
