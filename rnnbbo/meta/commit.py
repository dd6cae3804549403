"""Which source made a result."""

import subprocess
from pathlib import Path


def source_commit() -> str:
    """Return the commit of the source that runs, marked when it differs; else "unknown"."""
    folder = Path(__file__).resolve().parent
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
