"""Make the runs of a plan, and go on where a stopped runner was."""

import fcntl
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rnnbbo.benchmarks import executors, header
from rnnbbo.benchmarks.execute import end_line, execute
from rnnbbo.benchmarks.methods import ParallelMethod, make_method, make_multi_objective
from rnnbbo.benchmarks.plan import Plan, PlannedRun, load_plan, planned_runs
from rnnbbo.benchmarks.record import (
    EvaluationRecord,
    RunRecord,
    add_header,
    close_run,
    function_path,
    read_run,
    run_path,
    write_function,
    write_run,
)
from rnnbbo.errors import ConfigError, RecordError


@dataclass(frozen=True)
class PlanProgress:
    """How far a plan is.

    Attributes:
        total: the plan's runs.
        found: those that were complete before the start.
        made: those made since.
        lost: those of both that ended early.
        last: the run that has just ended, "" at the start.
    """

    total: int
    found: int
    made: int
    lost: int
    last: str


def run(
    plan: Plan | str | Path,
    out: str | Path,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    retry: bool = False,
    progress: Callable[[PlanProgress], None] = lambda progress: None,
) -> Path:
    """Make every run of a plan that the folder does not hold already.

    A run that is given up, since the method failed or took too long, is recorded with the reason;
    the others go on. Call it again after a kill: complete runs are kept, others made again.

    Args:
        plan: what to run; the name of a shipped plan or the path of a TOML file will do.
        out: the folder of records, see `rnnbbo.benchmarks.record`.
        jobs: processes of this machine.
        scheduler: address of a Dask scheduler, to run there instead.
        retry: whether runs that ended early are made again.
        progress: called at the start and after every run.

    Returns:
        The folder of records.

    Raises:
        ConfigError: the plan is malformed, a method does not take a suite's number of objectives
            or of workers, or no scheduler answers.
        PolicyError: a method is neither a peer nor a policy of rnnbbo.
        MissingExtraError: a package that a method or a suite needs is not installed.
        RecordError: the folder belongs to another runner at work, or holds other runs.
    """
    plan = plan if isinstance(plan, Plan) else load_plan(plan)
    if type(jobs) is not int or jobs < 1:
        raise ConfigError(f"jobs = {jobs!r}; expected an integer >= 1")
    out = Path(out)
    wanted = planned_runs(plan)
    for method, objectives, workers in dict.fromkeys(
        (p.key.method, p.entry.objectives, p.entry.workers) for p in wanted
    ):
        # What is missing, and what takes no such problems, shows now and not after hours.
        if objectives == 1:
            one = make_method(method, 2, 4, 0)
            if workers > 1 and not isinstance(one, ParallelMethod):
                raise ConfigError(
                    f"method = {method!r}, which cannot be asked while values are awaited; "
                    "expected one that can, in a suite of several workers"
                )
        else:
            make_multi_objective(method, 2, 4, 0, (1.0,) * objectives)
    with _alone(out):
        left, lost = _left(out, wanted, retry)
        total, found = len(wanted), len(wanted) - len(left)
        progress(PlanProgress(total, found, 0, lost, ""))
        if not left:
            return out
        where = scheduler or f"{jobs} process{'es' if jobs > 1 else ''}"
        add_header(out, header.make_header(plan, where))
        start = executors.dask(scheduler) if scheduler else executors.local(jobs, plan.time_limit)
        with start as executor:
            for made, (planned, end) in enumerate(_make(executor, left, out, bool(scheduler)), 1):
                lost += end is not None
                progress(PlanProgress(total, found, made, lost, str(planned.key)))
    return out


def _left(out: Path, wanted: list[PlannedRun], retry: bool) -> tuple[list[PlannedRun], int]:
    """Return the runs that are not complete, and how many complete ones ended early."""
    left, lost = [], 0
    for planned in wanted:
        run = read_run(run_path(out, planned.key))
        if run is not None:
            _check(out, planned, run)
        if run is None or (retry and run.end is not None):
            left.append(planned)
        else:
            lost += run.end is not None
    return left, lost


def _check(out: Path, planned: PlannedRun, run: RunRecord) -> None:
    """Refuse a run for another budget: it is another run, since methods may plan for it."""
    if run.budget != planned.budget:
        raise RecordError(
            f"{out} holds {planned.key} for a budget of {run.budget}, and the plan says "
            f"{planned.budget}; expected the same plan, or a new folder"
        )


def _make(
    executor: executors.Executor, left: list[PlannedRun], out: Path, remote: bool
) -> Iterator[tuple[PlannedRun, EvaluationRecord | None]]:
    """Make runs; yields each as it ends, with the line that ended it early if one did."""
    futures = {
        executor.submit(execute, planned, None if remote else out): planned for planned in left
    }
    for future in as_completed(futures):
        planned = futures[future]
        try:
            about, lines = future.result()
        except (KeyboardInterrupt, CancelledError):
            raise
        except BaseException as error:
            # The process is gone, and with it all that it did not write.
            status, message = executor.reason(error)
            yield planned, close_run(out, planned.key, partial(end_line, planned, status, message))
            continue
        if remote:
            if not function_path(out, planned.key.suite, planned.key.function).exists():
                write_function(out, about)
            write_run(out, planned.key, lines)
        yield planned, lines[-1] if lines[-1].x is None else None


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep a second runner out of the folder."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordError(
                f"{out}: another runner is at work here; expected a folder of its own"
            ) from None
        try:
            yield
        finally:
            # A process that is being forked off holds the file, too, until it becomes a program.
            fcntl.flock(lock, fcntl.LOCK_UN)
