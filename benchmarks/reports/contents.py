"""The sections of a report, in order.

A new section is a function `(records, styles)` that returns a `Section`, in a module of this
package, and its line in `SECTIONS`.
"""

from collections.abc import Mapping
from importlib import import_module

from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.section import Section
from rnnbbo.benchmarks.reports.style import Style

SECTIONS = (
    "chooser:section",
    "verdict:section",
    "regret:regret_curves",
    "least:section",
    "timed:section",
    "regret:clock",
    "speed:section",
    "peer_gaps:section",
    "profiles:section",
    "ranks:section",
    "exploration:section",
    "origin:failures",
    "origin:origin",
)
"""`module:function`, the module in this package."""


def sections(records: Records, styles: Mapping[str, Style]) -> list[Section]:
    """Return the sections of a report.

    Args:
        records: what it is of.
        styles: how every method looks.
    """
    made = []
    for line in SECTIONS:
        module, _, function = line.partition(":")
        make = getattr(import_module(f"{__package__}.{module}"), function)
        made.append(make(records, styles))
    return made
