"""`rnnbbo study new`, `ask`, `tell` and `import`: for who measures by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnbbo.arguments import REPEAT_AUTO
from rnnbbo.cli.goal_option import GOAL_OPTION
from rnnbbo.cli.objective_options import DIRECTIONS_OPTION, REFERENCE_OPTION
from rnnbbo.cli.options import HintedCommand
from rnnbbo.direction import in_words
from rnnbbo.errors import ConfigError
from rnnbbo.goal import Goal
from rnnbbo.outputs import check_output, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnbbo.study import Study
    from rnnbbo.trial import Trial

_FILE = click.argument("file", metavar="FILE")


@click.command(
    cls=HintedCommand,
    short_help="Make a study to ask points of.",
    help="""Make a study to ask points of, and to tell what was measured at them.

\b
Examples:
  rnnbbo study new run.db --param temp=float:20:90 --param buffer=cat:tris,hepes --maximize
  rnnbbo study ask run.db -n 8 -o plate.csv
  rnnbbo study import run.db plate.csv

Parameters and space files are those of `rnnbbo minimize`.
""",
)
@_FILE
@click.option("--param", "-p", "params", multiple=True, metavar="NAME=...", help="A parameter.")
@click.option("--space", "space_file", metavar="FILE", help="A TOML file of parameters.")
@click.option(
    "--where", multiple=True, metavar="EXPR", help="What every point has to meet: 'a + b <= 1'."
)
@click.option("--maximize", is_flag=True, default=None, help="Larger values are better.")
@DIRECTIONS_OPTION
@REFERENCE_OPTION
@click.option("--policy", metavar="NAME", help="A name of `rnnbbo policies`.  [default: auto]")
@click.option("--seed", type=click.IntRange(0), help="Same seed, same proposals.")
def new(
    file: str,
    params: tuple[str, ...],
    space_file: str | None,
    where: tuple[str, ...],
    maximize: bool | None,
    directions: list[str] | None,
    reference: Any,
    policy: str | None,
    seed: int | None,
) -> None:
    """Make the file."""
    from rnnbbo.cli.parameters import read_parameters
    from rnnbbo.study import Study

    space = read_parameters(params, space_file, where)
    with Study(
        file,
        space,
        policy=policy,
        rng=seed,
        maximize=maximize,
        directions=directions,
        reference=reference,
    ) as study:
        better = f"{'larger' if study.signs else 'smaller'} values are better"
        if isinstance(study.signs, tuple):
            better = f"objectives {', '.join(in_words(study.signs))}"
        click.echo(f"{file}: {better}; policy {study.policy_name}")
        for name, dim in zip(space.names, space, strict=True):
            when = "" if dim.when is None else f", when {dim.when}"
            click.echo(f"  {name}: {dim.expected}{when}")
        for one in space.where:
            click.echo(f"  where {one}")


@click.command(
    short_help="Ask for points to measure.",
    help="""Ask for points to measure: numbers of trials, their parameters, an empty value.

They are kept in the study, and wait for their values: by `rnnbbo study import`, or one by one by
`rnnbbo study tell`. More may be asked for before; those that wait are kept away from.

\b
Examples:
  rnnbbo study ask run.db
  rnnbbo study ask run.db -n 8 -o plate.csv
  rnnbbo study ask run.db --waiting -o again.csv
""",
)
@_FILE
@click.option(
    "--number", "-n", type=click.IntRange(1), default=1, show_default=True, help="How many points."
)
@click.option("--output", "-o", metavar="FILE", help="Write them to this new CSV file, too.")
@click.option(
    "--decimal-comma",
    is_flag=True,
    help="In the file, 0,5 for 0.5, and semicolons between cells, as spreadsheets of many "
    "countries have it.",
)
@click.option("--waiting", is_flag=True, help="Those that wait for a value, and no new ones.")
@click.option(
    "--repeat",
    type=click.Choice([REPEAT_AUTO]),
    help="auto: under noise, a point once more where that is worth more than a new one.",
)
@GOAL_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ask(
    file: str,
    number: int,
    output: str | None,
    decimal_comma: bool,
    waiting: bool,
    repeat: str | None,
    goal: str | None,
    as_json: bool,
) -> None:
    """Ask, print, and write."""
    from rnnbbo.cli.printing import constraint_names
    from rnnbbo.cli.study import open_study
    from rnnbbo.study.plate import plate_csv, plate_rows

    if output is not None:
        if os.path.lexists(output):  # maybe a plate that was filled in
            raise ConfigError(
                f"--output = {shortened(output)}, which is there already; expected a new file"
            )
        check_output("--output", output)
    with open_study(file, repeat or 1, goal or Goal.BEST.value) as study:
        if waiting:
            trials = [trial for trial in study.trials() if trial.outcome is None]
        else:
            trials = study.ask_new(number)
        if output is not None:
            rows = plate_rows(
                study.space,
                trials,
                limits=constraint_names(study.told()),
                n_objectives=study.n_objectives or 1,
                decimal_comma=decimal_comma,
            )
            _write(output, plate_csv(rows, decimal_comma=decimal_comma))
        click.echo(_json_of(study, trials) if as_json else _table_of(study, trials))
    if output is not None:
        click.echo(f"{output}: {len(trials)} points", err=True)


def _write(output: str, text: str) -> None:
    from rnnbbo.cli.streams import OutputError

    try:
        # With its mark a spreadsheet takes it for the UTF-8 that it is.
        Path(output).write_text(text, "utf-8-sig", errors="backslashreplace", newline="")
    except OSError as error:
        raise OutputError(
            f"--output = {shortened(output)}, which cannot be written ({error.strerror}); the "
            "points wait in the study: rnnbbo study ask --waiting has them"
        ) from error


def _json_of(study: Study, trials: Sequence[Trial]) -> str:
    from rnnbbo.cli.printing import named_point

    points = [
        {"trial": trial.number, "x": named_point(study.space.names, trial.x)} for trial in trials
    ]
    return json.dumps({"study": str(study.path), "trials": points}, allow_nan=False)


def _table_of(study: Study, trials: Sequence[Trial]) -> str:
    from rnnbbo.cli.printing import aligned
    from rnnbbo.study.plate import plate_rows

    return "\n".join(aligned([row[:-1] for row in plate_rows(study.space, trials)]))


@click.command(
    context_settings={"ignore_unknown_options": True},  # a value below zero is none
    help="""Tell what was measured at a point: a number, or one an objective, or fail.

