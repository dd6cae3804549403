"""`rnnbbo study`: what is in the file of a study, and the commands of `study_bench`."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnbbo.cli import study_bench, study_page, study_pictures
from rnnbbo.errors import ConfigError
from rnnbbo.goal import Goal
from rnnbbo.outputs import check_output
from rnnbbo.status import Status
from rnnbbo.trial import best_of

if TYPE_CHECKING:
    from rnnbbo.study import Study

_FILE = click.argument("file", metavar="FILE")


_HELP = """Look into a study, the file that `rnnbbo minimize --study` keeps; or measure by hand.

\b
Examples:
  rnnbbo study show run.db --last 20
  rnnbbo study best run.db --json
  rnnbbo study export run.db -o run.csv
  rnnbbo study backup run.db run-copy.db
  rnnbbo study html run.db -o run.html
  rnnbbo study serve run.db
  rnnbbo study plot run.db slices.png --kind slices
  rnnbbo study importance run.db
  rnnbbo study new plate.db --param temp=float:20:90 --param ph=float:6:9 --maximize
  rnnbbo study ask plate.db -n 8 -o plate.csv
  rnnbbo study import plate.db plate.csv
"""


@click.group(help=_HELP, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def study(ctx: click.Context) -> None:
    """Hold the commands; none of them is wrong usage, which the help answers."""
    from rnnbbo.cli.main import EXIT_USAGE

    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(EXIT_USAGE)


def open_study(file: str, repeat: int | str = 1, goal: str = Goal.BEST.value) -> Study:
    """Open a study that is there."""
    from rnnbbo.study import Study

    return Study(file, resume=True, repeat=repeat, goal=goal)


@study.command()
@_FILE
@click.option("--last", type=click.IntRange(0), metavar="N", help="The last N trials only.")
def show(file: str, last: int | None) -> None:
    """Print a summary and a table of the trials."""
    from rnnbbo.cli import printing
    from rnnbbo.cli.front_summary import FrontSummary

    with open_study(file) as opened:
        trials = opened.trials()
        best = best_of(trials, maximize=opened.signs)
        states = [trial.state for trial in trials]
        counts = {state: states.count(state) for state in dict.fromkeys(states)}
        counted = ", ".join(f"{number} {state}" for state, number in counts.items())
        click.echo(f"{opened.path}: {len(trials)} trials" + (f" ({counted})" if counted else ""))
        better = printing.better_text(opened.signs, opened.reference)
        click.echo(f"policy {opened.policy_name}, seed {opened.seed}{better}")
        for name, dim in zip(opened.space.names, opened.space, strict=True):
            click.echo(f"  {name}: {dim!r}")
        for rule in opened.space.where:
            click.echo(f"  where {rule}")
        if best is not None:
            lines = [printing.best_text(best), *printing.constraint_lines(best)]
            if best.feasible and isinstance(best.value, list):
                lines = [FrontSummary(trials, opened.signs, opened.reference).text, *lines]
            click.echo("\n".join(lines))
        shown = trials if last is None else trials[max(0, len(trials) - last) :]
        if shown:
            click.echo()
            click.echo(printing.trials_text(shown, opened.space.names))


@study.command()
@_FILE
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    help="[default: from the name of the output, else csv]",
)
@click.option("--output", "-o", metavar="FILE", help="Write to this file.  [default: stdout]")
def export(file: str, form: str | None, output: str | None) -> None:
    """Write every trial as CSV or JSON.

    In CSV a parameter called like another column, for instance value, is called param_value.
    Several objectives have a column each, value_1, value_2 and so on. Constraints have columns
    after those of the parameters, for instance constraint_mem. A text that begins with = + - or @,
    which a spreadsheet would take for a formula, has a ' before it. JSON has all as it is; what the
    policy recommends is not worked out for it.
    """
    if form is None:
        form = "csv" if output is None else _form_of(output)
    if output is not None:
        _require_other(output, file)
        check_output("--output", output)
    with open_study(file) as opened:
        text = _as_json(opened) if form == "json" else _as_csv(opened)
    if output is None:
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, "utf-8", errors="backslashreplace", newline="")


@study.command()
@_FILE
@click.argument("target", metavar="TARGET")
def backup(file: str, target: str) -> None:
    """Copy the study to a new file, also while others work on it.

    The copy is a study of its own: trials that are being evaluated wait in it for somebody to
    evaluate them.
    """
    with open_study(file) as opened:
        opened.backup(target)
        click.echo(f"{target}: {len(opened.trials())} trials", err=True)


@study.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def best(file: str, as_json: bool) -> int:
    """Print the best trial. Exit code 3 if no trial has succeeded, or none is feasible.

    Of several objectives, the front, and a compromise: the trial whose worst objective is least,
    in units of the front's range.
    """
    from rnnbbo.cli import printing
    from rnnbbo.cli.front_summary import FrontSummary
    from rnnbbo.cli.main import EXIT_NO_SUCCESS

    with open_study(file) as opened:
        trials = opened.told()
        found = best_of(trials, maximize=opened.signs)
        names, signs, reference = opened.space.names, opened.signs, opened.reference
    if found is None:
        click.echo("no trial has succeeded", err=True)
        return EXIT_NO_SUCCESS
    view = None
    if isinstance(found.value, list):
        view = FrontSummary(trials, signs, reference)
    if as_json:
        more = {} if view is None else view.document(names)
        click.echo(printing.trial_json(found, names, **more))
    else:
        lines = [] if view is None else [view.text, *view.table(names)]
        click.echo("\n".join([*lines, printing.trial_text(found, names)]))
    return 0 if found.feasible else EXIT_NO_SUCCESS


def _form_of(output: str) -> str:
    """Return the format that belongs to a file's name; CSV where it has no suffix.

    Raises:
        ConfigError: it has another one.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in ("", ".csv", ".json"):
        raise ConfigError(
            f"--output = {output!r}; expected a name in .csv or .json, or --format beside it"
        )
    return suffix[1:] or "csv"


