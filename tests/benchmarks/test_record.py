import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks import record, table
from rnnbbo.benchmarks.record import EvaluationRecord, FunctionRecord, RunKey, RunRecord
from rnnbbo.errors import RecordError

KEY = RunKey("s", "f", "a/b c", 0)
EVALUATION = EvaluationRecord(
    run=str(KEY),
    method=KEY.method,
    suite="s",
    function="f",
    dim=2,
    seed=0,
    budget=3,
    t=1,
    x=(0.1, 1 / 3),
    y=1.5,
    value=1.25,
    best=1.25,
    ask_s=1e-7,
    tell_s=0.25,
    evaluation_s=0.5,
    status="ok",
)
LINES = [EVALUATION, replace(EVALUATION, t=2), replace(EVALUATION, t=3, x=(0.0, 1.0))]


def end(t: int) -> EvaluationRecord:
    return replace(
        EVALUATION, t=t, x=None, y=None, value=None, best=None, status="died", message="killed"
    )


def test_runs_round_trip(tmp_path: Path) -> None:
    record.write_run(tmp_path, KEY, LINES)
    path = record.run_path(tmp_path, KEY)
    assert path.name == "a%2Fb%20c.0.jsonl"
    assert list(path.parent.iterdir()) == [path]
    run = RunRecord(KEY, 2, 3, tuple(LINES))
    assert record.read_run(path) == run
    assert list(record.read_runs(tmp_path)) == [run]


def test_functions_and_headers_round_trip(tmp_path: Path) -> None:
    about = FunctionRecord("s", "f", 2, -0.1, 1 / 3, 0.25)
    record.write_function(tmp_path, about)
    assert record.read_function(tmp_path, "s", "f") == about
    record.add_header(tmp_path, {"started": "then"})
    record.add_header(tmp_path, {"started": "now"})
    assert [header["started"] for header in record.read_headers(tmp_path)] == ["then", "now"]


@pytest.mark.parametrize("size", range(0, 790, 19))
def test_a_run_that_was_cut_anywhere_is_incomplete(size: int, tmp_path: Path) -> None:
    record.write_run(tmp_path, KEY, LINES)
    path = record.run_path(tmp_path, KEY)
    whole = path.read_bytes()
    assert size < len(whole)
    path.write_bytes(whole[:size])
    assert record.read_run(path) is None
    assert list(record.read_runs(tmp_path)) == []


def test_a_run_that_ended_early_is_complete(tmp_path: Path) -> None:
    record.write_run(tmp_path, KEY, [*LINES[:2], end(3)])
    run = record.read_run(record.run_path(tmp_path, KEY))
    assert run == RunRecord(KEY, 2, 3, tuple(LINES[:2]), end(3))


@pytest.mark.parametrize("whole", [0, 2])
def test_closing_a_run_keeps_what_was_written(whole: int, tmp_path: Path) -> None:
    path = record.run_path(tmp_path, KEY)
    if whole:
        record.write_run(tmp_path, KEY, LINES[:whole])
        path.write_text(path.read_text() + '{"run": "cut')
    assert record.close_run(tmp_path, KEY, end) == end(whole + 1)
    run = record.read_run(path)
    assert run is not None
    assert (run.evaluations, run.end) == (tuple(LINES[:whole]), end(whole + 1))


def edited(change: Callable[[dict[str, object]], object]) -> str:
    row = json.loads(record.to_line(EVALUATION))
    return json.dumps(change(row) or row) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(edited(lambda row: row.update(t=2)), id="missing evaluation"),
        pytest.param(edited(lambda row: row.update(step=1)), id="unknown key"),
        pytest.param(edited(lambda row: row.pop("t") and None), id="missing key"),
        pytest.param(edited(lambda row: row.update(run="s/f/other/0")), id="another run"),
        pytest.param("[1, 2]\n", id="no object"),
        pytest.param("{\n", id="no JSON"),
    ],
)
def test_damaged_runs_are_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.0.jsonl"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"m\.0\.jsonl.*delete it"):
        record.read_run(path)


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="expected one that"):
        list(record.read_runs(tmp_path / "none"))
    with pytest.raises(RecordError, match=r"header\.jsonl"):
        record.read_headers(tmp_path)


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        record.write_run(tmp_path, KEY, [replace(EVALUATION, y=np.nan)])
    assert not list(tmp_path.rglob("*.jsonl"))


def test_records_load_into_a_table(tmp_path: Path) -> None:
    record.write_run(tmp_path, KEY, [*LINES[:2], end(3)])
    record.write_run(
        tmp_path, replace(KEY, seed=1), [replace(e, seed=1, run="s/f/a/b c/1") for e in LINES]
    )
    columns = table(tmp_path)
    assert {len(column) for column in columns.values()} == {6}
    assert columns["t"] == [1, 2, 3, 1, 2, 3]
    assert columns["status"] == ["ok", "ok", "died", "ok", "ok", "ok"]
    assert columns["x"][5] == (0.0, 1.0)
