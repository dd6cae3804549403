"""Records of runs: one JSON line an evaluation, one file a run, and one file a function.

`OUT/SUITE/FUNCTION/function.json` says what regret is measured against, and
`OUT/SUITE/FUNCTION/METHOD.SEED.jsonl` holds a run. A file appears whole or not at all.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from rnnbbo.errors import RnnbboError


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a run.

    Attributes:
        method: the method's name.
        suite: suite and split.
        function: the function's name in the suite.
        dim: number of dimensions.
        seed: which of the run's repetitions; the same seed pairs the methods' runs.
        budget: number of evaluations that the run was made for.
        t: 1 for the first evaluation.
        x: the point in the unit cube.
        y: the value there, None if the evaluation failed.
        best: the least value so far, None before the first success.
        ask_s: seconds that the method took to propose x.
        tell_s: seconds that it took to take y.
        status: "ok" or "failed".
    """

    method: str
    suite: str
    function: str
    dim: int
    seed: int
    budget: int
    t: int
    x: tuple[float, ...]
    y: float | None
    best: float | None
    ask_s: float
    tell_s: float
    status: str


@dataclass(frozen=True)
class FunctionRecord:
    """What the regret on a function is measured against.

    Attributes:
        suite: suite and split.
        function: the function's name in the suite.
        dim: number of dimensions.
        minimum: the optimum f*.
        reference: `ref`, see `statistics.reference_regret`.
    """

    suite: str
    function: str
    dim: int
    minimum: float
    reference: float


Record = TypeVar("Record", Evaluation, FunctionRecord)


def run_path(out: Path, suite: str, function: str, method: str, seed: int) -> Path:
    """Return the file of a run; a method's name may hold any characters."""
    return out / suite / function / f"{quote(method, safe='')}.{seed}.jsonl"


def function_path(out: Path, suite: str, function: str) -> Path:
    """Return the file of a function's record."""
    return out / suite / function / "function.json"


def write_records(path: Path, records: Sequence[Evaluation | FunctionRecord]) -> None:
    """Write a file of records, whole or not at all.

    Raises:
        ValueError: a record holds NaN or infinity, which JSON cannot say.
    """
    lines = [json.dumps(asdict(record), allow_nan=False) + "\n" for record in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text("".join(lines))
    partial.replace(path)


def read_run(path: Path) -> list[Evaluation]:
    """Read the evaluations of a run, in order.

    Raises:
        RnnbboError: the file is not a run's.
    """
    run = _parse(path, lambda row: Evaluation(**{**row, "x": tuple(row["x"])}))
    if not run or [evaluation.t for evaluation in run] != list(range(1, len(run) + 1)):
        raise RnnbboError(f"{path}: evaluations are missing or out of order; delete it")
    return run


def read_function(path: Path) -> FunctionRecord:
    """Read a function's record.

    Raises:
        RnnbboError: the file is not a function's record.
    """
    records = _parse(path, lambda row: FunctionRecord(**row))
    if len(records) != 1:
        raise RnnbboError(f"{path}: holds {len(records)} records, expected 1; delete it")
    return records[0]


def _parse(path: Path, make: Callable[[dict[str, Any]], Record]) -> list[Record]:
    try:
        return [make(json.loads(line)) for line in path.read_text().splitlines()]
    except (ValueError, TypeError, KeyError) as error:
        raise RnnbboError(f"{path}: not a file of records ({error!r}); delete it") from error
