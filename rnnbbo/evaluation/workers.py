"""Evaluate in processes of our own, so that one that hangs or dies can be replaced.

A worker leads a process group, which is ended as a whole. It sends "ready" when it has loaded the
objective, and then answers a point with a value or an error, each a message of JSON. A worker whose
parent is gone ends its group itself.
"""

from __future__ import annotations

import contextlib
import json
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from rnnbbo.evaluation import processes
from rnnbbo.evaluation.evaluator import Objective, evaluate
from rnnbbo.space import Space
from rnnbbo.trial import Outcome, Trial

_WATCH_S = 0.5  # how often a worker looks whether its parent is still there


@dataclass
class Worker:
    """A process and the way to it.

    Attributes:
        process: leader of a process group.
        pipe: our end of the pipe.
        ready: whether it has loaded the objective.
        trial: what it evaluates.
        deadline: when the evaluation is cut short, in seconds of `time.monotonic`.
    """

    process: processes.Process
    pipe: Connection
    ready: bool = False
    trial: Trial | None = None
    deadline: float = math.inf


class Workers:
    """An evaluator in processes, each of which serves one evaluation at a time.

    Args:
        spawn: starts a worker.
        slots: how many evaluations may run at once.
        eval_timeout: seconds an evaluation may take; None for any. The worker's process group is
            ended then: SIGTERM, and SIGKILL to what is left 5 s later.
        encode: from a trial's point to what is sent as JSON.
    """

    def __init__(
        self,
        spawn: Callable[[], Worker],
        slots: int,
        *,
        eval_timeout: float | None = None,
        encode: Callable[[list[Any]], list[Any]] = list,
    ) -> None:
        self._slots = slots
        self._spawn = spawn
        self._eval_timeout = eval_timeout
        self._encode = encode
        # At once: before the caller starts threads, which a fork would cut off.
        self._idle = [spawn() for _ in range(slots)]
        self._busy: list[Worker] = []

    @property
    def free(self) -> int:
        """Number of evaluations that may be started now, beside those that run."""
        return self._slots - len(self._busy)

    def start(self, trial: Trial) -> None:
        """Send a trial to a worker."""
        worker = self._idle.pop() if self._idle else self._spawn()
        worker.trial = trial
        self._busy.append(worker)
        self._set_deadline(worker)
        # A worker that has died is found out by reading.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.pipe.send_bytes(json.dumps(self._encode(trial.x)).encode())

    def wait(self, seconds: float) -> list[Trial]:
        """Return trials that have finished, or were cut short, after at most `seconds`."""
        now = time.monotonic()
        nearest = min((worker.deadline for worker in self._busy), default=math.inf) - now
        ready = set(wait([w.pipe for w in self._busy], max(0.0, min(seconds, nearest))))
        finished = []
        for worker in list(self._busy):
            trial = worker.trial
            assert trial is not None
            outcome = None
            # Something that a dead worker has started may keep its end of the pipe open.
            if worker.pipe in ready or (worker.process.poll() is not None):
                outcome = self._read(worker)
            elif time.monotonic() > worker.deadline:
                self._lose(worker, processes.GRACE_S)
                outcome = Outcome(error=f"timed out after {self._eval_timeout:g} s")
            if outcome is not None:
                finished.append(replace(trial, outcome=outcome))
        return finished

    def stop(self) -> None:
        """End all workers and what they have started."""
        everyone = self._busy + self._idle
        self._busy, self._idle = [], []
        processes.end_groups([worker.process for worker in everyone], processes.GRACE_S)
        for worker in everyone:
            worker.pipe.close()

    def _read(self, worker: Worker) -> Outcome | None:
        """Return the outcome that a worker sends; None where it has only become ready."""
        try:
            if not worker.pipe.poll():
                raise EOFError
            answer = json.loads(worker.pipe.recv_bytes())
        except (EOFError, ConnectionResetError):
            self._lose(worker, 0.0)
            code = worker.process.poll()
            how = "it cannot be ended" if code is None else processes.describe_exit(code)
            return Outcome(error=f"the objective's process died: {how}")
        if not worker.ready:
            worker.ready = True
            self._set_deadline(worker)
            return None
        worker.trial, worker.deadline = None, math.inf
        self._busy.remove(worker)
        self._idle.append(worker)
        info, seconds = answer["info"], answer["seconds"]
        if answer["error"] is not None:
            return Outcome(error=answer["error"], info=info, seconds=seconds)
        return Outcome(value=answer["value"], info=info, seconds=seconds)

    def _set_deadline(self, worker: Worker) -> None:
        # Loading the objective does not count as evaluating it.
        if worker.ready and self._eval_timeout is not None:
            worker.deadline = time.monotonic() + self._eval_timeout

    def _lose(self, worker: Worker, grace_s: float) -> None:
        self._busy.remove(worker)
        processes.end_groups([worker.process], grace_s)
        worker.pipe.close()


def serve(
    func: Objective, pipe: Connection, parent: int, decode: Callable[[list[Any]], list[Any]] = list
) -> None:
    """Answer points until the pipe is closed; what a worker process does.

    Args:
        func: the objective.
        pipe: the worker's end.
        parent: process without which the worker ends itself.
        decode: from what was sent to a point.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    pipe.send_bytes(b'"ready"')
    while True:
        try:
            point = json.loads(pipe.recv_bytes())
        except (EOFError, ConnectionResetError):
            return
        outcome = evaluate(func, decode(point))
        value = None if outcome.error else outcome.value
        answer = {
            "value": value,
            "error": outcome.error,
            "info": outcome.info,
            "seconds": outcome.seconds,
        }
        pipe.send_bytes(json.dumps(answer).encode())


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os.killpg(0, signal.SIGKILL)


def forked(func: Objective, space: Space, slots: int, eval_timeout: float | None) -> Workers:
    """Make workers that are copies of this process, so that any function will do, a lambda too.

    Args:
        func: the objective.
        space: the search space.
        slots: how many evaluations may run at once.
        eval_timeout: as for `Workers`.
    """

    def spawn() -> Worker:
        ours, theirs = multiprocessing.Pipe()
        process = _Forked(lambda: serve(func, theirs, parent, space.decode), close=[ours])
        theirs.close()
        return Worker(process, ours)

    parent = os.getpid()
    return Workers(spawn, slots, eval_timeout=eval_timeout, encode=space.encode)


class _Forked:
    """A copy of this process that does one thing, as the leader of a process group."""

    def __init__(self, run: Callable[[], None], close: list[Connection]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Threads of the caller's libraries do not exist in the copy; see the documentation.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            self._live(run, close)
        # Here and there: whoever comes second finds it done.
        with contextlib.suppress(OSError):
            os.setpgid(self.pid, self.pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, minus the signal's number if one ended it; None while it runs."""
        if self._code is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    @staticmethod
    def _live(run: Callable[[], None], close: list[Connection]) -> None:
        code = 1
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for pipe in close:
                pipe.close()
            run()
            code = 0
        except BaseException as error:
            sys.stderr.write(f"worker: {error!r}\n")
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
