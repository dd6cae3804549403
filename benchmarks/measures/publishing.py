"""What all measures share: a command that shows what its function returns, and keeps it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click

from rnnbbo.benchmarks.option_types import MarkdownFile
from rnnbbo.benchmarks.reports import plain, stored
from rnnbbo.benchmarks.reports.section import Subsection
from rnnbbo.benchmarks.threads import pin_threads
from rnnbbo.outputs import check_output

Measurement = Callable[..., Sequence[Subsection]]


def measure(*, one_thread: bool = False) -> Callable[[Measurement], click.Command]:
    """Make a command of a function that returns text and tables.

    The function's click options are the command's, and its docstring is the help. The command
    prints what the function returns, and with `--out FILE.md` writes it as Markdown and JSON.

    Args:
        one_thread: whether numerical libraries are held to one thread, so that times are those of
            one core.
    """

    def make(function: Measurement) -> click.Command:
        @wraps(function)
        def run(out: Path | None, **options: Any) -> None:
            if out is not None:
                for file in (out, out.with_suffix(".json")):
                    check_output("--out", file)
            if one_thread:
                pin_threads()
            show(function(**options), out)

        made = click.command()(run)
        made.params.append(
            click.Option(
                ["--out"],
                type=MarkdownFile(),
                help="Write this file of Markdown, too, and FILE.json beside it.",
            )
        )
        return made

    return make


def show(subsections: Sequence[Subsection], out: Path | None) -> None:
    """Print text and tables; where `out` is named, write them to it, too."""
    if sys.stdout.isatty():
        text = plain.to_text(subsections, bold=partial(click.style, bold=True), marks=0)
    else:
        text = plain.to_text(subsections)
    click.echo(text)
    if out is not None:
        paths = stored.write_tables(out, subsections)
        click.echo(f"written: {' and '.join(map(str, paths))}", err=True)
