"""What one evaluation came to."""

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
    """

    value: float = math.nan
    error: str | None = None
    info: dict[str, Any] = field(default_factory=dict)
    stderr: str = ""
