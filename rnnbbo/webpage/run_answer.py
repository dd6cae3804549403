"""The answer in words: which point, how sure, what limits it, what to do next."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnbbo.dimensions import Integer, Real
from rnnbbo.objectives import listed_values
from rnnbbo.trial import Trial
from rnnbbo.webpage.chart import plain_text
from rnnbbo.webpage.model_view import ModelView
from rnnbbo.webpage.run_facts import RunFacts

_EDGE = 1e-3  # of a range: as near as this a point is at its bound
_FEW = 5  # evaluations a parameter, below which they are few
_LITTLE = 0.01  # of the distance from the median to the best value: a gain that is not worth much
_NOTHING = 1e-4  # the same, though the best value may be new
_STILL = 0.25  # of all evaluations: as long without a better value is a sign of the end
_ERROR = 120  # characters of an error's text


@dataclass(frozen=True)
class RunAnswer:
    """It, in words.

    Attributes:
        headline: what to take.
        point: names and values of the point's parameters.
        sure: how sure that is, in sentences.
        limits: what limits it.
        further: what to do next; those that are commands begin with `$ `.
        number: of the trial whose point it is; None where there is none.
    """

    headline: str
    point: list[tuple[str, str]] = field(default_factory=list)
    sure: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    number: int | None = None

    @property
    def document(self) -> dict[str, Any]:
        """It as the page's script takes it."""
        parts = (
            ("How sure is that?", self.sure),
            ("What limits it?", self.limits),
            ("What next?", self.further),
        )
        return {
            "headline": self.headline,
            "point": self.point,
            "parts": [{"title": title, "items": items} for title, items in parts if items],
        }


def make_run_answer(facts: RunFacts, model: ModelView | None) -> RunAnswer:
    """Return the answer of a study.

    Args:
        facts: the study.
        model: what a model makes of it, or of an earlier moment of it; None if there is none yet.
    """
    view, data, best = facts.view, facts.data, facts.best
    if not view.told:
        waiting = f" {len(view.open)} trials wait for a value." if view.open else ""
        return RunAnswer(f"Nothing was told yet.{waiting}", further=_go_on(facts))
    if best is None:
        headline = f"None of {len(view.told)} trials has succeeded."
        return RunAnswer(headline, limits=_failures(facts), further=["See to the failures first."])
    take = best
    known = model is not None and model.best == best.number
    if known and model is not None and model.recommended is not None:
        take = next((t for t in view.told if t.number == model.recommended), best)
    point = [(name, plain_text(value)) for name, value in (take.params or {}).items()]
    sure = _sureness(facts, take, model if known else None)
    limits = _limits(facts, take)
    further = _next_steps(facts, take, model if known else None)
    if not limits and data.feasible[data.best]:
        limits = ["No failures, no constraints that are not met, and no bound at this point."]
    headline = _headline(facts, take, model if known else None)
    return RunAnswer(headline, point, sure, limits, further, take.number)


def _headline(facts: RunFacts, take: Trial, model: ModelView | None) -> str:
    data, best = facts.data, facts.best
    assert best is not None
    count = len(facts.view.told)
    assert best.value is not None
    if data.best is not None and not data.feasible[data.best]:
        value = ", ".join(map(plain_text, listed_values(best.value)))
        return (
            f"No trial meets all constraints yet. Nearest to it is trial {best.number}, "
            f"with the value {value}:"
        )
    if data.n_objectives > 1:
        values = zip(facts.value_names, listed_values(best.value), strict=True)
        shown = ", ".join(f"{name} = {plain_text(value)}" for name, value in values)
        points = "1 point" if len(data.front) == 1 else f"{len(data.front)} points"
        return (
            f"No single point is the best: the front has {points}. A compromise among them is "
            f"trial {best.number}, with {shown}:"
        )
    if take is not best and model is not None:
        value = plain_text(model.recommended_value)
        return (
            f"Take the point of trial {take.number}: without noise its value is probably {value}, "
            f"the best of {count} trials. (Trial {best.number} had {plain_text(best.value)}, "
            "probably by luck.)"
        )
    word = "largest" if data.maximize[0] else "smallest"
    return (
        f"Take the point of trial {best.number}: its value, {plain_text(best.value)}, is the "
        f"{word} of {count} trials:"
    )


def _sureness(facts: RunFacts, take: Trial, model: ModelView | None) -> list[str]:
    data, view = facts.data, facts.view
    assert data.best is not None
    found = []
    since = len(view.told) - 1 - data.best
    if data.n_objectives == 1:
        found.append(
            "It is the newest trial."
            if since == 0
            else f"{since} {'trial has' if since == 1 else 'trials have'} come since, and none was "
            "better."
        )
    if model is None:
        return found
    if data.n_objectives == 1 and model.band is not None:
        found.append(
            f"The model puts the value at this point, without noise, {_between(*model.band)} "
            "(95 % of its belief)."
        )
    if model.noise is not None:
        found.append(
            f"Values are noisy: the same point measured again differs by about "
            f"{plain_text(float(f'{model.noise:.2g}'))}."
        )
    elif _is_noisy(facts, take, model):
        found.append("The value told lies outside of that: a part of it is probably noise.")
    elif model.gain_left is not None and data.n_objectives == 1:
        found.append("No noise shows in the values.")
    if model.gain_left is not None:
        found.append(
            f"One more evaluation is expected to gain {plain_text(float(f'{model.gain_left:.2g}'))}"
            f"{_compared(facts, model.gain_left)}."
        )
    found += [f"Seen in the values: {line}." for line in model.seen]
    return found


