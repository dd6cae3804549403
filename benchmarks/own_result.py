"""A result of one's own among the records of a benchmark, to be reported or exported with them."""

import re
from pathlib import Path

import numpy as np

from rnnbbo.benchmarks.record import (
    EvaluationRecord,
    FunctionRecord,
    RunKey,
    function_path,
    read_function,
    write_function,
    write_run,
)
from rnnbbo.errors import ConfigError, RecordError
from rnnbbo.functions.bbob import bbob_problem
from rnnbbo.result import OptimizeResult

_LEAST_REFERENCE = 1e-12  # of the regret at the first point, in which regret is measured
_BBOB = re.compile(r"bbob-f(\d+)-i(\d+)-d(\d+)")


def record_result(
    result: OptimizeResult,
    out: Path | str,
    *,
    method: str,
    function: str,
    suite: str = "own",
    seed: int = 0,
    minimum: float | None = None,
) -> Path:
    """Write a result as a run of a benchmark.

    Args:
        result: of `rnnbbo.minimize`, an optimizer or a study, with one objective to be minimized
            and no constraints.
        out: the folder of records; it may be a new one.
        method: the method's name.
        function: the function's name; "bbob-f01-i1-d2" for function 1, instance 1 of BBOB in two
            dimensions, whose space has to be [-5, 5] in each.
        suite: the suite's name.
        seed: which of the repetitions it is.
        minimum: the function's minimum; None for the one of BBOB, and elsewhere for 0, so that what
            is exported are the values themselves.

    Returns:
        The folder of records.

    Raises:
        ConfigError: there are several objectives, constraints, nothing succeeded, or the space is
            not that of the BBOB function.
        RecordError: the folder holds this function with another minimum.
    """
    out = Path(out)
    if result.get("front") is not None or result.get("constraint_vals") or result.get("maximize"):
        raise ConfigError(
            "result = one with several objectives, constraints or maximize; expected one value a "
            "trial, to be minimized"
        )
    values = np.asarray(result.func_vals, dtype=float)
    if not np.isfinite(values).any():
        raise ConfigError(f"result = {result.message!r}; expected one with a trial that succeeded")
    match = _BBOB.fullmatch(function)
    if match:
        number, instance, dim = map(int, match.groups())
        problem = bbob_problem(number, dim, instance)
        if [tuple(one.bounds) for one in result.space.dimensions] != list(problem.bounds):
            raise ConfigError(f"space = {result.space!r}; expected [-5, 5] in {dim} dimensions")
        minimum = problem.minimum
    key = RunKey(suite, function, method, seed)
    places = result.space.transform(result.x_iters)
    lines, best = [], None
    for t, (place, value) in enumerate(zip(places, values, strict=True), 1):
        ok = bool(np.isfinite(value))
        y = float(value) if ok else None
        best = y if best is None else best if y is None else min(best, y)
        lines.append(
            EvaluationRecord(
                run=str(key), method=method, suite=suite, function=function, dim=places.shape[1],
                seed=seed, budget=len(values), t=t, x=tuple(place.tolist()), y=y, value=y,
                best=best, ask_s=0.0, tell_s=0.0, evaluation_s=0.0,
                status="ok" if ok else "failed",
            )
        )  # fmt: skip
    dim, minimum = places.shape[1], 0.0 if minimum is None else float(minimum)
    if not function_path(out, suite, function).exists():
        first = next(line.y for line in lines if line.y is not None)
        reference = max(first - minimum, _LEAST_REFERENCE)
        write_function(out, FunctionRecord(suite, function, dim, minimum, reference))
    known = read_function(out, suite, function)
    if (known.dim, known.minimum) != (dim, minimum):
        raise RecordError(
            f"{function_path(out, suite, function)}: {known.dim} dimensions, minimum "
            f"{known.minimum!r}; expected {dim} and {minimum!r}, as this result has; take another "
            "folder or another name"
        )
    write_run(out, key, lines)
    return out
