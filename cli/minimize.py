"""`rnnbbo minimize`: minimize a Python function or a program."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnbbo.benchmarks.option_types import Seconds
from rnnbbo.cli.options import ProgramAfterDashes
from rnnbbo.cli.signals import RunSignals
from rnnbbo.cli.streams import OutputError, say, write_result
from rnnbbo.errors import ObjectiveError
from rnnbbo.trial import Trial, best_of

if TYPE_CHECKING:
    from rnnbbo.cli.command_objective import CommandObjective
    from rnnbbo.cli.kept_command import KeptCommand
    from rnnbbo.cli.progress import TrialProgress
    from rnnbbo.evaluation.evaluator import Evaluator
    from rnnbbo.optimization import Ended, Opened
    from rnnbbo.result import OptimizeResult
    from rnnbbo.space import Space
    from rnnbbo.study import Study

_HELP = """Minimize a Python function, or a program that prints a number.

OBJECTIVE is pkg.mod:func or ./file.py:func. A program is given after -- instead, as its
argument list (no shell is involved): {name} stands for a parameter's value, {{ and }} for braces.
Every parameter has its place there, or none has, where the program reads RNNBBO_PARAMS.

\b
Examples:
  rnnbbo minimize ./model.py:loss --param lr=float:1e-5:1e-1:log --param depth=int:1:8
  rnnbbo minimize -n 50 --jobs 4 --param lr=float:1e-5:1e-1:log --param act=cat:relu,tanh \\
      -- ./train.sh --lr={lr} {act}
  rnnbbo minimize --space space.toml --json -- ./simulate > result.json

\b
A parameter (--param) is one of
  NAME=float:LOW:HIGH[:log|:step=S]
  NAME=int:LOW:HIGH[:log|:step=S]
  NAME=cat:A,B,...            categories are texts; without commas, else use --space
  NAME=ord:A,B,...            values in their order: 16,32,64
  NAME=fix:V                  always V
each perhaps with :when=OTHER=VALUE[,VALUE...] (or OTHER>VALUE and so on, of a number) behind it: it
is active only then. What is inactive is left out of RNNBBO_PARAMS, of a function's keywords, and of
the command line: so is an argument like --tol={tol}, and both of --tol {tol}.
A space file (--space) has such a line, or a table, a parameter:
  lr = "float:1e-5:1e-1:log"
  depth = { type = "int", low = 1, high = 8 }
  batch = { type = "ord", values = [16, 32, 64] }
  tol = { type = "float", low = 1e-9, high = 1e-3, log = true, when = { solver = "implicit" } }
  where = ["batch * depth <= 256"]
A known constraint (--where, or the key where) is a comparison over names of parameters, with
+ - * ** / // %, and, or, not, in, abs, min, max, sqrt, log, exp; all points proposed meet it.

A Python function is called with a keyword a parameter, f(lr=..., depth=...), if it accepts all of
them, otherwise with one list, f(x); --call-with decides by hand. Without --param and --space, its
own attribute `bounds`, a list of (low, high) or a mapping, is the space. It returns a number, or
such a mapping as a program prints.

A program's value is the last line it prints: a number, or {"value": ..., "status": "ok"|"fail",
"info": {...}}. It may write the same to the file named in RNNBBO_RESULT instead. It also gets
RNNBBO_PARAMS (JSON), RNNBBO_TRIAL (0, 1, ...) and RNNBBO_SEED (one a trial).

An evaluation fails on a non-zero exit, an exception, a timeout, or a value that is no finite
number. It never becomes the best, and the run goes on.

With --study every trial is on disk as soon as it is told. After an interrupt, or a kill, `rnnbbo
resume FILE` goes on where it was, and so does the same command with --resume; several of them, also
on machines that share the file, work on one study together, until it has -n evaluations.
`rnnbbo study show FILE` lists them.

\b
Exit codes: 0 fine; 1 a fault of rnnbbo; 2 usage or space; 3 no success, or too many failures;
4 a study or a weights file is unusable; 5 the objective cannot be started any more (it has
vanished, or the system has no more processes or files; such a trial has not failed, and stays to be
done); 6 the result cannot be written to stdout (it is on stderr then); 130 interrupted (the best so
far is still printed).

