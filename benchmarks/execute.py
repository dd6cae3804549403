"""Make one run: ask, evaluate, tell, and record every step as it happens."""

import fcntl
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np

from rnnbbo.benchmarks.front_so_far import FrontSoFar, hypervolumes_so_far
from rnnbbo.benchmarks.methods import (
    ConstrainedMethod,
    Method,
    MultiObjectiveMethod,
    make_method,
    make_multi_objective,
)
from rnnbbo.benchmarks.methods.in_flight import InFlight
from rnnbbo.benchmarks.plan import PlannedRun
from rnnbbo.benchmarks.record import (
    EvaluationRecord,
    FunctionRecord,
    function_path,
    read_function,
    run_path,
    to_line,
    write_function,
)
from rnnbbo.benchmarks.statistics import REFERENCE_EVALUATIONS, reference_regret
from rnnbbo.benchmarks.suites import Entry
from rnnbbo.evaluation.evaluator import one_line
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.several import alone
from rnnbbo.space import Space
from rnnbbo.violations import is_feasible

Make = Callable[[str, int, int, int, Space | None], Method]
MakeSeveral = Callable[[str, int, int, int, Sequence[float]], MultiObjectiveMethod]
Write = Callable[[EvaluationRecord], None]
Executed = tuple[FunctionRecord, list[EvaluationRecord]]

LONGEST_MESSAGE = 300

# What this process has built: a plan's runs go round the functions of its suites again and again.
_built: dict[tuple[str, str], tuple[Problem, FunctionRecord]] = {}


def execute(
    planned: PlannedRun,
    out: Path | None,
    make: Make = make_method,
    make_several: MakeSeveral = make_multi_objective,
) -> Executed:
    """Make a run.

    Args:
        planned: the run.
        out: the folder of records, where every line is written as it happens, over those of an
            earlier incomplete attempt; None to write nothing.
        make: makes a method from name, dim, budget, seed and declared space.
        make_several: makes one of several objectives from name, dim, budget, seed and their
            reference point.

    Returns:
        The function's record, and the lines of the run.
    """
    problem, about = _build(planned, out)
    lines: list[EvaluationRecord] = []

    def run(write: Write) -> None:
        if problem.objectives is None:
            _run(planned, problem, about.noise, make, write)
        else:
            _run_several(planned, problem, make_several, write)

    if out is None:
        run(lines.append)
        return about, lines
    with _writer(run_path(out, planned.key)) as write:

        def keep(line: EvaluationRecord) -> None:
            write(line)
            lines.append(line)

        run(keep)
    return about, lines


def run_seed(function: str, seed: int) -> int:
    """Return the seed of a method's run: one for all methods, another for each function."""
    return zlib.crc32(f"{function}/{seed}".encode())


def measure_function(suite: str, entry: Entry, problem: Problem) -> FunctionRecord:
    """Measure a function's reference regret and noise, with random searches of its own.

    A reference that is stored is taken. Of several objectives the regret is the hypervolume lost.
    """
    if entry.reference is not None and entry.noise == 0:
        return FunctionRecord(suite, entry.name, entry.dim, problem.minimum, entry.reference)
    rng = np.random.default_rng(run_seed(entry.name, -1))
    u = rng.random((entry.searches, REFERENCE_EVALUATIONS, entry.dim))
    if problem.objectives is not None:
        # Of several objectives the value of a search is minus its hypervolume so far.
        values = np.array([_lost(problem, search) for search in u])
        reference = reference_regret(values, problem.minimum)
        return FunctionRecord(suite, entry.name, entry.dim, problem.minimum, reference)
    values = np.array([[problem.unit(point) for point in search] for search in u])
    reference = reference_regret(values, problem.minimum)
    noise = entry.noise * float(np.std(values)) if entry.noise else 0.0  # values may be NaN
    return FunctionRecord(suite, entry.name, entry.dim, problem.minimum, reference, noise)


def end_line(planned: PlannedRun, status: str, message: str, t: int) -> EvaluationRecord:
    """Return the line that stands in the place of evaluation t and says why the run ended."""
    return _line(planned, t, status=status, message=message[:LONGEST_MESSAGE])


def _lost(problem: Problem, points: FloatArray) -> FloatArray:
    """Return minus the hypervolume (T,) after each of points (T, dim) of the cube."""
    values = np.array([problem.unit_objectives(point) for point in points])
    return -hypervolumes_so_far(values, problem.reference_point)


def _build(planned: PlannedRun, out: Path | None) -> tuple[Problem, FunctionRecord]:
    suite, entry = planned.key.suite, planned.entry
    if (suite, entry.name) not in _built:
        problem = entry.build()
        known = out is not None and function_path(out, suite, entry.name).exists()
        about = (
            read_function(out, suite, entry.name)
            if out is not None and known
            else measure_function(suite, entry, problem)
        )
        _built[suite, entry.name] = problem, about
    problem, about = _built[suite, entry.name]
    if out is not None and not function_path(out, suite, entry.name).exists():
        write_function(out, about)
    return problem, about


@contextmanager
def _writer(path: Path) -> Iterator[Write]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        # The process of a killed runner may still be at this run; it ends within a second.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)

        def write(line: EvaluationRecord) -> None:
            file.write(to_line(line))
            file.flush()

        yield write


