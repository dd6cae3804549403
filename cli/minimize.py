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
    from rnnbbo.cli.outcome import Outcome
    from rnnbbo.cli.program import Program
    from rnnbbo.cli.runner import Evaluator
    from rnnbbo.space import Space

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

\b
Exit codes: 0 fine; 1 a fault of rnnbbo; 2 usage or space; 3 no success, or too many failures;
4 a weights file is unusable; 130 interrupted (the best so far is still printed).
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
@click.option("--policy", metavar="NAME", help="See `rnnbbo policies`.  [default: the best one]")
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
    max_failures: int | None,
    call_with: str,
    as_json: bool,
    plot_file: str | None,
) -> int:
    """Reads the options, runs the trials, and shows what came of them."""
    from rnnbbo.cli import report
    from rnnbbo.cli.main import EXIT_INTERRUPTED, EXIT_NO_SUCCESS
    from rnnbbo.cli.runner import Limits, run_trials
    from rnnbbo.optimizer import Optimizer

    start = time.monotonic()
    if plot_file is not None:
        report.check_plot(plot_file)
    if seed is None:
        seed = int.from_bytes(os.urandom(4), "big")
    # Only another process can be cut short.
    inline = jobs == 1 and eval_timeout is None and timeout is None
    command = _command(objective, ctx.obj)
    with _stdout_on_stderr():
        setup = _set_up(command, params, space_file, seed, eval_timeout, call_with, inline)
        space, program, evaluator = setup.space, setup.program, setup.evaluator
        named = {} if policy is None else {"policy": policy}
        optimizer = Optimizer(space, n_calls=n_calls, rng=seed, **named)
        if setup.call is not None:
            click.echo(f"calling {setup.call}", err=True)
        progress = report.Progress(n_calls, space.names)
        try:
            with _signals_interrupt():
                status = run_trials(
                    optimizer,
                    evaluator,
                    Limits(n_calls, timeout, max_failures),
                    jobs=0 if program is None and inline else jobs,
                    on_trial=progress.add,
                )
        except KeyboardInterrupt:
            status = "interrupted"
        finally:
            progress.close()
    trials, best = progress.trials, progress.best
    if as_json:
        run = {
            "policy": optimizer.policy_name,
            "seed": seed,
            "seconds": round(time.monotonic() - start, 3),
        }
        click.echo(report.as_json(status, trials, best, space.names, program, **run))
    else:
        text = report.describe(status, trials, best, space.names, program)
        click.echo(text, err=best is None)
    if plot_file is not None and trials:
        report.plot(plot_file, trials)
    if status == "interrupted":
        return EXIT_INTERRUPTED
    return EXIT_NO_SUCCESS if best is None or status == "too_many_failures" else 0


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
class _Setup:
    """What a run needs to know of its objective.

    Attributes:
        space: The search space.
        evaluator: Evaluates a point.
        program: The program, if it is one.
        call: How the Python function, if it is one, is called.
    """

    space: Space
    evaluator: Evaluator
    program: Program | None = None
    call: str | None = None


def _set_up(
    command: str | list[str],
    params: tuple[str, ...],
    space_file: str | None,
    seed: int,
    eval_timeout: float | None,
    call_with: str,
    inline: bool,
) -> _Setup:
    from rnnbbo.cli.objective import as_list_objective, by_names, load
    from rnnbbo.cli.parameters import read_space
    from rnnbbo.space import Space

    if isinstance(command, list):
        from rnnbbo.cli.program import Program

        space = read_space(params, space_file)
        program = Program(command, space.names, seed=seed, eval_timeout=eval_timeout)
        return _Setup(space, program, program)
    func = load(command)
    bounds = getattr(func, "bounds", None)
    if bounds is not None and not params and space_file is None:
        space = Space(bounds)
    else:
        space = read_space(params, space_file)
    names = space.names if by_names(func, space.names, call_with) else None
    call = f"[{', '.join(space.names)}]" if names is None else "=..., ".join(names) + "=..."
    evaluator: Evaluator
    if inline:
        evaluator = _Inline(as_list_objective(func, names))
    else:
        from rnnbbo.cli.worker import WorkerPool

        evaluator = WorkerPool(command, names, eval_timeout=eval_timeout)
    return _Setup(space, evaluator, call=f"{command.rpartition(':')[2]}({call})")


class _Inline:
    """Evaluates a Python function in this very process."""

    def __init__(self, func: Callable[[list[Any]], Any]) -> None:
        self._func = func

    def evaluate(self, trial: int, point: list[Any]) -> Outcome:
        from rnnbbo.cli.outcome import Outcome
        from rnnbbo.minimize import evaluate

        value, error = evaluate(self._func, point)
        return Outcome(value=value, error=error)

    def stop(self) -> None:
        """Nothing runs beside the caller."""


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
