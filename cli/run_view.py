"""What `rnnbbo minimize` shows of a run: how it begins, its trials, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnbbo.cli.signals import RunSignals
from rnnbbo.cli.stop_options import rules_text
from rnnbbo.cli.streams import OutputError, say, write_result
from rnnbbo.direction import in_words
from rnnbbo.errors import ObjectiveError
from rnnbbo.optimization import Watcher
from rnnbbo.result import signs_of
from rnnbbo.trial import Trial

if TYPE_CHECKING:
    from rnnbbo.cli.command_objective import CommandObjective
    from rnnbbo.loop import Limits
    from rnnbbo.optimization import Ended, Opened
    from rnnbbo.progress.run_progress import RunProgress
    from rnnbbo.result import OptimizeResult
    from rnnbbo.study import Study


_SHOWN = (
    "recommended_value",
    "noise",
    "gain_left",
    "total",
    "policy",
    "policy_why",
    "seen",
    "core",
)  # of a result, in JSON


def conclude(
    ended: Ended,
    target: CommandObjective,
    names: Sequence[str],
    about: dict[str, Any] | None,
    plot_file: str | None,
) -> int:
    """Show the result, and return the exit code.

    Args:
        ended: what came of the run.
        target: what was minimized.
        names: names of the parameters.
        about: more that JSON says of the run; None to show the result in words.
        plot_file: file of the picture, or None.

    Raises:
        OutputError: the result was not written as it should.
    """
    from rnnbbo.cli import plot, printing

    if about is None:
        text = printing.ending_text(ended, target)
    else:
        text = printing.trials_json(
            ended.status,
            ended.trials,
            ended.result.recommended,
            names,
            target,
            maximize=signs_of(ended.result),
            reference=ended.result.reference,
            **{key: ended.result[key] for key in _SHOWN},
            **about,
        )
    fault: OutputError | None = None
    try:
        if about is None and not ended.result.success:
            say(text)
        else:
            write_result(text)
        if plot_file is not None and ended.trials:
            plot.draw_run(plot_file, ended.result)
    except OutputError as error:
        fault = error
    if isinstance(ended.error, KeyboardInterrupt) and fault is not None:
        say(f"Error: {fault}")
    elif isinstance(ended.error, ObjectiveError):
        say(f"Error: {ended.error}")
    elif ended.error is not None and not isinstance(ended.error, KeyboardInterrupt):
        raise ended.error
    elif fault is not None:
        raise fault
    return _exit_code(ended)


class RunView(Watcher):
    """What a user sees of a run: how it begins, and its trials.

    Args:
        objective: what is minimized.
        limits: how many evaluations are wanted, and what ends the run before.
        names: names of the parameters.
        signals: what a signal does.
        level: what is shown, one of the levels of `rnnbbo.progress.run_progress`.
    """

    def __init__(
        self,
        objective: CommandObjective,
        limits: Limits,
        names: Sequence[str],
        signals: RunSignals,
        level: int,
    ) -> None:
        self._objective = objective
        self._n_calls, self._rules = limits.n_calls, limits.rules
        self._names = names
        self._signals = signals
        self._level = level
        self._progress: RunProgress | None = None

    def begin(self, opened: Opened) -> None:
        """Say what is called, who proposes, and what a study has already."""
        from rnnbbo.progress.run_progress import RunProgress

        if not self._level:
            return
        now = opened.history.result()
        if opened.study is not None and len(now.x_iters):
            say(_going_on(opened.study, now, self._n_calls))
        elif len(now.x_iters):
            say(f"{len(now.x_iters)} known values, {_best_so_far(now)}")
        if self._objective.call is not None:
            say(f"calling {self._objective.call}")
        why = f": {now.policy_why}" if now.policy_why else ""
        say(f"policy {now.policy}{why}")
        if isinstance(opened.maximize, tuple):
            say(f"objectives: {', '.join(in_words(opened.maximize))}")
        elif opened.maximize:
            say("larger values are better")
        if self._rules:
            say(rules_text(self._rules))
        self._progress = RunProgress(self._names, self._level, leaves=False)
        self._progress.begin(opened)

    def begun(self, trial: Trial) -> None:
        """Show that a trial is about to be evaluated."""
        if self._progress is not None:
            self._progress.begun(trial)

    def add(self, trial: Trial) -> None:
        """Show a trial."""
        if self._progress is not None:
            self._progress.add(trial)
        self._signals.expect()  # an objective may have caught the last one

    def wait(self) -> None:
        """Let what is shown go on."""
        if self._progress is not None:
            self._progress.wait()

    def close(self) -> None:
        """Take the progress away."""
        if self._progress is not None:
            self._progress.close()


def _going_on(study: Study, now: OptimizeResult, n_calls: int) -> str:
    """Return what a study has already, in words."""
    told = f"{now.nfev} of {n_calls} evaluations"
    if now.nfev > n_calls:
        told = f"{now.nfev} evaluations, and {n_calls} are wanted"
    known = len(now.x_iters) - now.nfev
    more = f", {known} known values" if known else ""
    return f"going on with {study.path}: {told}{more}, {_best_so_far(now)}"


def _best_so_far(now: OptimizeResult) -> str:
    if now.feasible is False:
        return "no feasible point yet"
    if now.success and now.front is not None:
        return f"front of {len(now.front)}"
    return f"best value {now.fun!r}" if now.success else "no success yet"


def _exit_code(ended: Ended) -> int:
    from rnnbbo.cli.main import EXIT_CANNOT_START, EXIT_INTERRUPTED, EXIT_NO_SUCCESS
    from rnnbbo.status import Status

    if ended.status is Status.INTERRUPTED:
        return EXIT_INTERRUPTED
    if ended.status is Status.OBJECTIVE_ERROR:
        return EXIT_CANNOT_START
    failed = ended.status is Status.TOO_MANY_FAILURES or not ended.result.success
    return EXIT_NO_SUCCESS if failed else 0
