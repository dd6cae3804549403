"""The `rnnbbo` command, which registers the commands, and turns errors into exit codes.

Exit codes: 0 fine; 1 a fault of rnnbbo; 2 usage, or a malformed space; 3 no trial succeeded, or
too many failed; 4 a study or a weights file is unusable; 5 the objective cannot be started any
more; 6 the result cannot be written; 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from rnnbbo.cli.signals import own_process
from rnnbbo.cli.streams import OutputError, prepare, say, silence_stdout
from rnnbbo.errors import (
    CheckpointError,
    RnnbboError,
    RnnbboWarning,
    StudyError,
    TooManyFailuresError,
)
from rnnbbo.escaping import printable

EXIT_USAGE = 2
EXIT_NO_SUCCESS = 3
EXIT_UNUSABLE = 4
EXIT_CANNOT_START = 5
EXIT_OUTPUT = 6
EXIT_INTERRUPTED = 130

# Command -> module with a click command of the same name. Each is imported only when asked for.
COMMANDS = {
    "benchmark": "rnnbbo.cli.benchmark",
    "minimize": "rnnbbo.cli.minimize",
    "policies": "rnnbbo.cli.policies",
    "resume": "rnnbbo.cli.resume",
    "study": "rnnbbo.cli.study",
    "train": "rnnbbo.cli.train",
}


# What other optimizers call it -> what to do here.
_HABITS = {
    "rnnbbo minimize": "optimize optimise tune run fit search start",
    "rnnbbo minimize --maximize": "maximize maximise",
    "rnnbbo study new": "new init create create-study",
    "rnnbbo study ask": "ask suggest propose",
    "rnnbbo study tell, or rnnbbo study import": "tell report import",
    "rnnbbo study show, or rnnbbo study best": "show best best-trial trials status list",
    "rnnbbo study serve, or rnnbbo study html": "dashboard serve ui web html page view visualize",
    "rnnbbo study export": "export",
}
_MEANT = {name: command for command, names in _HABITS.items() for name in names.split()}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        meant = _MEANT.get(cmd_name.lower())
        if meant is not None:
            ctx.fail(f"no such command: {cmd_name}; expected {meant}")
        module = COMMANDS.get(cmd_name)
        return None if module is None else getattr(importlib.import_module(module), cmd_name)


_HELP = """Minimize black-box functions and programs in few evaluations.

A population of Gaussian-process hypotheses, carried from value to value, proposes the points; a
meta-trained network advises it in the first evaluations, and recurrent networks take over where a
batch or time asks for them. For example, to tune a program that prints a number:

\b
  rnnbbo minimize -n 30 --param lr=float:1e-5:1e-1:log -- ./train.sh --lr={lr}
"""


@click.group(
    cls=_Commands,
    help=_HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="rnnbbo")
@click.pass_context
def rnnbbo(ctx: click.Context) -> None:
    """Show the help where no command is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def exit_code(error: RnnbboError) -> int:
    """Return the exit code that belongs to an error."""
    if isinstance(error, (CheckpointError, StudyError)):
        return EXIT_UNUSABLE
    if isinstance(error, TooManyFailuresError):
        return EXIT_NO_SUCCESS
    return EXIT_USAGE


def run_command(args: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code.

    Args:
        args: the arguments after `rnnbbo`; by default those of this process.
    """
    try:
        with warnings.catch_warnings():
            _show_warnings()
            returned = rnnbbo.main(args, prog_name="rnnbbo", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = "" if context is None else f" (see {context.command_path} --help)"
        say(f"Error: {printable(error.format_message())}{hint}")
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return EXIT_INTERRUPTED
    except OutputError as error:
        silence_stdout()  # and keep the interpreter from complaining at its exit
        if not error.quiet:
            say(f"Error: {error}")
        return EXIT_OUTPUT
    except RnnbboError as error:
        say(f"Error: {error}")
        return exit_code(error)
    return returned if isinstance(returned, int) else 0


def _show_warnings() -> None:
    """Let a warning of ours be a line on stderr, without the place in the code that Python adds."""
    others = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **options: Any) -> None:
        if issubclass(category, RnnbboWarning):
            say(f"Warning: {printable(str(message))}")
        else:
            others(message, category, *place, **options)

    warnings.showwarning = show


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the `rnnbbo` command, and raise SystemExit with the exit code."""
    prepare(result=True)
    own_process()
    sys.exit(run_command(args))


if __name__ == "__main__":
    main()
