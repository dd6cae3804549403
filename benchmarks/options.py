"""Values of the benchmarks' command-line options."""

from typing import Any

import click


class WholeNumbers(click.ParamType):
    """Integers from 1 on, separated by commas."""

    name = "N[,N...]"

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
            self.fail(f"{value!r}; expected integers >= 1, such as 10,20,30", param, ctx)
        return numbers
