"""What the loop needs of an evaluator, and the plainest one."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from rnnbbo.arguments import as_number
from rnnbbo.trial import Outcome, Trial

Objective = Callable[[list[Any]], Any]


class Evaluator(Protocol):
    """What evaluates trials, several at once or one after the other."""

    @property
    def free(self) -> int:
        """Number of evaluations that may be started now, beside those that run."""

    def start(self, trial: Trial) -> None:
        """Begin to evaluate a trial."""

    def wait(self, seconds: float) -> list[Trial]:
        """Return trials that have finished, with their outcomes, after at most `seconds`."""

    def stop(self) -> None:
        """End every evaluation that is running; nothing of it is left afterwards."""


def evaluate(func: Objective, x: list[Any]) -> Outcome:
    """Evaluate the objective once.

    Args:
        func: the objective.
        x: a point in user units.

    Returns:
        The value; or, where the objective raised or returned no finite number, why there is none.
        An objective that leaves by `sys.exit` has failed, too.
    """
    start = time.perf_counter()
    try:
        with _copies_end_here():
            # A copy, so that an objective that changes its argument harms nothing.
            y = func(list(x))
            number = as_number(y)
    except SystemExit as stop:
        outcome = Outcome(error=f"the objective called sys.exit({stop.code!r})")
    except Exception as error:
        outcome = Outcome(error=one_line(error))
    except BaseException as error:
        if not _is_cancelled(error):
            raise
        outcome = Outcome(error=one_line(error))
    else:
        if number is None:
            outcome = Outcome(error=f"the objective returned {y!r}; expected a number")
        elif not math.isfinite(number):
            outcome = Outcome(error=f"the objective returned {number!r}; expected a finite number")
        else:
            outcome = Outcome(value=number)
    return replace(outcome, seconds=time.perf_counter() - start)


@contextmanager
def _copies_end_here() -> Iterator[None]:
    """End a copy of this process that comes back from the objective, which has forked it.

    It would evaluate, propose and tell beside the process that it is a copy of.
    """
    me = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != me:
            os._exit(0)


def _is_cancelled(error: BaseException) -> bool:
    """Tell whether a coroutine that the objective has run was cancelled: no `Exception`."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


def one_line(error: BaseException) -> str:
    """Return an exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


class Inline:
    """An evaluator in the calling thread, one trial at a time; nothing can cut it short."""

    def __init__(self, func: Objective) -> None:
        self._func = func
        self._finished: list[Trial] = []

    @property
    def free(self) -> int:
        """One, until the next `wait`."""
        return 1 - len(self._finished)

    def start(self, trial: Trial) -> None:
        """Evaluate a trial."""
        self._finished.append(replace(trial, outcome=evaluate(self._func, trial.x)))

    def wait(self, seconds: float) -> list[Trial]:
        """Return the trial that was evaluated."""
        finished, self._finished = self._finished, []
        return finished

    def stop(self) -> None:
        """Do nothing: nothing runs beside the caller."""
