"""Draws the picture of the published report's chooser: python docs/pictures/of_report.py.

Chromium opens `benchmarks/results/report.html` without a window.
"""

import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REPORT = HERE.parent.parent / "benchmarks" / "results" / "report.html"
QUIET = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"


def main() -> None:
    """Take it."""
    with tempfile.TemporaryDirectory() as profile:
        picture = f"--screenshot={HERE / 'report-chooser.png'}"
        options = [*QUIET.split(), f"--user-data-dir={profile}", "--window-size=1100,880", picture]
        subprocess.run(["chromium", *options, REPORT.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    main()
