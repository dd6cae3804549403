"""Which objective `rnnbbo minimize` is to evaluate, and over which space."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rnnbbo.cli.command_objective import CommandObjective
    from rnnbbo.cli.kept_command import KeptCommand
    from rnnbbo.space import Space


def chosen_command(
    objective: str | None, program: list[str] | None, begun: KeptCommand | None
) -> str | list[str]:
    """Return what is to be evaluated: a Python function's name, or a program's argument list.

    Args:
        objective: the argument before `--`.
        program: what stands after it.
        begun: what a study was begun with.

    Raises:
        click.UsageError: there is nothing, or too much.
    """
    if program is not None and objective is not None:
        raise click.UsageError(
            f"OBJECTIVE = {objective!r}, and a program after --; expected one of them"
        )
    if program:
        return program
    if objective is None and begun is not None:
        return begun.objective
    if objective is None:
        raise click.UsageError(
            "nothing to minimize; expected pkg.mod:func, ./file.py:func, or -- PROGRAM ARGS..."
        )
    return objective


def read_objective(
    command: str | list[str],
    params: tuple[str, ...],
    space_file: str | None,
    call_with: str,
    eval_timeout: float | None,
    known: Space | None,
    where: Sequence[str] = (),
) -> tuple[Space, CommandObjective]:
    """Return the space, which may be known from a study, and what is minimized over it."""
    from rnnbbo.cli.command_objective import PythonFunction, import_function, takes_names
    from rnnbbo.cli.parameters import read_parameters, with_constraints
    from rnnbbo.cli.program import Program

    if params or space_file is not None:
        known = None
    known = known and with_constraints(known, where)
    if isinstance(command, list):
        space = known or read_parameters(params, space_file, where)
        return space, Program(command, space.names, eval_timeout=eval_timeout)
    func = import_function(command)
    bounds = getattr(func, "bounds", None)
    own_space = None
    if bounds is not None and not params and space_file is None:
        own_space = with_constraints(bounds, where)
    space = own_space or known or read_parameters(params, space_file, where)
    by_names = takes_names(func, space.names, call_with)
    return space, PythonFunction(command, func, space.names, by_names, eval_timeout, own_space)


@contextlib.contextmanager
def stdout_on_stderr() -> Iterator[None]:
    """Send what an objective prints to stderr: stdout is for the result alone."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
