"""Publish a folder of records: python tools/publish_results.py runs/full.

Writes the report, the main picture, the main table and the duels with single peers to
benchmarks/results/, and fills the README.
"""

import sys
from pathlib import Path

from fill_readme import ROOT, fill

from rnnbbo.benchmarks import duel, reports

RESULTS = ROOT / "benchmarks" / "results"
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


def duels(records: Path) -> str:
    """Return a table a peer, in Markdown."""
    parts = []
    for ours, peers in OURS.items():
        for peer in peers:
            text = duel.table(records, ours, peer, list(TIMES.get(peer, SHORT)))
            parts.append(f"{ours} : {peer}, {duel.LEGEND}\n\n{text}\n")
    return "\n".join(parts)


def publish(records: Path) -> None:
    """Make everything that is published from a folder of records."""
    reports.report(records, RESULTS)
    reports.main_picture(records, RESULTS / "regret.svg")
    (RESULTS / "regret.md").write_text(reports.main_table(records) + "\n")
    (RESULTS / "duels.md").write_text(duels(records))
    fill()


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
