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
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection

from rnnbbo.errors import RnnbboWarning
from rnnbbo.evaluation import processes
from rnnbbo.evaluation.workers import Workers, connect, refuse, serve
from rnnbbo.space import Space


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
        names: names to call the function with; None to call it with a list.
        slots: how many evaluations may run at once.
        eval_timeout: seconds an evaluation may take; None for any.
        own_space: the space of the objective's own `bounds`, if it is that: then points are sent
            as numbers, since JSON has no tuples, and their categories are the objective's own.
    """

    def start(_: Connection, theirs: Connection, mark: str) -> processes.Process:
        coded = json.dumps(own_space is not None)
        arguments = [target, json.dumps(names), coded, str(theirs.fileno())]
        return processes.start_group(
            [sys.executable, "-m", "rnnbbo.cli.interpreters", *arguments],
            {**os.environ, **processes.marked(mark)},
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[theirs.fileno()],
        )

    processes.check_open_files("--jobs", slots, each=1)
    encode = list if own_space is None else own_space.encode
    spawn = partial(connect, start)
    return Workers(spawn, slots, eval_timeout=eval_timeout, encode=encode)


def _main(target: str, names: str, coded: str, pipe: str) -> None:
    from rnnbbo.cli.command_objective import as_list_objective, import_function
    from rnnbbo.cli.streams import prepare
    from rnnbbo.errors import ObjectiveError

    prepare(result=False)
    connection = Connection(int(pipe))
    try:
        func = import_function(target)
        objective = as_list_objective(func, json.loads(names))
    except ObjectiveError as error:
        refuse(connection, str(error))
        return
    with warnings.catch_warnings(action="ignore", category=RnnbboWarning):  # said before
        decode = Space(func.bounds).decode if json.loads(coded) else list  # type: ignore[attr-defined]
    serve(objective, connection, decode)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        _main(*sys.argv[1:])
