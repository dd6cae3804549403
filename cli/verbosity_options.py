"""How much `rnnbbo minimize` and `rnnbbo resume` show of a run: `--quiet` and `--verbose`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from rnnbbo.errors import RnnbboWarning

_QUIET = click.option(
    "--quiet", "-q", is_flag=True, help="Show nothing but the result, and errors."
)
_VERBOSE = click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Show a line a trial, with its point, and why the policy does what it does.",
)


def verbosity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    return _QUIET(_VERBOSE(command))


def level_of(quiet: bool, verbose: bool) -> int:
    """Return what is shown of a run, one of the levels of `rnnbbo.progress.run_progress`.

    Raises:
        click.UsageError: both options are given.
    """
    from rnnbbo.progress.run_progress import BRIEF, QUIET, VERBOSE

    if quiet and verbose:
        raise click.UsageError("--quiet beside --verbose; expected one or the other")
    return QUIET if quiet else VERBOSE if verbose else BRIEF


@contextmanager
def warnings_as_wanted(quiet: bool) -> Iterator[None]:
    """Let warnings of ours be lost where nothing but the result is wanted."""
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore", RnnbboWarning)
        yield
