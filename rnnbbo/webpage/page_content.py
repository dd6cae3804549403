"""What a page shows, in its order, as the page's script takes it."""

from __future__ import annotations

import time
from typing import Any

from rnnbbo.study.observer import StudyView
from rnnbbo.trial import TrialState
from rnnbbo.webpage.chart import PagePart
from rnnbbo.webpage.model_view import ModelView
from rnnbbo.webpage.parallel_chart import parallel_chart
from rnnbbo.webpage.run_answer import make_run_answer
from rnnbbo.webpage.run_facts import RunFacts
from rnnbbo.webpage.time_line import ALIVE_S, time_line_chart
from rnnbbo.webpage.trial_table import trial_table
from rnnbbo.webpage.value_charts import constraint_charts, convergence_chart, front_charts

_CONDITIONS = (
    "A parameter that does not count under the others' values is inactive: it lies below its axis."
)


def page_content(view: StudyView, model: ModelView | None, now: float) -> dict[str, Any]:
    """Return all that a page shows of a study.

    Args:
        view: the study.
        model: what a model makes of it; None where there is none yet.
        now: seconds since 1970.
    """
    facts = RunFacts(view)
    parts: list[dict[str, Any]] = []
    if view.told:
        parts.append(_convergence(facts).document)
    modelled = [] if model is None else model.parts
    parts += [part for part in modelled if part["id"] == "slices"]
    parallel = parallel_chart(facts)
    if parallel is not None:
        text = [
            "Drag along an axis to keep the trials of a range; drag on to move it, click beside it "
            "to let it go. The table below shows the same trials."
        ]
        if view.space.conditional:
            text.append(_CONDITIONS)
        parts.append(PagePart("parallel", "All parameters at once", text, [parallel]).document)
    parts += [part for part in modelled if part["id"] == "importance"]
    if facts.data.n_objectives > 1:
        parts.append(PagePart("front", "Front", [], front_charts(facts)).document)
    if facts.data.constraints:
        charts = constraint_charts(facts)
        parts.append(PagePart("constraints", "Constraints", [], charts).document)
    workers = time_line_chart(facts, now)
    if workers is not None:
        parts.append(PagePart("workers", "Workers", [], [workers]).document)
    return {
        "title": view.path.name,
        "about": about_text(view),
        "answer": make_run_answer(facts, model).document,
        "model": model_text(view, model),
        "parts": parts,
        "table": trial_table(facts),
    }


def _convergence(facts: RunFacts) -> PagePart:
    return PagePart("convergence", "Convergence", [], [convergence_chart(facts)])


def about_text(view: StudyView) -> str:
    """Return what the study is, in words."""
    signs = view.signs
    if isinstance(signs, tuple):
        words = ", ".join("larger" if flag else "smaller" for flag in signs)
        better = f"better are of its objectives: {words} values"
    else:
        better = f"{'larger' if signs else 'smaller'} values are better"
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(view.made_at))
    count = len(view.space.names)
    return (
        f"{count} {'parameter' if count == 1 else 'parameters'}; {better}; policy {view.policy}, "
        f"seed {view.seed}; begun {made}."
    )


def status_text(view: StudyView, now: float) -> str:
    """Return how far the study is, in words."""
    failed = sum(trial.failed for trial in view.told)
    running = sum(trial.state is TrialState.RUNNING for trial in view.open)
    waiting = len(view.open) - running
    alive = sum(now - one.beat < ALIVE_S for one in view.participants)
    counts = [f"{len(view.told)} {'trial' if len(view.told) == 1 else 'trials'} told"]
    counts += [f"{failed} failed"] if failed else []
    counts += [f"{running} running"] if running else []
    counts += [f"{waiting} waiting"] if waiting else []
    counts.append(
        f"{alive} {'process' if alive == 1 else 'processes'} at work" if alive else "nobody at work"
    )
    return f"{', '.join(counts)}."


def model_text(view: StudyView, model: ModelView | None) -> str:
    """Return of when the model is, and what it lacks."""
    if model is None:
        return "" if not view.told else "The model is being worked out."
    behind = len(view.told) - model.n_told
    texts = [model.missing] if model.missing else []
    if behind > 0 and model.n_told:
        texts.append(f"The model is of the first {model.n_told} trials.")
    return " ".join(texts)
