"""A generator of records, written with the functions that the runner writes with."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnbbo.benchmarks.record import (
    EvaluationRecord,
    FunctionRecord,
    RunKey,
    add_header,
    write_function,
    write_run,
)

SUITES = {"gp-2d": 2, "gp-4d": 4}


@dataclass(frozen=True)
class Made:
    """A method of made-up records.

    Attributes:
        regret: maps (function, seed, t, rng) to the regret of the t-th point.
        ours: whether it is a policy of rnnbbo.
        budget: evaluations a run.
        seconds: of an ask.
        suites: where it was run, None for everywhere.
    """

    regret: Callable[[int, int, int, np.random.Generator], float]
    ours: bool = False
    budget: int = 40
    seconds: float = 1e-3
    suites: tuple[str, ...] | None = None


def falling(rate: float) -> Callable[[int, int, int, np.random.Generator], float]:
    """Regret that falls exponentially, with scatter between functions and points."""

    def regret(function: int, seed: int, t: int, rng: np.random.Generator) -> float:
        return (1 + 0.1 * function) * math.exp(-t / rate + 0.3 * rng.standard_normal())

    return regret


METHODS = {
    "ours<&>": Made(falling(8.0), ours=True),
    "random": Made(falling(60.0), seconds=1e-5),
    "slow/peer": Made(falling(8.0), budget=20, seconds=0.5),
}


class Records:
    """A folder of records in the making."""

    methods = METHODS
    made = staticmethod(Made)
    falling = staticmethod(falling)

    def __init__(self, out: Path) -> None:
        self.out = out

    def write(
        self,
        methods: Mapping[str, Made] = METHODS,
        suites: Mapping[str, int] = SUITES,
        functions: int = 8,
        seeds: int = 2,
    ) -> Path:
        """Write a complete plan's records."""
        about = {name: self._about(made) for name, made in methods.items()}
        self.header(methods=about, suites={name: {"about": f"of {name}"} for name in suites})
        for suite, dim in suites.items():
            for i in range(functions):
                function = f"f{i:02}"
                write_function(self.out, FunctionRecord(suite, function, dim, -3.0, 2.0))
                for name, made in methods.items():
                    if made.suites is None or suite in made.suites:
                        for seed in range(seeds):
                            self._run(RunKey(suite, function, name, seed), dim, i, made)
        return self.out

    def header(self, **changed: Any) -> None:
        """Write a header."""
        header = {
            "started": "2026-01-02T03:04:05+00:00",
            "command": "-m rnnbbo benchmark run",
            "packages": {"numpy": "2.4", "torch": None},
            "plan": {"about": "a plan", "compare": [{"suites": ["gp-2d"], "budget": 40}]},
        }
        add_header(self.out, {**header, **changed})

    def end(self, key: RunKey, t: int, status: str, message: str) -> None:
        """Replace a run by one that ended early at t."""
        lines = self._lines(key, SUITES[key.suite], 0, METHODS[key.method])
        ended = replace(lines[t - 1], x=None, y=None, best=None, status=status, message=message)
        write_run(self.out, key, [*lines[: t - 1], ended])

    def fail(self, key: RunKey, t: int) -> None:
        """Replace a run by one whose t-th evaluation gave no value."""
        lines = self._lines(key, SUITES[key.suite], 0, METHODS[key.method])
        lines[t - 1] = replace(lines[t - 1], y=None, value=None, status="failed", message="nan")
        write_run(self.out, key, lines)

    def _about(self, made: Made) -> dict[str, Any]:
        horizon = 30 if made.ours else None
        return {"about": "what <it> is & does", "ours": made.ours, "horizon": horizon}

    def _run(self, key: RunKey, dim: int, function: int, made: Made) -> None:
        write_run(self.out, key, self._lines(key, dim, function, made))

    def _lines(self, key: RunKey, dim: int, function: int, made: Made) -> list[EvaluationRecord]:
        rng = np.random.default_rng([function, key.seed, *key.method.encode()])
        best, lines = math.inf, []
        for t in range(1, made.budget + 1):
            y = -3.0 + 2.0 * made.regret(function, key.seed, t, rng)
            best = min(best, y)
            lines.append(
                EvaluationRecord(
                    run=str(key),
                    method=key.method,
                    suite=key.suite,
                    function=key.function,
                    dim=dim,
                    seed=key.seed,
                    budget=made.budget,
                    t=t,
                    x=tuple(rng.random(dim).tolist()),
                    y=y,
                    value=y,
                    best=best,
                    ask_s=made.seconds,
                    tell_s=0.0,
                    evaluation_s=1e-6,
                    status="ok",
                )
            )
        return lines


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """An empty folder of records."""
    return Records(tmp_path / "records")


@pytest.fixture(scope="module")
def shared_records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """An empty folder of records, one for all tests of a module, which leave it as it is."""
    return Records(tmp_path_factory.mktemp("shared") / "records")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs that ended early, an evaluation without a value, and a report."""
    from rnnbbo.benchmarks.reports import report

    records = Records(tmp_path_factory.mktemp("report") / "records")
    records.write()
    records.end(
        RunKey("gp-2d", "f00", "slow/peer", 1), 5, "crashed", "ValueError: <b>bad</b> | worse"
    )
    records.end(RunKey("gp-4d", "f03", "random", 0), 1, "timeout", "longer than 3 s")
    records.fail(RunKey("gp-2d", "f01", "random", 0), 7)
    report(records.out)
    return records.out
