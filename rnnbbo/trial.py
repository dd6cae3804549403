"""Trials: points that are, or were, evaluated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The value of one evaluation, or why there is none.

    Attributes:
        value: The objective's value; NaN if the evaluation failed.
        error: Why it failed, in one line; None if it did not.
        info: What the program told beside the value.
        stderr: The end of what a failed program wrote to stderr.
        seconds: How long the evaluation took, as far as it is known.
    """

    value: float = math.nan
    error: str | None = None
    info: dict[str, Any] = field(default_factory=dict)
    stderr: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Trial:
    """A point, and what came of it.

    Attributes:
        number: Its place in the order in which points were asked for or told, from 0.
        x: The point, n_dims values in user units.
        outcome: The value, or why there is none; None until it is told.
        waiting: Whether it is not told, and nobody evaluates it now.
    """

    number: int
    x: list[Any]
    outcome: Outcome | None = None
    waiting: bool = False

    @property
    def state(self) -> str:
        """One of "waiting", "running", "ok" and "failed"."""
        if self.outcome is None:
            return "waiting" if self.waiting else "running"
        return "failed" if self.failed else "ok"

    @property
    def failed(self) -> bool:
        """Whether the evaluation failed; False until it is told."""
        return self.outcome is not None and self.outcome.error is not None

    @property
    def value(self) -> float | None:
        """The value; None until it is told, and for a failed trial."""
        return None if self.outcome is None or self.failed else self.outcome.value

    @property
    def error(self) -> str | None:
        """Why the evaluation failed."""
        return None if self.outcome is None else self.outcome.error
