"""Evaluate a Python function in interpreters of its own, one a job.

A fresh interpreter has none of this process's threads and locks, which a copy by fork would be left
with half of. What the function prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from rnnbbo.errors import RnnbboWarning
from rnnbbo.evaluation import processes
from rnnbbo.evaluation.workers import Workers, connect, refuse, serve
from rnnbbo.point_forms import ParameterNames
from rnnbbo.space import Space

if TYPE_CHECKING:
    from rnnbbo.calling import Way


def interpreters(
    target: str,
    names: Sequence[str] | None,
    slots: int,
    eval_timeout: float | None,
    own_space: Space | None = None,
) -> Workers:
    """Make workers that load the objective themselves.

    Args:
        target: `pkg.mod:func` or `./file.py:func`.
        names: names to call the function with; None to call it with a list, or with a mapping where
            its own space is one.
        slots: how many evaluations may run at once.
        eval_timeout: seconds an evaluation may take; None for any.
        own_space: the space of the objective's own `bounds`, if it is that: then points are sent
            as numbers, since JSON has no tuples, and their categories are the objective's own.
    """

    def start(_: Connection, theirs: Connection, mark: str) -> processes.Process:
        form = "space" if own_space is not None else "pairs" if encode is not list else "list"
        coded = json.dumps(form)
        arguments = [target, json.dumps(names), coded, str(theirs.fileno())]
        return processes.start_group(
            [sys.executable, "-m", "rnnbbo.cli.interpreters", *arguments],
            {**os.environ, **processes.marked(mark)},
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[theirs.fileno()],
        )

    processes.check_open_files("--jobs", slots, each=1)
    encode: Callable[[list[Any]], list[Any]] = list
    if own_space is not None:
        encode = own_space.encode
    elif isinstance(names, ParameterNames):
        encode = partial(_pairs, names)
    spawn = partial(connect, start)
    return Workers(spawn, slots, eval_timeout=eval_timeout, encode=encode)


def _pairs(names: ParameterNames, x: list[Any]) -> list[Any]:
    """Return the active values with their names: JSON keeps no more of a point."""
    return [[name, value] for name, value in names.as_mapping(x).items()]


class _Paired(list[str]):
    """Names of points that are lists of names with values."""

    def as_mapping(self, point: Sequence[Any]) -> dict[str, Any]:
        """Return the values by name."""
        return {name: value for name, value in point}


def _main(target: str, names: str, coded: str, pipe: str) -> None:
    from rnnbbo.calling import of_list
    from rnnbbo.cli.command_objective import as_list_objective, import_function
    from rnnbbo.cli.streams import prepare
    from rnnbbo.errors import ObjectiveError

    prepare(result=False)
    connection = Connection(int(pipe))
    try:
        func = import_function(target)
    except ObjectiveError as error:
        refuse(connection, str(error))
        return
    keywords, form = json.loads(names), json.loads(coded)
    if form == "space":
        with warnings.catch_warnings(action="ignore", category=RnnbboWarning):  # said before
            space = Space(func.bounds)  # type: ignore[attr-defined]
        way: Way = "names" if keywords else "mapping" if space.mapping else "list"
        serve(of_list(func, way, space.names), connection, space.decode)
    elif form == "pairs":
        serve(of_list(func, "names", _Paired(keywords)), connection)
    else:
        serve(as_list_objective(func, keywords), connection)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        _main(*sys.argv[1:])
