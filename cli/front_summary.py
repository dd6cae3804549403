"""The front of several objectives as the commands print it: a table, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnbbo.direction import Maximize, flags_of, in_words
from rnnbbo.objectives import count_of
from rnnbbo.result_front import Front, hypervolume_of, reference_point
from rnnbbo.trial import Trial, front_of

_AT_MOST = 4  # objectives up to which the hypervolume of a front of hundreds takes a second
_ROWS = 20


def n_objectives(trials: Sequence[Trial]) -> int:
    """Return the number of objectives that trials have; 1 where none succeeded."""
    return next((count_of(trial.value) for trial in trials if trial.value is not None), 1)


def value_columns(count: int) -> list[str]:
    """Return the headings of so many objectives."""
    return [f"value_{i}" for i in range(1, count + 1)] if count > 1 else ["value"]


class FrontSummary:
    """The front of a run or a study of several objectives.

    Args:
        trials: every trial.
        maximize: which values are better.
        reference: the reference point of the hypervolume, if it was given.

    Attributes:
        trials: those of the front.
        directions: in words.
        reference: the reference point, given or derived; None while there is none.
        hypervolume: None of too many objectives, for which it takes long.
    """

    def __init__(
        self, trials: Sequence[Trial], maximize: Maximize, reference: Sequence[float] | None
    ) -> None:
        count = n_objectives(trials)
        flags = flags_of(maximize, count)
        self.trials = front_of(trials, maximize=flags)
        self.directions = in_words(flags)
        values = np.array([trial.value for trial in self.trials]).reshape(-1, count)
        numbers = [trial.number for trial in self.trials]
        front = Front([trial.x for trial in self.trials], values, numbers)
        self.reference = reference_point(front, reference, flags)
        self.hypervolume: float | None = None
        if count <= _AT_MOST:
            self.hypervolume = hypervolume_of(front, self.reference, self.directions)

    @property
    def text(self) -> str:
        """How large the front is, and its hypervolume, in words."""
        points = "1 point" if len(self.trials) == 1 else f"{len(self.trials)} points"
        words = f"front of {points}"
        if self.reference is None or self.hypervolume is None:
            return words
        within = ", ".join(f"{one:.6g}" for one in self.reference)
        return f"{words}, hypervolume {self.hypervolume:.6g} within {within}"

    def table(self, names: Sequence[str]) -> list[str]:
        """Return a line a trial of the front; of a long front some, evenly."""
        from rnnbbo.cli.printing import trials_text

        if not self.trials:
            return []
        places = np.unique(np.linspace(0, len(self.trials) - 1, _ROWS).round().astype(int))
        shown = [self.trials[i] for i in places] if len(self.trials) > _ROWS else self.trials
        lines = trials_text(shown, names, brief=True).splitlines()
        if len(shown) < len(self.trials):
            lines.append(f"  ({len(shown)} of {len(self.trials)}; --json has all)")
        return lines

    def document(self, names: Sequence[str]) -> dict[str, Any]:
        """Return it as JSON has it."""
        from rnnbbo.cli.printing import named_point

        return {
            "directions": self.directions,
            "front": [
                {"trial": one.number, "x": named_point(names, one.x), "value": one.value}
                for one in self.trials
            ],
            "reference": self.reference,
            "hypervolume": self.hypervolume,
        }
