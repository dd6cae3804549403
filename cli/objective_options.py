"""What options say of one objective or of several: directions, a reference point, a target."""

from __future__ import annotations

import math
from typing import Any

import click

from rnnbbo.direction import DIRECTIONS
from rnnbbo.errors import ConfigError


class Words(click.ParamType):
    """Directions between commas: minimize,maximize."""

    name = "directions"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[str]:
        """Return the words."""
        if isinstance(value, list):
            return value
        words = [word.strip() for word in value.split(",")]
        if not all(word in DIRECTIONS for word in words):
            self.fail(
                f"{value!r}; expected minimize or maximize, one an objective, such as "
                "minimize,maximize",
                param,
                ctx,
            )
        return words


class Numbers(click.ParamType):
    """Finite numbers between commas: a single one becomes a number, several a list."""

    name = "numbers"

    def convert(self, value: Any, param: Any, ctx: Any) -> float | list[float]:
        """Return the number, or the numbers."""
        if not isinstance(value, str):
            found: float | list[float] = value
            return found
        try:
            numbers = [float(one) for one in value.split(",")]
        except ValueError:
            numbers = [math.nan]
        if not all(map(math.isfinite, numbers)):
            raise ConfigError(
                f"{param.opts[0]} = {value:.80}; expected a finite number, or one an objective "
                "between commas: 0.5,12"
            )
        return numbers if len(numbers) > 1 else numbers[0]


DIRECTIONS_OPTION = click.option(
    "--directions",
    type=Words(),
    metavar="D,D...",
    help="Of several objectives, minimize or maximize, each: minimize,maximize.",
)
REFERENCE_OPTION = click.option(
    "--reference",
    type=Numbers(),
    metavar="V,V...",
    help="Of several objectives, the reference point of the hypervolume: what is worse in one of "
    "them counts for nothing.  [default: derived from the front]",
)
