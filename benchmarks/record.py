"""Records of runs: one JSON line an evaluation, written as it happens.

    OUT/header.jsonl                            one line a start: versions, hardware, commit, plan
    OUT/SUITE/FUNCTION/function.json            what regret on the function is measured against
    OUT/SUITE/FUNCTION/METHOD.SEED.jsonl        a run

A run is complete when its last line is its last evaluation or says why the run ended before.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from rnnbbo.errors import RecordError

ENDED = ("crashed", "timeout", "died")
"""The statuses of a line that ends a run early: the method raised, took too long, or its process
was killed. The run's evaluations before it stand."""

STATUSES = ("ok", "failed", *ENDED)


@dataclass(frozen=True)
class RunKey:
    """What tells a run from every other.

    Attributes:
        suite: suite and split.
        function: the function's name, unique in its suite.
        method: the method's name.
        seed: which of the run's repetitions; the same seed pairs the methods' runs.
    """

    suite: str
    function: str
    method: str
    seed: int

    def __str__(self) -> str:
        return f"{self.suite}/{self.function}/{self.method}/{self.seed}"


@dataclass(frozen=True)
class EvaluationRecord:
    """One line of a run.

    Attributes:
        run: the run's key as text.
        method: the method's name.
        suite: suite and split.
        function: the function's name, unique in its suite.
        dim: number of dimensions.
        seed: which of the run's repetitions.
        budget: number of evaluations that the run was made for.
        t: 1 for the first evaluation.
        x: the point in the unit cube; None on a line that ends the run early.
        y: the value that the method was told, with its noise; None if there is none.
        value: the noise-free value at x; None if there is none.
        best: the noise-free value at the incumbent, which is the method's recommended point where
            it has one and y is noisy, else the point of the least y; None before the first success.
            With several objectives minus the hypervolume of all values so far.
        ask_s: seconds that the method took to propose x.
        tell_s: seconds that it took to take y.
        evaluation_s: seconds that the evaluation took.
        status: one of `STATUSES`.
        message: what went wrong, empty if nothing did.
        objectives: the values at x where there are several; y and value are then minus the
            hypervolume of these values alone. None with one objective, and if there are none.
    """

    run: str
    method: str
    suite: str
    function: str
    dim: int
    seed: int
    budget: int
    t: int
    x: tuple[float, ...] | None
    y: float | None
    value: float | None
    best: float | None
    ask_s: float
    tell_s: float
    evaluation_s: float
    status: str
    message: str = ""
    objectives: tuple[float, ...] | None = None


@dataclass(frozen=True)
class FunctionRecord:
    """What the regret on a function is measured against.

    Attributes:
        suite: suite and split.
        function: the function's name in the suite.
        dim: number of dimensions.
        minimum: the optimum f*; with several objectives minus the hypervolume of the true front.
        reference: `ref`, see `statistics.reference_regret`.
        noise: scale of the noise of an observation, a Gaussian one's standard deviation; 0 without
            any.
    """

    suite: str
    function: str
    dim: int
    minimum: float
    reference: float
    noise: float = 0.0


@dataclass(frozen=True)
class RunRecord:
    """A complete run.

    Attributes:
        key: what tells it from every other.
        dim: number of dimensions.
        budget: number of evaluations that it was made for.
        evaluations: the evaluations in order; fewer than the budget if the run ended early.
        end: the line that says why the run ended early, None if it did not.
    """

    key: RunKey
    dim: int
    budget: int
    evaluations: tuple[EvaluationRecord, ...]
    end: EvaluationRecord | None = None


Parsed = TypeVar("Parsed")


def run_path(out: Path, key: RunKey) -> Path:
    """Return the file of a run; a method's name may hold any characters."""
    return out / key.suite / key.function / f"{quote(key.method, safe='')}.{key.seed}.jsonl"


def function_path(out: Path, suite: str, function: str) -> Path:
    """Return the file of a function's record."""
    return out / suite / function / "function.json"


def to_line(record: EvaluationRecord | FunctionRecord | Mapping[str, Any]) -> str:
    """Return a record as a line of JSON.

    Raises:
        ValueError: the record holds NaN or infinity, which JSON cannot say.
    """
    row = record if isinstance(record, Mapping) else asdict(record)
    if row.get("objectives", True) is None:  # records of one objective are what they were
        row = {key: value for key, value in row.items() if key != "objectives"}
    return json.dumps(row, allow_nan=False) + "\n"


