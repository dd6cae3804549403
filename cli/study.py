"""`rnnbbo study`: what is in the file of a study."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnbbo.errors import ConfigError
from rnnbbo.outputs import check_output
from rnnbbo.status import Status
from rnnbbo.trial import best_of

if TYPE_CHECKING:
    from rnnbbo.study import Study

_FILE = click.argument("file", metavar="FILE")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet's formulas begin with


_HELP = """Look into a study: the file that `rnnbbo minimize --study` keeps.

\b
Examples:
  rnnbbo study show run.db --last 20
  rnnbbo study best run.db --json
  rnnbbo study export run.db -o run.csv
  rnnbbo study backup run.db run-copy.db
"""


@click.group(help=_HELP, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def study(ctx: click.Context) -> None:
    """Hold the commands; none of them is wrong usage, which the help answers."""
    from rnnbbo.cli.main import EXIT_USAGE

    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(EXIT_USAGE)


def _open(file: str) -> Study:
    from rnnbbo.study import Study

    return Study(file, resume=True)


@study.command()
@_FILE
@click.option("--last", type=click.IntRange(0), metavar="N", help="The last N trials only.")
def show(file: str, last: int | None) -> None:
    """Print a summary and a table of the trials."""
    from rnnbbo.cli import printing

    with _open(file) as opened:
        trials = opened.trials()
        best = best_of(trials)
        states = [trial.state for trial in trials]
        counts = {state: states.count(state) for state in dict.fromkeys(states)}
        counted = ", ".join(f"{number} {state}" for state, number in counts.items())
        click.echo(f"{opened.path}: {len(trials)} trials" + (f" ({counted})" if counted else ""))
        click.echo(f"policy {opened.policy_name}, seed {opened.seed}")
        for name, dim in zip(opened.space.names, opened.space, strict=True):
            click.echo(f"  {name}: {dim!r}")
        for rule in opened.space.where:
            click.echo(f"  where {rule}")
        if best is not None:
            click.echo(f"best value {best.value!r}, at trial {best.number}")
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

    In CSV a parameter called like another column, for instance value, is called param_value. A text
    that begins with = + - or @, which a spreadsheet would take for a formula, has a ' before it.
    JSON has all as it is; what the policy recommends is not worked out for it.
    """
    if form is None:
        form = "csv" if output is None else _form_of(output)
    if output is not None:
        _require_other(output, file)
        check_output("--output", output)
    with _open(file) as opened:
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
    with _open(file) as opened:
        opened.backup(target)
        click.echo(f"{target}: {len(opened.trials())} trials", err=True)


@study.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def best(file: str, as_json: bool) -> int:
    """Print the best trial. Exit code 3 if no trial has succeeded."""
    from rnnbbo.cli import printing
    from rnnbbo.cli.main import EXIT_NO_SUCCESS

    with _open(file) as opened:
        found = best_of(opened.told())
        names = opened.space.names
    if found is None:
        click.echo("no trial has succeeded", err=True)
        return EXIT_NO_SUCCESS
    click.echo(printing.trial_json(found, names) if as_json else printing.trial_text(found, names))
    return 0


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
    status = Status.NO_SUCCESS if best_of(trials) is None else Status.OK
    return printing.trials_json(status, trials, None, opened.space.names, **about) + "\n"


def _as_csv(opened: Study) -> str:
    names = ["trial", "state", "value", "seconds", "error"]
    for name in opened.space.names:
        column = name
        while column in names:
            column = f"param_{column}"
        names.append(column)
    rows: list[list[Any]] = [names]
    for trial in opened.trials():
        seconds = None if trial.outcome is None else trial.outcome.seconds
        value = None if trial.value is None else repr(trial.value)
        rows.append([trial.number, trial.state.value, value, seconds, trial.error, *trial.x])
    return "".join(map(_csv_line, rows))


def _csv_line(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    # With this ending a carriage return is quoted as a line feed is.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_no_formula(cell) for cell in cells])
    return out.getvalue()[:-2] + "\n"


def _no_formula(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
