"""Evaluate by futures: any executor whose `submit` returns a `concurrent.futures.Future`."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, replace
from typing import Any

from rnnbbo.errors import ConfigError, ObjectiveError
from rnnbbo.evaluation.evaluator import Objective, evaluate, one_line
from rnnbbo.trial import Outcome, Trial


@dataclass
class _Running:
    trial: Trial
    started: float
    told: bool = False  # timed out: the future still runs, and what it brings is dropped


class Futures:
    """An evaluator by futures.

    Args:
        submit: starts the evaluation of a trial.
        slots: how many may run at once.
        eval_timeout: seconds until an evaluation counts as failed; None for any. A future that
            cannot be cancelled keeps its slot until it ends.
        close: called when the run ends, after every future was cancelled.

    Raises:
        ObjectiveError: by `wait`: nothing can be evaluated any more.
    """

    def __init__(
        self,
        submit: Callable[[Trial], Future[Outcome]],
        slots: int,
        *,
        eval_timeout: float | None = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._slots = slots
        self._submit = submit
        self._eval_timeout = eval_timeout
        self._close = close
        self._running: dict[Future[Outcome], _Running] = {}

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
            entry = self._running.pop(future)
            if not entry.told:
                finished.append(replace(entry.trial, outcome=_outcome(future)))
        return finished + self._overdue()

    def stop(self) -> None:
        """Cancel what has not begun; what runs is left to the executor, and not told."""
        for future in self._running:
            future.cancel()
        self._running.clear()
        self._close()

    def _overdue(self) -> list[Trial]:
        if self._eval_timeout is None:
            return []
        latest = time.monotonic() - self._eval_timeout
        overdue = []
        for future, entry in list(self._running.items()):
            if entry.started > latest or entry.told:
                continue
            entry.told = True
            if future.cancel():
                del self._running[future]
            error = f"timed out after {self._eval_timeout:g} s"
            overdue.append(replace(entry.trial, outcome=Outcome(error=error)))
        hung = not self.free and all(entry.told for entry in self._running.values())
        if hung and not overdue:  # these are told first
            raise ObjectiveError(
                f"all {self._slots} evaluations that the executor runs at once have timed out "
                f"after {self._eval_timeout:g} s and cannot be cancelled; expected an objective "
                "that ends, or workers=, which ends it"
            )
        return overdue


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

    def submit(trial: Trial) -> Future[Outcome]:
        try:
            return executor.submit(evaluate, func, trial.x)
        except (BrokenExecutor, RuntimeError) as error:  # broken, or shut down
            raise ObjectiveError(f"the executor takes no work: {one_line(error)}") from error

    return Futures(submit, workers, eval_timeout=eval_timeout)


def _outcome(future: Future[Outcome]) -> Outcome:
    """Return what a finished future brings; an objective's exceptions are outcomes already."""
    try:
        return future.result()
    except BrokenExecutor as error:
        raise ObjectiveError(
            f"the executor broke: {one_line(error)}; workers= replaces a process that dies"
        ) from error
    except Exception as error:
        if isinstance(error, pickle.PicklingError) or "pickle" in str(error):
            raise ObjectiveError(
                f"the objective or its value cannot be sent between processes ({one_line(error)}); "
                "expected a function at the top of a module, or workers= instead of an executor"
            ) from error
        return Outcome(error=f"the executor gave it up: {one_line(error)}")