Ctrl-C, SIGTERM and SIGHUP end the run, and all programs with everything that they have started:
SIGTERM, and SIGKILL 5 s later, or at the next Ctrl-C. A signal that is ignored from the start, as
with nohup, stays so. If this process itself is killed, its programs are killed, too. What a program
leaves behind is ended with its process group; a daemon with a session of its own may stay, unless
its trial is cut short or this process killed; it stays in every case if it is started without
RNNBBO_RUN in its environment (env -u RNNBBO_RUN setsid ...).
"""

_N_CALLS = 100


@click.command(cls=ProgramAfterDashes, help=_HELP, options_metavar="[OPTIONS]")
@click.argument("objective", required=False, metavar="[OBJECTIVE | -- PROGRAM ARGS...]")
@click.option("--param", "-p", "params", multiple=True, metavar="NAME=...", help="A parameter.")
@click.option("--space", "space_file", metavar="FILE", help="A TOML file of parameters.")
@click.option(
    "--where",
    "where",
    multiple=True,
    metavar="EXPR",
    help="A known constraint that all points meet, such as 'a + b <= 1'.",
)
@click.option(
    "--n-calls",
    "-n",
    type=click.IntRange(1),
    help="Evaluations.  [default: 100; of a study that is gone on with, as many as last time]",
)
@click.option(
    "--policy",
    metavar="NAME",
    help="A name of `rnnbbo policies`, a weights file, or module:attribute.  [default: auto]",
)
@click.option("--seed", type=click.IntRange(0), help="Same seed, same proposals (with one job).")
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many at once.",
)
@click.option("--eval-timeout", type=Seconds(), metavar="S", help="Seconds for an evaluation.")
@click.option("--timeout", type=Seconds(), metavar="S", help="Seconds for the whole run.")
@click.option("--study", "study_file", metavar="FILE", help="Keep every trial in this file.")
@click.option("--resume", is_flag=True, help="Go on with the study, if the file exists.")
@click.option(
    "--new-command",
    is_flag=True,
    help="Let the study keep this objective in place of the one that it was begun with.",
)
@click.option(
    "--max-failures", type=click.IntRange(0), metavar="K", help="Stop after more than K failures."
)
@click.option(
    "--call-with",
    type=click.Choice(["auto", "names", "list"]),
    default="auto",
    show_default=True,
    help="How a Python function is called.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every trial.")
@click.option("--plot", "plot_file", metavar="FILE", help="Draw the convergence: .png, .svg, .pdf.")
@click.pass_context
def minimize(
    ctx: click.Context,
    objective: str | None,
    params: tuple[str, ...],
    space_file: str | None,
    where: tuple[str, ...],
    n_calls: int | None,
    policy: str | None,
    seed: int | None,
    jobs: int,
    eval_timeout: float | None,
    timeout: float | None,
    study_file: str | None,
    resume: bool,
    new_command: bool,
    max_failures: int | None,
    call_with: str,
    as_json: bool,
    plot_file: str | None,
) -> int:
    """Read the options, run the trials, and show what came of them."""
    from rnnbbo.cli import kept_command, plot
    from rnnbbo.loop import Limits
    from rnnbbo.optimization import Optimization

    start = time.monotonic()
    if plot_file is not None:
        plot.check_plot(plot_file)
    if resume and study_file is None:
        raise click.UsageError(
            "--study is missing; expected --study FILE for --resume to go on with"
        )
    kept = kept_command.find_kept(study_file if resume else None, new=new_command)
    begun = None if kept is None else kept.command
    command = _command(objective, ctx.obj, begun)
    if begun is not None:
        kept_command.require_same(begun, command, str(study_file))
        n_calls = n_calls or begun.n_calls
        eval_timeout = eval_timeout or begun.eval_timeout
        call_with = begun.call_with if call_with == "auto" else call_with
    n_calls = n_calls or _N_CALLS
    if seed is None and study_file is None:
        seed = int.from_bytes(os.urandom(4), "big")
    signals = RunSignals()
    with signals:
        with _stdout_on_stderr():
            with kept_command.saying_where(begun):
                space, target = _read_objective(
                    command,
                    params,
                    space_file,
                    call_with,
                    eval_timeout,
                    kept and kept.space,
                    where,
                )
            optimization = Optimization(
                space,
                Limits(n_calls, timeout, max_failures),
                policy=policy,
                rng=seed,
                study=study_file,
                resume=resume,
                command=kept_command.KeptCommand(
                    command, call_with, eval_timeout, n_calls, os.getcwd()
                ).text,
                new_command=new_command or (begun is not None and n_calls != begun.n_calls),
            )
            shown = _Shown(target, n_calls, space.names, signals)

            def evaluator_of(opened: Opened) -> Evaluator:
                nonlocal seed
                seed = seed if opened.study is None else opened.study.seed
                assert seed is not None
                return target.evaluator(jobs, seed, timed=timeout is not None)

            with contextlib.closing(shown):
                ended = optimization.run(evaluator_of, shown)
        about = {
            "recommended_value": ended.result.recommended_value,
            "noise": ended.result.noise,
            "policy": ended.result.policy,
            "policy_why": ended.result.policy_why,
            "seen": ended.result.seen,
            "seed": seed,
            "seconds": round(time.monotonic() - start, 3),
            **({} if study_file is None else {"study": str(Path(study_file))}),
        }
        return _conclude(ended, target, space.names, about if as_json else None, plot_file)


def _conclude(
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
        about: what JSON says of the run beside its trials; None to show the result in words.
        plot_file: file of the picture, or None.

    Raises:
        OutputError: the result was not written as it should.
    """
    from rnnbbo.cli import plot, printing

    if about is None:
        text = printing.ending_text(ended, target)
    else:
        text = printing.trials_json(
            ended.status, ended.trials, ended.result.recommended, names, target, **about
        )
    fault: OutputError | None = None
    try:
        if about is None and not ended.result.success:
            say(text)
        else:
            write_result(text)
        if plot_file is not None and ended.trials:
            plot.draw_convergence(plot_file, ended.trials)
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


