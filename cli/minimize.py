"""`rnnbbo minimize`: minimize a Python function or a program."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rnnbbo.cli.program import Program
    from rnnbbo.evaluation.evaluator import Evaluator
    from rnnbbo.space import Space
    from rnnbbo.study import Study
    from rnnbbo.trial import Trial

_HELP = """Minimize a Python function, or a program that prints a number.

OBJECTIVE is pkg.mod:func or ./file.py:func. A program is given after -- instead, as its
argument list (no shell is involved): {name} stands for a parameter's value, {{ and }} for braces.

\b
Examples:
  rnnbbo minimize ./model.py:loss --param lr=float:1e-5:1e-1:log --param depth=int:1:8
  rnnbbo minimize -n 50 --jobs 4 --param lr=float:1e-5:1e-1:log --param act=cat:relu,tanh \\
      -- ./train.sh --lr={lr} {act}
  rnnbbo minimize --space space.toml --json -- ./simulate > result.json

\b
A parameter (--param) is one of
  NAME=float:LOW:HIGH[:log]
  NAME=int:LOW:HIGH[:log]
  NAME=cat:A,B,...            categories are texts; without commas, else use --space
A space file (--space) has such a line, or a table, a parameter:
  lr = "float:1e-5:1e-1:log"
  depth = { type = "int", low = 1, high = 8 }
  batch = { type = "cat", categories = [16, 32, 64] }

A Python function is called with a keyword a parameter, f(lr=..., depth=...), if it accepts all of
them, otherwise with one list, f(x); --call-with decides by hand. Without --param and --space, its
own attribute `bounds`, a list of (low, high), is the space.

A program's value is the last line it prints: a number, or {"value": ..., "status": "ok"|"fail",
"info": {...}}. It may write the same to the file named in RNNBBO_RESULT instead. It also gets
RNNBBO_PARAMS (JSON), RNNBBO_TRIAL (0, 1, ...) and RNNBBO_SEED (one a trial).

An evaluation fails on a non-zero exit, an exception, a timeout, or a value that is no finite
number. It never becomes the best, and the run goes on.

With --study every trial is on disk as soon as it is told. After an interrupt, or a kill, the same
command with --resume goes on where it was; several of them, also on machines that share the file,
work on one study together, until it has -n evaluations. `rnnbbo study show FILE` lists them.

\b
Exit codes: 0 fine; 1 a fault of rnnbbo; 2 usage or space; 3 no success, or too many failures;
4 a study or a weights file is unusable; 130 interrupted (the best so far is still printed).
"""


class _SplitAtDashes(click.Command):
    """Keeps what follows the first `--` apart, in `ctx.obj`, as the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = None
        if "--" in args:
            at = args.index("--")
            args, ctx.obj = args[:at], args[at + 1 :]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hint = "" if ctx.obj else " A program and its options go after --."
            raise click.UsageError(error.format_message() + hint, ctx) from None


_SECONDS = click.FloatRange(min=0.0, min_open=True)


@click.command(cls=_SplitAtDashes, help=_HELP, options_metavar="[OPTIONS]")
@click.argument("objective", required=False, metavar="[OBJECTIVE | -- PROGRAM ARGS...]")
@click.option("--param", "-p", "params", multiple=True, metavar="NAME=...", help="A parameter.")
@click.option("--space", "space_file", metavar="FILE", help="A TOML file of parameters.")
@click.option(
    "--n-calls", "-n", type=click.IntRange(1), default=100, show_default=True, help="Evaluations."
)
@click.option("--policy", metavar="NAME", help="See `rnnbbo policies`.  [default: auto, the best]")
@click.option("--seed", type=click.IntRange(0), help="Same seed, same proposals (with one job).")
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many at once.",
)
@click.option("--eval-timeout", type=_SECONDS, metavar="S", help="Seconds for an evaluation.")
@click.option("--timeout", type=_SECONDS, metavar="S", help="Seconds for the whole run.")
@click.option("--study", "study_file", metavar="FILE", help="Keep every trial in this file.")
@click.option("--resume", is_flag=True, help="Go on with the study, if the file exists.")
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
    n_calls: int,
    policy: str | None,
    seed: int | None,
    jobs: int,
    eval_timeout: float | None,
    timeout: float | None,
    study_file: str | None,
    resume: bool,
    max_failures: int | None,
    call_with: str,
    as_json: bool,
    plot_file: str | None,
) -> int:
    """Reads the options, runs the trials, and shows what came of them."""
    from rnnbbo.cli import report
    from rnnbbo.loop import History, Limits, Memory, run_trials
    from rnnbbo.optimizer import Optimizer

    start = time.monotonic()
    if plot_file is not None:
        report.check_plot(plot_file)
    command = _command(objective, ctx.obj)
    if resume and study_file is None:
        raise click.UsageError("--resume needs --study FILE, to go on with")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_stdout_on_stderr())
        what = _read_objective(command, params, space_file, call_with, eval_timeout)
        space, program = what.space, what.program
        study: Study | None = None
        history: History
        if study_file is None:
            seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
            optimizer = Optimizer(space, policy=policy, n_calls=n_calls, rng=seed)
            policy, why, history = optimizer.policy_name, optimizer.policy_why, Memory(optimizer)
        else:
            study = _open_study(study_file, space, policy, seed, resume, n_calls)
            policy, why, seed = study.policy_name, "", study.seed
            history = stack.enter_context(study)
        # Only another process can be cut short.
        inline = jobs == 1 and eval_timeout is None and timeout is None
        evaluator = what.evaluator(0 if inline else jobs, seed, eval_timeout)
        if program is None:
            click.echo(f"calling {what.call}", err=True)
        click.echo(f"policy {policy}" + (f": {why}" if why else ""), err=True)
        progress = report.Progress(n_calls, space.names, [] if study is None else study.told())
        limits = Limits(n_calls, timeout, max_failures)
        with contextlib.closing(progress):
            try:
                with _signals_interrupt():
                    status = run_trials(history, evaluator, limits, on_trial=progress.add)
            except KeyboardInterrupt:
                status = "interrupted"
        # Others may have worked on the study too.
        trials = progress.trials if study is None else study.told()
        recommended = history.result().recommended
    run = {
        "policy": policy,
        "policy_why": why,
        "seed": seed,
        "seconds": round(time.monotonic() - start, 3),
        **({} if study is None else {"study": str(study.path)}),
    }
    best = report.best_of(trials)
    if as_json:
        click.echo(report.as_json(status, trials, best, recommended, space.names, program, **run))
    else:
        text = report.describe(status, trials, best, recommended, space.names, program)
        click.echo(text, err=best is None)
    if plot_file is not None and trials:
        report.plot(plot_file, trials)
    return _exit_code(status, best)


