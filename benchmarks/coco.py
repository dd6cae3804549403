"""Write records of COCO's functions in COCO's own format, for `python -m cocopp FOLDER...`.

The recorded points are evaluated again under COCO's observer, which writes the folders (Hansen et
al. 2021, "COCO: A Platform for Comparing Continuous Optimizers in a Black-Box Setting").
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rnnbbo.benchmarks.method_folder import folder_name, put_in_place, split_ending
from rnnbbo.benchmarks.record import RunRecord, read_runs
from rnnbbo.errors import MissingExtraError
from rnnbbo.functions.bbob import BOUND

_FUNCTION = re.compile(r"(bbob(?:-constrained|-biobj)?)-f(\d+)-i(\d+)-d(\d+)")


def export(records: Path, to: Path) -> list[Path]:
    """Write one folder a method, and nothing if there are no runs on COCO's functions.

    A folder that was there before under the same name is replaced. Runs of the split `tune`, and
    those on constrained functions or functions of two objectives, go into folders of their own,
    for cocopp takes one suite at a time. Repetitions of a method on a function are trials on the
    same instance; evaluations of a run that ended early stand.

    Args:
        records: the folder of records.
        to: the folder that gets the folders.

    Returns:
        The folders.

    Raises:
        RecordError: `records` holds no records.
        MissingExtraError: coco-experiment is not installed.
    """
    methods: dict[tuple[str, str], list[RunRecord]] = defaultdict(list)
    for run in read_runs(records):
        match = _FUNCTION.fullmatch(run.key.function)
        if match and run.evaluations:
            suite = match.group(1)
            kind = suite.removeprefix("bbob")
            tune = split_ending(run.key.suite)
            methods[f"{run.key.method}{kind}{tune}", suite].append(run)
    folders = []
    for (name, suite), runs in sorted(methods.items()):
        folder = to / folder_name(name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        # The observer never writes into a folder that exists; and a stop leaves no half of one.
        with TemporaryDirectory(prefix=".coco", dir=to) as scratch:
            made = _replay(runs, suite, folder.name, Path(scratch))
            put_in_place(made, folder)
        folders.append(folder)
    return folders


def _replay(runs: Sequence[RunRecord], suite_name: str, name: str, outer: Path) -> Path:
    """Evaluate the runs of a method under an observer; return the folder that it wrote."""
    try:
        import cocoex
    except ImportError as error:
        raise MissingExtraError(
            "COCO's format needs coco-experiment, which is not installed: "
            "pip install -c constraints.txt '.[bench]'"
        ) from error
    # Sorted, since the observer begins a new line of its index where function or dimension changes.
    trials = sorted((_triple(run), run.key.seed, run) for run in runs)
    functions, instances, dims = (
        ",".join(map(str, sorted(numbers)))
        for numbers in (set(column) for column in zip(*(t[0] for t in trials), strict=True))
    )
    with _quiet(cocoex):
        suite = cocoex.Suite(
            suite_name,
            f"instances: {instances}",
            f"dimensions: {dims} function_indices: {functions}",
        )
        observer = cocoex.Observer(
            suite_name, f'outer_folder: "{outer}" result_folder: {name} algorithm_name: "{name}"'
        )
        for (function, instance, dim), _, run in trials:
            problem = suite.get_problem_by_function_dimension_instance(function, dim, instance)
            problem.observe_with(observer)
            for evaluation in run.evaluations:
                point = -BOUND + np.array(evaluation.x) * (2.0 * BOUND)
                if problem.number_of_constraints:
                    problem.constraint(point)
                problem(point)
            problem.free()
        return Path(observer.result_folder)


def _triple(run: RunRecord) -> tuple[int, int, int]:
    """Return function, instance and dimension."""
    match = _FUNCTION.fullmatch(run.key.function)
    assert match is not None
    function, instance, dim = map(int, match.groups()[1:])
    return function, instance, dim


@contextmanager
def _quiet(cocoex: Any) -> Iterator[None]:
    """Keep COCO from printing what it does."""
    before = cocoex.log_level("warning")
    try:
        yield
    finally:
        cocoex.log_level(before)