def write_function(out: Path, record: FunctionRecord) -> None:
    """Write a function's record, whole or not at all."""
    _write_whole(function_path(out, record.suite, record.function), to_line(record))


def write_run(out: Path, key: RunKey, lines: Sequence[EvaluationRecord]) -> None:
    """Write all lines of a run, whole or not at all."""
    _write_whole(run_path(out, key), "".join(to_line(line) for line in lines))


def close_run(out: Path, key: RunKey, end: Callable[[int], EvaluationRecord]) -> EvaluationRecord:
    """End a run whose process was killed.

    Args:
        out: the folder of records.
        key: the run.
        end: makes the line that ends it, from the number of the first evaluation that is missing.
    """
    path = run_path(out, key)
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    line = end(whole.count("\n") + 1)
    _write_whole(path, whole + to_line(line))
    return line


def read_function(out: Path, suite: str, function: str) -> FunctionRecord:
    """Read a function's record.

    Raises:
        RecordError: the file is missing or not a function's record.
    """
    path = function_path(out, suite, function)
    lines = _lines(path)
    if len(lines) != 1:
        raise RecordError(f"{path}: holds {len(lines)} lines; expected 1; delete it")
    return _parsed(path, lines[0], lambda row: FunctionRecord(**row))


def add_header(out: Path, header: Mapping[str, Any]) -> None:
    """Append what a start of the runner says of itself; see `header.make_header`."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "header.jsonl").open("a") as file:
        file.write(to_line(header))


def read_headers(out: Path) -> list[dict[str, Any]]:
    """Read what every start of the runner said of itself, the earliest first.

    Raises:
        RecordError: the folder holds no records.
    """
    path = out / "header.jsonl"
    return [_parsed(path, line, dict) for line in _lines(path)]


def read_run(path: Path) -> RunRecord | None:
    """Read a run; None if the file is missing or the run is incomplete.

    A line that was cut short, by a kill or a full disk, makes the run incomplete.

    Raises:
        RecordError: the file is not a run's.
    """
    if not path.exists():
        return None
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1].splitlines()
    lines = [_parsed(path, line, _evaluation) for line in whole]
    if not lines:
        return None
    first, last = lines[0], lines[-1]
    key = RunKey(first.suite, first.function, first.method, first.seed)
    in_order = [line.t for line in lines] == list(range(1, len(lines) + 1))
    if not in_order or any(line.run != str(key) for line in lines):
        raise RecordError(f"{path}: lines are missing, out of order or of another run; delete it")
    if last.status in ENDED:
        return RunRecord(key, first.dim, first.budget, tuple(lines[:-1]), last)
    if last.t < first.budget:
        return None
    return RunRecord(key, first.dim, first.budget, tuple(lines))


def read_runs(out: Path) -> Iterator[RunRecord]:
    """Read every complete run of a folder, in the order of their paths.

    Raises:
        RecordError: the folder holds no records, or a file is not a run's.
    """
    if not out.is_dir():
        raise RecordError(f"{out}: no such folder; expected one that `rnnbbo benchmark run` made")
    for path in sorted(out.glob("*/*/*.jsonl")):
        run = read_run(path)
        if run is not None:
            yield run


def table(out: Path) -> dict[str, list[Any]]:
    """Return all evaluations as columns of equal length, such as `pandas.DataFrame` takes.

    The columns are the attributes of `EvaluationRecord`. Lines that end a run early are in it.
    """
    columns: dict[str, list[Any]] = {name: [] for name in EvaluationRecord.__dataclass_fields__}
    for run in read_runs(out):
        for line in (*run.evaluations, *([run.end] if run.end else [])):
            for name, column in columns.items():
                column.append(getattr(line, name))
    return columns


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text)
    partial.replace(path)


def _evaluation(row: dict[str, Any]) -> EvaluationRecord:
    x, objectives = row["x"], row.get("objectives")
    tuples = {
        "x": None if x is None else tuple(x),
        "objectives": None if objectives is None else tuple(objectives),
    }
    return EvaluationRecord(**{**row, **tuples})


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        raise RecordError(
            f"{path}: no such file; expected a folder that `rnnbbo benchmark run` made"
        ) from None


def _parsed(path: Path, line: str, make: Callable[[dict[str, Any]], Parsed]) -> Parsed:
    try:
        return make(json.loads(line))
    except (ValueError, TypeError, KeyError) as error:
        raise RecordError(f"{path}: not a file of records ({error!r}); delete it") from error
