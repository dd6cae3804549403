"""One optimization from its parts to its end, for `rnnbbo.minimize` and for the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rnnbbo.errors import ObjectiveError
from rnnbbo.evaluation.evaluator import Evaluator
from rnnbbo.evaluation.interrupts import shielded
from rnnbbo.loop import History, Limits, RunHistory, run_trials
from rnnbbo.optimizer import Optimizer
from rnnbbo.repeats import Repeats
from rnnbbo.result import OptimizeResult, count_text
from rnnbbo.space import Space
from rnnbbo.status import Status
from rnnbbo.trial import Trial

if TYPE_CHECKING:
    from rnnbbo.study import Study


@dataclass(frozen=True)
class Opened:
    """Where the trials of an optimization come from, ready to begin.

    Attributes:
        history: gives out the trials, and is told them.
        study: the study that keeps them, if one does.
    """

    history: History
    study: Study | None = None


class Watcher(Protocol):
    """What is told how an optimization gets on."""

    def begin(self, opened: Opened) -> Any:
        """Look at the history before anything is evaluated; return true to end here."""

    def add(self, trial: Trial) -> Any:
        """Take a trial that was told; return true to end here."""


@dataclass(frozen=True)
class Ended:
    """What came of an optimization.

    Attributes:
        status: how it ended.
        result: everything that was told; its `status` and `message` say how it ended.
        trials: the trials told, in that order; in a study also those of others.
        error: what ended it, where that is to be raised again once the result is safe.
    """

    status: Status
    result: OptimizeResult
    trials: list[Trial]
    error: BaseException | None = None


@dataclass(frozen=True)
class Optimization:
    """What is searched, for how long, by which policy, and where the trials are kept.

    Attributes:
        space: the search space.
        limits: when it ends.
        policy: name or file of a policy; None for the study's, or the default.
        rng: a seed or a generator; None for the study's, or a random one.
        points: points to evaluate first, in canonical form; an old study does without.
        values: their values; then they are told and not evaluated. Empty if there are none.
        call_seconds: time of an evaluation, if known.
        study: file that keeps the trials; None to keep them in this process alone.
        resume: whether to go on with the study if there is one.
        command: what evaluates it, kept in a study that has none yet.
        new_command: whether to keep it in place of another one.
    """

    space: Space
    limits: Limits
    policy: Any = None
    rng: Any = None
    points: Sequence[list[Any]] = ()
    values: Sequence[Any] = ()
    call_seconds: float | None = None
    study: str | Path | None = None
    resume: bool = False
    command: str = ""
    new_command: bool = False

    def run(self, evaluator_of: Callable[[Opened], Evaluator], watcher: Watcher) -> Ended:
        """Evaluate until a limit is reached, or something else ends it.

        Args:
            evaluator_of: makes what evaluates; called once, and what it returns is stopped.
            watcher: told how it gets on.

        Returns:
            What came of it. Whatever ended it before its time, an interrupt, an objective that
            cannot be evaluated any more, a watcher that raised, is in its `error`, and not raised.
        """
        with self._open() as opened:
            evaluator = evaluator_of(opened)
            history = opened.history
            error: BaseException | None = None
            try:
                if _begins(watcher, opened, evaluator):
                    known = [trial.x for trial in history.told()]
                    repeats = Repeats(self.space, [*known, *(self.points if self.values else ())])
                    status = run_trials(
                        history,
                        evaluator,
                        self.limits,
                        on_begin=lambda trial: repeats.add(trial.x),
                        on_trial=watcher.add,
                    )
                else:
                    status = Status.STOPPED
            except KeyboardInterrupt as interrupt:  # hours of evaluations are not lost with it
                status, error = Status.INTERRUPTED, interrupt
            except ObjectiveError as broken:
                status, error = Status.OBJECTIVE_ERROR, broken
            except BaseException as failure:
                status, error = Status.ERROR, failure
            try:
                with shielded(interrupted=True) if error else nullcontext():
                    return _ended(status, history, error)
            except Exception:
                if error is None:
                    raise
                raise error from None  # a study whose file is gone cannot be summed up, either

    @contextmanager
    def _open(self) -> Iterator[Opened]:
        if self.study is None:
            optimizer = Optimizer(
                self.space.listed,
                policy=self.policy,
                n_calls=self.limits.n_calls + len(self.values),
                call_seconds=self.call_seconds,
                rng=self.rng,
            )
            if self.values:
                optimizer.tell(self.points, self.values)
            points = () if self.values else self.points
            yield Opened(RunHistory(optimizer, points, n_known=len(self.values)))
            return
        from rnnbbo.study import Study, StudyHistory

        with Study(
            self.study, self.space, policy=self.policy, rng=self.rng, resume=self.resume
        ) as study:
            if self.command and (self.new_command or not study.command):
                study.keep_command(self.command)
            history = StudyHistory(study)
            history.begin_with(self.points, self.values)
            yield Opened(history, study)


def _begins(watcher: Watcher, opened: Opened, evaluator: Evaluator) -> bool:
    """Return whether the watcher lets the evaluations begin; the evaluator is stopped otherwise."""
    begins = False
    try:
        begins = not watcher.begin(opened)
    finally:
        if not begins:
            evaluator.stop()
    return begins


def _ended(status: Status, history: History, error: BaseException | None) -> Ended:
    result = history.result()
    if status is Status.OK and not result.success:
        status = Status.NO_SUCCESS
    words = status.message if status is not Status.OBJECTIVE_ERROR else str(error)
    count = count_text(len(result.x_iters), result.n_failed)
    result.update(status=status, message=f"{words}; {count}")
    return Ended(status, result, history.told(), error)