def _run(planned: PlannedRun, problem: Problem, noise: float, make: Make, write: Write) -> None:
    """Make the run's evaluations; a method's fault or the time limit ends it with a line."""
    seed = run_seed(planned.entry.name, planned.key.seed)
    noise_rng = np.random.default_rng((seed, 1))
    deadline = perf_counter() + planned.time_limit
    t, best, least = 1, None, math.inf
    try:
        method = make(
            planned.key.method, planned.entry.dim, planned.budget, seed, planned.entry.space
        )
        if planned.entry.workers > 1:
            ends = np.random.default_rng((seed, 2))
            method = InFlight(method, planned.entry.workers, planned.budget, ends)
        recommend = getattr(method, "recommend", None) if noise > 0 or problem.draw else None
        for t in range(1, planned.budget + 1):
            if perf_counter() > deadline:
                write(end_line(planned, "timeout", f"longer than {planned.time_limit:g} s", t))
                return
            start = perf_counter()
            x = method.ask()
            ask_s = perf_counter() - start
            x = _checked(x, planned.entry.dim)
            start = perf_counter()
            value, message = _evaluate(problem, x)
            evaluation_s = perf_counter() - start
            y = value
            if noise > 0:
                height = (value - problem.minimum) / noise
                y += noise * planned.entry.law(noise_rng, x, height)
            elif problem.draw is not None and math.isfinite(value):
                y = problem.observe(x, noise_rng)
            constraints = problem.unit_constraints(x)
            feasible = is_feasible(constraints)
            start = perf_counter()
            if isinstance(method, ConstrainedMethod) and constraints:
                method.tell_constrained(x, y, constraints)
            else:  # who knows of no constraints takes what is not feasible for failed
                method.tell(x, y if feasible else math.nan)
            tell_s = perf_counter() - start
            ok = math.isfinite(y)
            if ok and feasible and y < least:
                least, best = y, value
            if recommend is not None and best is not None:
                best = problem.unit(_checked(recommend(), planned.entry.dim))
            write(
                _line(
                    planned,
                    t,
                    x=tuple(x.tolist()),
                    y=y if ok else None,
                    value=value if ok else None,
                    best=best,
                    ask_s=ask_s,
                    tell_s=tell_s,
                    evaluation_s=evaluation_s,
                    status="ok" if ok else "failed",
                    message=message,
                )
            )
    except Exception as error:
        write(end_line(planned, "crashed", one_line(error), t))


def _run_several(planned: PlannedRun, problem: Problem, make: MakeSeveral, write: Write) -> None:
    """Make the evaluations of a run with several objectives, likewise."""
    seed = run_seed(planned.entry.name, planned.key.seed)
    deadline = perf_counter() + planned.time_limit
    t, front = 1, FrontSoFar(problem.reference_point)
    try:
        method = make(
            planned.key.method, planned.entry.dim, planned.budget, seed, problem.reference_point
        )
        for t in range(1, planned.budget + 1):
            if perf_counter() > deadline:
                write(end_line(planned, "timeout", f"longer than {planned.time_limit:g} s", t))
                return
            start = perf_counter()
            x = method.ask()
            ask_s = perf_counter() - start
            x = _checked(x, planned.entry.dim)
            start = perf_counter()
            values, message = _evaluate_several(problem, x)
            evaluation_s = perf_counter() - start
            start = perf_counter()
            method.tell_objectives(x, values)
            tell_s = perf_counter() - start
            ok = bool(np.isfinite(values).all())
            front.add(values)
            value = float(alone(values, problem.reference_point)) if ok else None
            write(
                _line(
                    planned,
                    t,
                    x=tuple(x.tolist()),
                    y=value,
                    value=value,
                    best=0.0 - front.hypervolume,
                    ask_s=ask_s,
                    tell_s=tell_s,
                    evaluation_s=evaluation_s,
                    status="ok" if ok else "failed",
                    message=message,
                    objectives=tuple(values.tolist()) if ok else None,
                )
            )
    except Exception as error:
        write(end_line(planned, "crashed", one_line(error), t))


def _evaluate_several(problem: Problem, x: FloatArray) -> tuple[FloatArray, str]:
    try:
        values = problem.unit_objectives(x)
    except Exception as error:
        failed = np.full(len(problem.reference_point), math.nan)
        return failed, one_line(error)[:LONGEST_MESSAGE]
    ok = np.isfinite(values).all()
    return values, "" if ok else f"the values are {values.tolist()}"


def _evaluate(problem: Problem, x: FloatArray) -> tuple[float, str]:
    try:
        value = problem.unit(x)
    except Exception as error:
        return math.nan, one_line(error)[:LONGEST_MESSAGE]
    return value, "" if math.isfinite(value) else f"the value is {value}"


def _checked(x: FloatArray, dim: int) -> FloatArray:
    """Return a method's point, if it is one of the unit cube; nothing is clipped."""
    x = np.array(x, dtype=float)
    if x.shape != (dim,) or not np.all((x >= 0.0) & (x <= 1.0)):
        raise ValueError(f"the method returned {x.tolist()}; expected {dim} numbers in [0, 1]")
    return x


def _line(
    planned: PlannedRun,
    t: int,
    *,
    status: str,
    message: str,
    x: tuple[float, ...] | None = None,
    y: float | None = None,
    value: float | None = None,
    best: float | None = None,
    ask_s: float = 0.0,
    tell_s: float = 0.0,
    evaluation_s: float = 0.0,
    objectives: tuple[float, ...] | None = None,
) -> EvaluationRecord:
    key = planned.key
    return EvaluationRecord(
        run=str(key),
        method=key.method,
        suite=key.suite,
        function=key.function,
        dim=planned.entry.dim,
        seed=key.seed,
        budget=planned.budget,
        t=t,
        x=x,
        y=y,
        value=value,
        best=best,
        ask_s=ask_s,
        tell_s=tell_s,
        evaluation_s=evaluation_s,
        status=status,
        message=message,
        objectives=objectives,
    )