class _Shown:
    """What a user sees of a run: how it begins, and its trials.

    Args:
        objective: what is minimized.
        n_calls: number of evaluations wanted.
        names: names of the parameters.
        signals: what a signal does.
    """

    def __init__(
        self, objective: CommandObjective, n_calls: int, names: Sequence[str], signals: RunSignals
    ) -> None:
        self._objective = objective
        self._n_calls = n_calls
        self._names = names
        self._signals = signals
        self._progress: TrialProgress | None = None

    def begin(self, opened: Opened) -> None:
        """Say what is called, who proposes, and what a study has already."""
        from rnnbbo.cli.progress import TrialProgress

        now = opened.history.result()
        if opened.study is not None and len(now.x_iters):
            say(_going_on(opened.study, now, self._n_calls))
        if self._objective.call is not None:
            say(f"calling {self._objective.call}")
        why = f": {now.policy_why}" if now.policy_why else ""
        say(f"policy {now.policy}{why}")
        best = best_of(opened.history.told())
        self._progress = TrialProgress(self._n_calls, self._names, now.nfev, best)

    def add(self, trial: Trial) -> None:
        """Show a trial."""
        assert self._progress is not None
        self._progress.add(trial)
        self._signals.expect()  # an objective may have caught the last one

    def close(self) -> None:
        """Take the progress bar away."""
        if self._progress is not None:
            self._progress.close()


def _going_on(study: Study, now: OptimizeResult, n_calls: int) -> str:
    """Return what a study has already, in words."""
    told = f"{now.nfev} of {n_calls} evaluations"
    if now.nfev > n_calls:
        told = f"{now.nfev} evaluations, and {n_calls} are wanted"
    known = len(now.x_iters) - now.nfev
    more = f", {known} known values" if known else ""
    best = f"best value {now.fun!r}" if now.success else "no success yet"
    return f"going on with {study.path}: {told}{more}, {best}"


def _exit_code(ended: Ended) -> int:
    from rnnbbo.cli.main import EXIT_CANNOT_START, EXIT_INTERRUPTED, EXIT_NO_SUCCESS
    from rnnbbo.status import Status

    if ended.status is Status.INTERRUPTED:
        return EXIT_INTERRUPTED
    if ended.status is Status.OBJECTIVE_ERROR:
        return EXIT_CANNOT_START
    failed = ended.status is Status.TOO_MANY_FAILURES or not ended.result.success
    return EXIT_NO_SUCCESS if failed else 0


def _command(
    objective: str | None, program: list[str] | None, begun: KeptCommand | None
) -> str | list[str]:
    if program is not None and objective is not None:
        raise click.UsageError(
            f"OBJECTIVE = {objective!r}, and a program after --; expected one of them"
        )
    if program:
        return program
    if objective is None and begun is not None:
        return begun.objective
    if objective is None:
        raise click.UsageError(
            "nothing to minimize; expected pkg.mod:func, ./file.py:func, or -- PROGRAM ARGS..."
        )
    return objective


def _read_objective(
    command: str | list[str],
    params: tuple[str, ...],
    space_file: str | None,
    call_with: str,
    eval_timeout: float | None,
    known: Space | None,
    where: Sequence[str] = (),
) -> tuple[Space, CommandObjective]:
    """Return the space, which may be known from a study, and what is minimized over it."""
    from rnnbbo.cli.command_objective import PythonFunction, import_function, takes_names
    from rnnbbo.cli.parameters import constrained, read_parameters
    from rnnbbo.cli.program import Program

    if params or space_file is not None:
        known = None
    known = known and constrained(known, where)
    if isinstance(command, list):
        space = known or read_parameters(params, space_file, where)
        return space, Program(command, space.names, eval_timeout=eval_timeout)
    func = import_function(command)
    bounds = getattr(func, "bounds", None)
    own_space = None
    if bounds is not None and not params and space_file is None:
        own_space = constrained(bounds, where)
    space = own_space or known or read_parameters(params, space_file, where)
    by_names = takes_names(func, space.names, call_with)
    return space, PythonFunction(command, func, space.names, by_names, eval_timeout, own_space)


@contextlib.contextmanager
def _stdout_on_stderr() -> Iterator[None]:
    """Send what an objective prints to stderr: stdout is for the result alone."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