def _require_other(output: str, file: str) -> None:
    """Make sure that the study is not written over.

    Raises:
        ConfigError: it would be.
    """
    with contextlib.suppress(OSError):
        if os.path.samefile(output, file):
            raise ConfigError(f"--output = {output!r}, which is the study itself; expected another")


def _as_json(opened: Study) -> str:
    from rnnbbo.cli import printing

    trials = opened.trials()
    about = {"policy": opened.policy_name, "seed": opened.seed, "study": str(opened.path)}
    best = best_of(trials, maximize=opened.signs)
    status = Status.NO_SUCCESS if best is None else Status.OK
    if best is not None and not best.feasible:
        status = Status.NO_FEASIBLE
    text = printing.trials_json(
        status,
        trials,
        None,
        opened.space.names,
        maximize=opened.signs,
        reference=opened.reference,
        **about,
    )
    return f"{text}\n"


def _as_csv(opened: Study) -> str:
    from rnnbbo.cli.printing import constraint_names
    from rnnbbo.objectives import listed_values
    from rnnbbo.sheet import (
        ERROR,
        FEASIBLE,
        SECONDS,
        STATE,
        TRIAL,
        column_names,
        constraint_columns,
        csv_line,
        objective_columns,
    )

    trials, count = opened.trials(), opened.n_objectives or 1
    limits = constraint_names(trials)
    columns = column_names(opened.space.names)
    more = [FEASIBLE, *constraint_columns(limits, columns)] if limits else []
    values = objective_columns(count, columns)
    rows: list[list[Any]] = [[TRIAL, STATE, *values, SECONDS, ERROR, *columns, *more]]
    for trial in trials:
        seconds = None if trial.outcome is None else trial.outcome.seconds
        cells: list[str | None] = [None] * count
        if trial.value is not None:
            cells = list(map(repr, listed_values(trial.value)))
        row = [trial.number, trial.state.value, *cells, seconds, trial.error, *trial.x]
        if limits:
            row.append(None if trial.value is None else str(trial.feasible).lower())
        own = [trial.constraints.get(name, math.nan) for name in limits]
        rows.append([*row, *(None if math.isnan(one) else repr(one) for one in own)])
    return "".join(map(csv_line, rows))


for _command in (
    *(study_bench.new, study_bench.ask, study_bench.tell, study_bench.import_table),
    *(study_page.html, study_page.serve),
    *(study_pictures.plot, study_pictures.importance),
):
    study.add_command(_command)
