"""Records in the format of IOHprofiler, beside what its own logger writes, and its own reader."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnnbbo import minimize
from rnnbbo.benchmarks import record, record_result
from rnnbbo.benchmarks.execute import execute
from rnnbbo.benchmarks.ioh import BBOB_NAMES, export_ioh
from rnnbbo.benchmarks.plan import Comparison, Plan, planned_runs
from rnnbbo.cli.benchmark import benchmark
from rnnbbo.errors import ConfigError, RecordError

pytest.importorskip("cocoex")

BOX = [(-5.0, 5.0), (-5.0, 5.0)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    compared = Comparison(
        suites=["bbob-2d", "bbob-3d", "classic"],
        methods=["random"],
        budget=12,
        functions=2,
        seeds=2,
    )
    for planned in planned_runs(Plan([compared])):
        execute(planned, folder)
    return folder


def tables(folder: Path) -> dict[tuple[str, int, int, int], np.ndarray]:
    """What the files say: (function, dimension, instance, run) -> rows of a run.

    Runs are told apart by the names of the columns, as IOHanalyzer does.
    """
    found = {}
    for path in folder.glob("*.json"):
        about = json.loads(path.read_text())
        for scenario in about["scenarios"]:
            text = (folder / scenario["path"]).read_text()
            _, *parts = re.split(r"^evaluations raw_y .*\n", text, flags=re.MULTILINE)
            assert len(parts) == len(scenario["runs"])
            for i, (part, said) in enumerate(zip(parts, scenario["runs"], strict=True)):
                run = np.array([list(map(float, line.split())) for line in part.splitlines()])
                assert run[0, 0] == 1
                key = about["function_name"], scenario["dimension"], said["instance"], i
                found[key] = run
    return found


def test_what_is_said_of_a_run_is_in_its_table(out: Path) -> None:
    (folder,) = export_ioh(out, out / "ioh")
    found = tables(folder)
    for path in folder.glob("*.json"):
        about = json.loads(path.read_text())
        for scenario in about["scenarios"]:
            for i, said in enumerate(scenario["runs"]):
                key = about["function_name"], scenario["dimension"], said["instance"], i
                rows = found[key]
                best = rows[rows[:, 1].argmin()]
                assert said["evals"] == len(rows) == 12
                assert said["best"] == {"evals": best[0], "y": best[1], "x": best[2:].tolist()}


def test_the_files_say_what_the_records_say(out: Path) -> None:
    (folder,) = export_ioh(out, out / "ioh")
    found = tables(folder)
    runs = list(record.read_runs(out))
    assert len(found) == len(runs)
    for run in runs:
        if run.key.suite != "bbob-2d":
            continue
        number, instance = int(run.key.function[6:8]), int(run.key.function.split("-")[2][1:])
        rows = found[BBOB_NAMES[number - 1], 2, instance, run.key.seed]
        minimum = record.read_function(out, run.key.suite, run.key.function).minimum
        assert rows[:, 1].tolist() == [one.value - minimum for one in run.evaluations]
        points = [[-5 + 10 * u for u in one.x or ()] for one in run.evaluations]
        assert rows[:, 2:].tolist() == points
    classic = [json.loads(path.read_text()) for path in folder.glob("IOHprofiler_f100*.json")]
    assert {one["suite"] for one in classic} == {"classic"}
    assert export_ioh(out, out / "ioh") == [folder]  # in place of what it wrote


def test_it_is_what_the_logger_of_iohexperimenter_writes(out: Path, tmp_path: Path) -> None:
    ioh = pytest.importorskip("ioh")
    assert [ioh.ProblemClass.BBOB.problems[i + 1] for i in range(24)] == list(BBOB_NAMES)
    (folder,) = export_ioh(out, tmp_path)
    always = [ioh.logger.trigger.ALWAYS]
    logger = ioh.logger.Analyzer(
        root=str(tmp_path), folder_name="theirs", triggers=always, store_positions=True
    )
    ours = {key: run for key, run in tables(folder).items() if key[0] in BBOB_NAMES}
    for name, dim, instance, i in sorted(ours):
        problem = ioh.get_problem(name, instance, dim, ioh.ProblemClass.BBOB)
        problem.attach_logger(logger)
        for row in ours[name, dim, instance, i]:
            problem(row[2:])
        problem.reset()
        problem.detach_logger()
    logger.close()
    theirs = tables(tmp_path / "theirs")
    assert set(theirs) == set(ours)
    for key, rows in ours.items():
        # Its columns have ten and six decimals.
        assert theirs[key] == pytest.approx(rows, rel=1e-6, abs=1e-6)
    one = json.loads(next((tmp_path / "theirs").glob("*.json")).read_text())
    assert set(json.loads(next(folder.glob("*.json")).read_text())) == set(one)


def test_failed_evaluations_keep_their_places_and_early_ends_stand(tmp_path: Path) -> None:
    def fails(x: list[float]) -> float:
        return math.nan if x[0] <= 0 else x[0] + x[1]

    with pytest.warns(RuntimeWarning, match="failed"):
        result = minimize(fails, BOX, 6, x0=[[-1.0, 0.0], [1.0, 2.0]], rng=0)
    record_result(result, tmp_path, method="mine", function="slope")
    (folder,) = export_ioh(tmp_path, tmp_path / "ioh")
    (rows,) = tables(folder).values()
    assert rows[0, :2].tolist() == [1.0, math.inf]
    assert rows[1].tolist() == [2.0, 3.0, 0.6, 0.7]
    assert len(rows) == 6


def test_a_result_of_bbob_is_a_record_of_it(tmp_path: Path) -> None:
    from rnnbbo.functions.bbob import bbob_problem

    problem = bbob_problem(1, 2, 3)
    for seed in range(2):
        result = minimize(lambda x: float(problem(np.array(x))), BOX, 8, rng=seed)
        record_result(result, tmp_path, method="mine", function="bbob-f01-i3-d2", seed=seed)
    runner = CliRunner()
    for form in ("ioh", "coco"):
        done = runner.invoke(benchmark, ["export", str(tmp_path), "--format", form])
        assert done.exit_code == 0, done.output
        assert done.output.strip() == str(tmp_path / form / "mine")
    found = tables(tmp_path / "ioh" / "mine")
    assert list(found) == [("Sphere", 2, 3, 0), ("Sphere", 2, 3, 1)]
    assert found["Sphere", 2, 3, 1][:, 1].min() == pytest.approx(result.fun - problem.minimum)
    assert "1:8|" not in (tmp_path / "coco/mine/bbobexp_f1.info").read_text()
    assert (tmp_path / "coco/mine/bbobexp_f1.info").read_text().count("3:8|") == 2


def test_what_no_record_holds_is_refused(tmp_path: Path) -> None:
    result = minimize(lambda x: x[0] ** 2, [(-1.0, 1.0)], 4, rng=0)
    with pytest.raises(ConfigError, match=r"space = .*expected \[-5, 5\] in 2 dimensions"):
        record_result(result, tmp_path, method="a", function="bbob-f01-i1-d2")
    more = minimize(lambda x: [x[0], -x[0]], [(-1.0, 1.0)], 4, directions=["minimize"] * 2, rng=0)
    upward = minimize(lambda x: x[0], [(-1.0, 1.0)], 4, maximize=True, rng=0)
    for other in (more, upward):
        with pytest.raises(ConfigError, match="expected one value a trial, to be minimized"):
            record_result(other, tmp_path, method="a", function="f")
    record_result(result, tmp_path, method="a", function="f")
    with pytest.raises(RecordError, match=r"minimum 0\.0; expected 1 and 0\.5"):
        record_result(result, tmp_path, method="b", function="f", minimum=0.5)
    done = CliRunner().invoke(benchmark, ["export", str(tmp_path), "--format", "coco"])
    assert done.exit_code == 2
    assert "expected runs on COCO's functions" in done.output


@pytest.mark.slow
def test_iohinspector_reads_the_same_numbers(out: Path, tmp_path: Path) -> None:
    inspector = pytest.importorskip("iohinspector")
    (folder,) = export_ioh(out, tmp_path)
    manager = inspector.DataManager()
    manager.add_folder(str(folder))
    rows = manager.load(monotonic=False, include_meta_data=True)
    for (name, dim, instance, i), ours in tables(folder).items():
        assert instance
        part = rows.filter(
            (rows["function_name"] == name) & (rows["dimension"] == dim) & (rows["run_id"] == i + 1)
        )
        assert part["raw_y"].to_list() == ours[:, 1].tolist()
        assert part["evaluations"].to_list() == ours[:, 0].tolist()
    assert set(rows["algorithm_name"]) == {"random"}
