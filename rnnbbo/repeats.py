"""Notice when a run evaluates a point again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rnnbbo.errors import RepeatWarning, warn
from rnnbbo.escaping import repr_of
from rnnbbo.space import Space


class Repeats:
    """The points of a run, the first of which that comes again is warned of.

    Args:
        space: the search space.
        known: points that are known already.
        wanted: whether points are evaluated again on purpose: then only where no other is left.
    """

    def __init__(self, space: Space, known: Iterable[list[Any]], wanted: bool = False) -> None:
        self._space, self._wanted = space, wanted
        self._seen = {self._code(x) for x in known}
        self._warned = False

    def add(self, x: list[Any]) -> None:
        """Take a point that will be evaluated now, and warn if it is the first to come again."""
        if self._warned:
            return
        code, size = self._code(x), self._space.size
        if code in self._seen and (not self._wanted or size == len(self._seen)):
            self._warned = True
            few = "" if size is None or size > len(self._seen) else f", all {size} of the space,"
            warn(
                f"the point {repr_of(x)} is evaluated again; {len(self._seen)} points{few} were "
                "evaluated so far, and a value of the same point says something new only if the "
                "values are noisy",
                RepeatWarning,
            )
        self._seen.add(code)

    def _code(self, x: list[Any]) -> tuple[Any, ...]:
        return tuple(self._space.encode(x))
