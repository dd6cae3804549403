"""Records become arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnbbo import shipped
from rnnbbo.benchmarks.record import (
    FunctionRecord,
    RunRecord,
    read_function,
    read_headers,
    read_runs,
)
from rnnbbo.benchmarks.reports.data import TARGETS, ComparedMethod, Course, Lost, Records, Suite
from rnnbbo.benchmarks.statistics import capped, log_regret, normalised_regret
from rnnbbo.errors import RecordError
from rnnbbo.functions.problem import FloatArray

BEATEN = -1e-6
"""Normalised regret below this says that a declared minimum is too high."""

NEAREST = 1e-6
"""A distance to the incumbent below this, in units of the cube's diagonal, counts as this."""


@dataclass(frozen=True)
class _Trace:
    """A run as arrays, see `Course`."""

    capped: FloatArray
    log: FloatArray
    reached: FloatArray
    overhead: FloatArray
    distance: FloatArray
    failed: FloatArray
    least: FloatArray


def read_records(folder: Path) -> Records:
    """Read a folder of records.

    Raises:
        RecordError: the folder holds no records or no complete run, or a file is not a record.
    """
    headers = tuple(read_headers(folder))
    about: dict[tuple[str, str], FunctionRecord] = {}
    traces: dict[str, dict[str, dict[str, list[_Trace]]]] = {}  # suite, method, function
    early: set[tuple[str, str, str]] = set()
    lost: list[Lost] = []
    failed: dict[tuple[str, str], int] = {}
    beaten: set[str] = set()
    queries: dict[tuple[str, str, str], FloatArray] = {}
    runs = evaluations = 0
    for run in read_runs(folder):
        key = run.key
        function = key.suite, key.function
        runs, evaluations = runs + 1, evaluations + len(run.evaluations)
        faults = sum(e.status == "failed" for e in run.evaluations)
        if faults:
            failed[key.suite, key.method] = failed.get((key.suite, key.method), 0) + faults
        if run.end is not None:
            early.add((key.suite, key.method, key.function))
            lost.append(Lost(str(key), run.end.t, run.end.status, run.end.message))
            continue
        # Not before: a run may have ended while its function was built.
        if function not in about:
            about[function] = read_function(folder, *function)
        regret = _regret(run, about[function])
        if np.min(regret) < BEATEN:
            beaten.add(f"{key.suite}/{key.function}")
        by_function = traces.setdefault(key.suite, {}).setdefault(key.method, {})
        by_function.setdefault(key.function, []).append(_trace(run, regret))
        if run.dim == 2:
            queries.setdefault((*function, key.method), _points(run))
    if not runs:
        raise RecordError(f"{folder}: holds no complete run; expected at least one")
    suites = []
    for name in _ordered(_names(headers, "suites"), [suite for suite, _ in about]):
        courses = {
            method: _course({f: t for f, t in found.items() if (name, method, f) not in early})
            for method, found in traces.get(name, {}).items()
        }
        dims = {f: record.dim for (suite, f), record in sorted(about.items()) if suite == name}
        fine = {method: course for method, course in courses.items() if course is not None}
        suites.append(Suite(name, _suite_about(headers, name), dims, fine))
    made = {method for suite in suites for method in suite.courses}
    made |= {method for _, method, _ in early}
    return Records(
        _methods(headers, made),
        tuple(suites),
        tuple(lost),
        failed,
        tuple(sorted(beaten)),
        queries,
        headers,
        runs,
        evaluations,
    )


def _regret(run: RunRecord, function: FunctionRecord) -> FloatArray:
    best = [np.inf if e.best is None else e.best for e in run.evaluations]
    return normalised_regret(best, function.minimum, function.reference)


def _trace(run: RunRecord, regret: FloatArray) -> _Trace:
    least = np.minimum.accumulate(regret)
    return _Trace(
        capped(regret),
        log_regret(regret),
        np.mean(least[:, None] <= TARGETS, axis=1),
        np.cumsum([e.ask_s + e.tell_s for e in run.evaluations]),
        _distances(run),
        np.cumsum([e.status == "failed" for e in run.evaluations]),
        np.array([np.nan if e.best is None else e.best for e in run.evaluations]),
    )


def _points(run: RunRecord) -> FloatArray:
    return np.array([e.x for e in run.evaluations], dtype=float)


def _distances(run: RunRecord) -> FloatArray:
    """Return ln of the distance from each query to the incumbent before it."""
    x = _points(run)
    distance = np.full(len(x), np.nan)
    incumbent, least = None, np.inf
    for i, evaluation in enumerate(run.evaluations):
        if incumbent is not None:
            distance[i] = np.linalg.norm(x[i] - incumbent) / np.sqrt(run.dim)
        if evaluation.y is not None and evaluation.y < least:
            incumbent, least = x[i], evaluation.y
    return np.log(np.maximum(distance, NEAREST))


def _course(traces: Mapping[str, list[_Trace]]) -> Course | None:
    """Average over seeds; up to the evaluation that all runs have."""
    if not traces:
        return None
    functions = tuple(sorted(traces))
    budget = min(len(trace.capped) for found in traces.values() for trace in found)

    def rows(name: str) -> FloatArray:
        return np.array(
            [np.mean([getattr(t, name)[:budget] for t in traces[f]], axis=0) for f in functions]
        )

    return Course(
        functions,
        sum(map(len, traces.values())),
        rows("capped"),
        rows("log"),
        rows("reached"),
        rows("overhead"),
        rows("distance"),
        rows("failed"),
        rows("least"),
    )


def _names(headers: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    """Return the names under a key of the headers, each once, in order."""
    return list(dict.fromkeys(name for header in headers for name in header.get(key, {})))


def _ordered(planned: list[str], found: Iterable[str]) -> list[str]:
    """Sort names that were found in the order of the plan; a suite's name may end in its split."""
    place = {name: i for i, name in enumerate(planned)}

    def rank(name: str) -> tuple[int, str]:
        return place.get(name, place.get(_base(name), len(place))), name

    return sorted(set(found), key=rank)


def _base(suite: str) -> str:
    return suite.removesuffix("-tune")


def _suite_about(headers: tuple[Mapping[str, Any], ...], name: str) -> str:
    for header in reversed(headers):
        suites = header.get("suites", {})
        about = suites.get(name, suites.get(_base(name)))
        if about is not None:
            return str(about["about"] if isinstance(about, Mapping) else about)
    return ""


def _methods(headers: tuple[Mapping[str, Any], ...], made: set[str]) -> tuple[ComparedMethod, ...]:
    said = {name: row for header in headers for name, row in header.get("methods", {}).items()}
    methods = [
        ComparedMethod(
            name,
            str(said.get(name, {}).get("about", "")),
            bool(said.get(name, {}).get("ours", False)),
            said.get(name, {}).get("horizon"),
            name == shipped.DEFAULT,
        )
        for name in _ordered(_names(headers, "methods"), made)
    ]
    return tuple(sorted(methods, key=lambda method: (not method.default, not method.ours)))
