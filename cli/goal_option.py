"""What a run is for, as an option."""

import click

from rnnbbo.goal import Goal

GOAL_OPTION = click.option(
    "--goal",
    type=click.Choice([one.value for one in Goal]),
    help="best: find the best point. cumulative: every value counts, as of a machine that is tuned "
    "while it works; points are evaluated again.  [default: best]",
)
