"""`rnnbbo resume`: go on with a study, by what it was begun with."""

from __future__ import annotations

from typing import Any

import click

from rnnbbo.cli.minimize import minimize
from rnnbbo.cli.options import HintedCommand

_HELP = """Go on with a study that `rnnbbo minimize --study FILE` began.

The file keeps the objective and its parameters; nothing else has to be said. It can be done while
others work on the same study, as often as you like.

\b
Examples:
  rnnbbo resume run.db
  rnnbbo resume run.db -n 200 --jobs 4
"""

_TAKEN = [
    "n_calls",
    "jobs",
    "eval_timeout",
    "timeout",
    "target",
    "patience",
    "until",
    "repeat",
    "goal",
    "max_failures",
    "as_json",
    "plot_file",
    "quiet",
    "verbose",
]


@click.command(
    cls=HintedCommand, help=_HELP, params=[one for one in minimize.params if one.name in _TAKEN]
)
@click.argument("file", metavar="FILE")
@click.pass_context
def resume(ctx: click.Context, file: str, **options: Any) -> int:
    """Fill in what `rnnbbo minimize` takes beside these options."""
    from rnnbbo.cli import kept_command
    from rnnbbo.errors import StudyError

    kept = kept_command.find_kept(file, new=False)
    if kept is None:
        raise StudyError(f"there is no study {file!r}")
    if kept.command is None:
        raise StudyError(
            f"the study {file} does not say what evaluates it; expected rnnbbo minimize --study "
            f"{file} --resume, and an objective"
        )
    ctx.obj = None
    made: int = ctx.invoke(minimize, study_file=file, resume=True, **options)
    return made
