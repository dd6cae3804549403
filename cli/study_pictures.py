"""`rnnbbo study plot` and `importance`: what a study shows of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rnnbbo.pictures.kinds import PICTURE_KINDS

if TYPE_CHECKING:
    from rnnbbo.pictures.importance import Importance

_BAR = 30  # characters

_FILE = click.argument("file", metavar="FILE")
_OBJECTIVE = click.option(
    "--objective",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="K",
    help="Of several objectives the K-th.",
)


@click.command(
    short_help="Draw a picture of a study.",
    help="""Draw a picture of a study, also while a run works on it.

\b
Kinds:
  convergence  every value, and the best so far
  slices       what the model believes along each parameter, through the best point
  parallel     a line a trial across all parameters
  importance   how much of the function's variance goes with each parameter
  front        of several objectives, every value and the front
  places       where evaluations lay, of every pair of parameters

\b
Example:
  rnnbbo study plot run.db slices.png --kind slices
""",
)
@_FILE
@click.argument("target", metavar="TARGET")
@click.option(
    "--kind",
    type=click.Choice(PICTURE_KINDS),
    help="What to draw.  [default: convergence; front of several objectives]",
)
@_OBJECTIVE
def plot(file: str, target: str, kind: str | None, objective: int) -> None:
    """Draw it."""
    from rnnbbo.cli.plot import check_plot, default_kind, draw_picture
    from rnnbbo.cli.study import open_study

    check_plot(target, "TARGET")
    with open_study(file) as opened:
        result = opened.result()
    kind = default_kind(result) if kind is None else kind
    draw_picture(target, result, kind, objective - 1)
    click.echo(f"{target}: {kind} of {len(result.x_iters)} trials", err=True)


@click.command()
@_FILE
@_OBJECTIVE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def importance(file: str, objective: int, as_json: bool) -> int:
    """Print how much each parameter matters. Exit code 3 while too little is known.

    Shares of the function's variance over the whole space (Sobol' indices), by a model of what was
    told: what goes with the parameter alone, what goes with it and all others, and the interval
    that holds 95 % of the belief in the latter. A wide interval says that more evaluations are
    needed to tell.
    """
    from rnnbbo.cli.main import EXIT_NO_SUCCESS
    from rnnbbo.cli.study import open_study
    from rnnbbo.pictures.gallery import require_objective

    with open_study(file) as opened:
        result = opened.result()
    require_objective(result.run_data(), objective - 1)
    found = result.importance(objective - 1)
    if not found:
        click.echo("too little is known: four different points have to have values", err=True)
        return EXIT_NO_SUCCESS
    click.echo(_as_json(found) if as_json else "\n".join(_as_text(found)))
    return 0


def _as_json(found: list[Importance]) -> str:
    rows = [
        {"name": one.name, "alone": one.alone, "total": one.total, "interval": [one.low, one.high]}
        for one in found
    ]
    return json.dumps({"parameters": rows})


def _as_text(found: list[Importance]) -> list[str]:
    from rnnbbo.cli.printing import short_text

    names = [short_text(one.name) for one in found]
    width = max(9, *map(len, names))
    lines = [f"{'parameter':<{width}}  alone  total  95 % interval"]
    for name, one in zip(names, found, strict=True):
        bar = "#" * round(_BAR * one.total)
        numbers = f"{one.alone:5.2f}  {one.total:5.2f}  {one.low:.2f} to {one.high:.2f}"
        lines.append(f"{name:<{width}}  {numbers}   {bar}".rstrip())
    return lines
