"""`rnnbbo minimize`: minimize a Python function or a program."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnnbbo.benchmarks.option_types import Seconds
from rnnbbo.cli.goal_option import GOAL_OPTION
from rnnbbo.cli.objective_options import DIRECTIONS_OPTION, REFERENCE_OPTION, Numbers
from rnnbbo.cli.options import ProgramAfterDashes
from rnnbbo.cli.repeat_option import REPEAT_OPTION, repeat_text
from rnnbbo.cli.signals import RunSignals
from rnnbbo.cli.stop_options import N_CALLS
from rnnbbo.cli.verbosity_options import level_of, verbosity_options, warnings_as_wanted
from rnnbbo.goal import Goal
from rnnbbo.stopping import EXHAUSTED

if TYPE_CHECKING:
    from rnnbbo.evaluation.evaluator import Evaluator
    from rnnbbo.optimization import Opened

_HELP = """Minimize a Python function, or a program that prints a number; or maximize it.

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
"constraints": {"NAME": number, ...}, "info": {...}}; feasible is what has no constraint above 0,
and the best value is that of a feasible point. Of several objectives it is a list, [0.3, 12] or
{"value": [0.3, 12]}; the end shows the front, which no other point dominates. A program may write
the same to the file named in RNNBBO_RESULT instead. It also gets RNNBBO_PARAMS (JSON), RNNBBO_TRIAL
(0, 1, ...), RNNBBO_SEED (one an evaluation) and, with --repeat N, RNNBBO_REPEAT (0, 1, ... of a
trial).

An evaluation fails on a non-zero exit, an exception, a timeout, or a value that is no finite
number. It never becomes the best, and the run goes on.

With --study every trial is on disk as soon as it is told. After an interrupt, or a kill, `rnnbbo
resume FILE` goes on where it was, and so does the same command with --resume; several of them, also
on machines that share the file, work on one study together, until it has -n evaluations.
`rnnbbo study show FILE` lists them.