def _exit_code(status: str, best: Trial | None) -> int:
    from rnnbbo.cli.main import EXIT_INTERRUPTED, EXIT_NO_SUCCESS

    if status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_NO_SUCCESS if best is None or status == "too_many_failures" else 0


def _open_study(
    file: str, space: Space, policy: str | None, seed: int | None, resume: bool, n_calls: int
) -> Study:
    from rnnbbo.cli import report
    from rnnbbo.study import Study

    study = Study(file, space, policy=policy, rng=seed, resume=resume)
    earlier = study.told()
    if earlier:
        best = report.best_of(earlier)
        found = "no success yet" if best is None else f"best value {best.value!r}"
        told = f"{len(earlier)} of {n_calls} trials, {found}"
        click.echo(f"going on with {study.path}: {told}", err=True)
    return study


def _command(objective: str | None, program: list[str] | None) -> str | list[str]:
    if program is not None and objective is not None:
        raise click.UsageError(f"got an objective, {objective!r}, and a program; expected one")
    if program:
        return program
    if objective is None:
        raise click.UsageError(
            "nothing to minimize; expected pkg.mod:func, ./file.py:func, or -- PROGRAM ARGS..."
        )
    return objective


@dataclass(frozen=True)
class _Objective:
    """What is minimized.

    Attributes:
        space: The search space.
        program: The program, if it is one.
        target: Where the Python function is, otherwise.
        func: The Python function.
        names: Names to call it with; None to call it with a list.
    """

    space: Space
    program: Program | None = None
    target: str = ""
    func: Callable[..., Any] | None = None
    names: list[str] | None = None

    @property
    def call(self) -> str:
        """How the Python function is called."""
        every = ", ".join(self.space.names)
        arguments = f"[{every}]" if self.names is None else "=..., ".join(self.names) + "=..."
        return f"{self.target.rpartition(':')[2]}({arguments})"

    def evaluator(self, jobs: int, seed: int, eval_timeout: float | None) -> Evaluator:
        """What evaluates it: jobs at once, or with 0, a Python function in this very process."""
        if self.program is not None:
            from rnnbbo.cli.program import by_threads

            return by_threads(self.program, max(jobs, 1), seed)
        if jobs:
            from rnnbbo.cli.worker import interpreters

            return interpreters(self.target, self.names, jobs, eval_timeout)
        from rnnbbo.cli.objective import as_list_objective
        from rnnbbo.evaluation.evaluator import Inline

        assert self.func is not None
        return Inline(as_list_objective(self.func, self.names))


def _read_objective(
    command: str | list[str],
    params: tuple[str, ...],
    space_file: str | None,
    call_with: str,
    eval_timeout: float | None,
) -> _Objective:
    from rnnbbo.cli.objective import by_names, load
    from rnnbbo.cli.parameters import read_space
    from rnnbbo.space import Space

    if isinstance(command, list):
        from rnnbbo.cli.program import Program

        space = read_space(params, space_file)
        return _Objective(space, Program(command, space.names, eval_timeout=eval_timeout))
    func = load(command)
    bounds = getattr(func, "bounds", None)
    if bounds is not None and not params and space_file is None:
        space = Space(bounds)
    else:
        space = read_space(params, space_file)
    names = space.names if by_names(func, space.names, call_with) else None
    return _Objective(space, None, command, func, names)


@contextlib.contextmanager
def _stdout_on_stderr() -> Iterator[None]:
    """Sends what an objective prints to stderr: stdout is for the result alone."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Lets SIGTERM and SIGHUP end a run like Ctrl-C does, so that no program is left running."""

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only that one has signals
        yield
        return
    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
