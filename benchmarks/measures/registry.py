"""The measures by name.

A new measure is a module of this package, with a `command` that `publishing.measure` makes of a
function, and its line in `MEASURES`. A module may import heavy libraries at its top: it is loaded
when its measure is asked for.
"""

from importlib import import_module
from typing import NamedTuple

import click

from rnnbbo.errors import ConfigError, MissingExtraError


class Measure(NamedTuple):
    """A measure that is not loaded yet.

    Attributes:
        module: its module in this package.
        about: what is measured, in one line.
    """

    module: str
    about: str


MEASURES = {
    "adaptation": Measure(
        "adaptation", "What 10, 100 and 1,000 functions of a new family are worth to a network."
    ),
    "control": Measure(
        "learned_controllers", "How many episodes controllers of gymnasium's tasks take."
    ),
    "cumulative": Measure(
        "cumulative_regret", "What all evaluations of a run lose together, under noise."
    ),
    "digits": Measure("digits", "How close runs come to the minima of smooth functions."),
    "duel": Measure("duel", "Two methods of a folder of records, suite by suite."),
    "exhausted": Measure(
        "exhausted_runs", 'When until="exhausted" ends runs, and what they give away.'
    ),
    "failures": Measure(
        "failed_evaluations", "How many evaluations failed, beside regret, of one build or two."
    ),
    "growth": Measure("growth", "How the time of an ask and a tell grows, and with what."),
    "importance": Measure(
        "known_importance", "Importance of parameters against known Sobol' indices."
    ),
    "latency": Measure("latency", "Time of an ask and its tell, on one core."),
    "many": Measure("batched_runs", "Thousands of problems at once: time, and values reached."),
    "outliers": Measure(
        "out_of_proportion", "What values out of all proportion cost, beside failures."
    ),
    "overall": Measure("overall", "Regret of a folder of records over all suites, a row a method."),
    "paper": Measure(
        "paper_experiments", "The paper's claims, experiment by experiment, of a folder of records."
    ),
    "parallel": Measure(
        "parallel_evaluation", "What evaluating in parallel wins in time, and costs in regret."
    ),
    "plates": Measure("plates", "What rounds cost: plates of points, told together."),
    "spearmint": Measure("spearmint_traces", "Spearmint-style against traces of the original."),
    "studies": Measure("studies", "Going on with long studies, and several processes at one."),
    "transfer": Measure(
        "learning_from_others", "What earlier studies of like problems win, and unlike ones cost."
    ),
    "training": Measure("training", "Speed of meta-training."),
}


def measure_command(name: str) -> click.Command:
    """Return the command of a measure.

    Args:
        name: a key of `MEASURES`.

    Raises:
        ConfigError: no such measure.
        MissingExtraError: a library that it needs is not installed.
    """
    if name not in MEASURES:
        raise ConfigError(f"measure = {name!r}; expected one of {', '.join(MEASURES)}")
    try:
        made = import_module(f"{__package__}.{MEASURES[name].module}").command
    except ImportError as error:
        if isinstance(error, MissingExtraError) or (error.name or "").startswith("rnnbbo"):
            raise
        raise MissingExtraError(
            f"the measure {name!r} needs a package that cannot be imported ({error}): "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    assert isinstance(made, click.Command)
    return made
