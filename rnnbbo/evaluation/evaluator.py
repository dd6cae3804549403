"""What the loop needs of an evaluator, and the plainest one."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from rnnbbo.categories import copied
from rnnbbo.errors import ObservationError
from rnnbbo.escaping import one_line, repr_of
from rnnbbo.objectives import is_finite, read_value
from rnnbbo.trial import Outcome, Trial
from rnnbbo.violations import as_constraints

__all__ = ["Evaluator", "Inline", "Objective", "evaluate", "one_line", "read_answer"]

Objective = Callable[[list[Any]], Any]

_EXPECTED = (
    'expected a number, or {"value": ..., "status": "ok"|"fail", "info": {...}, '
    '"constraints": {...}}; of several objectives a list of numbers'
)
_FINITE = ("a finite number", "finite numbers")


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
        x: a point in user units; the objective gets a copy, and may change it.

    Returns:
        The value; or, where the objective raised, called `sys.exit`, or returned no finite number,
        why there is none.
    """
    start = time.perf_counter()
    try:
        with _copies_end_here():
            answer = func([copied(value) for value in x])
            outcome = read_answer(answer, "the objective returned")
    except SystemExit as stop:
        outcome = Outcome(error=f"the objective called sys.exit({repr_of(stop.code)})")
    except Exception as error:
        outcome = Outcome(error=one_line(error))
    except BaseException as error:
        if not _is_cancelled(error):
            raise
        outcome = Outcome(error=one_line(error))
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


def read_answer(answer: Any, saying: str, text: str | None = None) -> Outcome:
    """Read what an objective answered: a number, an `Outcome`, or a mapping with its keys.

    A list of several numbers is a value of so many objectives.

    Args:
        answer: the answer.
        saying: the words before the answer, where it is no value.
        text: how the answer is shown then; None for its `repr`.
    """
    if isinstance(answer, Outcome):
        if answer.error is not None:
            return answer
        answer = {key: getattr(answer, key) for key in ("value", "info", "constraints")}
    info: Any = {}
    constraints: dict[str, float] = {}
    value = answer
    if isinstance(answer, Mapping):
        info, status = answer.get("info", {}), answer.get("status", "ok")
        if status == "fail":
            return Outcome(error="it reported the status fail", info=info)
        value = answer.get("value") if status == "ok" else None
        try:
            constraints = as_constraints(answer.get("constraints"))
        except ObservationError as error:
            return Outcome(error=f"{saying} {error}", info=info)
    number = read_value(value)
    if number is None:
        text = repr_of(answer) if text is None else text
        return Outcome(error=f"{saying} {text}; {_EXPECTED}", info=info)
    if not is_finite(number):
        as_it_came = isinstance(number, list) or math.isnan(number)  # None, what is masked
        word = repr_of(value) if as_it_came else repr(number)
        why = f"{saying} {word}; expected {_FINITE[isinstance(number, list)]}"
        return Outcome(error=why, info=info, constraints=constraints)
    return Outcome(value=number, info=info, constraints=constraints)


def is_inline(evaluator: Evaluator) -> bool:
    """Tell whether an evaluator keeps the calling thread until a trial is evaluated."""
    return bool(getattr(evaluator, "inline", False))


class Inline:
    """An evaluator in the calling thread, one trial at a time; nothing can cut it short."""

    inline = True

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
