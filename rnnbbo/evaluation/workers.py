"""Evaluate in processes of our own, so that one that hangs or dies can be replaced.

A worker leads a process group, which is ended as a whole. It says when it has loaded the objective,
or why it cannot, and then answers a trial with a value or an error, each a message of JSON. An
answer names its trial and the process that gives it: a copy of the worker that an objective makes
by fork has no say. When this process is killed, a guard ends the workers.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any

from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation import processes
from rnnbbo.evaluation.evaluator import Objective, evaluate, one_line
from rnnbbo.space import Space
from rnnbbo.trial import Outcome, Trial

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h


@dataclass
class Worker:
    """A process and the way to it.

    Attributes:
        process: leader of a process group.
        pipe: our end of the pipe.
        mark: what it has started carries it; see `processes.Guard`.
        ready: whether it has loaded the objective.
        trial: what it evaluates.
        deadline: when the evaluation is cut short, in seconds of `time.monotonic`.
    """

    process: processes.Process
    pipe: Connection
    mark: str
    ready: bool = False
    trial: Trial | None = None
    deadline: float = math.inf


class Workers:
    """An evaluator in processes, each of which serves one evaluation at a time.

    Args:
        spawn: starts a worker whose processes carry the mark that it is given.
        slots: how many evaluations may run at once.
        eval_timeout: seconds an evaluation may take; None for any. The worker is ended then, with
            everything that it has started: SIGTERM, and SIGKILL to what is left 5 s later.
        encode: from a trial's point to what is sent as JSON.

    Raises:
        ObjectiveError: no process can be started. Also by `wait`, once what still runs has ended:
            a worker cannot load the objective.
    """

    def __init__(
        self,
        spawn: Callable[[str], Worker],
        slots: int,
        *,
        eval_timeout: float | None = None,
        encode: Callable[[list[Any]], list[Any]] = list,
    ) -> None:
        self._slots = slots
        self._spawn_worker = spawn
        self._eval_timeout = eval_timeout
        self._encode = encode
        self._broken: ObjectiveError | None = None
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []
        self._guard = processes.Guard()
        # At once: before the caller starts threads, which a fork would cut off.
        try:
            while len(self._idle) < slots:
                self._idle.append(self._spawn())
        except BaseException:
            self.stop()
            raise

    @property
    def free(self) -> int:
        """Number of evaluations that may be started now, beside those that run."""
        return 0 if self._broken else self._slots - len(self._busy)

    def start(self, trial: Trial) -> None:
        """Send a trial to a worker."""
        try:
            worker = self._idle.pop() if self._idle else self._spawn()
        except ObjectiveError as error:
            self._broken = error
            return
        worker.trial = trial
        self._busy.append(worker)
        self._set_deadline(worker)
        # A worker that has died is found out by reading.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.pipe.send_bytes(json.dumps([trial.number, self._encode(trial.x)]).encode())

    def wait(self, seconds: float) -> list[Trial]:
        """Return trials that have finished, or were cut short, after at most `seconds`."""
        if self._broken and not self._busy:
            raise self._broken
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
                outcome = self._read(worker, trial)
            elif time.monotonic() > worker.deadline:
                self._lose(worker, processes.GRACE_S, marks=[worker.mark])
                outcome = Outcome(error=f"timed out after {self._eval_timeout:g} s")
            if outcome is not None:
                finished.append(replace(trial, outcome=outcome))
        return finished

    def stop(self) -> None:
        """End all workers and what they have started."""
        everyone = self._busy + self._idle
        processes.end_groups(
            [worker.process for worker in everyone],
            processes.GRACE_S,
            marks=[worker.mark for worker in self._busy],
        )
        self._busy, self._idle = [], []
        for worker in everyone:
            worker.pipe.close()
        self._guard.close()

    def _spawn(self) -> Worker:
        try:
            worker = self._spawn_worker(self._guard.new_mark())
        except OSError as error:
            raise ObjectiveError(
                f"no process to evaluate in can be started: {one_line(error)}"
            ) from error
        self._guard.add(worker.process)
        return worker

    def _read(self, worker: Worker, trial: Trial) -> Outcome | None:
        """Return the outcome that a worker sends; None where it sends something else."""
        try:
            if not worker.pipe.poll():
                raise EOFError
            answer = json.loads(worker.pipe.recv_bytes())
        except (EOFError, ConnectionResetError):
            return self._died(worker)
        if answer["process"] != worker.process.pid:
            return None
        if not worker.ready and "trial" not in answer:
            if answer["error"] is not None:
                self._cannot_load(worker, answer["error"])
            worker.ready = True
            self._set_deadline(worker)
            return None
        if answer["trial"] != trial.number:
            return None
        worker.trial, worker.deadline = None, math.inf
        self._busy.remove(worker)
        self._idle.append(worker)
        told = {key: answer[key] for key in ("info", "seconds", "constraints")}
        if answer["error"] is not None:
            return Outcome(error=answer["error"], **told)
        return Outcome(value=answer["value"], **told)

    def _died(self, worker: Worker) -> Outcome | None:
        self._lose(worker, 0.0)
        code = worker.process.poll()
        how = "it cannot be ended" if code is None else processes.describe_exit(code)
        if worker.ready:
            return Outcome(error=f"the objective's process died: {how}")
        self._cannot_load(worker, f"it died before it was ready: {how}")
        return None

    def _cannot_load(self, worker: Worker, reason: str) -> None:
        """Take note that nothing can be evaluated, which is no property of the point."""
        self._broken = ObjectiveError(f"a process of its own cannot load the objective: {reason}")
        if worker in self._busy:
            self._lose(worker, 0.0)

    def _set_deadline(self, worker: Worker) -> None:
        # Loading the objective does not count as evaluating it.
        if worker.ready and self._eval_timeout is not None:
            worker.deadline = time.monotonic() + self._eval_timeout

    def _lose(self, worker: Worker, grace_s: float, marks: Sequence[str] = ()) -> None:
        processes.end_groups([worker.process], grace_s, marks)
        self._busy.remove(worker)
        self._guard.remove(worker.process)
        worker.pipe.close()


def serve(
    func: Objective, pipe: Connection, decode: Callable[[list[Any]], list[Any]] = list
) -> None:
    """Answer points until the pipe is closed; what a worker process does.

    Args:
        func: the objective.
        pipe: the worker's end.
        decode: from what was sent to a point.
    """
    me = os.getpid()
    refuse(pipe, None)
    while True:
        try:
            number, point = json.loads(pipe.recv_bytes())
        except (EOFError, ConnectionResetError):
            return
        outcome = evaluate(func, decode(point))
        value = None if outcome.error else outcome.value
        answer = {
            "value": value,
            "error": outcome.error,
            "info": outcome.info,
            "constraints": outcome.constraints,
            "seconds": outcome.seconds,
            "trial": number,
            "process": me,
        }
        pipe.send_bytes(json.dumps(answer).encode())


def refuse(pipe: Connection, error: str | None) -> None:
    """Say why a worker process cannot evaluate; None: it can."""
    pipe.send_bytes(json.dumps({"error": error, "process": os.getpid()}).encode())


def connect(start: Callable[[Connection, Connection, str], processes.Process], mark: str) -> Worker:
    """Start a worker, and return it with our end of a pipe to it.

    Args:
        start: starts the process; it is given our end, the worker's, and the mark.
        mark: of what the worker starts: see `rnnbbo.evaluation.kin`.

    Raises:
        OSError: it cannot be started.
    """
    ours, theirs = multiprocessing.Pipe()
    try:
        process = start(ours, theirs, mark)
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return Worker(process, ours, mark)


def forked(func: Objective, space: Space, slots: int, eval_timeout: float | None) -> Workers:
    """Make workers that are copies of this process, so that any function will do, a lambda too.

    Args:
        func: the objective.
        space: the search space.
        slots: how many evaluations may run at once.
        eval_timeout: as for `Workers`.
    """

    def start(ours: Connection, theirs: Connection, mark: str) -> processes.Process:
        return _Forked(lambda: serve(func, theirs, space.decode), mark, close=[ours])

    processes.check_open_files("workers", slots, each=1)
    spawn = partial(connect, start)
    return Workers(spawn, slots, eval_timeout=eval_timeout, encode=space.encode)


def _adopt_orphans() -> None:
    """Become the parent of copies whose own has ended, so that they are found (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # it may be closed, or nobody reads it
            stream.flush()


class _Forked:
    """A copy of this process that does one thing, as the leader of a process group."""

    def __init__(self, run: Callable[[], None], mark: str, close: list[Connection]) -> None:
        _flush()
        with warnings.catch_warnings():
            # Threads of the caller's libraries do not exist in the copy; see the documentation.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            self._live(run, mark, close)
        # Here and there: whoever comes second finds it done.
        with contextlib.suppress(OSError):
            os.setpgid(self.pid, self.pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, minus the signal's number if one ended it; None while it runs."""
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has asked, or SIGCHLD is ignored
                self._code = processes.UNKNOWN_EXIT
            else:
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    @staticmethod
    def _live(run: Callable[[], None], mark: str, close: list[Connection]) -> None:
        code = 1
        try:
            os.setpgid(0, 0)
            # A copy has no environment of its own in /proc, but what it executes has; its own
            # copies are its children.
            os.environ.update(processes.marked(mark))
            _adopt_orphans()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
                # Whoever ignores it does not learn how a child has ended.
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for pipe in close:
                pipe.close()
            run()
            code = 0
        except BaseException as error:
            with contextlib.suppress(Exception):
                sys.stderr.write(f"worker: {error!r}\n")
        finally:
            _flush()
            os._exit(code)
