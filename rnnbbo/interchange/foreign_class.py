"""Objects of other libraries, known by the modules of their classes: nothing is imported."""

from __future__ import annotations

from collections.abc import Sequence

from rnnbbo.dimensions import label_of
from rnnbbo.errors import SpaceWarning, warn


def class_of(thing: object, package: str, names: Sequence[str]) -> str | None:
    """Return the name of the class of a package that this is an instance of, or None."""
    for cls in type(thing).__mro__:
        if cls.__module__.partition(".")[0] == package and cls.__name__ in names:
            return cls.__name__
    return None


def warn_unused(name: str, what: str) -> None:
    """Warn that something of a dimension has no form here."""
    warn(f"{label_of(name)}: its {what} is not used, only what its values may be", SpaceWarning)
