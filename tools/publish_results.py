"""Publish a folder of records: python tools/publish_results.py runs/full.

Writes the main table and the duels with single peers to benchmarks/results/. With `--long`, of the
plan `long`, in which every peer goes on to 200 evaluations: the report, the main picture, the table
over all suites, that of the default and its peers, with which it fills the README, and the duels.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fill_readme import RESULTS, fill

from rnnbbo.benchmarks import reports
from rnnbbo.benchmarks.measures.duel import duel
from rnnbbo.benchmarks.measures.overall import default_and_peers, latencies, overall
from rnnbbo.benchmarks.reports import stored
from rnnbbo.benchmarks.reports.data import Records
from rnnbbo.benchmarks.reports.headline import headline_table as main_table
from rnnbbo.benchmarks.reports.loading import read_records
from rnnbbo.benchmarks.reports.published_duels import published_picks
from rnnbbo.benchmarks.reports.section import Subsection

Times = tuple[int, ...]

OURS = {
    "auto": ("logei", "spearmint", "skopt", "tpe", "dnc"),
    "dnc": ("logei", "spearmint"),
    "lstm": ("logei", "spearmint", "dnc"),
}
"""Policies, and the methods that each is compared with, one by one."""
LONG = (10, 20, 30, 60, 100, 200)
FRONT = (10, 30, 100, 200)
"""Numbers of evaluations of the README's table."""
TIMES = {"logei": (10, 20, 30, 60, 100), "dnc": LONG, "tpe": LONG}
SHORT = (10, 20, 30, 60)
"""Numbers of evaluations: the peers that cost most an ask stop early."""
OURS_LONG = dict.fromkeys(("auto", "dnc", "lstm"), ("logei", "spearmint", "skopt"))
"""The same for the plan `long`, all at the same numbers of evaluations."""


def duels(
    records: Records, ours: Mapping[str, Sequence[str]], times: Mapping[str, Times]
) -> list[Subsection]:
    """Return a table for each of our policies and each of its peers."""
    return [
        duel(records, policy, peer, times.get(peer, SHORT))
        for policy, peers in ours.items()
        for peer in peers
    ]


def publish(folder: Path) -> None:
    """Make what is published from the records of the plan `full`."""
    records = read_records(folder)
    stored.write_tables(RESULTS / "regret.md", [Subsection(tables=(main_table(records),))])
    stored.write_tables(RESULTS / "duels.md", duels(records, OURS, TIMES))


ELSEWHERE = (
    ("with a little noise (gp-4d-noise10)", "duels", "gp-4d-noise10"),
    ("with much noise (gp-4d-noise30)", "duels", "gp-4d-noise30"),
    ("with noise of heavy tails", "rough", "heavy"),
    ("with outliers", "rough", "outliers"),
    ("with penalties", "rough", "penalty"),
    ("with steps and plateaus", "rough", "steps"),
    ("the control of a simulation", "rough", "control"),
    ("the tuning of a model, live", "duels", "sklearn"),
    ("with constraints", "constrained", "all"),
    ("with several objectives", "pareto", "all"),
    ("with parameters that depend on others", "conditional", "all"),
    ("of 10 to 40 dimensions, with many evaluations", "large", "all"),
)
"""Kinds of problems of which the plan `long` has none: a file of duels, and its row."""


def publish_long(folder: Path) -> None:
    """Make what is published from the records of the plan `long`."""
    elsewhere = [
        one
        for kind, name, suite in ELSEWHERE
        for one in published_picks(kind, RESULTS / f"{name}.json", "auto", suite)
    ]
    records = read_records(folder)
    latency = stored.read_tables(RESULTS / "latency.json")
    idle = latencies(latency, FRONT, {method.name for method in records.methods})
    reports.report(folder, RESULTS, elsewhere=elsewhere, idle=idle)
    reports.main_picture(folder, RESULTS / "regret.svg")
    times = {peer: LONG for peers in OURS_LONG.values() for peer in peers}
    stored.write_tables(RESULTS / "overall.md", [overall(records, LONG, seconds=False)])
    front = overall(
        records,
        FRONT,
        methods=default_and_peers(records),
        geometric=False,
        latency=latency,
    )
    stored.write_tables(RESULTS / "front.md", [front])
    stored.write_tables(RESULTS / "long.md", duels(records, OURS_LONG, times))
    fill()


if __name__ == "__main__":
    *flags, folder = sys.argv[1:]
    (publish_long if flags == ["--long"] else publish)(Path(folder))
