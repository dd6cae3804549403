import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from rnnbbo.benchmarks import record
from rnnbbo.benchmarks.coco import export
from rnnbbo.benchmarks.execute import execute
from rnnbbo.benchmarks.plan import Comparison, Plan, planned_runs
from rnnbbo.errors import RecordError
from rnnbbo.functions.bbob import bbob_problem

pytest.importorskip("cocoex")


def make_records(out: Path, **changes: object) -> list[record.RunRecord]:
    values = {
        "suites": ["bbob-2d", "bbob-3d", "classic"],
        "methods": ["random", "sobol"],
        "budget": 25,
        "functions": 3,
        "seeds": 2,
    }
    for planned in planned_runs(Plan([Comparison(**(values | changes))])):
        execute(planned, out)
    return list(record.read_runs(out))


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def trials(folder: Path) -> dict[tuple[int, int, int], list[tuple[int, float]]]:
    """What .info files say: (function, dim, instance) -> evaluations, precision of each trial."""
    found: dict[tuple[int, int, int], list[tuple[int, float]]] = {}
    for path in folder.glob("*.info"):
        lines = path.read_text().splitlines()
        for head, _, data in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
            match = re.search(r"funcId = (\d+), DIM = (\d+)", head)
            assert match, head
            for item in data.split(", ")[1:]:
                instance, evaluations, precision = re.split(r"[:|]", item)
                key = (int(match[1]), int(match[2]), int(instance))
                found.setdefault(key, []).append((int(evaluations), float(precision)))
    return found


def expected(runs: Iterable[record.RunRecord], method: str) -> dict:
    found: dict[tuple[int, int, int], list[tuple[int, float]]] = {}
    for run in runs:
        match = re.fullmatch(r"bbob-f(\d+)-i(\d+)-d(\d+)", run.key.function)
        if match and run.key.method == method:
            function, instance, dim = map(int, match.groups())
            minimum = bbob_problem(function, dim, instance).minimum
            best = min(e.value for e in run.evaluations if e.value is not None)
            trial = len(run.evaluations), pytest.approx(best - minimum, rel=0.06)
            found.setdefault((function, dim, instance), []).append(trial)
    return found


def test_folders_say_what_the_records_say(tmp_path: Path) -> None:
    out = tmp_path / "of two words"
    runs = make_records(out)
    folders = export(out, out / "coco")
    assert folders == [out / "coco" / "random", out / "coco" / "sobol"]
    assert sorted((out / "coco").iterdir()) == folders
    for folder in folders:
        found = trials(folder)
        assert len(found) == 6
        assert found == expected(runs, folder.name)
        assert "algId = " + f"'{folder.name}'" in (folder / "bbobexp_f1.info").read_text()
    rows = (out / "coco/random/data_f6/bbobexp_f6_DIM2.tdat").read_text().splitlines()
    first = [line.split() for line in rows if line.split()[0] == "1"]
    run = next(r for r in runs if r.key.function.startswith("bbob-f06") and r.dim == 2)
    assert float(first[0][3]) == pytest.approx(run.evaluations[0].value)
    x = -5 + 10 * np.array(run.evaluations[0].x)
    assert [float(number) for number in first[0][5:]] == pytest.approx(x, rel=1e-3, abs=1e-3)


def test_export_replaces_what_it_wrote_and_nothing_else(tmp_path: Path) -> None:
    make_records(tmp_path, methods=["random"], suites=["bbob-2d"], seeds=1)
    to = tmp_path / "coco"
    (folder,) = export(tmp_path, to)
    before = files(folder)
    (to / "notes").mkdir()
    assert export(tmp_path, to) == [folder]
    assert files(folder) == before
    runs = make_records(tmp_path, methods=["random"], suites=["bbob-2d"], seeds=2)
    assert export(tmp_path, to) == [folder]
    assert trials(folder) == expected(runs, "random")
    assert sorted(path.name for path in to.iterdir()) == ["notes", "random"]


def test_runs_that_ended_early_count_as_far_as_they_went(tmp_path: Path) -> None:
    make_records(tmp_path, methods=["random"], suites=["bbob-2d"], functions=1, seeds=1)
    (path,) = tmp_path.glob("*/*/*.jsonl")
    lines = [record.read_run(path).evaluations[i] for i in range(8)]  # type: ignore[union-attr]
    key = record.read_run(path).key  # type: ignore[union-attr]
    end = record.EvaluationRecord(
        **{**vars(lines[-1]), "t": 9, "x": None, "y": None, "value": None, "status": "crashed"}
    )
    record.write_run(tmp_path, key, [*lines, end])
    (folder,) = export(tmp_path, tmp_path / "coco")
    assert [count for trial in trials(folder).values() for count, _ in trial] == [8]


