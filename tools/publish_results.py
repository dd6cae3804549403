"""Publish a folder of records: python tools/publish_results.py runs/full.

Writes the report, the main picture and the main table to benchmarks/results/, and fills the README.
"""

import sys
from pathlib import Path

from fill_readme import ROOT, fill

from rnnbbo.benchmarks import reports

RESULTS = ROOT / "benchmarks" / "results"


def publish(records: Path) -> None:
    """Make everything that is published from a folder of records."""
    reports.report(records, RESULTS)
    reports.main_picture(records, RESULTS / "regret.svg")
    (RESULTS / "regret.md").write_text(reports.main_table(records) + "\n")
    fill()


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
