"""Evaluating a Python function in processes of its own, so that one can be ended.

A worker writes "ready" to its stdout when it has loaded the objective; then the parent writes a
line of JSON a point to its stdin and reads a line of JSON an outcome. What the function itself
prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from rnnbbo.cli import processes
from rnnbbo.cli.outcome import Outcome

_POLL_S = 0.05


class _NoAnswerError(Exception):
    """A worker has to be given up; the message is the trial's error."""


class WorkerPool:
    """Evaluates a Python objective in worker processes; one serves one evaluation at a time.

    Args:
        target: `pkg.mod:func` or `./file.py:func`.
        names: Names to call the function with; None to call it with a list.
        eval_timeout: Seconds an evaluation may take; None for any.
    """

    def __init__(
        self, target: str, names: Sequence[str] | None, *, eval_timeout: float | None = None
    ) -> None:
        self._arguments = [target, json.dumps(names)]
        self._eval_timeout = eval_timeout
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._idle: list[subprocess.Popen[bytes]] = []

    def evaluate(self, trial: int, point: Sequence[Any]) -> Outcome:
        """Evaluates once; safe to call from several threads at once."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        fresh = worker is None
        if worker is None:
            worker = processes.start(
                [sys.executable, "-m", "rnnbbo.cli.worker", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None,
            )
        finished = False
        try:
            outcome, finished = self._exchange(worker, list(point), fresh)
        finally:
            if finished:
                with self._lock:
                    self._idle.append(worker)
            else:
                self._end(worker)
        return outcome

    def stop(self) -> None:
        """Ends every evaluation that is running and every idle worker."""
        self._stop.set()
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            self._end(worker, grace_s=0.0)

    def _exchange(
        self, worker: subprocess.Popen[bytes], point: list[Any], fresh: bool
    ) -> tuple[Outcome, bool]:
        """The outcome, and whether the worker can be used again."""
        assert worker.stdin is not None
        try:
            if fresh:  # loading the objective does not count as evaluating it
                self._answer(worker, None)
            # A worker that has died is found out by reading.
            with contextlib.suppress(BrokenPipeError):
                worker.stdin.write(json.dumps(point).encode() + b"\n")
                worker.stdin.flush()
            told = self._answer(worker, self._eval_timeout)
        except _NoAnswerError as error:
            return Outcome(error=str(error)), False
        if told["error"] is not None:
            return Outcome(error=told["error"]), True
        return Outcome(value=told["value"]), True

    def _answer(self, worker: subprocess.Popen[bytes], timeout: float | None) -> Any:
        """The next line from the worker."""
        assert worker.stdout is not None
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        answer = b""
        while not answer.endswith(b"\n"):
            if self._stop.is_set():
                raise _NoAnswerError("interrupted")
            if time.monotonic() > deadline:
                raise _NoAnswerError(f"timed out after {timeout:g} s")
            if select.select([worker.stdout], [], [], _POLL_S)[0]:
                data = os.read(worker.stdout.fileno(), 65536)
                if not data:
                    how = processes.describe_exit(worker.wait())
                    raise _NoAnswerError(f"the objective's process died: {how}")
                answer += data
        return json.loads(answer)

    def _end(self, worker: subprocess.Popen[bytes], grace_s: float = processes.GRACE_S) -> None:
        for stream in (worker.stdin, worker.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]
        processes.end_group(worker, grace_s)


def serve(target: str, names: Sequence[str] | None) -> None:
    """Answers points from stdin until it is closed; what a worker process does."""
    from rnnbbo.cli.objective import as_list_objective, load
    from rnnbbo.minimize import evaluate

    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # The objective sees an empty stdin, and its prints cannot be taken for answers.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    func = as_list_objective(load(target), names)

    def send(answer: Any) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()

    send("ready")
    for line in requests:
        value, error = evaluate(func, json.loads(line))
        send({"value": None if error else value, "error": error})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.argv[1], json.loads(sys.argv[2]))