def _is_noisy(facts: RunFacts, take: Trial, model: ModelView) -> bool:
    """Tell whether values are noisy, or the point's own is not what the model believes of it."""
    if model.noise is not None:
        return True
    if facts.data.n_objectives > 1 or model.band is None or take.value is None:
        return False
    low, high = model.band
    return not low <= listed_values(take.value)[0] <= high


def _between(low: float, high: float) -> str:
    if plain_text(low) != plain_text(high):
        return f"between {plain_text(low)} and {plain_text(high)}"
    return f"at {plain_text(low)}, to within {0.5 * (high - low):.2g}"


def _compared(facts: RunFacts, gain: float) -> str:
    reached = _reached(facts)
    if reached is None:
        return ""
    share = 100.0 * gain / reached
    shown = "less than 0.01" if share < 0.01 else f"{share:.2g}"
    return f", {shown} % of what the best value is ahead of the median"


def _reached(facts: RunFacts) -> float | None:
    """Return by how much the best value is ahead of the median one; None where that is nothing."""
    data = facts.data
    if data.n_objectives > 1 or data.best is None:
        return None
    values = data.inward[~data.failed, 0]
    ahead = float(np.median(values) - data.inward[data.best, 0])
    return ahead if math.isfinite(ahead) and ahead > 0.0 else None


def _limits(facts: RunFacts, take: Trial) -> list[str]:
    found = [*_bounds(facts, take), *_constraints(facts, take), *_failures(facts)]
    free = sum(not dim.is_constant for dim in facts.view.space)
    known = int((~facts.data.failed).sum())
    if known < _FEW * free:
        word = "parameter" if free == 1 else "parameters"
        found.append(f"{known} values are few for {free} {word}: less than {_FEW} of each.")
    return found


def bounded(facts: RunFacts, take: Trial) -> list[tuple[str, str, float]]:
    """Return parameters that are at a bound in a trial: name, "lower" or "upper", the bound."""
    space = facts.view.space
    found = []
    for position, (name, dim) in enumerate(zip(space.names, space, strict=True)):
        value = take.x[position]
        if value is None or dim.is_constant or not isinstance(dim, Real | Integer):
            continue
        place = float(space.layout.coordinates(position, value)[0])
        low, high = dim.bounds
        if value == low or (isinstance(dim, Real) and place < _EDGE):
            found.append((name, "lower", low))
        elif value == high or (isinstance(dim, Real) and place > 1.0 - _EDGE):
            found.append((name, "upper", high))
    return found


def _bounds(facts: RunFacts, take: Trial) -> list[str]:
    return [
        f"{name} is at its {which} bound, {plain_text(bound)}: a better point may lie beyond."
        for name, which, bound in bounded(facts, take)
    ]


def _constraints(facts: RunFacts, take: Trial) -> list[str]:
    found = []
    for name, values in facts.data.constraints.items():
        known = values[np.isfinite(values)]
        unmet = int((known > 0.0).sum())
        own = take.constraints.get(name, math.nan)
        state = "met" if own <= 0.0 else "not met"
        if unmet or own > 0.0:
            found.append(
                f"Constraint {name}: {state} here ({plain_text(own)}, at most 0 is met), and not "
                f"met in {unmet} of {len(known)} trials."
            )
    return found


def _failures(facts: RunFacts) -> list[str]:
    errors, count = facts.data.errors, len(facts.view.told)
    failed = int(facts.data.failed.sum())
    if not failed:
        return []
    text = f"{failed} of {count} trials failed"
    if errors:
        ((error, times),) = Counter(errors.values()).most_common(1)
        error = error if len(error) <= _ERROR else f"{error[:_ERROR]}…"
        often = ", all" if times == failed > 1 else f", {times} of them" if failed > 1 else ""
        text += f"{often} with: {error}"
    return [text if text.endswith(".") else f"{text}."]


def _next_steps(facts: RunFacts, take: Trial, model: ModelView | None) -> list[str]:
    data, count = facts.data, len(facts.view.told)
    assert data.best is not None
    if not data.feasible[data.best]:
        return ["Go on until a trial meets all constraints.", *_go_on(facts)]
    found = []
    names = [name for name, _, _ in bounded(facts, take)]
    if names:
        path = shlex.quote(str(facts.view.path))
        found.append(
            f"If the range of {' and '.join(names)} may be wider, begin a new study with it; "
            f"--from-study {path} gives it these values."
        )
    if model is not None and _is_noisy(facts, take, model):
        found.append("Measure this point again some times before you rely on its value.")
    reached = _reached(facts)
    still = count - 1 - data.best >= max(_STILL * count, _FEW)
    gain = None if model is None else model.gain_left
    if data.n_objectives > 1:
        return [*found, "Choose from the front, or go on to widen it.", *_go_on(facts)]
    little = None if reached is None else (_LITTLE if still else _NOTHING) * reached
    if gain is not None and little is not None and gain < little:
        return [*found, "Stop here: little more is expected to be gained in this space."]
    if gain is None and still:
        found.append(
            "No better value has come for long: stop here, unless evaluations cost you little."
        )
        return found
    why = "the best value is a recent one" if gain is None else "better values are expected"
    return [*found, f"Go on: {why}.", *_go_on(facts)]


def _go_on(facts: RunFacts) -> list[str]:
    """Return the command by which the study goes on."""
    path = shlex.quote(str(facts.view.path))
    count = len(facts.view.told)
    if facts.view.command:
        return [f"$ rnnbbo resume {path} -n {max(10, math.ceil(1.5 * count))}"]
    return [f"$ rnnbbo study ask {path} -n 8"]
