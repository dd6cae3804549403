"""What was told in a study, as arrays and counts: what charts, table and answer stand on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rnnbbo.direction import flags_of
from rnnbbo.objectives import count_of, listed_values
from rnnbbo.pictures.run_data import RunData
from rnnbbo.study.observer import StudyView
from rnnbbo.trial import Trial
from rnnbbo.webpage.chart import hover_text, plain_text


@dataclass(frozen=True)
class RunFacts:
    """A study's trials in the order told, and numbers of them.

    Attributes:
        view: the study.
    """

    view: StudyView

    @cached_property
    def data(self) -> RunData:
        """Its trials as pictures need them."""
        told, signs = self.view.told, self.view.signs
        known = [trial.value for trial in told if trial.value is not None]
        count = count_of(known[0]) if known else len(signs) if isinstance(signs, tuple) else 1
        values = np.full((len(told), count), math.nan)
        for i, trial in enumerate(told):
            if trial.value is not None:
                values[i] = listed_values(trial.value)
        names = dict.fromkeys(name for trial in told for name in trial.constraints)
        limits = {
            name: np.array([trial.constraints.get(name, math.nan) for trial in told])
            for name in names
        }
        errors = {i: trial.error for i, trial in enumerate(told) if trial.error is not None}
        points = [trial.x for trial in told]
        return RunData(self.view.space, points, values, flags_of(signs, count), limits, errors)

    @cached_property
    def value_names(self) -> list[str]:
        """What the objectives are called."""
        count = self.data.n_objectives
        return ["value"] if count == 1 else [f"value_{i}" for i in range(1, count + 1)]

    @property
    def best(self) -> Trial | None:
        """The best trial; None if none succeeded."""
        return None if self.data.best is None else self.view.told[self.data.best]

    @cached_property
    def hovers(self) -> _Hovers:
        """What is shown where a trial is pointed at, by its place in the order told."""
        return _Hovers(self)


class _Hovers:
    """Texts that are made when they are asked for, as few of ten thousand are."""

    _MOST = 12  # parameters

    def __init__(self, facts: RunFacts) -> None:
        self._facts = facts

    def __getitem__(self, index: int) -> str:
        trial = self._facts.view.told[index]
        lines: list[tuple[str, Any]] = []
        if trial.value is not None:
            values = listed_values(trial.value)
            lines = list(zip(self._facts.value_names, map(plain_text, values), strict=True))
        lines += [(name, plain_text(value)) for name, value in trial.constraints.items()]
        if trial.error is not None:
            lines.append(("failed", trial.error))
        params = list((trial.params or {}).items())
        lines += [(name, plain_text(value)) for name, value in params[: self._MOST]]
        if len(params) > self._MOST:
            lines.append(("and", f"{len(params) - self._MOST} parameters more"))
        return hover_text(trial.number, lines)