\b
Exit codes: 0 fine; 1 a fault of rnnbbo; 2 usage or space; 3 no success, nothing feasible, or too
many failures; 4 a study or a weights file is unusable; 5 the objective cannot be started any more
(it has vanished, or the system has no more processes or files; such a trial has not failed, and
stays to be done); 6 the result cannot be written to stdout (it is on stderr then); 130 interrupted
(the best so far is still printed).

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
    "--maximize",
    is_flag=True,
    default=None,
    help="Larger values are better.  [default: smaller ones; a study goes on as it began]",
)
@DIRECTIONS_OPTION
@REFERENCE_OPTION
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
@REPEAT_OPTION
@GOAL_OPTION
@click.option("--eval-timeout", type=Seconds(), metavar="S", help="Seconds for an evaluation.")
@click.option("--timeout", type=Seconds(), metavar="S", help="Seconds for the whole run.")
@click.option(
    "--x0",
    "x0_file",
    metavar="FILE",
    help="A CSV file of points, a column a parameter, and perhaps columns value and "
    "constraint_NAME: points with a value are known, the others are evaluated first.",
)
@click.option(
    "--from-study",
    metavar="FILE",
    help="Begin with what another study of the same problem was told, where it lies in the space.",
)
@click.option(
    "--prior",
    multiple=True,
    metavar="FILE",
    help="A study of a like problem, which says where to begin and where to look; may be given "
    "several times.",
)
@click.option(
    "--target",
    type=Numbers(),
    metavar="V[,V...]",
    help="Stop at the first value at least as good; of several objectives, in each.",
)
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="Stop after N evaluations without a better value, or one that the front takes.",
)
@click.option(
    "--until",
    type=click.Choice([N_CALLS, EXHAUSTED]),
    help="exhausted: stop where little more is expected to be gained. n-calls: by -n alone, also "
    "where a study was begun with a rule to stop.",
)
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
@verbosity_options
@click.pass_context
def minimize(
    ctx: click.Context,
    objective: str | None,
    params: tuple[str, ...],
    space_file: str | None,
    where: tuple[str, ...],
    n_calls: int | None,
    maximize: bool | None,
    directions: list[str] | None,
    reference: float | list[float] | None,
    policy: str | None,
    seed: int | None,
    jobs: int,
    repeat: int | str | None,
    goal: str | None,
    eval_timeout: float | None,
    timeout: float | None,
    target: float | list[float] | None,
    patience: int | None,
    until: str | None,
    x0_file: str | None,
    from_study: str | None,
    prior: tuple[str, ...],
    study_file: str | None,
    resume: bool,
    new_command: bool,
    max_failures: int | None,
    call_with: str,
    as_json: bool,
    plot_file: str | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Read the options, run the trials, and show what came of them."""
    from rnnbbo.cli import kept_command, plot
    from rnnbbo.cli.chosen_objective import chosen_command, read_objective, stdout_on_stderr
    from rnnbbo.cli.given_options import read_given
    from rnnbbo.cli.run_view import RunView, conclude
    from rnnbbo.cli.stop_options import read_rules
    from rnnbbo.cli.streams import say
    from rnnbbo.loop import Limits
    from rnnbbo.objectives import Objectives
    from rnnbbo.optimization import Optimization

    start = time.monotonic()
    level = level_of(quiet, verbose)
    if plot_file is not None:
        plot.check_plot(plot_file)
    if resume and study_file is None:
        raise click.UsageError(
            "--study is missing; expected --study FILE for --resume to go on with"
        )
    kept = kept_command.find_kept(study_file if resume else None, new=new_command)
    begun = None if kept is None else kept.command
    command = chosen_command(objective, ctx.obj, begun)
    if begun is not None:
        kept_command.require_same(begun, command, str(study_file))
        n_calls = n_calls or begun.n_calls
        eval_timeout = eval_timeout or begun.eval_timeout
        repeat, goal = repeat or begun.repeat, goal or begun.goal
        call_with = begun.call_with if call_with == "auto" else call_with
    rules = read_rules(target, patience, until, begun)
    n_calls, repeat, goal = n_calls or _N_CALLS, repeat or 1, goal or Goal.BEST.value
    if seed is None and study_file is None:
        seed = int.from_bytes(os.urandom(4), "big")
    signals = RunSignals()
    with signals, warnings_as_wanted(quiet):
        with stdout_on_stderr():
            with kept_command.saying_where(begun):
                space, evaluated = read_objective(
                    command,
                    params,
                    space_file,
                    call_with,
                    eval_timeout,
                    kept and kept.space,
                    where,
                )
            said = Objectives.of(bool(maximize), directions, reference)
            signs = None if maximize is None and directions is None else said.signs
            known_signs = kept.signs if signs is None and kept is not None else said.signs
            points, known = read_given(space, x0_file, from_study, known_signs, n_calls)
            optimization = Optimization(
                space,
                Limits(n_calls, timeout, max_failures, rules),
                policy=policy,
                rng=seed,
                points=points,
                known=known,
                study=study_file,
                resume=resume,
                maximize=signs,
                reference=None if said.reference is None else list(said.reference),
                repeat=repeat,
                goal=goal,
                prior=list(prior) or None,
                command=kept_command.KeptCommand(
                    command,
                    call_with,
                    eval_timeout,
                    n_calls,
                    os.getcwd(),
                    target=rules.target,
                    patience=rules.patience,
                    exhausted=rules.exhausted,
                    repeat=repeat,
                    goal=goal,
                ).text,
                new_command=new_command
                or (begun is not None and (n_calls, rules, repeat, goal) != begun.changing),
            )
            shown = RunView(evaluated, optimization.limits, space.names, signals, level)

            if level and (words := repeat_text(repeat)):
                say(words)

            def evaluator_of(opened: Opened) -> Evaluator:
                nonlocal seed
                seed = seed if opened.study is None else opened.study.seed
                assert seed is not None
                return evaluated.evaluator(jobs, seed, timed=timeout is not None)

            with contextlib.closing(shown):
                ended = optimization.run(evaluator_of, shown)
        about = {
            "seed": seed,
            "seconds": round(time.monotonic() - start, 3),
            **({} if study_file is None else {"study": str(Path(study_file))}),
        }
        return conclude(ended, evaluated, space.names, about if as_json else None, plot_file)
