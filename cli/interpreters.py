"""Evaluate a Python function in interpreters of its own, one a job.

A fresh interpreter has none of this process's threads and locks, which a copy by fork would be left
with half of. What the function prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from rnnbbo.evaluation import processes
from rnnbbo.evaluation.workers import Worker, Workers, refuse, serve


def interpreters(
    target: str, names: Sequence[str] | None, slots: int, eval_timeout: float | None
) -> Workers:
    """Make workers that load the objective themselves.

    Args:
        target: `pkg.mod:func` or `./file.py:func`.
        names: names to call the function with; None to call it with a list.
        slots: how many evaluations may run at once.
        eval_timeout: seconds an evaluation may take; None for any.
    """

    def spawn(mark: str) -> Worker:
        ours, theirs = multiprocessing.Pipe()
        arguments = [target, json.dumps(names), str(theirs.fileno())]
        try:
            process = processes.start_group(
                [sys.executable, "-m", "rnnbbo.cli.interpreters", *arguments],
                {**os.environ, **processes.marked(mark)},
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=[theirs.fileno()],
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return Worker(process, ours, mark)

    processes.check_open_files("--jobs", slots, each=1)
    return Workers(spawn, slots, eval_timeout=eval_timeout)


def _main(target: str, names: str, pipe: str) -> None:
    from rnnbbo.cli.command_objective import as_list_objective, import_function
    from rnnbbo.cli.streams import prepare
    from rnnbbo.errors import ObjectiveError

    prepare(result=False)
    connection = Connection(int(pipe))
    try:
        func = as_list_objective(import_function(target), json.loads(names))
    except ObjectiveError as error:
        refuse(connection, str(error))
        return
    serve(func, connection)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        _main(*sys.argv[1:])
