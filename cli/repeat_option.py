"""How often a point is evaluated, as an option and in words."""

from __future__ import annotations

from typing import Any

import click

from rnnbbo.arguments import REPEAT_AUTO


class Repeat(click.ParamType):
    """An integer of at least 1, or the word auto."""

    name = "repeat"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number, or the word."""
        if value == REPEAT_AUTO:
            return REPEAT_AUTO
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r}; expected an integer of at least 1, or {REPEAT_AUTO}", param, ctx)
        return number


REPEAT_OPTION = click.option(
    "--repeat",
    type=Repeat(),
    metavar="N|auto",
    help="Evaluate each point N times, and take the mean. auto: under noise, a point once more "
    "where that is worth more than a new one; -n counts all evaluations.  [default: 1]",
)


def repeat_text(repeat: int | str) -> str:
    """Return in words how often a point is evaluated; empty where it is once."""
    if repeat == REPEAT_AUTO:
        return "under noise, points are evaluated again where that is worth more than new ones"
    return (
        "" if repeat == 1 else f"each point is evaluated {repeat} times, and the mean is its value"
    )
