"""One optimization from its parts to its end, for `rnnbbo.minimize` and for the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnbbo.arguments import REPEAT_AUTO
from rnnbbo.direction import Maximize, as_arguments
from rnnbbo.errors import ObjectiveError, PolicyError
from rnnbbo.evaluation.averaging import Averaging
from rnnbbo.evaluation.evaluator import Evaluator, is_inline
from rnnbbo.evaluation.interrupts import shielded
from rnnbbo.goal import Goal
from rnnbbo.loop import History, Limits, run_trials
from rnnbbo.optimizer import Optimizer
from rnnbbo.repeats import Repeats
from rnnbbo.result import OptimizeResult, count_text
from rnnbbo.run_history import RunHistory
from rnnbbo.space import Space
from rnnbbo.status import Status
from rnnbbo.stopping import EXHAUSTED
from rnnbbo.trial import Outcome, Trial

if TYPE_CHECKING:
    from rnnbbo.study import Study


@dataclass(frozen=True)
class Opened:
    """Where the trials of an optimization come from, ready to begin.

    Attributes:
        history: gives out the trials, and is told them.
        study: the study that keeps them, if one does.
        maximize: which values are better.
        limits: when the run ends.
        inline: whether this very thread evaluates, and does nothing else meanwhile.
    """

    history: History
    study: Study | None = None
    maximize: Maximize = False
    limits: Limits = field(default_factory=lambda: Limits(1))
    inline: bool = False


class Watcher:
    """What is told how an optimization gets on; by itself it does nothing."""

    def begin(self, opened: Opened) -> Any:
        """Look at the history before anything is evaluated; return true to end here."""

    def begun(self, trial: Trial) -> Any:
        """Take note of a trial that is about to be evaluated."""

    def add(self, trial: Trial) -> Any:
        """Take a trial that was told; return true to end here."""

    def wait(self) -> Any:
        """Do what is to be done between evaluations; called ten times a second or so."""


class Watchers(Watcher):
    """Several of them, told one after the other.

    Args:
        watchers: them.
    """

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def begin(self, opened: Opened) -> bool:
        """Return whether one of them ends the run."""
        return any([bool(one.begin(opened)) for one in self._watchers])

    def begun(self, trial: Trial) -> None:
        """Tell all of them."""
        for one in self._watchers:
            one.begun(trial)

    def add(self, trial: Trial) -> bool:
        """Return whether one of them ends the run."""
        return any([bool(one.add(trial)) for one in self._watchers])

    def wait(self) -> None:
        """Tell all of them."""
        for one in self._watchers:
            one.wait()


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
        known: points with their outcomes, which are told before; likewise.
        call_seconds: time of an evaluation, if known.
        study: file that keeps the trials; None to keep them in this process alone.
        resume: whether to go on with the study if there is one.
        maximize: which values are better; None for the study's, or smaller ones.
        reference: reference point of the hypervolume of several objectives; None for the study's,
            or a derived one.
        repeat: how often each point is evaluated; their mean is told. Or `REPEAT_AUTO`: the policy
            says which points are evaluated once more, and each value is told.
        goal: what the run is for, a value of `rnnbbo.goal.Goal`.
        prior: earlier studies of like problems, as for `minimize`; an old study has its own.
        command: what evaluates it, kept in a study that has none yet.
        new_command: whether to keep it in place of another one.
    """

    space: Space
    limits: Limits
    policy: Any = None
    rng: Any = None
    points: Sequence[list[Any]] = ()
    known: Sequence[tuple[list[Any], Outcome]] = ()
    call_seconds: float | None = None
    study: str | Path | None = None
    resume: bool = False
    maximize: Maximize | None = None
    reference: list[float] | None = None
    repeat: int | str = 1
    goal: str = Goal.BEST.value
    prior: Any = None
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

        Raises:
            PolicyError: the policy does not know what the rules need.
            ConfigError: the rules are for another number of objectives.
        """
        if isinstance(self.maximize, tuple):
            self.limits.rules.require_fitting(len(self.maximize))
        if self.limits.rules.exhausted and (self.study is None or self.policy is not None):
            _require_gain(Optimizer(self.space, policy=self.policy))  # before there is a file
        with self._open() as opened:
            evaluator = evaluator_of(opened)
            if isinstance(self.repeat, int) and self.repeat > 1:
                evaluator = Averaging(evaluator, self.repeat)
            history = opened.history
            error: BaseException | None = None
            try:
                seen = replace(opened, limits=self.limits, inline=is_inline(evaluator))
                if _begins(watcher, seen, evaluator):
                    on_begin = self._noticing(history, watcher)
                    status = run_trials(
                        history,
                        evaluator,
                        self.limits,
                        on_begin=on_begin,
                        on_trial=watcher.add,
                        on_wait=watcher.wait,
                        maximize=opened.maximize,
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

    @property
    def _asking_again(self) -> dict[str, Any]:
        """What an optimizer is to be made with."""
        repeat = self.repeat if self.repeat == REPEAT_AUTO else 1
        return {"repeat": repeat, "goal": self.goal}

    def _noticing(self, history: History, watcher: Watcher) -> Callable[[Trial], Any]:
        """Return what warns of a point that comes again, and tells the watcher of each."""
        known = [trial.x for trial in history.told()]
        repeats = Repeats(self.space, known, wanted=self.repeat == REPEAT_AUTO)
        expected = self.goal == Goal.CUMULATIVE.value

        def notice(trial: Trial) -> None:
            if not expected:
                repeats.add(trial.x)
            watcher.begun(trial)

        return notice

    @contextmanager
    def _open(self) -> Iterator[Opened]:
        if self.study is None:
            space, prior, maximize = self.space.listed, self.prior, self.maximize or False
            if prior is not None:
                from rnnbbo.study import read_prior  # not needed without

                prior = list(read_prior(space, prior, maximize))
            optimizer = Optimizer(
                space,
                policy=self.policy,
                n_calls=self.limits.n_calls + len(self.known),
                call_seconds=self.call_seconds,
                rng=self.rng,
                prior=prior,
                **self._asking_again,
                **as_arguments(maximize, self.reference),
            )
            if self.known:
                points, outcomes = zip(*self.known, strict=True)
                optimizer.tell(
                    list(points),
                    [outcome.value for outcome in outcomes],
                    constraints=[outcome.constraints for outcome in outcomes],
                )
            history = RunHistory(optimizer, self.points, self.known)
            yield Opened(history, maximize=maximize)
            return
        from rnnbbo.study import Study, StudyHistory

        with Study(
            self.study,
            self.space,
            policy=self.policy,
            rng=self.rng,
            resume=self.resume,
            prior=self.prior,
            **self._asking_again,
            **as_arguments(self.maximize, self.reference),
        ) as study:
            if self.command and (self.new_command or not study.command):
                study.keep_command(self.command)
            if isinstance(study.signs, tuple):
                self.limits.rules.require_fitting(len(study.signs))
            if self.limits.rules.exhausted:
                _require_gain(study)
            opened = StudyHistory(study)
            opened.begin_with(self.points, self.known)
            yield Opened(opened, study, maximize=study.signs)


def _require_gain(proposes: Optimizer | Study) -> None:
    """Make sure that what is left to gain is known.

    Raises:
        PolicyError: it is not.
    """
    if not proposes.knows_gain:
        raise PolicyError(
            f"policy {proposes.policy_name!r} does not know the expected improvement that is "
            f"left; expected 'auto' or 'kernel' for until = {EXHAUSTED!r}"
        )


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
        status = Status.NO_SUCCESS if result.x is None else Status.NO_FEASIBLE
    words = status.message if status is not Status.OBJECTIVE_ERROR else str(error)
    count = count_text(len(result.x_iters), result.n_failed)
    result.update(status=status, message=f"{words}; {count}")
    return Ended(status, result, history.told(), error)
