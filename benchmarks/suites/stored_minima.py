"""The minima that a dense search found, and the reference regrets: a JSON file beside a suite."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from rnnbbo.benchmarks.suites.entry import Entry
from rnnbbo.errors import ConfigError
from rnnbbo.functions.problem import Problem


@dataclass(frozen=True)
class Found:
    """What a dense search says of a function.

    Attributes:
        value: the least value found.
        at: its point of the unit cube.
        reference: the reference regret, see `statistics.reference_regret`.
        passes: how often the search went on from there.
    """

    value: float
    at: tuple[float, ...]
    reference: float
    passes: int = 0


def minima_file(suite: str) -> Path:
    """Return the file of a suite's minima."""
    return Path(__file__).with_name(f"{suite}_minima.json")


@lru_cache
def stored_minima(file: Path) -> Mapping[str, Found]:
    """Return by function what a file has; nothing if there is no file."""
    if not file.exists():
        return {}
    return {
        name: Found(**{**found, "at": tuple(found["at"])})
        for name, found in json.loads(file.read_text())["minima"].items()
    }


def with_minima(suite: str, unsearched: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries of a suite with what is stored of their functions.

    A problem whose minimum is not stored raises `ConfigError` when it is built.
    """
    for entry in unsearched:
        found = stored_minima(minima_file(suite)).get(entry.name)
        build = partial(_build, suite, entry.name, entry.build)
        yield replace(entry, build=build, reference=found.reference if found else None)


def _build(suite: str, name: str, build: Callable[[], Problem]) -> Problem:
    file = minima_file(suite)
    found = stored_minima(file).get(name)
    if found is None:
        raise ConfigError(
            f"{file.name} has no {name}; "
            f"run python -m rnnbbo.benchmarks.suites.dense_search {suite}"
        )
    problem = build()
    at = problem.low + np.array(found.at) * (problem.high - problem.low)
    return replace(problem, minimum=found.value, minimizers=(tuple(at.tolist()),))