def test_splits_and_strange_names_get_folders_of_their_own(tmp_path: Path) -> None:
    for split in ("test", "tune"):
        compare = [Comparison(["bbob-2d"], ["random"], 5, 1)]
        for planned in planned_runs(Plan(compare, split=split)):
            execute(planned, tmp_path)
    key = record.RunKey("bbob-2d", "bbob-f01-i71-d2", "weights/a b.safetensors", 0)
    (path,) = tmp_path.glob("bbob-2d/*/random.0.jsonl")
    run = record.read_run(path)
    assert run is not None
    changes = {"run": str(key), "method": key.method}
    record.write_run(
        tmp_path,
        key,
        [record.EvaluationRecord(**{**vars(line), **changes}) for line in run.evaluations],
    )
    folders = export(tmp_path, tmp_path / "coco")
    names = ["random", "random-tune", "weights_2Fa_20b.safetensors"]
    assert [folder.name for folder in folders] == names
    assert list(trials(folders[0])) == [(1, 2, 71)]
    assert list(trials(folders[1])) == [(1, 2, 1)]


def test_nothing_is_written_without_bbob_functions(tmp_path: Path) -> None:
    make_records(tmp_path, suites=["classic"], budget=3, functions=1)
    assert export(tmp_path, tmp_path / "coco") == []
    assert not (tmp_path / "coco").exists()
    with pytest.raises(RecordError, match="no such folder"):
        export(tmp_path / "none", tmp_path / "coco")


@pytest.mark.slow
def test_cocopp_takes_the_folders(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    make_records(tmp_path, suites=["bbob-2d", "bbob-5d"], functions=7)
    folders = export(tmp_path, tmp_path / "coco")
    done = subprocess.run(
        [sys.executable, "-m", "cocopp", "-o", "pp", *map(str, folders)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ALL done" in done.stdout
    assert (tmp_path / "pp" / "index.html").exists()
    assert len(list((tmp_path / "pp").rglob("pprldmany*.svg"))) > 0


def test_functions_with_constraints_and_of_two_objectives_get_folders_of_their_own(
    tmp_path: Path,
) -> None:
    make_records(
        tmp_path,
        suites=["bbob-2d", "bbob-constrained-2d", "biobj-2d"],
        methods=["random"],
        functions=1,
        seeds=1,
        budget=6,
    )
    folders = export(tmp_path, tmp_path / "coco")
    assert [one.name for one in folders] == ["random", "random-biobj", "random-constrained"]
    constrained = next(folders[2].glob("*.info")).read_text()
    assert "suite = 'bbob-constrained'" in constrained
    assert re.search(r"\d+:6\|", constrained)
    last = next(folders[2].rglob("*.dat")).read_text().splitlines()[-1].split()
    assert last[:2] == ["6", "6"]  # evaluations of the value, and of the constraints
    assert "suite = 'bbob-biobj'" in next(folders[1].rglob("*.info")).read_text()


@pytest.mark.slow
def test_cocopp_has_our_numbers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    runs = make_records(tmp_path, suites=["bbob-2d", "bbob-3d"], methods=["random"], functions=5)
    (folder,) = export(tmp_path, tmp_path / "coco")
    program = (
        "import cocopp, json, sys\n"
        f"sets = cocopp.load({str(folder)!r})\n"
        "rows = [[s.funcId, s.dim, list(map(int, s.maxevals)), list(map(float, s.finalfunvals)),\n"
        "         list(s.instancenumbers)] for s in sets]\n"
        "print('ROWS ' + json.dumps(rows))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    line = next(one for one in done.stdout.splitlines() if one.startswith("ROWS "))
    wanted = expected(runs, "random")
    seen = 0
    for function, dim, evaluations, precisions, instances in json.loads(line[5:]):
        found = list(zip(evaluations, precisions, strict=True))
        trials_of = wanted[function, dim, instances[0]]
        assert found == trials_of
        seen += 1
    assert seen == len(wanted) == 10
