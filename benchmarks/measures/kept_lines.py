"""Outcomes of a measurement in a file of JSON lines, so that a stopped one can be gone on with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class KeptLines:
    """Lines by what names them; each is an object of these names and of what came of it.

    Args:
        path: the file, which is added to; None to keep nothing.
        *names: keys of a line whose values name it.
    """

    def __init__(self, path: Path | None, *names: str) -> None:
        self._path, self._names = path, names
        self._known: dict[str, dict[str, Any]] = {}
        for line in path.read_text().splitlines() if path is not None and path.exists() else ():
            if line.endswith("}"):  # the last one may have been cut short
                one = json.loads(line)
                self._known[json.dumps([one[name] for name in names])] = one

    def take(self, named: tuple[Any, ...], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the line of these values of its names; what is not known is made, and kept.

        Args:
            named: plain values, one a name.
            make: returns the rest of the line, plain values by name.
        """
        key = json.dumps(named)
        if key not in self._known:
            line = {**dict(zip(self._names, named, strict=True)), **make()}
            if self._path is not None:
                with self._path.open("a") as file:
                    file.write(f"{json.dumps(line)}\n")
            self._known[key] = line
        return self._known[key]
