"""What a run shows on stderr while it lasts."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from rnnbbo.cli.printing import point_text
from rnnbbo.cli.streams import say
from rnnbbo.evaluation.averaging import partly_failed
from rnnbbo.trial import Trial, best_of

_PLAIN_EVERY_S = 10.0


class TrialProgress:
    """Trials shown as they finish: a bar on a terminal, a line now and then elsewhere.

    Args:
        total: number of evaluations wanted.
        names: names of the parameters.
        n_earlier: evaluations that a study has already; they are counted and not shown.
        best: the best trial so far, or None.
        maximize: whether larger values are better.
    """

    def __init__(
        self,
        total: int,
        names: Sequence[str],
        n_earlier: int = 0,
        best: Trial | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        self._maximize = maximize
        self._total = total
        self._names = names
        self._count = n_earlier
        self._best = best
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
        elif self._is_better(trial):
            self._best = trial
            point = point_text(self._names, trial.x)
            more = "" if trial.feasible else ", not feasible"
            self._line(f"trial {trial.number}: {trial.value:.6g}{more}  {point}")
        partly = partly_failed(trial)
        if partly is not None:
            self._line(f"trial {trial.number}: {partly}")
        if self._bar is not None:
            self._bar.set_postfix_str(self._best_so_far(), refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last_line > _PLAIN_EVERY_S:
            self._line(f"{self._count} of {self._total} trials, {self._best_so_far()}")

    def _is_better(self, trial: Trial) -> bool:
        known = [] if self._best is None else [self._best]
        return best_of([*known, trial], maximize=self._maximize) is trial

    def _best_so_far(self) -> str:
        if self._best is None:
            return "no success yet"
        return f"best {self._best.value:.6g}" if self._best.feasible else "no feasible point yet"

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
