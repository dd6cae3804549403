"""The compiled core and numpy, beside each other in one run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from rnnbbo import core
from rnnbbo.benchmarks.option_types import Names
from rnnbbo.benchmarks.reports.section import NONE, Cell


class CoreNames(Names):
    """Names of what computes: numpy, or the level of the compiled core that serves here."""

    name = "CORE[,CORE...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return them in the order in which they were given."""
        names = super().convert(value, param, ctx)
        known = tuple(dict.fromkeys(("numpy", core.name())))
        for name in names:
            if name not in known:
                form = f"expected {' or '.join(known)}, which is what can compute here"
                self.fail(f"{name!r}; {form}", param, ctx)
        return names


cores_option = click.option(
    "--cores",
    type=CoreNames(),
    help="Compare what computes, such as numpy,avx2: a column for each, and the ratio of the first "
    "to the last.  [default: what serves]",
)


@contextmanager
def computed_by(name: str) -> Iterator[None]:
    """Let numpy compute for a while, or the compiled core.

    Args:
        name: what `CoreNames` takes.
    """
    if name == core.name():
        yield
        return
    with core.without_core():
        yield


def ratio(cells: Sequence[Cell]) -> Cell:
    """Return how many times the value of the last cell that of the first is."""
    first, last = cells[0].value, cells[-1].value
    if first is None or last is None:
        return Cell(NONE)
    return Cell(f"{first / last:.2g}", value=first / last)