\b
Examples:
  rnnbbo study tell run.db 3 0.82
  rnnbbo study tell run.db 3 0.82 12.5
  rnnbbo study tell run.db 4 fail
  rnnbbo study tell run.db 5 0.91 --constraint mem=-0.5
""",
)
@_FILE
@click.argument("number", metavar="NUMBER", type=click.IntRange(0))
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@click.option(
    "--constraint",
    "constraints",
    multiple=True,
    metavar="NAME=VALUE",
    help="What has to be at most 0, such as mem=-0.5; once a constraint.",
)
def tell(file: str, number: int, values: tuple[str, ...], constraints: tuple[str, ...]) -> None:
    """Tell it."""
    from rnnbbo.cli.study import open_study
    from rnnbbo.sheet_points import as_measured, together

    measured = []
    for value in values:
        try:
            measured.append(as_measured(value))
        except ValueError:
            raise ConfigError(f"VALUE = {shortened(value)}; expected a number, or fail") from None
    outcome = together(measured)
    limits = dict(map(_read_constraint, constraints))
    with open_study(file) as study:
        study.tell(number, outcome.value, error=outcome.error, constraints=limits)
        click.echo(_standing(study))


def _read_constraint(text: str) -> tuple[str, float]:
    from rnnbbo.sheet_points import as_constraint

    name, _, value = text.rpartition("=")
    try:
        number = as_constraint(name, value)
    except ValueError:
        number = None
    if not name or number is None:
        raise ConfigError(f"--constraint = {shortened(text)}; expected NAME=VALUE, a number")
    return name, number


@click.command(
    "import",
    short_help="Tell the values of a CSV file, such as a plate that was filled in.",
    help="""Tell the values of a CSV file, such as a plate that was filled in; all or nothing.

Columns are the parameters, value (of several objectives value_1, value_2 and so on),
constraint_NAME for each constraint, and trial with the numbers of those that were asked for. An
empty value is not measured yet; fail, or nan, is a failed trial. A row without a number is a point
of your own. Commas are decimal marks in a file whose cells are separated by semicolons or tabs.
What the study knows already changes nothing: the same file may be imported again when more of it is
filled in.

\b
Example:
  rnnbbo study import run.db plate.csv
""",
)
@_FILE
@click.argument("table", metavar="TABLE")
def import_table(file: str, table: str) -> None:
    """Take the table, and say what has changed."""
    from rnnbbo.cli.study import open_study

    with open_study(file) as study:
        taken = study.take_table(table)
        failed = {trial.number for trial in study.told() if trial.failed}
        n_failed = sum(number in failed for number in taken.told)
        counts = [
            (len(taken.told) - n_failed, "measured"),
            (n_failed, "failed"),
            (len(taken.planned), "new to measure"),
            (taken.open, "not measured yet"),
            (taken.unchanged, "known before"),
        ]
        words = ", ".join(f"{count} {what}" for count, what in counts if count)
        click.echo(f"{table}: {words or 'no points'}")
        click.echo(_standing(study))


def _standing(study: Study) -> str:
    """Return how a study stands, in words."""
    from rnnbbo.cli.front_summary import FrontSummary
    from rnnbbo.cli.printing import best_text
    from rnnbbo.progress.texts import point_text
    from rnnbbo.trial import best_of

    trials: list[Any] = study.trials()
    best = best_of(trials, maximize=study.signs)
    waiting = sum(trial.outcome is None for trial in trials)
    found = "no success yet"
    if best is not None:
        found = f"{best_text(best)}: {point_text(study.space.names, best.x)}"
        if best.feasible and isinstance(best.value, list):
            found = f"{FrontSummary(trials, study.signs, study.reference).text}\n{found}"
    return f"{found}\n{waiting} of {len(trials)} trials wait for a value"
