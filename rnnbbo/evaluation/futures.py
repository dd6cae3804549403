"""Evaluate by futures: any executor whose `submit` returns a `concurrent.futures.Future`."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, replace
from typing import Any

from rnnbbo.errors import ConfigError, ObjectiveError
from rnnbbo.evaluation.evaluator import Objective, evaluate, one_line
from rnnbbo.trial import Outcome, Trial

_GRACE_S = 60.0  # for evaluations that are all overdue: as long as their own time, at most this


@dataclass
class _Running:
    trial: Trial
    submitted: float
    begun: float | None = None  # as far as it is known
    told: bool = False  # timed out: the call still runs, and what it brings is dropped


class Futures:
    """An evaluator by futures.

    Args:
        submit: starts the evaluation of a trial.
        slots: how many may run at once.
        eval_timeout: seconds until an evaluation counts as failed; None for any. It keeps its slot
            until its call ends: that a future could be cancelled does not say that the call was
            (Dask's, which stay pending while they run).
        begun: returns when the call of a trial began, in seconds of `time.monotonic`; None where
            that is not known. The time of an evaluation counts from there, else from where its
            future says that it runs. Where the executor tells neither of any call, it counts from
            the submission, which is when a slot was free.
        tells: whether it is certain that the executor tells of each call that it begins.
        close: called when the run ends, after every future was cancelled.

    Raises:
        ObjectiveError: by `start` and `wait`: nothing can be evaluated any more.
    """

    def __init__(
        self,
        submit: Callable[[Trial], Future[Outcome]],
        slots: int,
        *,
        eval_timeout: float | None = None,
        begun: Callable[[Trial], float | None] = lambda trial: None,
        tells: bool = False,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._slots = slots
        self._submit = submit
        self._eval_timeout = eval_timeout
        self._begun = begun
        self._tells = tells
        self._close = close
        self._running: dict[Future[Outcome], _Running] = {}
        self._stuck_since: float | None = None

    @property
    def free(self) -> int:
        """Number of evaluations that may be started now, beside those that run."""
        return self._slots - len(self._running)

    def start(self, trial: Trial) -> None:
        """Submit a trial."""
        self._running[self._submit(trial)] = _Running(trial, time.monotonic())

    def wait(self, seconds: float) -> list[Trial]:
        """Return trials that have finished, or run out of time, after at most `seconds`."""
        done, _ = wait(self._running, seconds, FIRST_COMPLETED)
        finished = []
        for future in sorted(done, key=lambda future: self._running[future].trial.number):
            entry = self._running[future]
            self._look(future, entry)
            if not entry.told:
                finished.append(replace(entry.trial, outcome=_outcome(future)))
            del self._running[future]
        return finished + self._overdue()

    def stop(self) -> None:
        """Cancel what has not begun; what runs is left to the executor, and not told."""
        for future in self._running:
            future.cancel()
        self._running.clear()
        self._close()

    def _look(self, future: Future[Outcome], entry: _Running) -> None:
        """Take note of a call that has begun."""
        if entry.begun is None:
            entry.begun = self._begun(entry.trial)
        if entry.begun is None and future.running():
            entry.begun = time.monotonic()
        self._tells = self._tells or entry.begun is not None

    def _overdue(self) -> list[Trial]:
        if self._eval_timeout is None:
            return []
        for future, entry in self._running.items():
            self._look(future, entry)
        now = time.monotonic()
        overdue = []
        for entry in self._running.values():
            begun = entry.begun if self._tells else entry.submitted
            if entry.told or begun is None or begun > now - self._eval_timeout:
                continue
            entry.told = True
            error = f"timed out after {self._eval_timeout:g} s"
            overdue.append(replace(entry.trial, outcome=Outcome(error=error)))
        if not overdue:  # these are told first
            self._give_up(now, self._eval_timeout)
        return overdue

    def _give_up(self, now: float, eval_timeout: float) -> None:
        """Raise where only overdue evaluations run, and go on doing so."""
        told = [entry for entry in self._running.values() if entry.told]
        waiting = [e for e in self._running.values() if self._tells and e.begun is None]
        if self.free or not told or len(told) + len(waiting) < len(self._running):
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since > min(eval_timeout, _GRACE_S):
            raise ObjectiveError(
                f"all {len(told)} evaluations that the executor runs have timed out after "
                f"{eval_timeout:g} s and go on; expected an objective that ends, or workers=, "
                "which ends it"
            )


class _Note:
    """Says when a call began, in this process; a copy that is sent to another says nothing here."""

    def __init__(self) -> None:
        self.begun: float | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Note, ()


def _call(note: _Note, func: Objective, x: list[Any]) -> Outcome:
    note.begun = time.monotonic()
    return evaluate(func, x)


def by_executor(
    func: Objective, executor: Any, workers: int | None, *, eval_timeout: float | None = None
) -> Futures:
    """Make an evaluator that submits to an executor, which stays open.

    Args:
        func: the objective; where the executor has other processes, they must be able to load it.
        executor: its `submit(function, *args)` returns a `concurrent.futures.Future`: a pool of
            the standard library, one of loky, or Dask's `client.get_executor()`.
        workers: how many evaluations may run at once; None for as many as the executor says.
        eval_timeout: as for `Futures`.

    Raises:
        ConfigError: it is no executor, or does not say how many it runs at once.
    """
    if not callable(getattr(executor, "submit", None)):
        raise ConfigError(
            f"executor = {executor!r}; expected an object like a concurrent.futures.Executor, "
            "with submit(function, *args) that returns a future"
        )
    if workers is None:
        workers = getattr(executor, "_max_workers", None)  # the standard pools, loky
    if not isinstance(workers, int):
        raise ConfigError(
            f"executor = {executor!r} does not say how many evaluations it runs at once; "
            "expected workers= beside it"
        )

    notes: dict[int, _Note] = {}

    def submit(trial: Trial) -> Future[Outcome]:
        note = notes[trial.number] = _Note()
        try:
            future = executor.submit(_call, note, func, trial.x)
        except Exception as error:  # broken, shut down, closed, or whatever its authors thought of
            raise ObjectiveError(f"the executor takes no work: {one_line(error)}") from error
        if not isinstance(future, Future):
            raise ObjectiveError(
                f"submit of the executor returned {future!r:.200}; expected a "
                "concurrent.futures.Future"
            )
        return future

    return Futures(
        submit,
        workers,
        eval_timeout=eval_timeout,
        begun=lambda trial: notes[trial.number].begun,
        tells=isinstance(executor, (ThreadPoolExecutor, ProcessPoolExecutor)),
    )


def _outcome(future: Future[Outcome]) -> Outcome:
    """Return what a finished future brings; an objective's exceptions are outcomes already.

    Raises:
        ObjectiveError: it brings none, for a reason that is no property of the point.
    """
    if future.cancelled():  # by others: a run cancels nothing before it ends
        raise ObjectiveError(
            "the executor cancelled an evaluation; expected one that stays open: was it, its "
            "client or its scheduler closed?"
        )
    error = future.exception()
    if error is None:
        outcome = future.result()
        if isinstance(outcome, Outcome):
            return outcome
        raise ObjectiveError(
            f"a future of the executor brought {outcome!r:.200}; expected what the function that "
            "was submitted returns"
        )
    if isinstance(error, (BrokenExecutor, CancelledError)):
        raise ObjectiveError(
            f"the executor broke: {one_line(error)}; workers= replaces a process that dies"
        ) from error
    if isinstance(error, pickle.PicklingError) or "pickle" in str(error):
        raise ObjectiveError(
            f"the objective or its value cannot be sent between processes ({one_line(error)}); "
            "expected a function at the top of a module, or workers= instead of an executor"
        ) from error
    return Outcome(error=f"the executor gave it up: {one_line(error)}")
