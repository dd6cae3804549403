"""Write records in the format of IOHprofiler, for IOHanalyzer and iohinspector.

A folder a method holds one JSON file a function, which says what was run, and one table of numbers
a function and dimension, in which every run begins with the names of the columns (Wang et al. 2022,
"IOHanalyzer: Detailed performance analyses for iterative optimization heuristics"). The column
`raw_y` is the distance to the optimum, as IOHexperimenter writes it.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rnnbbo import __version__
from rnnbbo.benchmarks.method_folder import folder_name, put_in_place, split_ending
from rnnbbo.benchmarks.record import RunRecord, read_function, read_runs
from rnnbbo.functions.bbob import BOUND

_BBOB = re.compile(r"bbob-f(\d+)-i(\d+)-d(\d+)")
_VERSION = "0.4.2"  # of IOHexperimenter, which readers take for that of the format
_FIRST = 1001  # number of the first function that has none in BBOB
BBOB_NAMES = (
    "Sphere", "Ellipsoid", "Rastrigin", "BuecheRastrigin", "LinearSlope", "AttractiveSector",
    "StepEllipsoid", "Rosenbrock", "RosenbrockRotated", "EllipsoidRotated", "Discus", "BentCigar",
    "SharpRidge", "DifferentPowers", "RastriginRotated", "Weierstrass", "Schaffers10",
    "Schaffers1000", "GriewankRosenbrock", "Schwefel", "Gallagher101", "Gallagher21", "Katsuura",
    "LunacekBiRastrigin",
)  # fmt: skip
"""What IOHprofiler calls the BBOB functions, in their order."""


def export_ioh(records: Path, to: Path) -> list[Path]:
    """Write one folder a method, of all runs with one objective.

    BBOB functions have their numbers, instances and names of IOHprofiler, and points in [-5, 5];
    others are numbered from 1001 on, with points in the unit cube. A failed evaluation is written
    as infinity. A folder that was there before under the same name is replaced.

    Args:
        records: the folder of records.
        to: the folder that gets the folders.

    Returns:
        The folders.

    Raises:
        RecordError: `records` holds no records, or the record of a function is missing.
    """
    methods: dict[str, list[RunRecord]] = defaultdict(list)
    others: set[tuple[str, str]] = set()
    for run in read_runs(records):
        if run.evaluations and all(one.objectives is None for one in run.evaluations):
            tune = split_ending(run.key.suite)
            methods[f"{run.key.method}{tune}"].append(run)
            if not _BBOB.fullmatch(run.key.function):
                others.add((run.key.suite, run.key.function))
    numbers = {one: _FIRST + i for i, one in enumerate(sorted(others))}
    folders = []
    for name, runs in sorted(methods.items()):
        folder = to / folder_name(name)
        to.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".ioh", dir=to) as scratch:
            made = Path(scratch) / folder.name
            _write_method(records, runs, numbers, made, name)
            put_in_place(made, folder)
        folders.append(folder)
    return folders


def _write_method(
    records: Path,
    runs: Sequence[RunRecord],
    numbers: Mapping[tuple[str, str], int],
    folder: Path,
    algorithm: str,
) -> None:
    functions: dict[tuple[str, int, str], dict[int, list[RunRecord]]] = {}
    for run in sorted(runs, key=lambda run: (_instance(run), run.key.seed)):
        dims = functions.setdefault(_function(run, numbers), {})
        dims.setdefault(run.dim, []).append(run)
    for (suite, number, name), dims in sorted(functions.items()):
        data = folder / f"data_f{number}_{name}"
        data.mkdir(parents=True)
        scenarios = []
        for dim, ones in sorted(dims.items()):
            table = data / f"IOHprofiler_f{number}_DIM{dim}.dat"
            listed = _write_table(records, ones, table, dim)
            path = str(table.relative_to(folder))
            scenarios.append({"dimension": dim, "path": path, "runs": listed})
        about = {
            "version": _VERSION,
            "suite": suite,
            "function_id": number,
            "function_name": name,
            "maximization": False,
            "algorithm": {"name": algorithm, "info": f"rnnbbo {__version__}"},
            "attributes": ["evaluations", "raw_y"],
            "scenarios": scenarios,
        }
        text = json.dumps(about, indent=1, allow_nan=False)
        (folder / f"IOHprofiler_f{number}_{name}.json").write_text(text + "\n")


def _write_table(
    records: Path, runs: Sequence[RunRecord], path: Path, dim: int
) -> list[dict[str, Any]]:
    """Write the evaluations of runs; return what the JSON file says of each run."""
    listed = []
    header = " ".join(["evaluations", "raw_y", *(f"x{i}" for i in range(dim))])
    lines = []
    for run in runs:
        lines.append(header)  # where IOHanalyzer begins a run; others do where evaluations do
        minimum = read_function(records, run.key.suite, run.key.function).minimum
        best: dict[str, Any] = {"evals": 0, "y": math.inf, "x": []}
        for one in run.evaluations:
            assert one.x is not None
            y = math.inf if one.value is None else one.value - minimum
            x = [-BOUND + u * (2.0 * BOUND) for u in one.x] if _is_bbob(run) else list(one.x)
            lines.append(" ".join(map(repr, [one.t, y, *x])))
            if y < best["y"]:
                best = {"evals": one.t, "y": y, "x": x}
        if best["evals"] == 0:  # nothing succeeded, and JSON has no infinity
            best = {"evals": 1, "y": 1e308, "x": x}
        listed.append({"instance": _instance(run), "evals": len(run.evaluations), "best": best})
    path.write_text("\n".join(lines) + "\n")
    return listed


def _is_bbob(run: RunRecord) -> bool:
    return _BBOB.fullmatch(run.key.function) is not None


def _instance(run: RunRecord) -> int:
    match = _BBOB.fullmatch(run.key.function)
    return int(match.group(2)) if match else 1


def _function(run: RunRecord, numbers: Mapping[tuple[str, str], int]) -> tuple[str, int, str]:
    """Return suite, number and name of a function."""
    match = _BBOB.fullmatch(run.key.function)
    if match:
        number = int(match.group(1))
        return "BBOB", number, BBOB_NAMES[number - 1]
    name = re.sub(r"[^A-Za-z0-9]+", "-", run.key.function).strip("-")
    return run.key.suite, numbers[run.key.suite, run.key.function], name
