"""What a run shows on stderr while it lasts."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from rnnbbo.cli.printing import point_text, value_text
from rnnbbo.cli.streams import say
from rnnbbo.direction import Maximize
from rnnbbo.evaluation.averaging import partly_failed
from rnnbbo.incumbents import BestSoFar
from rnnbbo.trial import Trial

_PLAIN_EVERY_S = 10.0


class TrialProgress:
    """Trials shown as they finish: a bar on a terminal, a line now and then elsewhere.

    Args:
        total: number of evaluations wanted.
        names: names of the parameters.
        n_earlier: evaluations that a study has already; they are counted and not shown.
        told: the trials so far.
        maximize: which values are better.
    """

    def __init__(
        self,
        total: int,
        names: Sequence[str],
        n_earlier: int = 0,
        told: Sequence[Trial] = (),
        *,
        maximize: Maximize = False,
    ) -> None:
        self._best_so_far = BestSoFar(maximize)
        self._total = total
        self._names = names
        self._count = n_earlier
        self._best: Trial | None = None
        for trial in told:
            self._improves(trial)
        self._last_error: str | None = None
        self._last_line = time.monotonic()
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total,
                initial=n_earlier,
                unit="trial",
                file=sys.stderr,
                dynamic_ncols=True,
            )

    def add(self, trial: Trial) -> None:
        """Take the next finished trial."""
        self._count += 1
        if trial.value is None:
            # Often all trials fail alike; then one line says it.
            if trial.error != self._last_error:
                self._line(f"trial {trial.number} failed: {trial.error}")
            self._last_error = trial.error
        elif self._improves(trial):
            point = point_text(self._names, trial.x)
            more = "" if trial.feasible else ", not feasible"
            self._line(f"trial {trial.number}: {value_text(trial.value)}{more}  {point}")
        partly = partly_failed(trial)
        if partly is not None:
            self._line(f"trial {trial.number}: {partly}")
        if self._bar is not None:
            self._bar.set_postfix_str(self._standing(), refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last_line > _PLAIN_EVERY_S:
            self._line(f"{self._count} of {self._total} trials, {self._standing()}")

    def _improves(self, trial: Trial) -> bool:
        """Return whether a trial is better than all before, or one of the front."""
        if trial.value is None or not self._best_so_far.add(trial.value, trial.constraints):
            return False
        self._best = trial
        return True

    def _standing(self) -> str:
        if self._best is None or self._best.value is None:
            return "no success yet"
        if not self._best.feasible:
            return "no feasible point yet"
        if isinstance(self._best.value, list):
            return f"front of {self._best_so_far.front_size}"
        return f"best {self._best.value:.6g}"

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()

    def _line(self, text: str) -> None:
        self._last_line = time.monotonic()
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            say(text)
