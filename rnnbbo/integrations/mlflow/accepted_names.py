"""Names and values as MLflow takes them."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Mapping

_REFUSED = re.compile(r"[^\w\-. :/]")
_LONGEST_NAME = 250
LONGEST_PARAM = 6000
"""Characters of a parameter's value; MLflow cuts what is longer, with a warning each time."""


def clean_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each name one that MLflow accepts, distinct ones.

    What it refuses becomes an underline; of several that are the same then, the later ones get a
    number.
    """
    made: dict[str, str] = {}
    for name in names:
        clean = _as_path(_REFUSED.sub("_", name))[:_LONGEST_NAME]
        count, first = 1, clean
        while clean in made.values():
            count += 1
            clean = f"{first[: _LONGEST_NAME - 8]}_{count}"
        made[name] = clean
    return made


def _as_path(name: str) -> str:
    """Return a name that is a path below where one is: names may become files."""
    path = posixpath.normpath(name).lstrip("/") if name else "_"
    parts = ["_" if part in (".", "..") else part for part in path.split("/")]
    return "/".join(parts) or "_"


def split_finite(values: Mapping[str, float]) -> tuple[dict[str, float], dict[str, str]]:
    """Return the finite values, and the others as texts: of infinity MLflow makes 1.8e308."""
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    others = {name: str(value) for name, value in values.items() if name not in finite}
    return finite, others
