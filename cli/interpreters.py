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
from rnnbbo.evaluation.workers import Worker, Workers, serve


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

    def spawn() -> Worker:
        ours, theirs = multiprocessing.Pipe()
        arguments = [target, json.dumps(names), str(theirs.fileno()), str(os.getpid())]
        process = processes.start_group(
            [sys.executable, "-m", "rnnbbo.cli.interpreters", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        return Worker(process, ours)

    return Workers(spawn, slots, eval_timeout=eval_timeout)


def _main(target: str, names: str, pipe: str, parent: str) -> None:
    from rnnbbo.cli.command_objective import as_list_objective, import_function

    func = as_list_objective(import_function(target), json.loads(names))
    serve(func, Connection(int(pipe)), int(parent))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        _main(*sys.argv[1:])
