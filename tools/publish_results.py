"""Publish a folder of records: python tools/publish_results.py runs/full.

Writes the report, the main picture, the main table and the duels with single peers to
benchmarks/results/, and fills the README. With `--long`, of the plan `long`: the table over all
suites, with which it fills the README, too, and the duels.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fill_readme import ROOT, fill

from rnnbbo.benchmarks import duel, reports

RESULTS = ROOT / "benchmarks" / "results"
Times = tuple[int, ...]

OURS = {
    "kernel": ("logei", "spearmint", "skopt", "tpe", "dnc"),
    "dnc": ("logei", "spearmint"),
    "lstm": ("logei", "spearmint", "dnc"),
}
"""Policies, and the methods that each is compared with, one by one."""
LONG = (10, 20, 30, 60, 100, 200)
TIMES = {"logei": (10, 20, 30, 60, 100), "dnc": LONG, "tpe": LONG}
SHORT = (10, 20, 30, 60)
"""Numbers of evaluations: the peers that cost most an ask stop early."""
OURS_LONG = dict.fromkeys(("kernel", "dnc", "lstm"), ("logei", "spearmint", "skopt"))
"""The same for the plan `long`, all at the same numbers of evaluations."""


def duels(records: Path, ours: Mapping[str, Sequence[str]], times: Mapping[str, Times]) -> str:
    """Return a table for each of our policies and each of its peers, in Markdown."""
    parts = []
    for policy, peers in ours.items():
        for peer in peers:
            text = duel.table(records, policy, peer, list(times.get(peer, SHORT)))
            parts.append(f"{policy} : {peer}, {duel.LEGEND}\n\n{text}\n")
    return "\n".join(parts)


def publish(records: Path) -> None:
    """Make everything that is published from a folder of records."""
    reports.report(records, RESULTS)
    reports.main_picture(records, RESULTS / "regret.svg")
    (RESULTS / "regret.md").write_text(reports.main_table(records) + "\n")
    (RESULTS / "duels.md").write_text(duels(records, OURS, TIMES))
    fill()


def publish_long(records: Path) -> None:
    """Make what is published from the records of the plan `long`."""
    (RESULTS / "overall.md").write_text(reports.overall_table(records, LONG) + "\n")
    times = {peer: LONG for peers in OURS_LONG.values() for peer in peers}
    (RESULTS / "long.md").write_text(duels(records, OURS_LONG, times))
    fill()


if __name__ == "__main__":
    *flags, folder = sys.argv[1:]
    (publish_long if flags == ["--long"] else publish)(Path(folder))
