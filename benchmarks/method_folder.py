"""The folder of a method's runs in another format: its name, and that it is there whole or not."""

import shutil
from pathlib import Path
from urllib.parse import quote

_TUNE = "-tune"  # the end of a suite's label where it is not the test split


def split_ending(suite: str) -> str:
    """Return what a method's name gets more for runs of a suite's label: "-tune", or nothing."""
    return _TUNE if suite.endswith(_TUNE) else ""


def folder_name(method: str) -> str:
    """Return a method's name without the characters that a folder or LaTeX cannot have."""
    return quote(method, safe="").replace("%", "_")


def put_in_place(made: Path, folder: Path) -> None:
    """Move a folder that was made elsewhere to its place; one that was there before is replaced."""
    if folder.exists():
        shutil.rmtree(folder)
    made.rename(folder)
