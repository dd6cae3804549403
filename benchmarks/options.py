"""Values of command-line options."""

from typing import Any

import click


class WholeNumbers(click.ParamType):
    """Integers from 1 on, separated by commas.

    Attributes:
        example: what the message shows where something else came.
    """

    name = "N[,N...]"

    def __init__(self, example: str = "10,20,30") -> None:
        self.example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return them as they were given."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if not numbers or min(numbers) < 1:
            self.fail(f"{value!r}; expected integers >= 1, such as {self.example}", param, ctx)
        return numbers
